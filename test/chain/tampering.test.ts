/** Whatever is changed in an export or on the chain, `verify` finds it. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { hashRules, type Mandate, signFull } from '../../contracts/protocol/typed-data.ts'
import { readSettledArea } from '../../server/chain/settled-area.ts'
import { readSettledSeat } from '../../server/chain/settled-seat.ts'
import { outcomeCodes } from '../../server/market/area/codes.ts'
import type { AreaFile } from '../../server/settlement/area-file.ts'
import { SettlementError } from '../../server/settlement/error.ts'
import { readStatementFile, type StatementFile } from '../../server/settlement/statement-file.ts'
import type { SettledArea, SettledSeat } from '../../server/settlement/verify/settled.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import type { Database } from '../../server/store/database.ts'
import { decodeOutcomes } from '../../server/store/outcomes.ts'
import { exportedBatch, readAreaFile, statementOfSeat } from '../settlement/exported.ts'
import { tamperings } from '../settlement/tamperings.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import {
  area,
  chainTime,
  forever,
  fundedKey,
  type Home,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'

// Most of a check is hashing the same messages and recovering their signers again: each is done once here.
vi.mock(import('../../contracts/protocol/typed-data.ts'), async (load) => {
  const real = await load()
  return { ...real, recoverSigner: onceEach(real.recoverSigner), digestOf: onceEach(real.digestOf) }
})
vi.mock(import('ethers'), async (load) => {
  const real = await load()
  return { ...real, recoverAddress: onceEach(real.recoverAddress) }
})

// Hoisted like the mocks that use it.
function onceEach<Message extends unknown[], Value>(make: (...message: Message) => Value): typeof make {
  const answers = new Map<string, () => Value>()
  return (...message) => {
    const name = JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
    let answer = answers.get(name)
    if (answer === undefined) {
      answer = answerOf(() => make(...message))
      answers.set(name, answer)
    }
    return answer()
  }
}

function answerOf<Value>(make: () => Value): () => Value {
  try {
    const value = make()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

const seed = Number(process.env.SEED ?? 20_261_122)
/** Of each kind of change; every one of them takes a minute or two (`PER_KIND=1000`). */
const perKind = Number(process.env.PER_KIND ?? 1)

let chain: TestChain
let server: ScratchServer
let database: Database
let file: AreaFile
let settled: SettledArea
let statements: { own: StatementFile; view: SettledSeat }[]

/**
 * One batch with everything that can happen to one: two zones with a full link whose rent is shared out, an account that
 * took its money out and is left out, one whose funds are short, a meter that contradicts itself and one that is revoked,
 * both after they have traded ahead, a meter that somebody else takes over, fees that change in between, a gap, a late
 * reading, several parts.
 */
beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
  const scratch = await server.fresh()
  const { url } = scratch
  ;({ database } = scratch)
  const { provider } = chain
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const street = await openStreet(provider, {
    operator,
    zones: ['street', 'street', 'lane', 'street', 'street', 'street', 'street'],
    deposits: [9_000_000n, 0n, 90_000_000n, 9_000_000n, 250_000n, 0n, 0n],
  })
  const market = await startMarket({ chain, database, url, street, operator, entriesPerPart: 3 })
  await market.indexer.advance()
  const { from, homes } = street
  const [gone, roof, lane, flat, poor, liar, shed] = homes as [Home, Home, Home, Home, Home, Home, Home]
  const start = Math.ceil(from / 60) * 60 + 60
  const sellers = [roof, liar, shed]
  const account = gone.account.connect(provider)
  await provider.send('anvil_setBalance', [account.address, `0x${(10n ** 18n).toString(16)}`])
  const seat = seatIdOf(area, gone.number)
  let claimableAt = 0
  for (const [seller, price] of [
    [roof, 500],
    [liar, 560],
    [shed, 570],
  ] as const) {
    await market.order(seller, 'sell', price, start + 600)
  }
  await market.order(gone, 'buy', 1_500, start + 600)
  await market.order(lane, 'buy', 8_000, start + 600)
  await market.order(flat, 'buy', 1_200, start + 600)
  for (const [seller, buyer, time] of [
    [roof, gone, start + 10],
    [roof, flat, start + 20],
    [liar, flat, start + 40],
    [shed, flat, start + 40],
  ] as const) {
    await market.forward(seller, 'sell', 600, time)
    await market.forward(buyer, 'buy', 900, time)
  }
  const registers = (home: Home, time: number) => {
    const count = 6 + (time - start) / 10
    const sells = sellers.includes(home)
    return { importWh: 1_000 + (sells ? 0 : 80 * count), exportWh: 2_000 + (sells ? 50 * count : 0) }
  }
  const read = (home: Home, time: number) => {
    const { importWh, exportWh } = registers(home, time)
    return market.read(home, time, importWh, exportWh)
  }
  for (let time = start - 60; time <= start + 60; time += 10) {
    await market.passTo(time)
    // From here on its funds are reserved: they reach for the batch's first interval and a part of the next.
    if (time === start - 10) await market.order(poor, 'buy', 1_900, start + 600)
    if (time === start + 20) await market.order(flat, 'buy', 1_700, start + 600)
    if (time === start + 30) {
      const grid = new Wallet(fundedKey(8), provider)
      await street.call(grid, 'revokeMeter', seatIdOf(area, shed.number), 0, 2, forever, '0x')
      await market.hear()
    }
    if (time === start + 40) {
      // Somebody else moves in where the poor one lived, and takes the meter over.
      await takeOver(street, poor, { time, ...registers(poor, time) })
      await market.hear()
      // The server hears nothing more of the chain until after the batch.
      const request = { account: account.address, seat, amount: 2n ** 100n, to: account.address }
      await street.call(account, 'requestWithdrawal', { ...request, nonce: 0, deadline: forever }, '0x')
      claimableAt = (await chainTime(provider)) + 300
    }
    if (time === start + 20) {
      const { zones } = market.settings
      await market.configure({ zones: zones.map((own) => ({ ...own, feeTicksPerKwh: own.zone === 'lane' ? 150 : 0 })) })
    }
    for (const home of homes) if (time >= start && !(home === flat && time === start + 30)) await read(home, time)
    if (time === start + 20) await market.read(liar, time, 1_000, registers(liar, time).exportWh + 1)
  }
  await market.passTo(start + 80)
  await market.hear()
  // Too late: the batch has been cut.
  await read(flat, start + 30)
  // The money is out before the batch is submitted.
  await passUntil(provider, claimableAt)
  await street.call(account, 'claim', seat)
  for (let round = 0; round < 10; round += 1) await market.turn()
  expect(await escrowAt(street.escrow, provider).getFunction('settledUntil')(area)).toBe(BigInt(start + 60))

  const query = { ...street.domain, area, end: start + 60, firstBlock: street.firstBlock }
  file = await exportedBatch(database, market.stored, query.end)
  settled = await readSettledArea({ ...query, provider, knownFrom: file.intervals[0]!.block })
  statements = await Promise.all(
    [...homes.map(({ number }) => number), homes.length + 1].map(async (number) => ({
      own: await statementOfSeat(database, market.stored, { seat: number, end: query.end }),
      view: await readSettledSeat({ ...query, seat: number, provider }),
    })),
  )
  await market.stop()
})
afterAll(async () => {
  await server?.stop()
  await chain?.stop()
})

