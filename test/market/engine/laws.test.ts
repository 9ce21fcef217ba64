/** Laws of the engine over random streets: whatever order, reading, deposit, withdrawal or clock comes, these hold. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BatchCut, ChainSeat, Command, Event, IntervalRun } from '../../../server/market/engine/area.ts'
import {
  decodeCommand,
  decodeState,
  encode,
  genesisHash,
  hashState,
  rollHash,
} from '../../../server/market/engine/codec.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { emptyState } from '../../../server/market/engine/state.ts'
import { batchSeconds, config, intervalSeconds, order, placing, reading, rules, seat, t0, terms } from './street.ts'

const seats = 5
const seed = Number(process.env.SEED ?? 20_261_122)

type Step =
  | { kind: 'wait'; seconds: number }
  | { kind: 'order'; seat: number; side: 'buy' | 'sell'; limitPrice: number; maxWh: number }
  | {
      kind: 'forward'
      seat: number
      side: 'buy' | 'sell'
      limitPrice: number
      maxWh: number
      ahead: number
      timeInForce: 'GTC' | 'IOC' | 'FOK'
      /** Another seat that takes the other side at the same price. */
      partner: number | null
    }
  | { kind: 'cancel'; pick: number }
  | { kind: 'readings'; lag: number; quality: number[]; missing: boolean[]; importWh: number[]; exportWh: number[] }
  | { kind: 'withdraw'; seat: number; amount: number }
  | { kind: 'settle' }
  | { kind: 'leave-out'; seats: number[]; pick: number }

const perSeat = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: seats, maxLength: seats })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 1_200 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      seat: fc.integer({ min: 1, max: seats }),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      limitPrice: fc.integer({ min: -600, max: 3_400 }),
      maxWh: fc.integer({ min: 1, max: 2_100 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('forward' as const),
      seat: fc.integer({ min: 1, max: seats }),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      limitPrice: fc.integer({ min: -600, max: 3_400 }),
      maxWh: fc.integer({ min: 1, max: 900 }),
      ahead: fc.constantFrom(0, 0, 0, 1, 3),
      timeInForce: fc.constantFrom('GTC' as const, 'GTC' as const, 'IOC' as const, 'FOK' as const),
      partner: fc.constantFrom(null, 1, 2, 5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat(50) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('readings' as const),
      lag: fc.constantFrom(0, 0, 0, 1, 4),
      quality: perSeat(fc.constantFrom(0, 0, 0, 0, 1, 2)),
      missing: perSeat(fc.constantFrom(false, false, false, true)),
      importWh: perSeat(fc.nat(900)),
      exportWh: perSeat(fc.nat(900)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('withdraw' as const),
      seat: fc.integer({ min: 1, max: seats }),
      amount: fc.nat(2_000_000),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('leave-out' as const),
      seats: fc.uniqueArray(fc.integer({ min: 1, max: seats }), { minLength: 1, maxLength: 2 }),
      pick: fc.nat(3),
    }),
  },
)

