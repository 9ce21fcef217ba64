/** Official values as they were taken from files: which one of an interval counts, and what files contradict. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import {
  type Channel,
  type EnergyDirection,
  type IntervalValue,
  type ValueQuality,
  valueQualities,
} from '../exchange/official-values.ts'
import type { ValueRefusal } from '../metering/admit.ts'
import { judgeValue, type StampedValue, type Verdict } from '../metering/newest.ts'
import { numbers, parts } from './arrays.ts'
import type { Queries, Transaction } from './database.ts'
import { makeOfficialMonths, monthOf } from './months.ts'

export interface OfficialFileHead {
  /** SHA-256 of its content. */
  hash: Buffer
  name: string
  format: string
  /** Null where the file does not say when it was made. */
  createdAt: UtcSeconds | null
  takenAt: Date
  /** The account that sent it; null where the command took it. */
  takenBy: string | null
}

/** A file that was taken. */
export interface OfficialFile extends Omit<OfficialFileHead, 'hash'> {
  file: number
  kept: number
  refused: number
  refusals: ValueRefusal[]
}

/** One interval of which two files say different things. */
export interface OfficialDifference {
  start: UtcSeconds
  point: string
  direction: EnergyDirection
  channel: Channel
  kind: 'replaced' | 'conflict'
  before: OfficialClaim
  after: OfficialClaim
}

/** What a file says of an interval. */
interface OfficialClaim {
  file: string
  energyMicroWh: number | null
  quality: ValueQuality
}

export interface OfficialRegister {
  point: string
  direction: EnergyDirection
  channel: Channel
  /** Empty where the format has no name for it. */
  code: string
  /** Whether its values may count, or are kept beside those of another register only. */
  canCount: boolean
}

/** The number of the file with this content; null where none was taken. Files of the area wait for one another from here on. */
export async function lockFiles(sql: Transaction, areaId: number, hash: Buffer): Promise<number | null> {
  await sql`select 1 from areas where area_id = ${areaId} for no key update`
  const [row] = await sql<{ file: number }[]>`
    select file from official_files where area_id = ${areaId} and hash = ${hash}`
  return row?.file ?? null
}

export async function keepFile(sql: Transaction, areaId: number, head: OfficialFileHead): Promise<number> {
  const { hash, name, format, createdAt, takenAt, takenBy } = head
  const created = createdAt === null ? null : new Date(createdAt * 1000)
  const [row] = await sql<{ file: number }[]>`
    insert into official_files
      (area_id, file, hash, name, format, created_at, taken_at, taken_by, kept, refused, refusals)
    select ${areaId}, coalesce(max(file), 0) + 1, ${hash}, ${name}, ${format}, ${created}, ${takenAt}, ${takenBy}, 0, 0, '[]'
    from official_files where area_id = ${areaId}
    returning file`
  return row!.file
}

export async function finishFile(
  sql: Transaction,
  areaId: number,
  { file, kept, refused, refusals }: Pick<OfficialFile, 'file' | 'kept' | 'refused' | 'refusals'>,
): Promise<void> {
  await sql`
    update official_files set kept = ${kept}, refused = ${refused}, refusals = ${sql.json(refusals as never)}
    where area_id = ${areaId} and file = ${file}`
}

/** Keeps values of one register, in order of time, and says what became of each. */
export async function keepValues(
  sql: Transaction,
  areaId: number,
  { file, stamp, register }: { file: number; stamp: UtcSeconds; register: OfficialRegister },
  values: readonly IntervalValue[],
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  const months = new Set(values.map(({ start }) => monthOf(start)))
  await makeOfficialMonths(sql, [...months])
  for (const part of parts(values)) {
    verdicts.push(...(await keepPart(sql, areaId, { file, stamp, register }, part)))
  }
  return verdicts
}

