/**
 * Snapshots of an area's state: lists of pieces that are kept once each, by their hash. A snapshot says that the journal up to
 * its row gives this state, so one whose row the journal does not have says nothing.
 */
import type { LoadedSnapshot, Place } from '../areas/area-store.ts'
import { rulesVersion } from '../market/area/state.ts'
import type { Piece } from '../market/engine/snapshot.ts'
import { hexes } from './arrays.ts'
import { type Database, type Transaction, transact } from './database.ts'
import { StoreError } from './error.ts'

/** The newest two: an older one helps where the newest row was lost. */
const snapshotsKept = 2
/** Of one row: as text it is twice as long. */
const partBytes = 256 * 1024

/** Hashes of the pieces that are stored, hexadecimal. */
export async function storedPieces(sql: Database, areaId: number): Promise<Set<string>> {
  const rows = await sql<{ hash: string }[]>`
    select encode(hash, 'hex') as hash from snapshot_pieces where area_id = ${areaId} and part = 0`
  return new Set(rows.map(({ hash }) => hash))
}

/** The newest snapshot of this version of the rules whose row the journal has, or null. */
export async function newestSnapshot(sql: Database, areaId: number): Promise<LoadedSnapshot | null> {
  const [found] = await sql<(Place & { pieces: [name: string, hash: string][] })[]>`
    select sequence, hash, pieces from snapshots join journal using (area_id, sequence, hash)
    where area_id = ${areaId} and snapshots.rules_version = ${rulesVersion} order by sequence desc limit 1`
  if (found === undefined) return null
  const pieces: LoadedSnapshot['pieces'] = []
  for (let from = 0; from < found.pieces.length; from += piecesPerRead) {
    pieces.push(...(await readPieces(sql, areaId, found.pieces.slice(from, from + piecesPerRead))))
  }
  return { sequence: found.sequence, hash: found.hash, pieces }
}

const piecesPerRead = 16

async function readPieces(sql: Database, areaId: number, named: readonly [name: string, hash: string][]) {
  const rows = await sql<{ hash: string; bytes: Buffer }[]>`
    select encode(hash, 'hex') as hash, bytes from snapshot_pieces
    where area_id = ${areaId} and hash = any(${hexes(named, ([, hash]) => `0x${hash}`)}::bytea[]) order by hash, part`
  const partsOf = new Map<string, Buffer[]>()
  for (const { hash, bytes } of rows) partsOf.set(hash, [...(partsOf.get(hash) ?? []), bytes])
  return named.map(([name, hash]) => {
    const parts = partsOf.get(hash)
    if (parts === undefined) throw new StoreError('STORE_SNAPSHOT', `the snapshot's piece ${name} is missing`)
    return { name, bytes: Buffer.concat(parts) }
  })
}

/**
 * Keeps a snapshot and drops older ones, with the pieces that no snapshot names any more. Throws `STORE_FENCED` where the journal
 * does not have its row, and `STORE_SNAPSHOT` where a piece that comes without bytes is not stored. Gives the hashes of the
 * pieces that were dropped.
 */
export async function keepSnapshot(
  database: Database,
  areaId: number,
  { place, pieces }: { place: Place; pieces: readonly Piece[] },
): Promise<string[]> {
  const named = pieces.map(({ name, hash }) => [name, hash])
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(${snapshotLock}, ${areaId})`
    for (const { hash, bytes } of pieces) if (bytes !== null) await writePiece(sql, areaId, hash, bytes)
    const [{ missing }] = await sql<[{ missing: number }]>`
      select count(*)::int as missing
      from unnest(${hexes(pieces, ({ hash }) => `0x${hash}`)}::bytea[]) wanted (hash)
      where not exists (
        select from snapshot_pieces own where own.area_id = ${areaId} and own.hash = wanted.hash)`
    if (missing > 0) throw new StoreError('STORE_SNAPSHOT', `${missing} pieces of the snapshot are not stored any more`)
    const written = await sql`
      insert into snapshots (area_id, sequence, rules_version, hash, pieces)
      select ${areaId}, ${place.sequence}, ${rulesVersion}, ${place.hash}, ${sql.json(named as never)}
      where exists (
        select from journal where area_id = ${areaId} and sequence = ${place.sequence} and hash = ${place.hash})
      on conflict (area_id, sequence) do update
        set rules_version = excluded.rules_version, hash = excluded.hash, pieces = excluded.pieces`
    if (written.count === 0) {
      throw new StoreError('STORE_FENCED', `the journal of area ${areaId} has no row ${place.sequence} of this hash`)
    }
    await sql`
      delete from snapshots where area_id = ${areaId} and sequence not in (
        select sequence from snapshots where area_id = ${areaId} order by sequence desc limit ${snapshotsKept})`
    const dropped = await sql<{ hash: string }[]>`
      delete from snapshot_pieces own
      where area_id = ${areaId} and not exists (
        select from snapshots, jsonb_array_elements(pieces) piece
        where snapshots.area_id = ${areaId} and decode(piece ->> 1, 'hex') = own.hash)
      returning encode(hash, 'hex') as hash`
    return dropped.map(({ hash }) => hash)
  })
}

/** When two processes believe that they own an area, one writes its snapshots at a time. */
const snapshotLock = 0x736e6170

async function writePiece(sql: Transaction, areaId: number, hash: string, bytes: Buffer): Promise<void> {
  for (let part = 0; part === 0 || part * partBytes < bytes.length; part += 1) {
    const content = bytes.subarray(part * partBytes, (part + 1) * partBytes)
    await sql`
      insert into snapshot_pieces (area_id, hash, part, bytes)
      values (${areaId}, ${Buffer.from(hash, 'hex')}, ${part}, ${content}) on conflict do nothing`
  }
}