/** Plays steps against an engine and a ledger that stands for the chain. */
function play(steps: Step[], funds: number) {
  const state = emptyState()
  const journal: string[] = []
  const hashes: string[] = []
  let hash = genesisHash
  let nowMs = t0 * 1000 - 60_000
  const events: Event[] = []
  const run = (command: Command) => {
    const followed = apply(state, command)
    const text = encode(command)
    hash = rollHash(hash, state.engineVersion, text, encode(followed))
    journal.push(text)
    hashes.push(hash.toString('hex'))
    events.push(...followed)
  }
  const zones = ['south', 'south', 'north', null, 'south']
  const chain: ChainSeat[] = Array.from({ length: seats }, (_, index) =>
    seat(index + 1, {
      balance: BigInt(funds),
      terms: [terms({ zone: zones[index]!, sellFloor: -500, nameplateWh: index === 3 ? null : 2_000 })],
    }),
  )
  run({ type: 'configure', atMs: nowMs, config })
  run({ type: 'chain', atMs: nowMs, block: 1, settledUntil: 0, seats: structuredClone(chain) })
  const registers = chain.map(() => ({ importWh: 0, exportWh: 0, time: t0 }))
  const settled = new Set<number>()
  let block = 1
  let nonce = 0
  const orders: string[] = []

  for (const next of steps) {
    if (next.kind === 'wait') {
      nowMs += next.seconds * 1000
      run({ type: 'tick', atMs: nowMs })
    } else if (next.kind === 'order') {
      const placed = placing(
        nowMs,
        order(next.seat, next.side, { limitPrice: next.limitPrice, maxWh: next.maxWh, nonce: ++nonce }),
      )
      orders.push(placed.id)
      run(placed)
    } else if (next.kind === 'forward') {
      const start = (Math.floor(nowMs / 1000 / intervalSeconds) + 1 + next.ahead) * intervalSeconds
      const place = (number: number, side: 'buy' | 'sell', timeInForce: 'GTC' | 'IOC' | 'FOK') => {
        const { limitPrice, maxWh } = next
        const signed = order(number, side, { limitPrice, maxWh, nonce: ++nonce, start, end: start + intervalSeconds })
        const placed = placing(nowMs, signed)
        orders.push(placed.id)
        run({ ...placed, type: 'forward-order', timeInForce })
      }
      place(next.seat, next.side, next.timeInForce)
      if (next.partner !== null) place(next.partner, next.side === 'buy' ? 'sell' : 'buy', 'GTC')
    } else if (next.kind === 'cancel') {
      const id = orders[next.pick % Math.max(orders.length, 1)]
      if (id !== undefined) {
        run({ type: 'cancel', atMs: nowMs, id, signature: '0x' })
        run({ type: 'forward-cancel', atMs: nowMs, id, signature: '0x' })
      }
    } else if (next.kind === 'readings') {
      const time = Math.floor(nowMs / 1000 / intervalSeconds) * intervalSeconds - next.lag * intervalSeconds
      const sent = registers.flatMap((register, index) => {
        if (next.missing[index] || time <= register.time) return []
        register.time = time
        register.importWh += next.importWh[index]!
        register.exportWh += next.exportWh[index]!
        return [reading(index + 1, time, register.importWh, register.exportWh, next.quality[index])]
      })
      if (sent.length > 0) run({ type: 'readings', atMs: nowMs, readings: sent })
    } else if (next.kind === 'withdraw') {
      chain[next.seat - 1]!.withdrawal = { amount: BigInt(next.amount), to: '0x', claimableAt: t0 }
      run({
        type: 'chain',
        atMs: nowMs,
        block: ++block,
        settledUntil: state.chain.settledUntil,
        seats: structuredClone([chain[next.seat - 1]!]),
      })
    } else if (next.kind === 'leave-out') {
      const unsettled = [...state.batches.values()]
      const batch = unsettled[next.pick % Math.max(unsettled.length, 1)]
      if (batch === undefined) continue
      const { end, number } = batch
      run({ type: 'leave-out', atMs: nowMs, end, number, seats: next.seats })
      // A command for a number that is gone has no effect.
      if (batch.number > number) run({ type: 'leave-out', atMs: nowMs, end, number, seats: [1, 2, 3, 4, 5] })
    } else {
      const cut = newestCuts(events).find(({ end }) => !settled.has(end))
      if (cut === undefined) continue
      settled.add(cut.end)
      for (const entry of cut.entries) {
        const changed = chain[entry.seat - 1]!
        changed.balance += entry.received - entry.paid
        expect(changed.balance, 'a settled batch never overdraws a purse').toBeGreaterThanOrEqual(0n)
        changed.base = { epoch: entry.epoch, time: entry.time, importWh: entry.importWh, exportWh: entry.exportWh }
      }
      run({ type: 'chain', atMs: nowMs, block: ++block, settledUntil: cut.end, seats: structuredClone(chain) })
    }
  }
  return { state, journal, hashes, events }
}

