/** Which reports were given out: the same sources give the same version again, others the next one. */
import type { ReportManifest } from '../reports/manifest.ts'
import type { Refusal } from '../reports/refusals.ts'
import { type Database, type Queries, transact } from './database.ts'

export interface ReportVersion {
  /** Format, range, period, selection and time zone, as JSON. */
  name: string
  version: number
}

interface VersionKey extends ReportVersion {
  areaId: number
}

export interface VersionRow extends ReportVersion {
  createdAt: Date
  manifest: ReportManifest | null
  refusals: Refusal[] | null
}

/** The version of a report that rests on these sources, and when it was begun. */
export function versionFor(
  database: Database,
  { areaId, name, sources, now }: { areaId: number; name: string; sources: Buffer; now: Date },
): Promise<{ version: number; createdAt: Date }> {
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`report ${areaId} ${name}`}, 0))`
    const [newest] = await sql<{ version: number; sources: Buffer; createdAt: Date }[]>`
      select version, sources, created_at as "createdAt" from report_versions
      where area_id = ${areaId} and name = ${name} order by version desc limit 1`
    if (newest?.sources.equals(sources)) return newest
    const version = (newest?.version ?? 0) + 1
    await sql`
      insert into report_versions (area_id, name, version, sources, created_at)
      values (${areaId}, ${name}, ${version}, ${sources}, ${now})`
    return { version, createdAt: now }
  })
}

/** Keeps what a version said the first time that it was written to its end. */
export async function keepManifest(
  database: Database,
  { areaId, name, version }: VersionKey,
  { manifest, refusals }: { manifest: ReportManifest; refusals: Refusal[] },
): Promise<void> {
  await database`
    update report_versions set manifest = ${database.json(manifest as never)}, refusals = ${database.json(refusals as never)}
    where area_id = ${areaId} and name = ${name} and version = ${version} and manifest is null`
}

/** Whether no other version followed this one, and it rests on these sources. */
export async function isNewestVersion(
  sql: Queries,
  { areaId, name, version, sources }: VersionKey & { sources: Buffer },
): Promise<boolean> {
  const [newest] = await sql<{ version: number; sources: Buffer }[]>`
    select version, sources from report_versions where area_id = ${areaId} and name = ${name}
    order by version desc limit 1`
  return newest?.version === version && newest.sources.equals(sources)
}

/** The versions of reports, the newest first. */
export function reportVersions(database: Database, areaId: number, limit: number): Promise<VersionRow[]> {
  return database<VersionRow[]>`
    select name, version, created_at as "createdAt", manifest, refusals from report_versions
    where area_id = ${areaId} order by created_at desc, name, version desc limit ${limit}`
}
