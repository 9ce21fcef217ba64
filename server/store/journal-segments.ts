/**
 * The older part of an area's journal, pressed together: rows that no snapshot needs lie in segments of about a megabyte, each of which
 * is packed with Brotli. A meter's address and the form of its readings repeat there, so that of a row little more than its signature
 * is left. Only the hash of a segment's last row is kept: replaying the others gives it.
 */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import type { StoredRow } from '../areas/area-store.ts'
import { decodeCommand } from '../market/engine/journal.ts'
import { type Database, type Queries, transact } from './database.ts'
import { StoreError } from './error.ts'

/** Bytes of the commands of one segment, about. */
const usualBytes = 1024 * 1024
/** Of one part: as text it is twice as long. */
const partBytes = 256 * 1024

export interface JournalSegment {
  /** The numbers of its first and last row. */
  first: number
  last: number
  rulesVersion: number
  /** The hash of its last row. */
  hash: Buffer
  /** Newest time of its commands, UTC milliseconds. */
  untilMs: number
  /** For each row the length of its command (four bytes, the highest first) and the command, packed with Brotli. */
  bytes: Buffer
}

/** The segment with the rows that follow a place, or null where they are not in one. */
export async function segmentAfter(sql: Queries, areaId: number, sequence: number): Promise<JournalSegment | null> {
  const parts = await sql<JournalSegment[]>`
    select first, last, rules_version as "rulesVersion", hash, until_ms as "untilMs", bytes from journal_segments
    where area_id = ${areaId} and last = (
      select last from journal_segments where area_id = ${areaId} and last > ${sequence} order by last limit 1)
    order by part`
  return parts.length === 0 ? null : { ...parts[0]!, bytes: Buffer.concat(parts.map(({ bytes }) => bytes)) }
}

const unpack = promisify(brotliDecompress)
const pack = promisify(brotliCompress)

/** The rows of a segment. Throws `STORE_DIVERGED` where its bytes do not hold them. */
export async function rowsOf({ first, last, hash, bytes }: JournalSegment): Promise<StoredRow[]> {
  const commands = await unpack(bytes).catch((cause) => {
    throw new StoreError('STORE_DIVERGED', `rows ${first} to ${last} of the journal cannot be unpacked`, { cause })
  })
  const rows: StoredRow[] = []
  let at = 0
  for (let sequence = first; sequence <= last && at < commands.length; sequence += 1) {
    const end = at + 4 + commands.readUInt32BE(at)
    rows.push({ sequence, hash: sequence === last ? hash : null, command: commands.subarray(at + 4, end) })
    at = end
  }
  if (rows.length !== last - first + 1 || at !== commands.length) {
    throw new StoreError('STORE_DIVERGED', `rows ${first} to ${last} of the journal are not all there`)
  }
  return rows
}

async function packed(rows: readonly { command: Buffer }[]): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const { command } of rows) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(command.length)
    parts.push(length, command)
  }
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = constants
  return pack(Buffer.concat(parts), { params: { [BROTLI_PARAM_QUALITY]: 5, [BROTLI_PARAM_LGWIN]: 22 } })
}

/** Packs what fills segments of so many bytes, of the rows before the oldest snapshot that is kept. */
export async function packJournal(database: Database, areaId: number, segmentBytes = usualBytes): Promise<void> {
  while (await packSegment(database, areaId, segmentBytes)) {}
}

/** Says whether there was enough for one. */
async function packSegment(database: Database, areaId: number, segmentBytes: number): Promise<boolean> {
  const rows = await database<{ sequence: number; rulesVersion: number; hash: Buffer; command: Buffer }[]>`
    select sequence, rules_version as "rulesVersion", hash, command from journal
    where area_id = ${areaId} and sequence <= (
      select sequence from (
        select sequence, rules_version, sum(length(command) + 4) over (order by sequence) as bytes from journal
        where area_id = ${areaId} and sequence < (select min(sequence) from snapshots where area_id = ${areaId})
      ) older
      where bytes >= ${segmentBytes} order by sequence limit 1)
    order by sequence`
  if (rows.length === 0) return false
  const [first, newest] = [rows[0]!, rows.at(-1)!]
  const { rulesVersion } = first
  if (newest.rulesVersion !== rulesVersion) return false
  const untilMs = rows.reduce((newestMs, { command }) => Math.max(newestMs, decodeCommand(command).atMs), 0)
  const bytes = await packed(rows)
  await transact(database, async (sql) => {
    for (let part = 0; part * partBytes < bytes.length; part += 1) {
      await sql`
        insert into journal_segments (area_id, last, part, first, rules_version, hash, until_ms, bytes)
        values (${areaId}, ${newest.sequence}, ${part}, ${first.sequence}, ${rulesVersion}, ${newest.hash}, ${untilMs},
          ${bytes.subarray(part * partBytes, (part + 1) * partBytes)})`
    }
    const gone = await sql`
      delete from journal where area_id = ${areaId} and sequence between ${first.sequence} and ${newest.sequence}`
    if (gone.count !== newest.sequence - first.sequence + 1) {
      throw new StoreError(
        'STORE_FENCED',
        `another server packs the journal of area ${areaId}, or the journal has lost rows`,
      )
    }
  })
  return true
}
