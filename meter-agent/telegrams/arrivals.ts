/**
 * Which telegrams are samples. A gateway may repeat its newest telegram, or hand out old ones in a burst after it was stuck; a
 * telegram without a checksum may have lost lines. Pure: telegram and time in, verdict out.
 */
import { energyCodes } from './conclude.ts'
import type { MeterTelegram } from './meter-telegram.ts'

export interface Arrivals {
  /** The bytes of the newest telegram. */
  newest: Buffer | null
  /** The values that the telegram before had, as one text; only for telegrams without a checksum. */
  shape: string | null
  /** What made up the counters of this meter so far: a sum of tariffs must not change by one that is missing. */
  energies: { serialNumber: string | null; codes: string[] } | null
  /** The least that the meter's clock was behind the arrival, and when that was seen. */
  leastLagMs: number | null
  atMs: number
  /** How many telegrams in a row came late by the same time. */
  lateInRow: number
  lateLagMs: number
}

export const noArrivals: Arrivals = {
  newest: null,
  shape: null,
  energies: null,
  leastLagMs: null,
  atMs: 0,
  lateInRow: 0,
  lateLagMs: 0,
}

export type ArrivalVerdict =
  | 'sample'
  /** Nothing new: the meter was heard, no more. */
  | 'repeated'
  /** Its moment has passed: it stood in a buffer. */
  | 'late'
  /** Another one like it is needed. */
  | 'unconfirmed'
  /** It lacks counters that were there before. */
  | 'incomplete'

/** Clocks of meters tick in whole seconds, and lines are slow. */
const usualLagMs = 5_000
/** So many late ones in a row, all as late: the meter's clock was set. */
const lateUntilUsual = 10
const sameLagMs = 2_000
/** A meter's clock may lose so much against this one in a second. */
const driftMs = 1

export function judgeArrival(
  before: Arrivals,
  { telegram, bytes, atMs }: { telegram: MeterTelegram; bytes: Buffer; atMs: number },
): { arrivals: Arrivals; verdict: ArrivalVerdict } {
  const { meterSeconds } = telegram
  // At night a meter without a clock may well say the same again.
  if (meterSeconds !== null && before.newest?.equals(bytes)) return { arrivals: before, verdict: 'repeated' }
  const shape = [...telegram.values.keys()].sort().join(' ')
  const { serialNumber } = telegram.identity
  const codes = (['1', '2'] as const).flatMap((side) => energyCodes(side, telegram.values))
  const after: Arrivals = { ...before, newest: bytes, shape }
  if (!telegram.isChecked && before.shape !== shape) return { arrivals: after, verdict: 'unconfirmed' }
  const timed = judgeLag(after, meterSeconds, atMs)
  if (timed.isLate) return { arrivals: timed.arrivals, verdict: 'late' }
  const known = before.energies?.serialNumber === serialNumber ? before.energies.codes : []
  if (known.some((code) => !codes.includes(code))) return { arrivals: timed.arrivals, verdict: 'incomplete' }
  return { arrivals: { ...timed.arrivals, energies: { serialNumber, codes } }, verdict: 'sample' }
}

function judgeLag(
  before: Arrivals,
  meterSeconds: number | null,
  atMs: number,
): { arrivals: Arrivals; isLate: boolean } {
  if (meterSeconds === null) return { arrivals: before, isLate: false }
  const lagMs = atMs - meterSeconds * 1000
  if (before.leastLagMs === null) return { arrivals: { ...before, leastLagMs: lagMs, atMs }, isLate: false }
  const least = before.leastLagMs + (driftMs * (atMs - before.atMs)) / 1000
  if (lagMs <= least + usualLagMs) {
    // One telegram from the future must not make all that follow late.
    const leastLagMs = lagMs < least ? Math.max(lagMs, least - sameLagMs) : least
    return { arrivals: { ...before, leastLagMs, atMs, lateInRow: 0 }, isLate: false }
  }
  const isSame = before.lateInRow > 0 && Math.abs(lagMs - before.lateLagMs) <= sameLagMs
  const lateInRow = isSame ? before.lateInRow + 1 : 1
  if (lateInRow > lateUntilUsual) {
    return { arrivals: { ...before, leastLagMs: lagMs, atMs, lateInRow: 0 }, isLate: false }
  }
  return { arrivals: { ...before, lateInRow, lateLagMs: isSame ? before.lateLagMs : lagMs }, isLate: true }
}
