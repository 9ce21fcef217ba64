/** Statements of batches: the pieces that are kept of each, and what is handed out of one. */
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { bytes, numbers } from './arrays.ts'
import { type Database, type Queries, transact } from './database.ts'

/** Which statement: of which batch, and of which of its numbers. */
export interface StatementKey {
  areaId: number
  end: UtcSeconds
  number: number
}

export interface StoredStatement {
  number: number
  /** How many leaves the whole batch has. */
  leaves: number
  root: Hex
  /** The hash of what nobody signs. */
  stated: Hex
  /** The salt of that hash; null once it was erased. */
  statedSalt: Hex | null
}

/** The statement of the batch that ends then, or null where it has none yet. */
export async function storedStatement(sql: Queries, areaId: number, end: UtcSeconds): Promise<StoredStatement | null> {
  const [row] = await sql<{ number: number; leaves: number; root: Hex; stated: Buffer; salt: Buffer | null }[]>`
    select number, leaves, root, stated, stated_salt as salt from statements
    where area_id = ${areaId} and end_at = ${end}`
  if (row === undefined) return null
  const { stated, salt, ...rest } = row
  return { ...rest, stated: hexOf(stated), statedSalt: salt === null ? null : hexOf(salt) }
}

/** Hashes of a chunk of a kept level of the tree. */
export interface NodeChunk {
  level: number
  chunk: number
  hashes: Uint8Array
}

/** Where a seat's leaves stand, and from what their salts follow. */
export interface SeatLeaves {
  seat: number
  first: number
  leaves: number
  seed: Uint8Array
}

/** Keeps pieces of a statement that is being made; the same piece twice is kept once. */
export async function keepPieces(
  sql: Queries,
  { areaId, end, number }: StatementKey,
  { nodes, seats }: { nodes: readonly NodeChunk[]; seats: readonly SeatLeaves[] },
): Promise<void> {
  if (nodes.length > 0) {
    await sql`
      insert into statement_nodes (area_id, end_at, number, level, chunk, hashes)
      select ${areaId}, ${end}, ${number}, row.* from unnest(
        ${numbers(nodes, ({ level }) => level)}::smallint[],
        ${numbers(nodes, ({ chunk }) => chunk)}::int[],
        ${bytes(nodes, ({ hashes }) => Buffer.from(hashes))}::bytea[]
      ) as row on conflict do nothing`
  }
  if (seats.length === 0) return
  await sql`
    insert into statement_seats (area_id, end_at, number, seat, first, leaves, seed)
    select ${areaId}, ${end}, ${number}, row.* from unnest(
      ${numbers(seats, ({ seat }) => seat)}::int[],
      ${numbers(seats, ({ first }) => first)}::int[],
      ${numbers(seats, ({ leaves }) => leaves)}::int[],
      ${bytes(seats, ({ seed }) => Buffer.from(seed))}::bytea[]
    ) as row on conflict do nothing`
}

/**
 * Makes the pieces that were kept the batch's statement, in place of that of an earlier number. False where the batch has got
 * another number since, or seats are being left out of it: then what was read of it is not of one number.
 */
export async function completeStatement(
  database: Database,
  { areaId, end, number }: StatementKey,
  { leaves, root, stated, statedSalt }: { leaves: number; root: Hex; stated: Uint8Array; statedSalt: Uint8Array },
): Promise<boolean> {
  return transact(database, async (sql) => {
    const rows = await sql`
      insert into statements (area_id, end_at, number, leaves, root, stated, stated_salt)
      select area_id, end_at, number, ${leaves}::int, ${root}, ${Buffer.from(stated)}::bytea, ${Buffer.from(statedSalt)}::bytea
      from batches
      where area_id = ${areaId} and end_at = ${end} and number = ${number} and not exists (
        select from jsonb_array_elements(leaving) as step (pair) where (pair -> 0)::int = ${number})
      on conflict (area_id, end_at) do update set number = excluded.number, leaves = excluded.leaves, root = excluded.root,
        stated = excluded.stated, stated_salt = excluded.stated_salt`
    if (rows.count === 0) return false
    for (const table of ['statement_nodes', 'statement_seats'])
      await sql`delete from ${sql(table)} where area_id = ${areaId} and end_at = ${end} and number <> ${number}`
    return true
  })
}

