/** Random streets: whatever order, reading, deposit, withdrawal, change on chain or clock comes, played against the engine. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { BatchCut, ChainSeat, Command, Event } from '../../../server/market/engine/area.ts'
import { encode, genesisHash, rollHash } from '../../../server/market/engine/codec.ts'
import { apply, newestEngineVersion } from '../../../server/market/engine/engine.ts'
import { type AreaState, emptyState } from '../../../server/market/engine/state.ts'
import { batchSeconds, config, intervalSeconds, order, placing, reading, seat, t0, terms } from './street.ts'

const seats = 5

export type Step =
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
  /** The chain forgets the newest settlement. */
  | { kind: 'reorganise' }
  /** The seat is closed from the next boundary on, or open again. */
  | { kind: 'close'; seat: number }
  /** The meter's registers begin anew at a boundary. */
  | { kind: 'epoch'; seat: number; lag: number }
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
  { weight: 1, arbitrary: fc.constant({ kind: 'reorganise' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('close' as const), seat: fc.integer({ min: 1, max: seats }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('epoch' as const),
      seat: fc.integer({ min: 1, max: seats }),
      lag: fc.constantFrom(0, 0, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('leave-out' as const),
      seats: fc.uniqueArray(fc.integer({ min: 1, max: seats }), { minLength: 1, maxLength: 2 }),
      pick: fc.nat(3),
    }),
  },
)

/** Plays steps against an engine and a ledger that stands for the chain; `look` sees the state after every command. */
export function play(steps: Step[], funds: number, look: (state: AreaState) => void = () => {}) {
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
    look(state)
  }
  const zones = ['south', 'south', 'north', null, 'south']
  const chain: ChainSeat[] = Array.from({ length: seats }, (_, index) =>
    seat(index + 1, {
      balance: BigInt(funds),
      terms: [terms({ zone: zones[index]!, sellFloor: -500, nameplateWh: index === 3 ? null : 2_000 })],
    }),
  )
  run({ type: 'engine-version', atMs: nowMs, engineVersion: newestEngineVersion })
  run({ type: 'configure', atMs: nowMs, config })
  run({ type: 'chain', atMs: nowMs, block: 1, settledUntil: 0, seats: structuredClone(chain) })
  const registers = chain.map(() => ({ epoch: 1, importWh: 0, exportWh: 0, time: t0 }))
  /** The chain before each settlement, by the end of its batch. */
  const settled = new Map<number, { seats: ChainSeat[]; settledUntil: number }>()
  let block = 1
  const see = (settledUntil: number, seen: ChainSeat[]) =>
    run({ type: 'chain', atMs: nowMs, block: ++block, settledUntil, seats: structuredClone(seen) })
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
        const { epoch, importWh, exportWh } = register
        return [{ ...reading(index + 1, time, importWh, exportWh, next.quality[index]), epoch }]
      })
      if (sent.length > 0) run({ type: 'readings', atMs: nowMs, readings: sent })
    } else if (next.kind === 'withdraw') {
      chain[next.seat - 1]!.withdrawal = { amount: BigInt(next.amount), to: '0x', claimableAt: t0 }
      see(state.chain.settledUntil, [chain[next.seat - 1]!])
    } else if (next.kind === 'close') {
      const changed = chain[next.seat - 1]!
      const last = changed.terms.at(-1)!
      const from = (Math.floor(nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
      changed.terms.push({ ...last, from, closed: !last.closed, version: last.version + 1 })
      see(state.chain.settledUntil, [changed])
    } else if (next.kind === 'epoch') {
      const changed = chain[next.seat - 1]!
      const time = (Math.floor(nowMs / 1000 / intervalSeconds) - next.lag) * intervalSeconds
      // As the relay has it: what was cut of the old epoch is settled first.
      const isCut = [...state.batches.values()].some(({ start }) => start < time)
      if (time < changed.base.time || isCut) continue
      const epoch = changed.base.epoch + 1
      changed.base = { epoch, time, importWh: 0, exportWh: 0 }
      registers[next.seat - 1] = { epoch, importWh: 0, exportWh: 0, time }
      see(state.chain.settledUntil, [changed])
    } else if (next.kind === 'leave-out') {
      const unsettled = [...state.batches.values()]
      const batch = unsettled[next.pick % Math.max(unsettled.length, 1)]
      if (batch === undefined) continue
      const { end, number } = batch
      run({ type: 'leave-out', atMs: nowMs, end, number, seats: next.seats })
      // A command for a number that is gone has no effect.
      if (batch.number > number) run({ type: 'leave-out', atMs: nowMs, end, number, seats: [1, 2, 3, 4, 5] })
    } else if (next.kind === 'reorganise') {
      const [end, before] = [...settled].at(-1) ?? []
      if (end === undefined || before === undefined || state.chain.settledUntil !== end) continue
      settled.delete(end)
      chain.splice(0, seats, ...before.seats)
      see(before.settledUntil, chain)
    } else {
      const cut = newestCuts(events).find(({ end }) => !settled.has(end))
      if (cut === undefined) continue
      settled.set(cut.end, { seats: structuredClone(chain), settledUntil: state.chain.settledUntil })
      for (const entry of cut.entries) {
        const changed = chain[entry.seat - 1]!
        changed.balance += entry.received - entry.paid
        expect(changed.balance, 'a settled batch never overdraws a purse').toBeGreaterThanOrEqual(0n)
        changed.base = { epoch: entry.epoch, time: entry.time, importWh: entry.importWh, exportWh: entry.exportWh }
      }
      see(cut.end, chain)
    }
  }
  return { state, journal, hashes, events }
}

/** Each batch as it was cut last, by end. */
export function newestCuts(events: Event[]): BatchCut[] {
  const cuts = new Map<number, BatchCut>()
  for (const event of events) if (event.type === 'batch-cut') cuts.set(event.batch.end, event.batch)
  return [...cuts.values()]
}

const stepOf = (kind: Step['kind']) => step.filter((candidate) => candidate.kind === kind)

/** Streets that trade in every interval of some batches, none of them settled before some seats are left out. */
export const busyStreets = fc
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

export const streets = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.array(step, { minLength: 20, maxLength: 120 }),
      fc.constantFrom(300_000, 5_000_000, 1_000_000_000),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(busyStreets, fc.constantFrom(3_000_000, 1_000_000_000)) },
)
