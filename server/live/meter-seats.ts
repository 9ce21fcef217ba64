/** Finds the seat that a meter serves, in whichever areas of this server it has been: its seats follow one another at boundaries. */
import type { Address, EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Areas } from '../api/parts.ts'
import { seatIdIn } from '../api/present.ts'
import type { AreaHandle, SeatSummary } from '../areas/area-handle.ts'
import type { MeterOwner } from './telemetry-board.ts'

export interface MeterSeat {
  area: AreaHandle
  seat: SeatSummary
}

/**
 * The seats of a meter in all areas, or in those of one escrow, by when they opened, the newest first. Where two opened at one boundary,
 * the seat that the meter left before it had begun counts as the earlier one; across areas the numbers of seats tell nothing about that.
 */
export function seatsOfMeter(areas: Areas, meter: Address, domain?: EscrowDomain): MeterSeat[] {
  const found: MeterSeat[] = []
  for (const area of areas.all()) {
    if (domain !== undefined && !isOf(area, domain)) continue
    for (const seat of area.seatsOfMeter(meter)) found.push({ area, seat })
  }
  return found.length < 2 ? found : found.sort(({ seat: a }, { seat: b }) => newestFirst(a, b))
}

function newestFirst(a: SeatSummary, b: SeatSummary): number {
  return (
    b.openedAt - a.openedAt ||
    Number(a.neverServed) - Number(b.neverServed) ||
    Number(a.closed) - Number(b.closed) ||
    b.seat - a.seat
  )
}

/** The seat that is served at a boundary: the last that opened before it, else the first of all. `seats` has the newest first. */
export function servedAt(seats: readonly MeterSeat[], time: UtcSeconds): MeterSeat | undefined {
  return seats.find(({ seat }) => seat.openedAt < time) ?? seats.at(-1)
}

/**
 * The seats whose areas take a reading. Usually that is the seat which is served at the reading's boundary. It is a later seat where the
 * reading belongs to that seat's epoch, or to an earlier epoch: then the later seat's area can say that the reading will never be known.
 * Where a meter moves at this very boundary and keeps its epoch there are two: the reading ends the last interval of the former seat and
 * begins the first interval of the next. An area decides in the same way among its own seats.
 */
export function takersOf(
  seats: readonly MeterSeat[],
  { epoch, time }: { epoch: number; time: UtcSeconds },
): MeterSeat[] {
  if (seats.length < 2) return [...seats]
  const served = servedAt(seats, time)!
  const later = seats.filter((each) => each !== served && each.seat.openedAt >= time)
  const ofEpoch = later.find(({ seat: { epochStart } }) => epochStart.epoch === epoch && epochStart.time < time)
  if (served.seat.epochStart.epoch >= epoch) {
    const isShared = served.seat.epochStart.epoch === epoch && ofEpoch?.seat.openedAt === time
    return isShared && ofEpoch.area !== served.area ? [served, ofEpoch] : [served]
  }
  return [ofEpoch ?? later.find(({ seat }) => seat.epochStart.epoch > epoch) ?? served]
}

/** What a meter's agent is told about the readings that the server has. */
export interface HeldOfMeter extends Pick<SeatSummary, 'newest' | 'gaps' | 'settledTo' | 'keys'> {
  served: MeterSeat
}

/**
 * What the server has of a meter in all its seats, of which `seats` has the newest first: what the seat has that is served now, and what
 * its former seats lack of the same epoch until the next seat opened, where that time is not settled. Undefined where there is no seat.
 */
export function heldOf(seats: readonly MeterSeat[], now: UtcSeconds): HeldOfMeter | undefined {
  const served = servedAt(seats, now)
  if (served === undefined) return undefined
  const { newest } = served.seat
  let { settledTo, keys } = served.seat
  const gaps = [...served.seat.gaps]
  for (const { seat } of seats) if (seat.keys.length > keys.length) keys = seat.keys
  for (let place = seats.indexOf(served) + 1; place < seats.length; place += 1) {
    const { seat } = seats[place]!
    const until = seats[place - 1]!.seat.openedAt
    if (seat.settledTo >= until) continue
    settledTo = Math.min(settledTo, seat.settledTo)
    if (seat.newest.epoch !== newest.epoch) continue
    gaps.push(...seat.gaps)
    if (seat.newest.time < until) gaps.push({ from: seat.newest.time + 1, to: until })
  }
  return { served, newest, gaps, settledTo, keys }
}

function isOf({ settings: { chain } }: AreaHandle, { chainId, escrow }: EscrowDomain): boolean {
  return chain.chainId === chainId && chain.escrow === escrow
}

/** Whose each meter is now. */
export function meterOwners(areas: Areas): (meter: Address) => MeterOwner | null {
  return (meter) => {
    const served = servedAt(seatsOfMeter(areas, meter), Date.now() / 1000)
    if (served === undefined) return null
    const { area, seat } = served
    return { account: seat.account, seat: seatIdIn(area.settings, seat.seat) }
  }
}