/** Where the leaves of a seat stand; null where it has none, and without a seed once that was erased. */
export async function leavesOfSeat(
  sql: Queries,
  { areaId, end, number }: StatementKey,
  seat: number,
): Promise<{ first: number; leaves: number; seed: Hex | null } | null> {
  const [row] = await sql<{ first: number; leaves: number; seed: Buffer | null }[]>`
    select first, leaves, seed from statement_seats
    where area_id = ${areaId} and end_at = ${end} and number = ${number} and seat = ${seat}`
  return row === undefined ? null : { ...row, seed: row.seed === null ? null : hexOf(row.seed) }
}

/** The seeds of the seats that have leaves, by seat; null where one was erased. */
export async function seedsOf(sql: Queries, { areaId, end, number }: StatementKey): Promise<Map<number, Hex | null>> {
  const rows = await sql<{ seat: number; seed: Buffer | null }[]>`
    select seat, seed from statement_seats where area_id = ${areaId} and end_at = ${end} and number = ${number}`
  return new Map(rows.map(({ seat, seed }) => [seat, seed === null ? null : hexOf(seed)]))
}

/** Chunks of the kept levels of a statement's tree, as they were asked for. */
export async function nodeChunks(
  sql: Queries,
  { areaId, end, number }: StatementKey,
  places: readonly { level: number; chunk: number }[],
): Promise<NodeChunk[]> {
  return sql<{ level: number; chunk: number; hashes: Buffer }[]>`
    select level, chunk, hashes from statement_nodes
    join unnest(
      ${numbers(places, ({ level }) => level)}::smallint[], ${numbers(places, ({ chunk }) => chunk)}::int[]
    ) as place (level, chunk) using (level, chunk)
    where area_id = ${areaId} and end_at = ${end} and number = ${number}`
}

/** Removes the statement of a batch that is no batch, and what became of it. */
export async function forgetStatement(database: Database, areaId: number, end: UtcSeconds): Promise<void> {
  await transact(database, async (sql) => {
    for (const table of ['statement_nodes', 'statement_seats', 'statements', 'batch_progress']) {
      await sql`delete from ${sql(table)} where area_id = ${areaId} and end_at = ${end}`
    }
  })
}

/**
 * Erases what links a seat to its leaves in batches that are settled and end at `until` or before. Their secrets go as well, and the
 * salt of what nobody signs of them, since both would tell the same; everybody else's proofs stay. Returns the ends of the batches.
 */
export async function eraseLeaves(
  database: Database,
  { areaId, seat, until }: { areaId: number; seat: number; until: UtcSeconds },
): Promise<UtcSeconds[]> {
  return transact(database, async (sql) => {
    const rows = await sql<{ end: UtcSeconds }[]>`
      update statement_seats own set seed = null from batch_progress progress
      where own.area_id = ${areaId} and own.seat = ${seat} and own.end_at <= ${until} and own.seed is not null
        and progress.area_id = ${areaId} and progress.end_at = own.end_at and progress.number = own.number
        and progress.status = 'settled'
      returning own.end_at as "end"`
    const ends = numbers(rows, ({ end }) => end)
    await sql`
      update statements set stated_salt = null where area_id = ${areaId} and end_at = any(${ends}::bigint[])`
    await sql`
      delete from journal_secrets own using batches
      where own.area_id = ${areaId} and batches.area_id = ${areaId} and batches.end_at = any(${ends}::bigint[])
        and own.sequence = batches.cut_sequence`
    return rows.map(({ end }) => end).sort((a, b) => a - b)
  })
}