/** Each batch as it was cut last, by end. */
function newestCuts(events: Event[]): BatchCut[] {
  const cuts = new Map<number, BatchCut>()
  for (const event of events) if (event.type === 'batch-cut') cuts.set(event.batch.end, event.batch)
  return [...cuts.values()]
}

function finalRuns(events: Event[]): IntervalRun[] {
  const newest = new Map<number, IntervalRun>()
  for (const event of events) if (event.type === 'interval-cleared') newest.set(event.result.start, event.result)
  return [...newest.values()]
}

const stepOf = (kind: Step['kind']) => step.filter((candidate) => candidate.kind === kind)

/** Streets that trade in every interval of some batches, none of them settled before some seats are left out. */
const busyStreets = fc
  .tuple(
    fc.array(stepOf('order'), { minLength: 8, maxLength: 16 }),
    fc.array(fc.tuple(stepOf('forward'), stepOf('forward'), stepOf('readings')), { minLength: 6, maxLength: 10 }),
    fc.array(stepOf('leave-out'), { minLength: 1, maxLength: 3 }),
  )
  .map(([orders, intervals, leavingOut]) => [
    ...orders,
    ...intervals.flatMap(([one, other, readings]): Step[] => [
      ...[one, other, { kind: 'wait', seconds: intervalSeconds } as const],
      { ...readings, lag: 0, missing: [false, false, false, false, false] } as Step,
    ]),
    { kind: 'wait', seconds: batchSeconds + 300 } as const,
    ...leavingOut,
    ...[{ kind: 'settle' } as const, ...leavingOut, { kind: 'settle' } as const],
  ])

const streets = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.array(step, { minLength: 20, maxLength: 120 }),
      fc.constantFrom(300_000, 5_000_000, 1_000_000_000),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(busyStreets, fc.constantFrom(3_000_000, 1_000_000_000)) },
)

