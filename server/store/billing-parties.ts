/** Who issues an area's documents, who approves them and who gets them: the newest version, and every one before it. */
import { createHash } from 'node:crypto'
import { canonical } from '../billing/draft.ts'
import { BillingError } from '../billing/error.ts'
import { type Parties, readParties } from '../billing/parties.ts'
import { type Database, type Queries, transact } from './database.ts'

export interface StoredParties {
  /** Counts what was kept, from 1. */
  version: number
  /** The hash of what it says, in hexadecimal digits. */
  sha256: string
  keptAt: Date
  parties: Parties
}

/** Keeps them as the next version; the same again stays the version that it is. */
export async function keepParties(
  database: Database,
  areaId: number,
  { parties, now }: { parties: Parties; now: Date },
): Promise<number> {
  const sha256 = createHash('sha256').update(canonical(parties)).digest('hex')
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`billing parties ${areaId}`}, 0))`
    const [newest] = await sql<{ version: number; sha256: string }[]>`
      select version, sha256 from billing_parties where area_id = ${areaId} order by version desc limit 1`
    if (newest?.sha256 === sha256) return newest.version
    const version = (newest?.version ?? 0) + 1
    await sql`
      insert into billing_parties (area_id, version, sha256, content, kept_at)
      values (${areaId}, ${version}, ${sha256}, ${sql.json(parties as never)}, ${now})`
    return version
  })
}

/** The newest version, or null where none was kept. */
export async function partiesOfArea(sql: Queries, areaId: number): Promise<StoredParties | null> {
  const [row] = await sql<(Omit<StoredParties, 'parties'> & { content: unknown })[]>`
    select version, sha256, kept_at as "keptAt", content from billing_parties
    where area_id = ${areaId} order by version desc limit 1`
  if (row === undefined) return null
  const { content, ...rest } = row
  return { ...rest, parties: readParties(content) }
}

/** A version that was kept, or null. */
export async function partiesOfVersion(sql: Queries, areaId: number, version: number): Promise<Parties | null> {
  const [row] = await sql<{ content: unknown }[]>`
    select content from billing_parties where area_id = ${areaId} and version = ${version}`
  return row === undefined ? null : readParties(row.content)
}

/** The newest one, or what follows. Throws `BILL_PARTIES` where none was kept. */
export async function requireParties(sql: Queries, areaId: number): Promise<StoredParties> {
  const stored = await partiesOfArea(sql, areaId)
  if (stored !== null) return stored
  throw new BillingError(
    'BILL_PARTIES',
    'nobody has said who issues, approves and gets the documents of this area: "commonwatt bill" takes it with --parties',
  )
}
