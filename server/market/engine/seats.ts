/** Seats as the chain shows them: taking over what changed, places in the intervals' arrays, and forgetting what is over. */
import { keyAt } from '../../../contracts/protocol/meter-keys.ts'
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { ChainSeat, Event, Terms } from '../area/area.ts'
import type { StoredRegisters } from '../area/interval.ts'
import { firstCreditMs, forgetOrders } from '../area/orders.ts'
import { isNewer } from '../area/registers.ts'
import { type AreaState, intervalsBetween, lengthOf, type SeatState, termsAt } from '../area/state.ts'
import { cancelForwardOfSeat, cancelUnpaidForward } from '../stages/forward/book.ts'

/** For so many intervals in a row a reading is waited for in vain; then the seat is waited for only once it is read again. */
export const mostMissed = 4

/** Takes over seats as the chain shows them. */
export function syncSeats(state: AreaState, seats: readonly ChainSeat[]): Event[] {
  const events = seats.flatMap((seat) => syncSeat(state, seat))
  let last = 0
  let ascends = true
  for (const number of state.seats.keys()) {
    ascends &&= number > last
    last = number
  }
  if (!ascends) state.seats = new Map([...state.seats].sort(([a], [b]) => a - b))
  return events
}

/** Takes over one seat, and has computed again what that makes wrong. */
function syncSeat(state: AreaState, chain: ChainSeat): Event[] {
  const shown: Event = { type: 'seat-changed', seat: chain }
  const known = state.seats.get(chain.seat)
  if (known === undefined && isForgotten(state, chain)) return [shown, { type: 'seat-forgotten', seat: chain.seat }]
  const seat = known ?? openSeat(state, chain)
  const before = known === undefined ? [] : [...known.earlierTerms, ...known.chain.terms]
  const baseBefore = seat.base
  const keysBefore = seat.chain.keys
  const askedBefore = known?.chain.withdrawal?.amount ?? 0n
  const beginsEpoch = chain.base.epoch > seat.base.epoch
  if (chain.confirmations > seat.chain.confirmations) seat.missed = 0
  seat.chain = chain
  seat.earlierTerms = stillNeeded(state, before, chain.terms)
  const isLater = chain.base.epoch === seat.base.epoch && chain.base.time > seat.base.time
  if (beginsEpoch || isLater) seat.base = chain.base
  if (beginsEpoch || seat.base.time > seat.newest.time) seat.newest = { ...seat.base, quality: 0 }
  if (known !== undefined) outdate(state, seat, { before, beginsEpoch, isMoved: seat.base !== baseBefore })
  const voided = voidReadings(state, seat, keysBefore)
  const asksMore = (chain.withdrawal?.amount ?? 0n) > askedBefore
  const unpaid = asksMore ? cancelUnpaidForward(state, seat) : []
  return [shown, ...voided, ...endWhatIsClosed(state, seat), ...unpaid, ...liftSuspension(state, chain)]
}

/**
 * A key may have changed before the server heard of it: what another key signed for its time could never be settled, and whoever
 * does not sign it again would hold up everybody's batch. It counts for nothing from here on, and may come again.
 */
function voidReadings(state: AreaState, seat: SeatState, before: ChainSeat['keys']): Event[] {
  const { slot, base } = seat
  const { seat: number, meter, keys } = seat.chain
  if (keys === before || (keys.length === 0 && before.length === 0)) return []
  const length = lengthOf(state)
  const events: Event[] = []
  let newest: StoredRegisters = { ...base, quality: 0 }
  for (const interval of state.intervals.values()) {
    const time = interval.start + length
    const read = interval.registersAt(slot, time)
    if (read === null) continue
    if (time <= state.cutUntil || keyAt(meter, before, time) === keyAt(meter, keys, time)) {
      if (isNewer(newest, read)) newest = read
      continue
    }
    interval.unread(slot)
    for (const own of [interval, state.intervals.get(time)]) if (own?.status === 'provisional') own.outdate()
    events.push({ type: 'reading-voided', seat: number, epoch: read.epoch, time })
  }
  if (events.length > 0) seat.newest = newest
  return events
}

