/**
 * Who may write an area's journal, for some seconds at a time and by the database's clock. It only saves work: safety comes from
 * the journal's chained rows. A session's advisory lock would not do, since a process that is stopped holds it for ever.
 */
import type { LeaseHolder } from '../areas/area-store.ts'
import type { Database } from './database.ts'

/** Nobody takes a lease for longer: one that ends later was written while the database's clock was wrong, and holds nobody up. */
export const longestLeaseSeconds = 60

/** Takes the lease where it is free, expired or one's own; null then, else who holds it. */
export async function acquireLease(
  sql: Database,
  areaId: number,
  { owner, seconds }: { owner: string; seconds: number },
): Promise<LeaseHolder | null> {
  const taken = await sql`
    insert into area_leases as held (area_id, epoch, owner, expires_at)
    values (${areaId}, 1, ${owner}, clock_timestamp() + make_interval(secs => ${seconds}))
    on conflict (area_id) do update
      set epoch = held.epoch + (held.owner <> excluded.owner)::int, owner = excluded.owner, expires_at = excluded.expires_at
      where held.owner = excluded.owner or held.expires_at <= clock_timestamp()
        or held.expires_at > clock_timestamp() + make_interval(secs => ${longestLeaseSeconds})`
  return taken.count === 1 ? null : leaseHolder(sql, areaId)
}

/** Who holds the lease (`isHeld`), or held it last; null where nobody ever did. */
export async function leaseHolder(sql: Database, areaId: number): Promise<(LeaseHolder & { isHeld: boolean }) | null> {
  const [held] = await sql<(LeaseHolder & { isHeld: boolean })[]>`
    select owner, (extract(epoch from expires_at) * 1000)::bigint as "expiresAtMs",
      expires_at > clock_timestamp()
        and expires_at <= clock_timestamp() + make_interval(secs => ${longestLeaseSeconds}) as "isHeld"
    from area_leases where area_id = ${areaId}`
  return held ?? null
}

/** Whether the lease was still one's own and is now longer. */
export async function renewLease(
  sql: Database,
  areaId: number,
  { owner, seconds }: { owner: string; seconds: number },
): Promise<boolean> {
  const renewed = await sql`
    update area_leases set expires_at = clock_timestamp() + make_interval(secs => ${seconds})
    where area_id = ${areaId} and owner = ${owner}`
  return renewed.count === 1
}

/** Gives the lease up, if it is one's own. */
export async function releaseLease(sql: Database, areaId: number, owner: string): Promise<void> {
  await sql`
    update area_leases set expires_at = clock_timestamp() where area_id = ${areaId} and owner = ${owner}`
}

/** What the sessions that write an area's journal are called; `session` tells one from another. */
export function writerName(areaId: number, session: string): string {
  return `commonwatt area ${areaId} ${session}`
}

/** A session ends within this, or is left to itself. */
const endsWithinMs = 2_000

/**
 * Ends the sessions that write an area's journal, but for one: a former owner that hangs inside a transaction would keep its
 * locks. Gives how many were ended. One that waits for a standby has committed here and nobody was told of it; whoever
 * loads the journal next finds its rows or does not.
 */
export async function endWriters(sql: Database, areaId: number, spared: string): Promise<number> {
  const rows = await sql`
    select pg_terminate_backend(pid, ${endsWithinMs}) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
      and starts_with(application_name, ${writerName(areaId, '')}) and application_name <> ${writerName(areaId, spared)}`
  return rows.length
}
