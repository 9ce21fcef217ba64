/** Decides which value counts where files give several for one interval of a point: the newest that says an energy. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { IntervalValue } from '../exchange/official-values.ts'

/** A value with the time that says how new it is: when its file was made, or taken where the file does not say. */
export interface StampedValue extends Pick<IntervalValue, 'energyMicroWh' | 'quality'> {
  stamp: UtcSeconds
}

/**
 * What becomes of a value, compared with the one that counted before.
 * - `counts`: the first that says an energy, or the same said again later (`same`, which nobody need be told).
 * - `replaced`: it is newer and says something else, which is named.
 * - `conflict`: neither is newer and they differ: the one before still counts, and a person is told.
 * - `older`, `missing`: it is kept, but does not count.
 */
export type Verdict = 'counts' | 'same' | 'replaced' | 'conflict' | 'older' | 'missing'

export function judgeValue(before: StampedValue | null, value: StampedValue): Verdict {
  if (value.quality === 'missing') return 'missing'
  if (before === null) return 'counts'
  if (value.stamp < before.stamp) return 'older'
  if (value.energyMicroWh === before.energyMicroWh && value.quality === before.quality) return 'same'
  return value.stamp === before.stamp ? 'conflict' : 'replaced'
}
