/** Versions of reports: what each was asked for, and since when something in it has changed. */
import type { ReleaseResource, ReportVersionResource } from '../../server/api/report-resources.ts'
import type { Gets } from '../api/reads.ts'

/** The range of a version as ISO 8601 times. */
export function rangeOf({ report }: ReportVersionResource): { from: string; to: string } {
  const time = (seconds: unknown) => new Date(Number(seconds) * 1000).toISOString()
  return { from: time(report.from), to: time(report.to) }
}

/** The query that asks for the same report again, in full even where this version was limited to changes. */
export function queryOf(version: ReportVersionResource): Omit<Gets['/areas/{area}/report']['asks'], 'area'> {
  const { changedSince: _, ...rest } = version.report
  const words = Object.entries(rest).map(([name, value]) => [name, String(value)] as const)
  return { ...Object.fromEntries(words), ...rangeOf(version) }
}

/**
 * Whether a version can be put forward to be released: it is the newest of its report, is complete, and was not put forward
 * yet.
 */
export function isProposable(
  version: ReportVersionResource,
  all: readonly ReportVersionResource[],
  releases: readonly Pick<ReleaseResource, 'report' | 'version'>[],
): boolean {
  const name = JSON.stringify(version.report)
  const isSame = (each: Pick<ReportVersionResource, 'report' | 'version'>, number: number) =>
    each.version === number && JSON.stringify(each.report) === name
  const isNewest = !all.some((each) => isSame(each, version.version + 1))
  return isNewest && version.manifest !== null && !releases.some((each) => isSame(each, version.version))
}

/**
 * The time since which rows were computed that this version has and the one before it has not, in the form of `changedSince`.
 * It is null for a first version, and where the version before was never read to its end.
 */
export function changedSinceOf(version: ReportVersionResource, all: readonly ReportVersionResource[]): string | null {
  const name = JSON.stringify(version.report)
  const before = all.find((each) => JSON.stringify(each.report) === name && each.version === version.version - 1)
  const until = before?.manifest?.computedUntil
  // Rows that were computed in that very second may be in both versions, so that none is missed.
  return typeof until === 'string' ? until : null
}
