/**
 * Leaving seats out of a batch that they turn out unable to pay: one interval after the other is computed without them, then
 * the batch is cut anew under the next number. What they traded becomes residual on both sides.
 */

import type { AreaConfig, CommandOf, Event, ReducedSeat } from '../area/area.ts'
import { countCharges, discountCharges } from '../area/budgets.ts'
import { bind, owedIn, release } from '../area/funds.ts'
import { type Fill, Fills, type Interval } from '../area/interval.ts'
import { noId, refused } from '../area/refusal.ts'
import { type AreaState, configAt, intervalsBetween, lengthOf, termsAt, type UnsettledBatch } from '../area/state.ts'
import { floorDivide } from '../stages/floor-divide.ts'
import { gridOf } from '../stages/grid.ts'
import type { PoolState } from '../stages/pool.ts'
import type { Computed, Reduction } from '../stages/stage.ts'
import { stagesOf } from '../stages/stages.ts'
import { cutAnew } from './batches.ts'
import { addTraded, totalsBySlot, undeliveredWh } from './compute.ts'

/**
 * Begins to leave seats out of the batch of this end and number. Refused where the batch is settled, has another number by
 * now, others are just being left out, or none of the seats traded in it.
 */
export function leaveOut(state: AreaState, { end, number, seats }: CommandOf<'leave-out'>): Event[] {
  const batch = state.batches.get(end)
  if (batch === undefined || batch.number !== number || batch.leaving.length > 0) {
    return refused(noId, 'BATCH_UNKNOWN', [end, number])
  }
  const slots = new Set<number>()
  for (const { fills } of intervalsBetween(state, batch.start, end)) for (const slot of fills.slot) slots.add(slot)
  const traded = [...new Set(seats)].filter((seat) => {
    const slot = state.seats.get(seat)?.slot
    return slot !== undefined && slots.has(slot) && !batch.leftOut.includes(seat)
  })
  if (traded.length === 0) return refused(noId, 'BATCH_UNKNOWN', [end, number])
  batch.leaving = traded
  batch.leavingFrom = batch.start
  return [{ type: 'leaving-out', end, number, seats: traded }]
}

/** The first batch from which seats are being left out. */
export function batchInWork(state: AreaState): UnsettledBatch | null {
  for (const batch of state.batches.values()) if (batch.leaving.length > 0) return batch
  return null
}

/** Computes the next interval in which one of the seats traded without them; after the last one the batch is cut anew. */
export function leaveOutNext(state: AreaState, batch: UnsettledBatch): Event[] {
  const length = lengthOf(state)
  const slots = new Set(batch.leaving.map((seat) => state.seats.get(seat)!.slot))
  for (const interval of intervalsBetween(state, batch.leavingFrom, batch.end)) {
    batch.leavingFrom = interval.start + length
    if (interval.fills.slot.some((slot) => slots.has(slot))) return reduce(state, batch, interval)
  }
  return cutAnew(state, batch)
}

function reduce(state: AreaState, { leaving }: UnsettledBatch, interval: Interval): Event[] {
  const before = [...interval.fills]
  release(state, owedIn(state, [interval]))
  discountCharges(state, interval)
  const lostWh = reduceInterval(state, configAt(state, interval.start), interval, leaving)
  bind(state, owedIn(state, [interval]))
  countCharges(state, interval)
  interval.run += 1
  interval.isChanged = true
  const { matchedWh, gridFees, congestionRent, gridTake, zones, flows } = interval.cleared!
  return [
    {
      type: 'interval-reduced',
      ...{ start: interval.start, run: interval.run, matchedWh, gridFees, congestionRent, gridTake },
      ...{ deviationWh: undeliveredWh(state, interval), zones, flows },
      changes: changesOf(state, { before, interval, leaving, lostWh }),
      forward: interval.deliveredWh.map((deliveredWh, index) => ({ number: index + 1, deliveredWh })),
    },
  ]
}

/**
 * Takes seats out of a computed interval, all at once. Returns what they and others had been promised ahead and do not get any
 * more, by seat.
 */
export function reduceInterval(
  state: PoolState,
  config: AreaConfig,
  interval: Interval,
  leaving: readonly number[],
): ReadonlyMap<number, number> {
  const grid = gridOf(config)
  const zoneOf = (slot: number) => {
    return grid.placeOf(termsAt(state.seats.get(state.slots[slot]!)!, interval.start)?.zone ?? null)
  }
  const computed: Computed = { state, interval, config, zoneOf }
  const out = new Set(leaving)
  const kept = stagesOf(config).map((stage): Reduction => stage.without(computed, out))
  const fills = kept.flatMap((each) => each.fills)
  const sum = (of: (each: Reduction) => bigint) => kept.reduce((total, each) => total + of(each), 0n)
  const prices = kept.findLast((each) => each.prices !== undefined)!.prices!
  const zones = prices.zones.map((zone) => ({ ...zone, soldWh: 0, boughtWh: 0 }))
  for (const [slot, traded] of totalsBySlot(fills)) addTraded(zones[zoneOf(slot)]!, traded)
  interval.cleared = {
    matchedWh: kept.reduce((total, each) => total + each.matchedWh, 0),
    gridFees: sum((each) => each.gridFees),
    congestionRent: sum((each) => each.congestionRent),
    gridTake: sum((each) => each.gridTake),
    ...{ zones, flows: prices.flows },
  }
  interval.deliveredWh = kept.findLast((each) => each.deliveredWh !== undefined)?.deliveredWh ?? []
  interval.fills = Fills.of(fills)
  return kept.findLast((each) => each.lostWh !== undefined)?.lostWh ?? new Map()
}

function changesOf(
  state: AreaState,
  {
    before,
    interval,
    leaving,
    lostWh,
  }: { before: readonly Fill[]; interval: Interval; leaving: readonly number[]; lostWh: ReadonlyMap<number, number> },
): ReducedSeat[] {
  const nameOf = ({ stage, arrival, slot, side }: Fill) => `${stage} ${arrival} ${slot} ${side}`
  const after = new Map([...interval.fills].map((fill) => [nameOf(fill), fill]))
  const totals = totalsBySlot(interval.fills)
  const changes = new Map<number, ReducedSeat>()
  for (const fill of before) {
    const { stage, arrival, slot, side } = fill
    const { energyWh, amount } = after.get(nameOf(fill)) ?? { energyWh: 0, amount: 0 }
    if (energyWh === fill.energyWh && amount === fill.amount) continue
    const seat = state.slots[slot]!
    let change = changes.get(slot)
    if (change === undefined) {
      const { boughtWh = 0, soldWh = 0, paid = 0n, received = 0n } = totals.get(slot) ?? {}
      change = { seat, boughtWh, soldWh, paid, received, deviationChangeWh: lostWh.get(seat) ?? 0, fills: [] }
      changes.set(slot, change)
    }
    change.fills.push({
      ...{ stage, arrival, side, filledWh: energyWh, amount: BigInt(amount) },
      priceTicks: energyWh === 0 ? null : floorDivide(BigInt(amount), BigInt(energyWh)),
      code: leaving.includes(seat) ? 'left-out' : energyWh === fill.energyWh ? 'filled' : 'partner-left-out',
    })
  }
  return [...changes.values()].sort((a, b) => a.seat - b.seat)
}