async function keepPart(
  sql: Transaction,
  areaId: number,
  { file, stamp, register }: { file: number; stamp: UtcSeconds; register: OfficialRegister },
  values: readonly IntervalValue[],
): Promise<Verdict[]> {
  const { point, direction, channel, code, canCount } = register
  const before = await countingValues(sql, areaId, { point, direction, channel, starts: values.map((v) => v.start) })
  const judged = values.map((value) => {
    const known = before.get(value.start) ?? null
    return { value, known, verdict: judgeValue(known, { ...value, stamp }) }
  })
  const takesOver = ({ verdict }: { verdict: Verdict }) =>
    canCount && (verdict === 'counts' || verdict === 'same' || verdict === 'replaced')
  const displaced = judged.filter((own) => takesOver(own) && own.known !== null)
  if (displaced.length > 0) {
    await sql`
      update official_values set counts = false, untold = false
      where area_id = ${areaId} and start = any(${numbers(displaced, ({ value }) => value.start)}::bigint[])
        and point = ${point} and direction = ${direction} and channel = ${channel} and counts`
  }
  // What the area was told already is not new to it when another file repeats it.
  const isUntold = ({ verdict, known }: (typeof judged)[number]) =>
    channel === 'total' && (verdict === 'same' ? known!.untold : true)
  await sql`
    insert into official_values
      (area_id, start, point, direction, channel, code, file, energy_micro_wh, quality, counts, untold)
    select ${areaId}, start, ${point}, ${direction}, ${channel}, ${code}, ${file}, energy, quality, counts, untold
    from unnest(
      ${numbers(values, ({ start }) => start)}::bigint[],
      ${numbers(values, ({ energyMicroWh }) => energyMicroWh)}::bigint[],
      ${numbers(values, ({ quality }) => valueQualities.indexOf(quality))}::smallint[],
      ${flags(judged, takesOver)}::boolean[],
      ${flags(judged, (own) => takesOver(own) && isUntold(own))}::boolean[]
    ) as new (start, energy, quality, counts, untold)`
  const differing = judged.filter(({ verdict }) => canCount && (verdict === 'replaced' || verdict === 'conflict'))
  if (differing.length > 0) {
    await sql`
      insert into official_differences (area_id, start, point, direction, channel, file_before, file, kind)
      select ${areaId}, start, ${point}, ${direction}, ${channel}, file_before, ${file},
        case when is_conflict then 'conflict' else 'replaced' end
      from unnest(
        ${numbers(differing, ({ value }) => value.start)}::bigint[],
        ${numbers(differing, ({ known }) => known!.file)}::int[],
        ${flags(differing, ({ verdict }) => verdict === 'conflict')}::boolean[]
      ) as new (start, file_before, is_conflict)`
  }
  return judged.map(({ verdict }) => (canCount ? verdict : 'older'))
}

function flags<Row>(rows: readonly Row[], of: (row: Row) => boolean): string {
  return `{${rows.map((row) => (of(row) ? 't' : 'f')).join(',')}}`
}

interface CountingValue extends StampedValue {
  file: number
  untold: boolean
}

async function countingValues(
  sql: Queries,
  areaId: number,
  { point, direction, channel, starts }: Omit<OfficialRegister, 'code' | 'canCount'> & { starts: UtcSeconds[] },
): Promise<Map<UtcSeconds, CountingValue>> {
  const rows = await sql<(Omit<CountingValue, 'quality'> & { start: UtcSeconds; quality: number })[]>`
    select start, energy_micro_wh as "energyMicroWh", quality, untold, file,
      floor(extract(epoch from least(created_at, taken_at)))::bigint as stamp
    from official_values join official_files using (area_id, file)
    where area_id = ${areaId} and start = any(${numbers(starts, (start) => start)}::bigint[])
      and point = ${point} and direction = ${direction} and channel = ${channel} and counts`
  return new Map(rows.map(({ start, ...row }) => [start, { ...row, quality: valueQualities[row.quality]! }]))
}

/** The files that an area took, newest first. */
export async function officialFiles(sql: Queries, areaId: number, most: number): Promise<OfficialFile[]> {
  return sql<OfficialFile[]>`
    select file, name, format, floor(extract(epoch from created_at))::bigint as "createdAt", taken_at as "takenAt",
      taken_by as "takenBy", kept, refused, refusals
    from official_files where area_id = ${areaId} order by file desc limit ${most}`
}

/** What files contradict in intervals that start in `[from, to)`, or of one file; ascending, at most so many. */
export async function officialDifferences(
  sql: Queries,
  areaId: number,
  { from, to, file }: { from?: UtcSeconds; to?: UtcSeconds; file?: number },
  most: number,
): Promise<OfficialDifference[]> {
  type Row = Omit<OfficialDifference, 'before' | 'after'> & {
    nameBefore: string
    name: string
    energyBefore: number | null
    energy: number | null
    qualityBefore: number
    quality: number
  }
  const rows = await sql<Row[]>`
    select own.start, own.point, own.direction, own.channel, own.kind,
      old_file.name as "nameBefore", new_file.name as name,
      old.energy_micro_wh as "energyBefore", new.energy_micro_wh as energy,
      old.quality as "qualityBefore", new.quality
    from official_differences own
    join official_values old using (area_id, start, point, direction, channel)
    join official_values new using (area_id, start, point, direction, channel)
    join official_files old_file on old_file.area_id = own.area_id and old_file.file = own.file_before
    join official_files new_file on new_file.area_id = own.area_id and new_file.file = own.file
    where own.area_id = ${areaId} and old.file = own.file_before and new.file = own.file
      ${from === undefined ? sql`` : sql`and own.start >= ${from}`}
      ${to === undefined ? sql`` : sql`and own.start < ${to}`}
      ${file === undefined ? sql`` : sql`and own.file = ${file}`}
    order by own.start, own.point, own.direction, own.channel, own.file limit ${most}`
  return rows.map(({ start, point, direction, channel, kind, ...row }) => ({
    ...{ start, point, direction, channel, kind },
    before: { file: row.nameBefore, energyMicroWh: row.energyBefore, quality: valueQualities[row.qualityBefore]! },
    after: { file: row.name, energyMicroWh: row.energy, quality: valueQualities[row.quality]! },
  }))
}
