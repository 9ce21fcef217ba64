/** Seats as the chain shows them: taking over what changed, places in the intervals' arrays, and forgetting what is over. */
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { ChainSeat, Event, Terms } from './area.ts'
import { firstCreditMs, forgetOrders } from './orders.ts'
import { type AreaState, intervalsBetween, lengthOf, type SeatState } from './state.ts'

/** For so many intervals in a row a reading is waited for in vain; then the seat is waited for only once it is read again. */
export const mostMissed = 4

/** What taking a seat over may have made wrong in intervals that are computed already. */
export interface SeatChange {
  seat: SeatState
  /** Undefined for a seat that was not known. */
  before: readonly Terms[] | undefined
  /** Readings of the epoch before are gone. */
  beginsEpoch: boolean
}

/** Takes over a seat as the chain shows it. */
export function syncSeat(state: AreaState, chain: ChainSeat): { change: SeatChange; events: Event[] } {
  const known = state.seats.get(chain.seat)
  const seat = known ?? openSeat(state, chain)
  const before = known?.chain.terms
  const beginsEpoch = known !== undefined && chain.base.epoch > known.base.epoch
  const wasConfirmed = known?.chain.confirmations ?? 0
  seat.chain = chain
  if (beginsEpoch || chain.base.time > seat.base.time) seat.base = chain.base
  if (beginsEpoch || seat.base.time > seat.newest.time) seat.newest = { ...seat.base, quality: 0 }
  if (chain.confirmations > wasConfirmed) seat.missed = 0
  return {
    change: { seat, before, beginsEpoch },
    events: [{ type: 'seat-changed', seat: chain }, ...liftSuspension(state, chain)],
  }
}

function openSeat(state: AreaState, chain: ChainSeat): SeatState {
  const free = state.slots.indexOf(null)
  const slot = free < 0 ? state.slots.length : free
  state.slots[slot] = chain.seat
  const seat: SeatState = {
    ...{ chain, slot, base: chain.base, newest: { ...chain.base, quality: 0 }, missed: mostMissed },
    ...{ creditMs: firstCreditMs, creditAtMs: state.nowMs, orders: [] },
  }
  state.seats.set(chain.seat, seat)
  const ofMeter = [...(state.seatsOfMeter.get(chain.meter) ?? []), chain.seat].sort((a, b) => a - b)
  state.seatsOfMeter.set(chain.meter, ofMeter)
  return seat
}

/** A confirmation that came after the suspension lifts it. */
function liftSuspension(state: AreaState, { meter, confirmations }: ChainSeat): Event[] {
  const suspension = state.suspensions.get(meter)
  if (suspension === undefined || confirmations <= suspension.confirmations) return []
  state.suspensions.delete(meter)
  return [{ type: 'suspension-lifted', meter }]
}

/** From here on nothing of the meter trades, whatever seat it has. */
export function suspend(
  state: AreaState,
  seat: SeatState,
  { epoch, time }: { epoch: number; time: UtcSeconds },
): Event[] {
  const { meter, confirmations } = seat.chain
  if (state.suspensions.has(meter)) return []
  state.suspensions.set(meter, { epoch, time, confirmations })
  for (const number of state.seatsOfMeter.get(meter) ?? []) giveUpOn(state, state.seats.get(number)!)
  return [{ type: 'meter-suspended', meter, seat: seat.chain.seat, epoch, time }]
}

/** Intervals that are not computed yet need not wait for the seat. */
export function giveUpOn(state: AreaState, seat: SeatState): void {
  for (const interval of intervalsBetween(state, state.cutUntil, state.nextStart)) {
    if (interval.status === 'started') interval.giveUpOn(seat.slot)
  }
}

/**
 * Forgets seats that were closed before every interval in memory: nothing of them can change any more. Their nonces stay as
 * long as something signed under them is valid.
 */
export function forgetSeats(state: AreaState): Event[] {
  const length = lengthOf(state)
  const events: Event[] = []
  for (const [number, seat] of state.seats) {
    const { terms, meter } = seat.chain
    const last = terms.at(-1)!
    const isOver = last.closed && last.from + length <= state.firstStart
    if (!isOver || state.suspensions.has(meter)) continue
    events.push(...forgetOrders(state, seat, Number.POSITIVE_INFINITY))
    state.seats.delete(number)
    state.slots[seat.slot] = null
    for (const interval of state.intervals.values()) interval.clearPlace(seat.slot)
    forgetOfMeter(state, meter, number)
    events.push({ type: 'seat-forgotten', seat: number })
  }
  for (const [key, { until }] of state.nonces) {
    const [account, meter] = key.split(' ') as [Address, Address]
    const isUsed = state.seatsOfMeter.get(meter)?.some((each) => state.seats.get(each)!.chain.account === account)
    if (isUsed !== true && until * 1000 < state.nowMs) state.nonces.delete(key)
  }
  return events
}

function forgetOfMeter(state: AreaState, meter: Address, number: number): void {
  const left = state.seatsOfMeter.get(meter)!.filter((each) => each !== number)
  if (left.length === 0) state.seatsOfMeter.delete(meter)
  else state.seatsOfMeter.set(meter, left)
}