async function takeOver(
  { call, domain, rules }: Street,
  { meter }: Home,
  { time, importWh, exportWh }: { time: number; importWh: number; exportWh: number },
): Promise<void> {
  const account = new Wallet(Wallet.createRandom().privateKey)
  const parties = {
    account: account.address.toLowerCase(),
    meter: meter.address.toLowerCase(),
    rules: hashRules(rules),
  }
  const mandate: Mandate = {
    ...parties,
    ...{ sellFloor: 0, buyCeiling: 1_000, maxSellWh: 10, maxBuyWh: 10, validFrom: time, version: 1 },
    ...{ validUntil: (Math.floor(time / 86_400) + 30) * 86_400, deadline: forever },
  }
  const epoch = { ...parties, epoch: 1, time, importWh, exportWh }
  const times = { validFrom: time, deadline: time + 3600 }
  const consent = { ...parties, ...times }
  const signed = await signFull(account, domain, 'Mandate', mandate)
  const consented = await signFull(meter, domain, 'MeterConsent', consent)
  const begun = await signFull(meter, domain, 'EpochStart', epoch)
  await call(new Wallet(fundedKey(9), chain.provider), 'openSeat', mandate, signed, times, consented, epoch, begun)
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** The first difference that verifying finds, or why the file is no file. */
function differenceOf(check: () => string | null): string | null {
  try {
    return check()
  } catch (error) {
    if (error instanceof SettlementError) return error.message
    throw error
  }
}

describe('a batch in which everything happened', () => {
  test('is right, computed again from what was signed', async () => {
    expect(verifyArea(file, settled)).toBeNull()
    expect(file.settings.map(({ from }) => from)).toEqual([file.start, file.end - 30])
    expect(file.leftOut).toEqual([[1]])
    expect(file.contradictions.length).toBe(1)
    expect(file.intervals.map(({ suspendedAtComputation }) => suspendedAtComputation)).toEqual([
      ...[[], [], [6], [6], [6], [6]],
    ])
    expect(file.forwardTrades.length).toBe(4)
    const rows = await database<{ outcomes: Buffer }[]>`
      select outcomes from seat_intervals where start >= ${file.start} and start < ${file.end} and current`
    const outcomes = rows.flatMap((row) => decodeOutcomes(row.outcomes))
    const codes = new Set(outcomes.map(({ code }) => code))
    for (const code of ['escrow-low', 'left-out', 'no-reading', 'partner-left-out', 'buyer-side'] as const) {
      expect(codes).toContain(code)
    }
    // What was traded ahead with a seat that was closed since, and with one whose meter was suspended.
    const because = outcomes
      .filter(({ code }) => code === 'seller-side')
      .map(({ details }) => outcomeCodes[details[0]!])
    // Both parties of what the closed seat had traded ahead are told.
    expect(because.toSorted()).toEqual(['seat-closed', 'seat-closed', 'suspended'])
    const capped = await database`
      select from intervals where start >= ${file.start} and start < ${file.end}
        and grid_take < grid_fees + congestion_rent and run = 1`
    expect(capped.length).toBeGreaterThan(0)
    const parts = await database`select number from batches where end_at = ${file.end}`
    expect(parts).toMatchObject([{ number: 2 }])
    const runs = await database`
      select run from intervals where start = ${file.start + 30} order by run`
    expect(runs.length).toBeGreaterThan(1)
  })

  test('is wrong where a seat that could pay was left out', () => {
    const [[gone]] = file.leftOut as [[number]]
    expect(settled.leastBalances.get(gone)).toBe(0n)
    const leastBalances = new Map([...settled.leastBalances, [gone, 9_000_000n]])
    expect(verifyArea(file, { ...settled, leastBalances })).toMatch(`seat ${gone} is stated as unable to pay`)
    expect(verifyArea(file, { ...settled, leastBalances, isTooOld: true })).toBeNull()
  })

  test('is right for every seat', () => {
    for (const { own, view } of statements) expect(verifyStatement(own, view)).toBeNull()
    expect(statements.filter(({ own }) => own.leaves.length > 0).length).toBeGreaterThan(3)
    // The one who moved out sees nothing of what the meter measures for the next one, nor the other way round; both see where
    // one follows the other.
    const times = [4, 7].map((index) => statements[index]!.own.readings.map(({ time }) => time - file.start))
    expect(times).toEqual([
      [0, 10, 20, 30, 40, 50],
      [50, 60],
    ])
    // Each has its own leaves, and together they have all of them.
    const places = statements.flatMap(({ own }) => own.leaves.map((_, place) => own.first + place))
    expect(places.toSorted((a, b) => a - b)).toEqual([...Array(statements[0]!.own.count).keys()])
    for (const { own } of statements) {
      const { fills } = file.seats.find(({ seat }) => seat === own.seat)!
      expect(fills.map(([start, stage]) => [start, stage])).toEqual(
        own.leaves.map(({ start, stage }) => [start, stage]),
      )
    }
  })

  test(`is wrong whatever is changed in the area’s file (SEED=${seed})`, () => {
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const kinds = new Map<string, ReturnType<typeof tamperings>>()
    for (const tampering of tamperings(asJson(file))) {
      kinds.set(tampering.kind, [...(kinds.get(tampering.kind) ?? []), tampering])
    }
    expect(kinds.size).toBeGreaterThan(60)
    const unnoticed: string[] = []
    for (const all of kinds.values()) {
      for (let count = 0; count < perKind && all.length > 0; count += 1) {
        const [{ path, file: changed }] = all.splice(random(all.length), 1) as [(typeof all)[0]]
        if (differenceOf(() => verifyArea(readAreaFile(changed as object), settled)) === null) unnoticed.push(path)
      }
    }
    expect(unnoticed).toEqual([])
  }, 300_000)

  test.each<[string, number, RegExp]>([
    // How often a seat was passed over follows from the whole batch; here it only has to fit.
    // Readings that no trade rests on, and orders, may be missing: what is there counts.
    ['that traded', 1, /^readings\.left out|^orders\.left out|^chances/],
    // Without a leaf nothing is said of the others' fills.
    ['that was left out', 0, /^readings\.left out|^count|^stated|^chances/],
  ])('is wrong whatever is changed in the statement of a seat %s', (_, index, exempt) => {
    const { own, view } = statements[index]!
    expect(own.leaves.length > 0).toBe(index === 1)
    const unnoticed = tamperings(asJson(own)).filter(({ file: changed }) => {
      return differenceOf(() => verifyStatement(readStatementFile(changed), view)) === null
    })
    expect(unnoticed.map(({ path }) => path).filter((path) => !exempt.test(path))).toEqual([])
  })
})
