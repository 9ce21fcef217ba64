/**
 * Laws of the engine over random streets: whatever comes, and in whatever order, these hold after every command. `RUNS=1000` plays
 * more of them, `SEED=1` others, and with `SHRINK=1` a street that breaks a law is made smaller, which takes its time.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IntervalRun } from '../../../server/market/area/area.ts'
import type { StageName } from '../../../server/market/area/codes.ts'
import { committedFunds } from '../../../server/market/area/funds.ts'
import type { Interval } from '../../../server/market/area/interval.ts'
import { type AreaState, configAt, emptyState, termsAt } from '../../../server/market/area/state.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { decodeCommand, encodeEvents, genesisHash, rollHash } from '../../../server/market/engine/journal.ts'
import { hashState, snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import { type Step, streets } from './random-steps.ts'
import { type Look, RandomStreet } from './random-streets.ts'
import { linksBetween } from './slow-area.ts'
import { eventsOf } from './street.ts'

const seed = Number(process.env.SEED ?? 20_261_128)
const numRuns = Number(process.env.RUNS ?? 40)

type Pieces = { name: string; bytes: Buffer }[]

/** Plays random streets under a law; what it counts has to be more than nothing. */
function overStreets(law: () => { look: Look; after?: (street: RandomStreet) => void }, runs = numRuns): void {
  fc.assert(
    fc.property(streets, ({ steps, funds }: { steps: Step[]; funds: bigint }) => {
      const { look, after } = law()
      const street = new RandomStreet(funds, look).play(steps)
      after?.(street)
    }),
    { seed, numRuns: runs, endOnFailure: process.env.SHRINK === undefined },
  )
}

/** Energy and money of a run's rows. */
function checkRows(state: AreaState, result: IntervalRun): void {
  const config = configAt(state, result.start)
  const sums = { sold: 0, bought: 0, take: 0n }
  const zones = config.zones.map(() => ({ importWh: 0, exportWh: 0, soldWh: 0, boughtWh: 0 }))
  for (const row of result.seats) {
    const { seat, zone, quality, importWh, exportWh, soldWh, boughtWh, paid, received, outcomes } = row
    const terms = termsAt(state.seats.get(seat)!, result.start)!
    const ownUseWh = Math.min(importWh, exportWh)
    expect(ownUseWh + soldWh).toBeLessThanOrEqual(exportWh)
    expect(ownUseWh + boughtWh).toBeLessThanOrEqual(importWh)
    if (quality !== 'measured' || terms.closed || terms.nameplateWh === null) expect([soldWh, boughtWh]).toEqual([0, 0])
    expect(soldWh).toBeLessThanOrEqual(Math.min(terms.maxSellWh, terms.nameplateWh ?? 0))
    expect(boughtWh).toBeLessThanOrEqual(terms.maxBuyWh)
    expect(paid <= BigInt(terms.buyCeiling) * BigInt(boughtWh)).toBe(true)
    expect(received >= BigInt(terms.sellFloor) * BigInt(soldWh)).toBe(true)
    const told = { sold: 0, bought: 0, paid: 0n, received: 0n }
    for (const { side, amount, filledWh, offeredWh, limitTicks } of outcomes) {
      expect(filledWh).toBeLessThanOrEqual(offeredWh)
      const limit = BigInt(limitTicks) * BigInt(filledWh)
      expect(side === 'buy' ? amount <= limit : amount >= limit).toBe(true)
      told[side === 'buy' ? 'bought' : 'sold'] += filledWh
      told[side === 'buy' ? 'paid' : 'received'] += amount
    }
    expect(told).toEqual({ sold: soldWh, bought: boughtWh, paid, received })
    sums.sold += soldWh
    sums.bought += boughtWh
    sums.take += paid - received
    const own = zones[zone]!
    own.importWh += importWh
    own.exportWh += exportWh
    own.soldWh += soldWh
    own.boughtWh += boughtWh
  }
  expect(sums).toEqual({ sold: result.matchedWh, bought: result.matchedWh, take: result.gridTake })
  const cap = BigInt(config.rules.maxGridPerKwh) * BigInt(result.matchedWh)
  expect(result.gridTake >= 0n && result.gridTake - agreementFees(result, state) <= cap).toBe(true)
  expect(
    result.zones.map(({ importWh, exportWh, soldWh, boughtWh }) => ({ importWh, exportWh, soldWh, boughtWh })),
  ).toEqual(zones)
}

