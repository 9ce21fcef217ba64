/**
 * Takes a file of official values for an area: every value is kept with its file, place and time; the newest valid one of an
 * interval counts; what files contradict and what the roster does not know is named. The same content is taken once.
 */
import { createHash } from 'node:crypto'
import type { OfficialValues } from '../exchange/official-values.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import {
  type AdmittedSeries,
  admitSeries,
  type PointDays,
  RosterStretches,
  type ValueRefusal,
} from '../metering/admit.ts'
import type { Verdict } from '../metering/newest.ts'
import { type Database, type Transaction, transact } from '../store/database.ts'
import {
  finishFile,
  keepFile,
  keepValues,
  lockFiles,
  type OfficialDifference,
  officialDifferences,
} from '../store/official-store.ts'
import { areaPlace, rosterOf } from '../store/roster-store.ts'
import { settingsHistory } from '../store/settings-store.ts'
import { zoneMeters } from '../store/zone-meters.ts'
import { OfficialError } from './error.ts'

/** At most so many refusals and differences of one file are named; all are counted. */
const mostNamed = 1_000
/** How many values are in memory as rows at a time. */
const valuesPerPart = 4_000

export interface FileToTake {
  name: string
  content: Buffer
  /** The values in the file. */
  values: OfficialValues & { format: string }
  /** The account that sent it; null where the command takes it. */
  by: string | null
  now: Date
}

/** What became of a file. */
export interface TakenFile {
  name: string
  format: string
  /** Null where a file with this content was taken before: then nothing has changed. */
  file: number | null
  /** How many of its values became of what, and how many were kept in all. */
  verdicts: Record<Verdict, number>
  kept: number
  /** Only those that are named, at most `mostNamed`. */
  refusals: ValueRefusal[]
  refused: number
  differences: OfficialDifference[]
  warnings: string[]
}

/** Throws `OfficialError`. Nothing is taken where it throws. */
export async function takeFile(database: Database, areaId: number, taking: FileToTake): Promise<TakenFile> {
  const { name, content, values, by: takenBy, now: takenAt } = taking
  const { format, createdAt, warnings } = values
  const hash = createHash('sha256').update(content).digest()
  const taken: TakenFile = {
    ...{ name, format, file: null, kept: 0, refusals: [], refused: 0, differences: [], warnings },
    verdicts: { counts: 0, same: 0, replaced: 0, conflict: 0, older: 0, missing: 0 },
  }
  await transact(database, async (sql) => {
    if ((await lockFiles(sql, areaId, hash)) !== null) return
    const series = await admitted(sql, areaId, taking, (refusal) => {
      taken.refused += 1
      if (taken.refusals.length < mostNamed) taken.refusals.push(refusal)
    })
    const file = await keepFile(sql, areaId, { hash, name, format, createdAt, takenAt, takenBy })
    const takenSeconds = Math.floor(takenAt.getTime() / 1000)
    // A wrong clock in a file must not let it count for ever.
    const stamp = Math.min(createdAt ?? takenSeconds, takenSeconds)
    for (const { values: own, point, direction, channel, code, canCount } of series) {
      const register = { point, direction, channel, code: code ?? '', canCount }
      for (const part of partsOf(own)) {
        for (const verdict of await keepValues(sql, areaId, { file, stamp, register }, part)) {
          taken.verdicts[verdict] += 1
          taken.kept += 1
        }
      }
    }
    await finishFile(sql, areaId, { ...taken, file })
    taken.file = file
    taken.differences = await officialDifferences(sql, areaId, { file }, mostNamed)
  })
  return taken
}

async function admitted(
  sql: Transaction,
  areaId: number,
  { values, now }: FileToTake,
  refuse: (refusal: ValueRefusal) => void,
): Promise<AdmittedSeries[]> {
  const place = await areaPlace(sql, areaId)
  if (place === null) {
    const how = 'say whose points these are with "commonwatt roster", which also says by whose clocks its days go'
    throw new OfficialError('OFFICIAL_NO_PLACE', `the area has no roster: ${how}`)
  }
  const settings = (await settingsHistory(sql, areaId)).at(-1)
  if (settings === undefined) throw new OfficialError('OFFICIAL_NO_SETTINGS', 'no server has run this area yet')
  const { intervalSeconds } = settings.settings.rules
  const transformers = (await zoneMeters(sql, areaId)).flatMap(({ point }) => stretchesOf(point))
  const rows = [...(await rosterOf(sql, areaId)), ...transformers]
  const roster = new RosterStretches(rows, new TimeZone(place.timeZone))
  return admitSeries(values.series, { roster, intervalSeconds, now: now.getTime() / 1000, refuse })
}

/** A transformer's point belongs to no meter of the market: its values are evidence, at all times and in both directions. */
function stretchesOf(point: string): PointDays[] {
  const always = { meter: '', point, fromDay: 0, endDay: null, factorPercent: 100 }
  return (['import', 'export'] as const).map((direction) => ({ ...always, direction }))
}

function* partsOf<Item>(items: Iterable<Item>): Generator<Item[]> {
  let part: Item[] = []
  for (const item of items) {
    part.push(item)
    if (part.length < valuesPerPart) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}