describe(`over random streets (SEED=${seed})`, () => {
  it('energy, money and prices hold in every computed interval', () => {
    let traded = 0
    let honoured = 0
    fc.assert(
      fc.property(streets, ([steps, funds]) => {
        const { events } = play(steps, funds)
        for (const result of finalRuns(events)) {
          let sold = 0
          let bought = 0
          let take = 0n
          for (const seatResult of result.seats) {
            expect(seatResult.soldWh).toBeLessThanOrEqual(seatResult.exportWh)
            expect(seatResult.boughtWh).toBeLessThanOrEqual(seatResult.importWh)
            if (seatResult.quality !== 'measured' || seatResult.seat === 4) expect(seatResult.soldWh).toBe(0)
            sold += seatResult.soldWh
            bought += seatResult.boughtWh
            take += seatResult.paid - seatResult.received
            for (const { side, amount, filledWh, limitTicks } of seatResult.outcomes) {
              const limit = BigInt(limitTicks) * BigInt(filledWh)
              if (side === 'buy') expect(amount).toBeLessThanOrEqual(limit)
              else expect(amount).toBeGreaterThanOrEqual(limit)
            }
          }
          expect(sold).toBe(bought)
          expect(result.matchedWh).toBe(sold)
          expect(take).toBe(result.gridTake)
          expect(take).toBeGreaterThanOrEqual(0n)
          expect(take).toBeLessThanOrEqual(BigInt(rules.maxGridPerKwh) * BigInt(sold))
          traded += sold
          honoured += result.forward.reduce((sum, { deliveredWh }) => sum + deliveredWh, 0)
        }
      }),
      { seed, numRuns: 150 },
    )
    expect(traded).toBeGreaterThan(0)
    expect(honoured).toBeGreaterThan(0)
  })

  it('every batch sums to zero, and each final fill is settled once', () => {
    fc.assert(
      fc.property(streets, ([steps, funds]) => {
        const { events } = play(steps, funds)
        const finals = new Set(events.flatMap((event) => (event.type === 'interval-final' ? [event.start] : [])))
        const results = finalRuns(events).filter(({ start }) => finals.has(start))
        const batches = newestCuts(events)
        expect(batches.reduce((sum, { energyWh }) => sum + energyWh, 0)).toBe(
          results.reduce((sum, { matchedWh }) => sum + matchedWh, 0),
        )
        for (const batch of batches) {
          expect(batch.end % batchSeconds).toBe(0)
          const sum = { sold: 0, bought: 0, paid: 0n, received: 0n }
          for (const entry of batch.entries) {
            sum.sold += entry.soldWh
            sum.bought += entry.boughtWh
            sum.paid += entry.paid
            sum.received += entry.received
          }
          expect(sum).toEqual({
            sold: batch.energyWh,
            bought: batch.energyWh,
            paid: batch.paid,
            received: batch.received,
          })
        }
      }),
      { seed, numRuns: 100 },
    )
  })

  it('leaving seats out takes their trades away and lets nobody trade more, pay more a Wh than its limit, or another fee', () => {
    let leftOut = 0
    let kept = 0
    fc.assert(
      fc.property(busyStreets, (steps) => {
        const { events } = play(steps, 1_000_000_000)
        const newest = new Map<number, IntervalRun>()
        const finals = new Set<number>()
        const numbers = new Map<number, number>()
        let runs: { before: IntervalRun; after: IntervalRun }[] = []
        for (const event of events) {
          if (event.type === 'interval-final') finals.add(event.start)
          else if (event.type === 'interval-cleared') {
            const { result } = event
            if (finals.has(result.start)) runs.push({ before: newest.get(result.start)!, after: result })
            newest.set(result.start, result)
          } else if (event.type === 'batch-cut') {
            const { number, batch } = event
            expect(number).toBe((numbers.get(batch.end) ?? 0) + 1)
            numbers.set(batch.end, number)
            expect(runs.length > 0).toBe(number > 1)
            for (const { before, after } of runs) {
              expect(after.run).toBe(before.run + 1)
              expect(after.status).toBe('final')
              after.seats.forEach((seatAfter, index) => {
                const seatBefore = before.seats[index]!
                if (event.leftOut.includes(seatAfter.seat)) {
                  expect([seatAfter.soldWh, seatAfter.boughtWh, seatAfter.paid, seatAfter.received]).toEqual([
                    0,
                    0,
                    0n,
                    0n,
                  ])
                  leftOut += seatBefore.soldWh + seatBefore.boughtWh
                }
                const { importWh, exportWh, quality } = seatBefore
                expect(seatAfter).toMatchObject({ importWh, exportWh, quality })
                seatAfter.outcomes.forEach((outcome, place) => {
                  expect(outcome.filledWh).toBeLessThanOrEqual(seatBefore.outcomes[place]!.filledWh)
                  kept += outcome.filledWh
                })
              })
              after.flows.forEach(({ exportWh }, index) => {
                expect(Math.abs(exportWh)).toBeLessThanOrEqual(Math.abs(before.flows[index]!.exportWh))
              })
            }
            runs = []
          }
        }
      }),
      { seed, numRuns: 150 },
    )
    expect(leftOut).toBeGreaterThan(0)
    expect(kept).toBeGreaterThan(0)
  })

  it('the journal replays to the same hashes and the same state, from the start and across a snapshot', () => {
    fc.assert(
      fc.property(streets, fc.nat(), ([steps, funds], cut) => {
        const { state, journal, hashes } = play(steps, funds)
        const at = cut % journal.length
        let replayed = emptyState()
        let hash = genesisHash
        journal.forEach((text, index) => {
          if (index === at) replayed = decodeState(encode(replayed))
          const events = apply(replayed, decodeCommand(text))
          hash = rollHash(hash, replayed.engineVersion, text, encode(events))
          expect(hash.toString('hex')).toBe(hashes[index])
        })
        expect(hashState(replayed)).toBe(hashState(state))
      }),
      { seed, numRuns: 60 },
    )
  })
})
