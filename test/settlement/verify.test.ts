/** A household's statement checked against readings, mandate and chain. */
import { Wallet } from 'ethers'
import { beforeAll, expect, test } from 'vitest'
import { signCompact } from '../../contracts/protocol/typed-data.ts'
import { proveLeaf, type StatementFill, statementOf } from '../../server/settlement/statement.ts'
import { readStatementFile, type StatementFile } from '../../server/settlement/statement-file.ts'
import { type SettledSeat, verifyStatement } from '../../server/settlement/verify.ts'

const domain = { chainId: 31337, escrow: `0x${'ee'.repeat(20)}` }
const start = 1_800_000_000
const end = start + 60
const stated = `0x${'5a'.repeat(32)}`
const wallet = new Wallet(`0x${'07'.repeat(32)}`)
const meter = wallet.address.toLowerCase()
const order = (number: number) => `0x${number.toString(16).padStart(64, '0')}`

/** Seat 4 sells 30 and 20 Wh at 100 ticks and buys 10 Wh at 200; others are in the batch too. */
const own: StatementFill[] = [
  { start, seat: 4, order: order(1), side: 'sell', energyWh: 30, amount: 3_000n },
  { start: start + 10, seat: 4, order: order(1), side: 'sell', energyWh: 20, amount: 2_000n },
  { start: start + 10, seat: 4, order: order(2), side: 'buy', energyWh: 10, amount: 2_000n },
]
const others: StatementFill[] = [
  { start, seat: 5, order: order(3), side: 'buy', energyWh: 30, amount: 3_300n },
  { start: start + 20, seat: 5, order: order(3), side: 'buy', energyWh: 20, amount: 2_200n },
]
const registers = [
  { time: start, importWh: 500, exportWh: 700 },
  { time: start + 10, importWh: 500, exportWh: 735 },
  { time: start + 20, importWh: 512, exportWh: 755 },
]

let file: StatementFile
let chain: SettledSeat
beforeAll(async () => {
  const statement = statementOf({ area: 1, end, stated }, [...own, ...others], new Uint8Array(32).fill(3))
  const hashes = statement.leaves.map(({ hash }) => hash)
  const readings = await Promise.all(
    registers.slice(1).map(async (values) => {
      const reading = { epoch: 1, quality: 0, ...values }
      return { ...reading, signature: await signCompact(wallet, domain, 'Reading', { meter, ...reading }) }
    }),
  )
  file = readStatementFile({
    ...domain,
    ...{ area: 1, end, seat: 4, count: hashes.length, stated, readings },
    leaves: statement.leaves.flatMap(({ fill: { seat, amount, ...fill }, salt }, index) =>
      seat === 4
        ? [{ index, ...fill, amount: amount.toString(), salt, siblings: proveLeaf(hashes, index).siblings }]
        : [],
    ),
  })
  const terms = {
    ...{ from: start - 100, sellFloor: 90, buyCeiling: 250, maxSellWh: 40, maxBuyWh: 15, validUntil: end + 86_400 },
    ...{ version: 1, zone: null, nameplateWh: 35, closed: false },
  }
  chain = {
    ...{ area: 1, end, seat: 4 },
    ...{ statementRoot: statement.root, intervalSeconds: 10, confirmation: 2, meter, terms: [terms] },
    keys: [],
    base: { epoch: 1, ...registers[0]! },
    entries: [{ epoch: 1, ...registers[2]!, soldWh: 50, boughtWh: 10, paid: 2_000n, received: 5_000n }],
  }
})

test('a statement that fits readings, mandate and chain is right', () => {
  expect(verifyStatement(file, chain)).toBeNull()
})

type Change = { file?: (file: StatementFile) => void; chain?: (chain: SettledSeat) => void }
const changes: [string, RegExp, Change][] = [
  [
    'a changed amount',
    /leaf \d \(30 Wh sold .*\) is not in the statement/,
    { file: (f) => (f.leaves[0]!.amount = '3001') },
  ],
  ['another root', /is not in the statement/, { chain: (c) => (c.statementRoot = order(9)) }],
  ['a leaf listed twice', /each once/, { file: (f) => f.leaves.push(f.leaves[0]!) }],
  ['a fill left out', /the fills say 30 Wh sold, the chain settled 50 Wh/, { file: (f) => f.leaves.splice(1, 1) }],
  ['a forged reading', /is not signed by the meter/, { file: (f) => (f.readings[0]!.exportWh += 1) }],
  ['a missing reading', /which the chain settled to, is missing/, { file: (f) => f.readings.pop() }],
  ['other registers on chain', /other registers/, { chain: (c) => (c.entries[0]!.exportWh += 1) }],
  [
    'a fill above the ceiling',
    /above the mandate’s ceiling|above the mandate's ceiling/,
    { chain: (c) => (c.terms[0]!.buyCeiling = 199) },
  ],
  ['a fill below the floor', /below the mandate's floor/, { chain: (c) => (c.terms[0]!.sellFloor = 101) }],
  ['more than the nameplate', /more energy than the mandate allows/, { chain: (c) => (c.terms[0]!.nameplateWh = 29) }],
  ['an expired mandate', /no mandate was in force/, { chain: (c) => (c.terms[0]!.validUntil = start + 15) }],
  ['more than was measured', /30 Wh traded, but the meter measured 29 Wh/, { chain: (c) => (c.base.exportWh += 6) }],
  ['an unmeasured interval', /no measured reading at both ends/, { file: (f) => f.readings.shift() }],
  [
    'another payment on chain',
    /ledger units for energy bought, the chain settled 2001/,
    { chain: (c) => (c.entries[0]!.paid = 2_001n) },
  ],
]
test.each(changes)('%s is named', (_, message, change) => {
  const changed = structuredClone({ file, chain })
  change.file?.(changed.file)
  change.chain?.(changed.chain)
  expect(verifyStatement(changed.file, changed.chain)).toMatch(message)
})

test('a file that is no statement is refused with what is wrong', () => {
  expect(() => readStatementFile({ ...file, count: -1 })).toThrow(
    expect.objectContaining({ code: 'SETTLEMENT_STATEMENT', message: expect.stringContaining('count') }),
  )
})
