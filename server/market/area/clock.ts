/** By which clock the days of an area go: written down for years ahead, so that nobody's table of time zones matters. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { type Infer, int, list, struct, uint } from './binary.ts'

/** What is to be added to UTC from when on, ascending; UTC where nothing stands. */
export const clock = list(struct({ from: uint, offsetSeconds: int }))
export type Clock = Infer<typeof clock>

const daySeconds = 86_400

/** What is to be added to UTC at a moment. */
export function offsetAt(clock: Clock, time: UtcSeconds): number {
  return clock.findLast(({ from }) => from <= time)?.offsetSeconds ?? 0
}

/** The first moment of the local day that holds `time`, which has 23, 24 or 25 hours. */
export function dayStart(clock: Clock, time: UtcSeconds): UtcSeconds {
  const local = time + offsetAt(clock, time)
  return instantOf(clock, local - mod(local, daySeconds))
}

/** The first moment of the local day after the one that holds `time`. */
export function dayEnd(clock: Clock, time: UtcSeconds): UtcSeconds {
  const local = time + offsetAt(clock, time)
  return instantOf(clock, local - mod(local, daySeconds) + daySeconds)
}

/** The first moment at which clocks show a time or, where they skip it, a later one. */
function instantOf(clock: Clock, local: number): UtcSeconds {
  const changes = [{ from: 0, offsetSeconds: 0 }, ...clock]
  for (const [place, { from, offsetSeconds }] of changes.entries()) {
    const until = changes[place + 1]?.from ?? Number.POSITIVE_INFINITY
    if (local - offsetSeconds < until && from < until) return Math.max(from, local - offsetSeconds)
  }
  return local
}

function mod(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor
}
