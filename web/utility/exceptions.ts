/** What the utility has to look at, from what the page knows of its area. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { checkInterval } from '../market/market.ts'
import { energy } from '../money/format.ts'
import { localMoment } from '../time/clock.ts'
import { attentionWords } from './attention-words.ts'

export type Light = 'good' | 'warn' | 'bad'

export interface Attention {
  light: Light
  /** Each in a sentence, the worst first. */
  exceptions: string[]
  /** What happened and asks for nothing. */
  notes: string[]
}

/** Payments are late once so many of their lengths have passed without one. */
const lateAfterBatches = 3

/** `intervals` newest first; `waiting` is how many meters are to be confirmed, null where that is not known yet. */
export function attentionOf(
  area: AreaResource,
  intervals: readonly IntervalResource[],
  { waiting, nowMs }: { waiting: number | null; nowMs: number },
): Attention {
  const said = attentionWords()
  const { exceptions } = said
  const periods = said.periods(area.intervalSeconds)
  const faulty = intervals.filter((interval) => checkInterval(interval).length > 0).length
  const bad = [
    ...(faulty > 0 ? [exceptions.faults(faulty, periods)] : []),
    ...(area.missed.length > 0 ? [exceptions.missed(area.missed.length)] : []),
  ]
  const missing = intervals.find(({ status }) => status === 'final')?.missingReadings ?? 0
  const corrected = intervals.filter(({ status, run }) => status === 'final' && run > 1).length
  const deviationWh = intervals.reduce((sum, each) => sum + each.deviationWh, 0)
  const lateMs = lateAfterBatches * area.batchSeconds * 1000
  const isLate = area.settledUntil !== null && nowMs - Date.parse(area.settledUntil) > lateMs
  const warn = [
    ...(waiting !== null && waiting > 0 ? [exceptions.waiting(waiting)] : []),
    ...(missing > 0 ? [exceptions.missing(missing)] : []),
    ...(isLate ? [exceptions.unpaid(localMoment(area.settledUntil!))] : []),
  ]
  const notes = [
    ...(corrected > 0 ? [exceptions.corrected(corrected, periods)] : []),
    ...(deviationWh > 0 ? [exceptions.deviated(energy(deviationWh))] : []),
  ]
  return { light: bad.length > 0 ? 'bad' : warn.length > 0 ? 'warn' : 'good', exceptions: [...bad, ...warn], notes }
}
