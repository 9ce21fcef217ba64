/** What the browser makes of a statement: the same hashes as whoever settled it, its sums, and a file of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { MonthResource, TotalsResource } from '../../server/api/totals-resources.ts'
import { stageNames } from '../../server/market/area/codes.ts'
import { chunksFor, siblingsOf, TreeBuilder, treeOf } from '../../server/settlement/merkle.ts'
import { inLeafOrder, LeafHasher, statementRoot } from '../../server/settlement/statement.ts'
import type { StatementFile } from '../../server/settlement/statement-file.ts'
import { partsOf, wholeOf } from '../../web/history/totals.ts'
import { statementCsv } from '../../web/statements/csv.ts'
import { leafHashes, statementRootOf, treeTop } from '../../web/statements/leaves.ts'
import { addsUp, statementLines } from '../../web/statements/lines.ts'
import { verifyMonth } from '../../web/statements/verify.ts'
import { readCsv } from '../../web/utility/report-check.ts'

const hash32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexOf(bytes))
const leaf = fc.record({
  start: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  stage: fc.constantFrom(...stageNames),
  reference: hash32,
  side: fc.constantFrom('buy' as const, 'sell' as const),
  energyWh: fc.integer({ min: 1, max: 2 ** 40 }),
  amount: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
})

/** A statement of a seat beside other leaves, as the server makes it. */
const statement = fc
  .record({
    area: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    end: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    seat: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    seed: hash32,
    stated: hash32,
    leaves: fc.uniqueArray(leaf, { minLength: 1, maxLength: 6, selector: ({ start }) => start }),
    before: fc.array(hash32, { maxLength: 9 }),
    after: fc.array(hash32, { maxLength: 9 }),
  })
  .map(({ before, after, leaves, ...rest }) => {
    const ordered = inLeafOrder(leaves.map((each) => ({ ...each, reference: bytesOf(each.reference) })))
    const hasher = new LeafHasher(rest.area)
    hasher.beginSeat(rest.seat, bytesOf(rest.seed))
    const own = ordered.map((each) => hasher.next(each))
    const chunks = new Map<string, Uint8Array>()
    const tree = new TreeBuilder((level, chunk, hashes) => chunks.set(`${level} ${chunk}`, hashes))
    for (const each of [...before.map(bytesOf), ...own, ...after.map(bytesOf)]) tree.add(each)
    const top = tree.finish()
    const count = before.length + own.length + after.length
    const range = { first: before.length, length: own.length }
    expect(chunksFor(count, range).every(({ level, chunk }) => chunks.has(`${level} ${chunk}`))).toBe(true)
    const siblings = siblingsOf(count, range, (level, chunk) => chunks.get(`${level} ${chunk}`)!)
    const file = {
      ...{ chainId: 1, escrow: `0x${'1'.repeat(40)}`, readings: [], orders: [], agreements: [] },
      ...{ ...rest, count, first: before.length, chances: { wanted: 9, passedOver: 0 } },
      leaves: ordered.map((each) => ({ ...each, reference: hexOf(each.reference) })),
      siblings: Array.from({ length: siblings.length / 32 }, (_, n) => hexOf(siblings.subarray(32 * n, 32 * (n + 1)))),
    } as unknown as StatementFile
    const named = { area: rest.area, end: rest.end, count }
    return { file, hashes: own.map(hexOf), root: statementRoot(named, top, bytesOf(rest.stated)) }
  })