function openSeat(state: AreaState, chain: ChainSeat): SeatState {
  const free = state.slots.length === state.seats.size ? -1 : state.slots.indexOf(null)
  const slot = free < 0 ? state.slots.length : free
  state.slots[slot] = chain.seat
  const seat: SeatState = {
    ...{ chain, earlierTerms: [], slot, base: chain.base, newest: { ...chain.base, quality: 0 } },
    missed: chain.confirmations > 0 ? 0 : mostMissed,
    ...{ creditMs: firstCreditMs, creditAtMs: state.nowMs, orders: [], budgets: [] },
  }
  addSeat(state, seat)
  return seat
}

/** Adds a seat after all others. */
export function addSeat(state: AreaState, seat: SeatState): void {
  const { seat: number, meter, account } = seat.chain
  state.seats.set(number, seat)
  addTo(state.seatsOfMeter, meter, number)
  addTo(state.seatsOfAccount, account, number)
}

function addTo(index: Map<Address, number[]>, name: Address, number: number): void {
  index.set(
    name,
    [...(index.get(name) ?? []), number].sort((a, b) => a - b),
  )
}

function takeFrom(index: Map<Address, number[]>, name: Address, number: number): void {
  const left = index.get(name)!.filter((each) => each !== number)
  if (left.length === 0) index.delete(name)
  else index.set(name, left)
}

/** Those of the terms known before by which intervals in memory go and which `terms` do not tell. */
function stillNeeded({ firstStart }: AreaState, before: readonly Terms[], terms: readonly Terms[]): Terms[] {
  const told = terms[0]?.from ?? Number.POSITIVE_INFINITY
  const earlier = before.filter(({ from }) => from < told)
  return earlier.filter((_, place) => (earlier[place + 1]?.from ?? told) > firstStart)
}

/**
 * What was traded on readings that the chain counts no more, or by terms that were not in force any more when the chain was
 * behind, could never be settled: such intervals are to be computed again.
 */
function outdate(
  state: AreaState,
  seat: SeatState,
  { before, beginsEpoch, isMoved }: { before: readonly Terms[]; beginsEpoch: boolean; isMoved: boolean },
): void {
  if (!isMoved && isSame(before, [...seat.earlierTerms, ...seat.chain.terms])) return
  for (const interval of intervalsBetween(state, state.cutUntil, state.nextStart)) {
    if (interval.status !== 'provisional') continue
    const { start } = interval
    const isGone = isMoved && (beginsEpoch || start < seat.base.time) && interval.fills.slot.includes(seat.slot)
    const bound = before.findLast(({ from }) => from <= start) ?? null
    if (isGone || !bindsAlike(bound, termsAt(seat, start))) interval.outdate()
  }
}

function isSame(before: readonly Terms[], after: readonly Terms[]): boolean {
  return (
    before.length === after.length &&
    before.every((terms, place) => terms.from === after[place]!.from && bindsAlike(terms, after[place]!))
  )
}

/** Whether terms bind as those before them, whenever each began. */
function bindsAlike(before: Terms | null, after: Terms | null): boolean {
  if (before === null || after === null) return before === after
  return (Object.keys(after) as (keyof Terms)[]).every((name) => name === 'from' || before[name] === after[name])
}

/** From where on a seat is closed for good as far as is known, or null. */
function closedFrom({ terms }: ChainSeat): UtcSeconds | null {
  const place = terms.findLastIndex(({ closed }) => !closed) + 1
  return terms[place]?.from ?? null
}

/** A closed seat is not waited for, and nothing of it rests in the forward books. */
function endWhatIsClosed(state: AreaState, seat: SeatState): Event[] {
  const from = closedFrom(seat.chain)
  if (from === null) return []
  giveUpOn(state, seat, from)
  return cancelForwardOfSeat(state, seat, { from, reason: 'seat-closed' })
}