/** What agreements pay for the grid, which no cap cuts. */
function agreementFees({ seats }: IntervalRun, _state: AreaState): bigint {
  return seats
    .flatMap(({ outcomes }) => outcomes)
    .filter(({ stage }) => stage === 'agreements')
    .reduce((sum, { side, amount }) => (side === 'buy' ? sum + amount : sum - amount), 0n)
}

/** No link carries more than it may, whatever stages and directions its energy comes from. */
function checkLinks(state: AreaState, interval: Interval): void {
  const config = configAt(state, interval.start)
  const root = config.zones.findIndex(({ parent }) => parent === null)
  const flowWh = config.zones.map(() => 0)
  for (const { slot, side, energyWh } of interval.fills) {
    const terms = termsAt(state.seats.get(state.slots[slot]!)!, interval.start)
    const zone = config.zones.findIndex(({ id }) => id === terms?.zone)
    for (const step of linksBetween(config, zone < 0 ? root : zone, root)) {
      flowWh[step.zone]! += side === 'sell' ? energyWh : -energyWh
    }
  }
  for (const [zone, { capacityWh }] of config.zones.entries()) {
    if (zone !== root && capacityWh !== null) expect(Math.abs(flowWh[zone]!)).toBeLessThanOrEqual(capacityWh)
  }
}

