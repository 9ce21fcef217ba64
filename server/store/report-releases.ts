/**
 * Releases of reports: a version is put forward, two different approvers sign its manifest, and from then on it is the one that was
 * given out. API and page do it by these steps alone.
 */
import type { Address, EscrowDomain, Hex } from '../../contracts/protocol/typed-data.ts'
import {
  type Approval,
  type ApprovedReport,
  approvalsNeeded,
  approversOf,
  hashOfManifest,
  ofReport,
  type SignedByWallet,
} from '../billing/approval.ts'
import type { ReportManifest } from '../reports/manifest.ts'
import { ReportError } from '../reports/row.ts'
import type { StoredArea } from './areas.ts'
import { requireParties } from './billing-parties.ts'
import { type Database, type Queries, transact } from './database.ts'
import { StoreError } from './error.ts'
import { isReportCurrent } from './report-source.ts'
import type { ReportVersion } from './report-versions.ts'
import { newestSettings } from './settings-store.ts'

/** `changed`: the tables say something else by now, so nobody can approve it any more. */
export type ReleaseState = 'waiting' | 'changed' | 'released'

export interface ReportRelease extends ReportVersion {
  /** `hashOfManifest` of the manifest: what approvers sign. */
  hash: string
  manifest: ReportManifest
  proposedBy: Address
  proposedAt: Date
  approvals: (Approval & { approvedAt: string })[]
  releasedAt: Date | null
}

/**
 * Puts a version forward, once however often; waiting ones of earlier versions of the same report are gone with it. Returns its hash.
 * Throws `REPORT_UNKNOWN` where it was not given out to its end, and `REPORT_CHANGED` where it is not the newest any more.
 */
export async function proposeRelease(
  database: Database,
  { areaId }: StoredArea,
  { report, version, proposer, now }: { report: object; version: number; proposer: Address; now: Date },
): Promise<string> {
  const [row] = await database<{ name: string; manifest: ReportManifest | null }[]>`
    select name, manifest from report_versions
    where area_id = ${areaId} and version = ${version} and name::jsonb = ${database.json(report as never)}`
  if (row === undefined || row.manifest === null) {
    throw new ReportError('REPORT_UNKNOWN', `no version ${version} of this report was written to its end`)
  }
  const { name, manifest } = row
  await requireCurrent(database, areaId, { name, version })
  const hash = hashOfManifest(manifest)
  await transact(database, async (sql) => {
    await lock(sql, areaId, name)
    await sql`
      insert into report_releases (area_id, manifest_hash, name, version, proposed_by, proposed_at)
      values (${areaId}, ${hash}, ${name}, ${version}, ${proposer}, ${now}) on conflict do nothing`
    const older = sql`
      select manifest_hash from report_releases
      where area_id = ${areaId} and name = ${name} and version < ${version} and released_at is null`
    await sql`delete from report_approvals where area_id = ${areaId} and manifest_hash in (${older})`
    await sql`
      delete from report_releases
      where area_id = ${areaId} and name = ${name} and version < ${version} and released_at is null`
  })
  return hash
}

/** What approvers sign of a release, and who they are. Throws `REPORT_UNKNOWN` and `BILL_PARTIES`. */
export async function releaseToApprove(
  sql: Queries,
  area: StoredArea,
  hash: string,
): Promise<{ domain: EscrowDomain; release: ReportRelease; asked: ApprovedReport; approvers: readonly Address[] }> {
  const { areaId, chainId, escrow } = area
  const [release] = await releasesOf(sql, area, { hash, limit: 1 })
  const settings = await newestSettings(sql, areaId)
  if (release === undefined || settings === null) {
    throw new ReportError('REPORT_UNKNOWN', `no report with the manifest ${hash} was put forward`)
  }
  const { approvers } = (await requireParties(sql, areaId)).parties
  const { from, to } = JSON.parse(release.name)
  const asked = { rules: settings.rulesHash, from, to, version: release.version, hash }
  return { domain: { chainId, escrow }, release, asked, approvers }
}