/** A confirmation that came after the suspension lifts it. */
function liftSuspension(state: AreaState, { seat, meter, confirmations }: ChainSeat): Event[] {
  const suspension = state.suspensions.get(meter)
  if (suspension === undefined) return []
  const before = suspension.confirmations.find((own) => own.seat === seat)?.count ?? 0
  if (confirmations <= before) return []
  state.suspensions.delete(meter)
  return [{ type: 'suspension-lifted', meter }]
}

/** From here on nothing of the meter trades, whatever seat it has. */
export function suspend(
  state: AreaState,
  seat: SeatState,
  { epoch, time }: { epoch: number; time: UtcSeconds },
): Event[] {
  const { meter } = seat.chain
  if (state.suspensions.has(meter)) return []
  const seats = (state.seatsOfMeter.get(meter) ?? []).map((number) => state.seats.get(number)!)
  const confirmations = seats.map(({ chain }) => ({ seat: chain.seat, count: chain.confirmations }))
  state.suspensions.set(meter, { epoch, time, confirmations })
  const cancelled = seats.flatMap((own) => {
    giveUpOn(state, own, 0)
    return cancelForwardOfSeat(state, own, { from: 0, reason: 'seat-closed' })
  })
  return [{ type: 'meter-suspended', meter, seat: seat.chain.seat, epoch, time }, ...cancelled]
}

/** Intervals from a boundary on that are not computed yet need not wait for the seat. */
function giveUpOn(state: AreaState, seat: SeatState, from: UtcSeconds): void {
  for (const interval of intervalsBetween(state, Math.max(state.cutUntil, from), state.nextStart)) {
    if (interval.status === 'started') interval.giveUpOn(seat.slot)
  }
}

/** Whether a seat was closed before every interval in memory, and none holds a reading of it: nothing of it can change any more. */
function isOver(state: AreaState, { chain, newest }: SeatState): boolean {
  const from = closedFrom(chain)
  return from !== null && from + lengthOf(state) <= state.firstStart && newest.time <= state.firstStart
}

/**
 * Whether a seat that is not known need not be: it was closed before every interval in memory. Terms that ended before its base
 * are not told, so one of which only closings are told has been closed for longer than they say.
 */
function isForgotten(state: AreaState, chain: ChainSeat): boolean {
  const from = closedFrom(chain)
  return from !== null && (from === chain.terms[0]!.from || from + lengthOf(state) <= state.firstStart)
}

/** Forgets seats that are over. Their nonces stay as long as something that could have been accepted under them is valid. */
export function forgetSeats(state: AreaState): Event[] {
  const events: Event[] = []
  for (const [number, seat] of state.seats) {
    if (!isOver(state, seat)) continue
    const { meter, account } = seat.chain
    events.push(...forgetOrders(state, seat, Number.POSITIVE_INFINITY))
    events.push(...cancelForwardOfSeat(state, seat, { from: 0, reason: 'seat-closed' }))
    state.seats.delete(number)
    state.slots[seat.slot] = null
    for (const interval of state.intervals.values()) interval.clearPlace(seat.slot)
    takeFrom(state.seatsOfMeter, meter, number)
    takeFrom(state.seatsOfAccount, account, number)
    events.push({ type: 'seat-forgotten', seat: number })
  }
  for (const [key, { until, budget }] of state.nonces) {
    // A budget has no end: whoever has seen one could bring it again whenever the meter comes back to its account.
    if (until * 1000 >= state.nowMs || budget >= 0) continue
    const [account, meter] = key.split(' ') as [Address, Address]
    const isUsed = state.seatsOfMeter.get(meter)?.some((each) => state.seats.get(each)!.chain.account === account)
    if (isUsed !== true) state.nonces.delete(key)
  }
  return events
}
