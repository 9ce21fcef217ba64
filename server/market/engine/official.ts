/** Values that the metering operator tells before it signs, and corrects after the interval was final. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { Event, EventOf } from '../area/area.ts'
import type { OfficialStatus } from '../area/codes.ts'
import { energyNow, signedEnergies } from '../area/energy.ts'
import type { OfficialValue } from '../area/standing.ts'
import { type AreaState, intervalAt, lengthOf, type SeatState } from '../area/state.ts'
import { correctStanding, follow, isBelowTraded, isSameEnergy, tradedIn } from './readings.ts'

/** Takes them one by one. What one of an interval that the engine no longer holds corrects is told to those after it. */
export function takeOfficialValues(state: AreaState, values: readonly OfficialValue[]): Event[] {
  /** The newest run of each such interval, as far as this command has corrected it. */
  const runs = new Map<UtcSeconds, number>()
  return values.flatMap((value) => {
    const seat = servingSeat(state, value)
    if (seat === null) return [answerOf(value, 'unknown', 0)]
    const { seat: number } = seat.chain
    if ((value.start + lengthOf(state)) * 1000 > state.nowMs) return [answerOf(value, 'early', number)]
    if (value.start >= state.firstStart) return takeValue(state, seat, value)
    const events = correctLate(value, number, runs)
    for (const event of events) if (event.type === 'interval-corrected') runs.set(event.start, event.run)
    return events
  })
}

/** The last of a meter's seats that was opened by then. */
export function servingSeat(
  state: AreaState,
  { meter, start }: Pick<OfficialValue, 'meter' | 'start'>,
): SeatState | null {
  const seats = (state.seatsOfMeter.get(meter) ?? []).map((number) => state.seats.get(number)!)
  return seats.findLast(({ chain }) => chain.openedAt <= start) ?? null
}

function answerOf(
  { meter, start, importWh, exportWh, isGood }: OfficialValue,
  status: OfficialStatus,
  seat: number,
): EventOf<'official-value'> {
  return { type: 'official-value', meter, start, seat, importWh, exportWh, isGood, status }
}

function takeValue(state: AreaState, seat: SeatState, value: OfficialValue): Event[] {
  const { start, importWh, exportWh, isGood } = value
  const { slot } = seat
  const answer = (status: OfficialStatus) => answerOf(value, status, seat.chain.seat)
  const interval = intervalAt(state, start)
  const isFinal = interval.status === 'final'
  if (isFinal && interval.cleared === null) return [answer('gone')]
  if (!isFinal && signedEnergies(state, start).of(seat).epoch !== null) return [answer('signed')]
  const told = interval.official?.at(slot) ?? null
  if (isFinal) {
    if (!isGood) return [answer('same')]
    const before = energyNow(state, seat, start)
    if (isSameEnergy(before, { quality: 'measured', importWh, exportWh })) return [answer('same')]
    if (isBelowTraded(value, tradedIn(interval.fills, slot))) return [answer('traded')]
  } else if (isGood ? told?.importWh === importWh && told.exportWh === exportWh : told === null) {
    return [answer('same')]
  }
  const before = energyNow(state, seat, start)
  interval.tellOfficial(slot, isGood ? { importWh, exportWh } : null)
  return [answer('taken'), ...follow(state, seat, start, before)]
}

/** What the tables say of the interval stands in the command. */
function correctLate(value: OfficialValue, seat: number, runs: ReadonlyMap<UtcSeconds, number>): Event[] {
  const { start, importWh, exportWh, isGood, standing } = value
  if (standing === null || standing.start !== start) return [answerOf(value, 'gone', seat)]
  if (!isGood) return [answerOf(value, 'same', seat)]
  if (isBelowTraded(value, standing)) return [answerOf(value, 'traded', seat)]
  const known = { ...standing, run: runs.get(start) ?? standing.run }
  const corrected = correctStanding(known, seat, { quality: 'measured', importWh, exportWh })
  return [answerOf(value, corrected.length > 0 ? 'taken' : 'same', seat), ...corrected]
}
