/** The name that tells one report of a range from another: its format, its period, and its limits. */
import type { ReleaseResource } from '../../server/api/report-resources.ts'
import { releaseWords } from './release-words.ts'

export function reportName({ format, by, zone, point, changedSince }: ReleaseResource['report']): string {
  const said = releaseWords()
  const period = by === 'day' || by === 'month' ? [said.byPeriods[by]] : []
  const limits = [zone, point].filter((limit) => limit !== undefined).map(String)
  return [String(format), ...period, ...limits, ...(changedSince === undefined ? [] : [said.changesOnly])].join(', ')
}