describe('the hashes of a statement', () => {
  it('are the server’s, leaf by leaf and at the root', () => {
    fc.assert(
      fc.property(statement, ({ file, hashes, root }) => {
        expect(leafHashes(file)).toEqual(hashes)
        expect(statementRootOf(file)).toBe(root)
      }),
      { numRuns: 30 },
    )
  })

  it('change with everything that is in a statement', () => {
    const changes: ((file: StatementFile) => void)[] = [
      (file) => (file.leaves[0]!.energyWh += 1),
      (file) => (file.leaves[0]!.amount -= 1),
      (file) => (file.leaves[0]!.side = file.leaves[0]!.side === 'buy' ? 'sell' : 'buy'),
      (file) => (file.seat -= 1),
      (file) => (file.end = (file.end + 1) % 2 ** 32),
      (file) => (file.count += 1),
      (file) => (file.stated = `0x${'0'.repeat(64)}`),
      (file) => file.leaves.pop(),
      (file) => file.siblings.push(file.stated),
    ]
    fc.assert(
      fc.property(statement, fc.constantFrom(...changes), ({ file, root }, change) => {
        const other = structuredClone(file)
        change(other)
        expect(statementRootOf(other)).not.toBe(root)
      }),
      { numRuns: 60 },
    )
  })

  it('need as many hashes beside the way as the tree has, and a place in it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        fc.array(hash32, { maxLength: 4 }),
        fc.array(hash32, { maxLength: 6 }),
        (count, first, leaves, siblings) => {
          const bytes = (list: string[]) => Buffer.concat(list.map((each) => bytesOf(each as `0x${string}`)))
          const expected = treeOf(count, first, bytes(leaves), bytes(siblings))
          expect(treeTop(count, first, leaves, siblings)).toBe(expected === null ? null : hexOf(expected))
        },
      ),
      { numRuns: 200 },
    )
  })
})