/**
 * Takes an account's word of a release; with that of a second approver the report is released. Throws `REPORT_UNKNOWN`,
 * `REPORT_CHANGED`, `REPORT_APPROVAL` and `BILL_PARTIES`.
 */
export async function approveRelease(
  database: Database,
  area: StoredArea,
  { hash, approver, signature }: { hash: string; approver: Address; signature: Hex },
  { now, isWalletSignature }: { now: Date; isWalletSignature: SignedByWallet | null },
): Promise<void> {
  const { areaId } = area
  const { domain, release, asked, approvers } = await releaseToApprove(database, area, hash)
  if (release.releasedAt !== null) return
  await requireCurrent(database, areaId, release)
  if (!approvers.includes(approver)) throw new ReportError('REPORT_APPROVAL', `${approver} is none of the approvers`)
  const own = await approversOf(domain, ofReport(asked), [{ approver, signature }], isWalletSignature)
  if (!own.has(approver)) {
    throw new ReportError('REPORT_APPROVAL', `this is no signature by ${approver} of the manifest ${hash}`)
  }
  await transact(database, async (sql) => {
    await lock(sql, areaId, release.name)
    await sql`
      insert into report_approvals (area_id, manifest_hash, approver, signature, approved_at)
      select area_id, manifest_hash, ${approver}, ${signature}, ${now} from report_releases
      where area_id = ${areaId} and manifest_hash = ${hash} and released_at is null on conflict do nothing`
    // Whoever approved and is no approver any more counts for nothing.
    await sql`
      update report_releases set released_at = ${now}
      where area_id = ${areaId} and manifest_hash = ${hash} and released_at is null and ${approvalsNeeded} <= (
        select count(*) from report_approvals
        where area_id = ${areaId} and manifest_hash = ${hash} and approver = any(${[...approvers]}))`
  })
}

/** The versions that were put forward, the newest first. */
export async function releasesOf(
  sql: Queries,
  { areaId }: StoredArea,
  { hash, limit }: { hash?: string; limit: number },
): Promise<ReportRelease[]> {
  return sql<ReportRelease[]>`
    select manifest_hash as hash, release.name, release.version, manifest, proposed_by as "proposedBy",
      proposed_at as "proposedAt", released_at as "releasedAt",
      coalesce((select jsonb_agg(jsonb_build_object('approver', approver, 'signature', signature, 'approvedAt', approved_at)
          order by approved_at, approver)
        from report_approvals own where own.area_id = release.area_id and own.manifest_hash = release.manifest_hash), '[]')
        as approvals
    from report_releases release join report_versions using (area_id, name, version)
    where area_id = ${areaId} ${hash === undefined ? sql`` : sql`and manifest_hash = ${hash}`}
    order by proposed_at desc, name limit ${limit}`
}

export async function releaseState(database: Database, areaId: number, release: ReportRelease): Promise<ReleaseState> {
  if (release.releasedAt !== null) return 'released'
  return (await isCurrent(database, areaId, release)) ? 'waiting' : 'changed'
}

async function requireCurrent(database: Database, areaId: number, version: ReportVersion): Promise<void> {
  if (await isCurrent(database, areaId, version)) return
  throw new ReportError(
    'REPORT_CHANGED',
    `version ${version.version} is not what the report says now: write it again and put that forward`,
  )
}

/** What is archived cannot be written again, so nobody can look at what would be approved. */
async function isCurrent(database: Database, areaId: number, version: ReportVersion): Promise<boolean> {
  try {
    return await isReportCurrent(database, areaId, version)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_ARCHIVED') return false
    throw error
  }
}

/** One thing happens to the releases of a report at a time. */
async function lock(sql: Queries, areaId: number, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`release ${areaId} ${name}`}, 0))`
}
