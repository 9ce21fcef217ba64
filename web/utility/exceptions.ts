/** The matters that the utility has to look at, derived from what the page knows of its area. */
import type { BillStateResource } from '../../server/api/document-resources.ts'
import type { MeteringPointResource } from '../../server/api/official-resources.ts'
import type { ReleaseResource } from '../../server/api/report-resources.ts'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { checkInterval } from '../market/market.ts'
import { energy } from '../money/format.ts'
import { localMoment, monthName } from '../time/clock.ts'
import { attentionWords } from './attention-words.ts'

export type Light = 'good' | 'warn' | 'bad'

export interface Attention {
  light: Light
  /** The exceptions, each in a sentence, the worst first. */
  exceptions: string[]
  /** Events that need no action. */
  notes: string[]
}

/** The number of batch lengths without a payment after which payments count as late. */
const lateAfterBatches = 3
const billing = 1
/**
 * The number of grace periods that a batch with official values waits at most after its end: one each for companions, values
 * and signatures.
 */
const waitsOfGrace = 3

/** What waits for the utility's people. A part is null where it does not apply, or is not known yet. */
export interface InboxState {
  /** The number of meters to be confirmed. */
  meters: number | null
  official: OfficialSums | null
  /** The state of the documents of each month, the newest first. */
  bills: readonly BillStateResource[] | null
  /** The numbers of reports that were put forward: those that wait for approval, and those that changed since. */
  releases: { waiting: number; changed: number } | null
  /** The number of intervals whose batch waits for the grid operator's allocation. */
  undeclared: number | null
}

/**
 * Numbers of intervals over all metering points in the last day; `differing` counts those of the last three days that differ
 * from the homes' own devices.
 */
export interface OfficialSums {
  missing: number
  estimated: number
  conflicts: number
  late: number
  replaced: number
  differing: number
}

const nothing: OfficialSums = { missing: 0, estimated: 0, conflicts: 0, late: 0, replaced: 0, differing: 0 }

export function releaseCounts(releases: readonly Pick<ReleaseResource, 'state'>[]): InboxState['releases'] {
  const count = (state: ReleaseResource['state']) => releases.filter((each) => each.state === state).length
  return { waiting: count('waiting'), changed: count('changed') }
}

/** The sums over all points, and the number of moments in which official values and own devices differ. */
export function officialSums(
  points: readonly Pick<MeteringPointResource, Exclude<keyof OfficialSums, 'differing'>>[],
  differing: number,
): OfficialSums {
  const sum = (name: Exclude<keyof OfficialSums, 'differing'>) => points.reduce((all, each) => all + each[name], 0)
  return {
    ...{ missing: sum('missing'), estimated: sum('estimated'), conflicts: sum('conflicts') },
    ...{ late: sum('late'), replaced: sum('replaced'), differing },
  }
}

/**
 * How many meters had no reading when the newest final result was made; until a result is final a reading may still come.
 * `intervals` come newest first.
 */
export function missingReadings(intervals: readonly Pick<IntervalResource, 'status' | 'missingReadings'>[]): number {
  return intervals.find(({ status }) => status === 'final')?.missingReadings ?? 0
}

/** The reasons why a month's documents need people: somebody has to approve them, or to look at changes after they were issued. */
function billExceptions({ month, approvals, approvalsNeeded, issuedAt, changes }: BillStateResource): string[] {
  const { exceptions } = attentionWords()
  const name = monthName(month)
  return [
    ...(issuedAt === null && approvals < approvalsNeeded
      ? [exceptions.documents(name, approvals, approvalsNeeded)]
      : []),
    ...(changes === null
      ? []
      : [changes.callsForDocuments ? exceptions.billChanged(name) : exceptions.billReported(name)]),
  ]
}

/** The light, the exceptions and the notes of an area; `intervals` come newest first. */
export function attentionOf(
  area: AreaResource,
  intervals: readonly IntervalResource[],
  { meters, official, bills, releases, undeclared, nowMs }: InboxState & { nowMs: number },
): Attention {
  const said = attentionWords()
  const isOfficial = area.rules.settlingGrade === billing
  const values = official ?? nothing
  const { exceptions } = said
  const periods = said.periods(area.intervalSeconds)
  const faulty = intervals.filter((interval) => checkInterval(interval).length > 0).length
  const bad = [
    ...(faulty > 0 ? [exceptions.faults(faulty, periods)] : []),
    ...(area.missed.length > 0 ? [exceptions.missed(area.missed.length)] : []),
  ]
  const missing = missingReadings(intervals)
  // Where official values settle, every result is computed again when they arrive, so corrections are no exception.
  const corrected = isOfficial ? 0 : intervals.filter(({ status, run }) => status === 'final' && run > 1).length
  const deviationWh = intervals.reduce((sum, each) => sum + each.deviationWh, 0)
  const lateMs = (lateAfterBatches * area.batchSeconds + (isOfficial ? waitsOfGrace * area.graceSeconds : 0)) * 1000
  const isLate = area.settledUntil !== null && nowMs - Date.parse(area.settledUntil) > lateMs
  const warn = [
    ...(meters !== null && meters > 0 ? [exceptions.waiting(meters)] : []),
    ...(bills ?? []).flatMap(billExceptions),
    ...(releases !== null && releases.waiting > 0 ? [exceptions.releases(releases.waiting)] : []),
    ...(releases !== null && releases.changed > 0 ? [exceptions.releasesChanged(releases.changed)] : []),
    ...(undeclared !== null && undeclared > 0 ? [exceptions.undeclared(undeclared, periods)] : []),
    ...(values.conflicts > 0 ? [exceptions.conflicts(values.conflicts, periods)] : []),
    ...(values.missing > 0 ? [exceptions.valuesMissing(values.missing)] : []),
    ...(values.estimated > 0 ? [exceptions.estimated(values.estimated)] : []),
    ...(values.differing > 0 ? [exceptions.differing(values.differing, periods)] : []),
    ...(missing > 0 ? [exceptions.missing(missing)] : []),
    ...(isLate ? [exceptions.unpaid(localMoment(area.settledUntil!))] : []),
  ]
  const notes = [
    ...(values.late > 0 ? [exceptions.valuesLate(values.late)] : []),
    ...(values.replaced > 0 ? [exceptions.valuesReplaced(values.replaced)] : []),
    ...(corrected > 0 ? [exceptions.corrected(corrected, periods)] : []),
    ...(deviationWh > 0 ? [exceptions.deviated(energy(deviationWh))] : []),
  ]
  return { light: bad.length > 0 ? 'bad' : warn.length > 0 ? 'warn' : 'good', exceptions: [...bad, ...warn], notes }
}