const end = '2026-11-02T00:00:00.000Z'
const spot = { side: 'sell', stage: 'spot' } as const
const month: MonthResource = {
  ...{ month: '2026-11', timeZone: 'UTC', intervals: 96, provisional: 4 },
  summary: {
    ...{ seat: seatIdOf(1, 7).toString(), from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' },
    ...{ importWh: 900, exportWh: 700, ownUseWh: 50, boughtWh: 100, soldWh: 400, paid: '0.02', received: '0.0601' },
    ...{ soldAtFeedIn: '0.0328', boughtAtRetail: '0.03' },
  },
  lines: [
    { ...spot, intervals: 3, energyWh: 400, amount: '0.0601', settledWh: 300, settledAmount: '0.045' },
    { side: 'buy', stage: 'agreements', intervals: 1, energyWh: 100, amount: '0.02', settledWh: 0, settledAmount: '0' },
  ],
  batches: [
    { start: '2026-11-01T00:00:00.000Z', end, status: 'settled', transaction: '0x12' },
    { start: end, end: '2026-11-03T00:00:00.000Z', status: 'cut', transaction: null },
  ],
}

describe('verifying a month', () => {
  const start = Date.parse('2026-11-01T10:00:00Z') / 1000
  const energies = [100, 200]
  const ledger = 450_000n
  /** One leaf before the month, which the same payment settles. */
  const early = start - 30 * 86_400
  const fills = [
    { start: early, stage: 'spot', reference: `0x${'a'.repeat(64)}`, side: 'sell', energyWh: 5, amount: 99 },
    ...energies.map((energyWh, n) => {
      const amount = Number((ledger * BigInt(energyWh)) / 300n)
      return { start: start + 900 * n, stage: 'spot', reference: `0x${'a'.repeat(64)}`, side: 'sell', energyWh, amount }
    }),
  ]
  const file = {
    ...{ area: 1, end: Date.parse(end) / 1000, seat: 7, count: 3, first: 0 },
    ...{ seed: `0x${'5'.repeat(64)}`, stated: `0x${'6'.repeat(64)}`, leaves: fills, siblings: [] },
  } as unknown as StatementFile
  const verified = (
    change: { file?: Partial<StatementFile>; month?: Partial<MonthResource>; fails?: boolean } = {},
  ) => {
    const progress: number[] = []
    const handedOut = { ...file, ...change.file }
    return verifyMonth(
      { ...month, ...change.month },
      {
        ...{ seat: seatIdOf(1, 7).toString(), priceDecimals: 4 },
        progress: (done) => progress.push(done),
        signal: new AbortController().signal,
        statement: async () => {
          if (change.fails) throw new Error('it has been erased')
          return handedOut
        },
        settledRoot: async () => ({
          ...{ area: 1, end, statementRoot: statementRootOf(file)!, transaction: '0x12', block: 7, chainId: 31_337 },
          ...{ escrow: `0x${'e'.repeat(40)}`, node: '127.0.0.1:8545' },
        }),
      },
    )
  }

  it('finds a right one right, and says whom it asked', async () => {
    expect(formatMoney(ledger, 4)).toBe('0.045')
    expect(await verified()).toEqual({
      ...{ payments: 1, trades: 2, empty: 0, unchecked: [], fault: null, nodes: ['127.0.0.1:8545'] },
      chain: { chainId: 31_337, escrow: `0x${'e'.repeat(40)}` },
    })
  })

  it('names what is wrong', async () => {
    const leaves = fills.map((each) => ({ ...each, amount: each.amount + 1 })) as StatementFile['leaves']
    expect((await verified({ file: { leaves } })).fault).toEqual({ kind: 'other-root', end })
    expect((await verified({ file: { seat: 8 } })).fault).toEqual({ kind: 'other-statement', end })
    const lines = [{ ...month.lines[0]!, settledAmount: '0.046' }]
    expect((await verified({ month: { lines } })).fault).toEqual({ kind: 'other-sum', line: spot })
    expect((await verified({ month: { lines: [] } })).fault).toEqual({ kind: 'other-sum', line: spot })
    const kept = await verified({ fails: true })
    expect(kept).toMatchObject({ fault: null, unchecked: [{ end, because: 'it has been erased' }], payments: 0 })
  })
})

describe('a statement', () => {
  it('has a line for every rule, and what stays with the supplier', () => {
    expect(statementLines(month).map(({ name, energyWh, amount }) => [name, energyWh, amount])).toEqual([
      ['sell spot', 400, '0.0601'],
      ['toSupplier', 250, null],
      ['buy agreements', 100, '0.02'],
      ['fromSupplier', 750, null],
      ['ownUse', 50, null],
    ])
    expect(addsUp(month)).toBe(true)
    expect(addsUp({ ...month, lines: month.lines.slice(1) })).toBe(false)
  })

  it('is written as CSV with its days, whose sums are the month’s', () => {
    const columns = { importWh: [500, 400], exportWh: [300, 400], ownUseWh: [50, 0], boughtWh: [100, 0] }
    const totals: TotalsResource = {
      ...{ seat: '1', from: month.summary.from, to: month.summary.to, by: 'day', timeZone: 'UTC' },
      ...{ starts: [month.summary.from, end], intervals: [48, 48], provisional: [0, 4], ...columns },
      ...{ soldWh: [150, 250], productionWh: [null, 600], usedAtOnceWh: [null, 200], producing: [0, 48] },
      ...{ paid: ['0.02', '0'], received: ['0.0301', '0.03'], soldAtFeedIn: ['0', '0'], boughtAtRetail: ['0', '0'] },
    }
    const days = partsOf(totals)
    expect(wholeOf(totals)).toEqual({
      ...{
        intervals: 96,
        provisional: 4,
        soldWh: 400,
        toSupplierWh: 250,
        boughtWh: 100,
        fromSupplierWh: 750,
        usedAtOnceWh: 200,
      },
    })
    const csv = statementCsv(month, days, { currency: 'EUR', period: 'quarter-hour', dayOf: (at) => at.slice(0, 10) })
    const [header, ...rows] = readCsv(csv)
    expect(header).toEqual(['period', 'line', 'energyWh', 'amount', 'paid', 'currency', 'rule'])
    expect(rows.every((row) => row.length === header!.length)).toBe(true)
    expect(rows[0]!.slice(0, 6)).toEqual(['2026-11', 'sold to the street', '400', '0.0601', '0.045', 'EUR'])
    expect(rows[0]![6]).toMatch(/price of each quarter-hour/)
    const sold = rows.filter(([, line]) => line === 'sold')
    expect(sold.map((row) => row.slice(0, 4))).toEqual([
      ['2026-11-01', 'sold', '150', '0.0301'],
      ['2026-11-02', 'sold', '250', '0.03'],
    ])
  })
})