describe(`over random streets (SEED=${seed}, RUNS=${numRuns})`, { timeout: 60_000 + 1_000 * numRuns }, () => {
  it('energy, prices and money hold in every computed interval, and links carry no more than they may', () => {
    const matched: Partial<Record<StageName, number>> = { agreements: 0, forward: 0, spot: 0 }
    overStreets(() => ({
      look({ state }, _, events) {
        for (const { result } of eventsOf(events, 'interval-cleared')) {
          checkRows(state, result)
          for (const { outcomes } of result.seats) for (const own of outcomes) matched[own.stage]! += own.filledWh
        }
        for (const { start } of [
          ...eventsOf(events, 'interval-reduced'),
          ...eventsOf(events, 'interval-cleared').map(({ result }) => result),
        ]) {
          checkLinks(state, state.intervals.get(start)!)
        }
      },
    }))
    expect(Object.values(matched).every((energyWh) => energyWh > 500)).toBe(true)
  })

  it('every result is what the slow and obvious twin computes from all that was accepted and read', () => {
    let fills = 0
    let limited = 0
    overStreets(() => ({
      look({ slow }, _, events) {
        for (const { result } of eventsOf(events, 'interval-cleared')) {
          limited += result.budgets.length
          const expected = slow.compute(result.start)
          const { matchedWh, gridFees, congestionRent, gridTake, deviationWh } = expected
          expect(result).toMatchObject({ matchedWh, gridFees, congestionRent, gridTake, deviationWh })
          expect(result.zones.map(({ priceTicks }) => priceTicks)).toEqual(expected.prices)
          for (const row of result.seats) {
            const { quality, importWh, exportWh } = row
            expect({ quality, importWh, exportWh }).toEqual(expected.seats.get(row.seat))
          }
          const told = result.seats.flatMap(({ seat, outcomes }) =>
            outcomes.flatMap(({ stage, arrival, side, filledWh: energyWh, amount }) =>
              energyWh === 0 ? [] : [{ stage, arrival, seat, side, energyWh, amount }],
            ),
          )
          expect(sorted(told)).toEqual(sorted(summed(expected.fills)))
          fills += told.length
        }
      },
    }))
    expect(fills).toBeGreaterThan(200)
    expect(limited).toBeGreaterThan(20)
  })

  it('what seats have committed is what everything adds up to, and nobody promises what it does not have', () => {
    let amounts = 0
    overStreets(() => ({
      look({ state, slow }) {
        const committed = committedFunds(state)
        const added = slow.committed()
        const isSame = committed.size === added.size && [...added].every(([seat, sum]) => committed.get(seat) === sum)
        if (!isSame) expect(committed).toEqual(added)
        for (const sum of committed.values()) expect(sum > 0n).toBe(true)
        amounts += committed.size
      },
      after({ state }) {
        expect(committedFunds(stateOf(snapshotOf(state) as Pieces))).toEqual(committedFunds(state))
      },
    }))
    expect(amounts).toBeGreaterThan(5_000)
  })

  it('every batch nets the newest fills of its intervals, and the escrow takes it', () => {
    let settled = 0
    overStreets(() => {
      const numbers = new Map<number, number>()
      return {
        look({ state, slow }, command, events) {
          if (command.type === 'chain') settled += 1
          for (const { batch, number, leftOut } of eventsOf(events, 'batch-cut')) {
            if (number > 1) expect(number).toBe(numbers.get(batch.end)! + 1)
            numbers.set(batch.end, number)
            const sums = new Map<number, [number, number, bigint, bigint]>()
            for (const { start, rows } of slow.intervals.values()) {
              if (start < batch.start || start >= batch.end) continue
              for (const { seat, soldWh, boughtWh, paid, received } of rows.values()) {
                const sum = sums.get(seat) ?? [0, 0, 0n, 0n]
                sums.set(seat, [sum[0] + soldWh, sum[1] + boughtWh, sum[2] + paid, sum[3] + received])
              }
            }
            for (const [seat, sum] of sums) {
              const entries = batch.entries.filter((entry) => entry.seat === seat)
              const netted = entries.reduce<[number, number, bigint, bigint]>(
                (all, { soldWh, boughtWh, paid, received }) => [
                  ...([all[0] + soldWh, all[1] + boughtWh, all[2] + paid, all[3] + received] as const),
                ],
                [0, 0, 0n, 0n],
              )
              expect(netted, `seat ${seat}`).toEqual(sum)
              if (leftOut.includes(seat)) expect(sum).toEqual([0, 0, 0n, 0n])
            }
            expect(state.cutUntil).toBeGreaterThanOrEqual(batch.end)
          }
        },
      }
    })
    expect(settled).toBeGreaterThan(500)
  })

  it('leaving seats out takes their trades away and gives nobody more, nor other fees', () => {
    let lost = 0
    let kept = 0
    overStreets(() => ({
      look({ state }, _, events) {
        for (const { start, run, changes, matchedWh, gridTake } of eventsOf(events, 'interval-reduced')) {
          const interval = state.intervals.get(start)!
          const fills = [...interval.fills]
          expect(run).toBe(interval.run)
          const sum = (side: 'buy' | 'sell') =>
            fills.filter((fill) => fill.side === side).reduce((all, { energyWh }) => all + energyWh, 0)
          expect([sum('buy'), sum('sell')]).toEqual([matchedWh, matchedWh])
          const take = fills.reduce((all, { side, amount }) => all + BigInt(side === 'buy' ? amount : -amount), 0n)
          expect(take).toBe(gridTake)
          for (const { seat, boughtWh, soldWh, paid, received, fills: changed } of changes) {
            const terms = termsAt(state.seats.get(seat)!, start)!
            expect(paid <= BigInt(terms.buyCeiling) * BigInt(boughtWh)).toBe(true)
            expect(received >= BigInt(terms.sellFloor) * BigInt(soldWh)).toBe(true)
            for (const { filledWh, code } of changed) {
              if (code === 'left-out') expect(filledWh).toBe(0)
              kept += filledWh
            }
            lost += 1
          }
        }
      },
    }))
    expect(lost).toBeGreaterThan(20)
    expect(kept).toBeGreaterThan(0)
  })

  it('everything has effect once: orders, nonces, readings, runs and final intervals', () => {
    overStreets(() => {
      let last = { arrivals: 0, orders: new Set<string>(), readings: new Map<string, string>() }
      const runs = new Map<number, number>()
      return {
        look({ state }, command, events) {
          // A backup that was taken up again knows less.
          if (state.arrivals < last.arrivals) last = { arrivals: 0, orders: new Set(), readings: new Map() }
          if (state.arrivals < last.arrivals || command.type === 'chain') runs.clear()
          const accepted = [...eventsOf(events, 'order-accepted'), ...eventsOf(events, 'forward-accepted')]
          for (const { order } of accepted) {
            expect(last.orders.has(order.id)).toBe(false)
            last.orders.add(order.id)
            expect(order.arrival).toBeGreaterThan(last.arrivals)
          }
          last.arrivals = state.arrivals
          for (const event of events) {
            if (event.type === 'interval-cleared') expectNext(runs, event.result.start, event.result.run)
            if (event.type === 'interval-reduced') expectNext(runs, event.start, event.run)
            // What a run that is not final learns is no run of its own.
            if (event.type === 'interval-amended') expect(event.run).toBe(runs.get(event.start) ?? event.run)
            if (event.type === 'interval-corrected') expectNext(runs, event.start, event.run)
          }
        },
      }
    })
  })

  it('a command does a bounded piece of work, and one that is refused leaves no trace', () => {
    let refusals = 0
    overStreets(() => {
      let before: { hash: string; nowMs: number } | null = null
      return {
        look({ state }, command, events) {
          const works = events.filter(({ type }) =>
            ['interval-started', 'interval-cleared', 'interval-reduced', 'batch-cut'].includes(type),
          )
          expect(works.length).toBeLessThanOrEqual(command.type === 'tick' ? 1 : 0)
          const others = events.filter(({ type }) => type !== 'forward-cancelled' && type !== 'seat-changed')
          const asked = command.type === 'readings' || command.type === 'late-readings' ? command.readings.length : 0
          expect(others.length).toBeLessThan(60 + 5 * asked)
          const isNothing = events.every(({ type }) => type === 'refused')
          if (isNothing && before !== null && refusals % 5 === 0) expect(hashState(state)).toBe(before.hash)
          if (isNothing) refusals += 1
          before = { hash: refusals % 5 === 0 ? hashState(state) : '', nowMs: state.nowMs }
        },
      }
    }, numRuns / 4)
    expect(refusals).toBeGreaterThan(100)
  })

  it('the journal replays to the same hashes and the same state, from the start and across snapshots', () => {
    overStreets(() => ({
      look: () => {},
      after({ state, journal, hashes }) {
        let replayed = emptyState()
        let hash = genesisHash
        for (const [index, bytes] of journal.entries()) {
          if (index % 17 === 5) replayed = stateOf(snapshotOf(replayed) as Pieces)
          const events = apply(replayed, decodeCommand(bytes))
          hash = rollHash(hash, bytes, encodeEvents(events))
          if (hash.toString('hex') !== hashes[index])
            throw new Error(`command ${index} (${decodeCommand(bytes).type}) diverges`)
        }
        expect(hashState(replayed)).toBe(hashState(state))
      },
    }))
  })

  it('a snapshot is read back as it was, in pieces that are written once', () => {
    let known = 0
    overStreets(() => {
      const stored = new Map<string, Buffer>()
      let count = 0
      return {
        look({ state }) {
          count += 1
          if (count % 10 !== 0) return
          const pieces = snapshotOf(state, (hash) => stored.has(hash))
          for (const { hash, bytes } of pieces) if (bytes !== null) stored.set(hash, bytes)
          known += pieces.filter(({ bytes }) => bytes === null).length
          const restored = stateOf(pieces.map(({ name, hash }) => ({ name, bytes: stored.get(hash)! })))
          expect(snapshotOf(restored).map(({ name, hash }) => [name, hash])).toEqual(
            snapshotOf(state).map(({ name, hash }) => [name, hash]),
          )
        },
      }
    }, numRuns / 2)
    expect(known).toBeGreaterThan(500)
  })
})

function expectNext(runs: Map<number, number>, start: number, run: number): void {
  const before = runs.get(start)
  if (before !== undefined) expect(run).toBeGreaterThan(before)
  runs.set(start, run)
}

interface ToldFill {
  stage: string
  arrival: number
  seat: number
  side: string
  energyWh: number
  amount: bigint
}

/** An order that meets several others has one outcome. */
function summed(fills: readonly ToldFill[]): ToldFill[] {
  const sums = new Map<string, ToldFill>()
  for (const fill of fills) {
    const name = `${fill.stage} ${fill.arrival} ${fill.seat} ${fill.side}`
    const known = sums.get(name)
    sums.set(name, {
      ...fill,
      energyWh: fill.energyWh + (known?.energyWh ?? 0),
      amount: fill.amount + (known?.amount ?? 0n),
    })
  }
  return [...sums.values()]
}

function sorted(fills: readonly ToldFill[]): ToldFill[] {
  const nameOf = ({ stage, arrival, seat, side }: ToldFill) => `${stage} ${String(arrival).padStart(9)} ${seat} ${side}`
  return [...fills].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}
