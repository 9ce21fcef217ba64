/** Archive files: written whole or not at all, read back before a month leaves the tables, and the part of the journal in them. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { StoredRow } from '../areas/area-store.ts'
import { type ArchivedJournal, ArchiveReader, ArchiveWriter } from '../settlement/archive-file.ts'
import {
  type ArchivedMonth,
  archivedMonths,
  batchesToArchive,
  dropMonth,
  noteArchive,
  readyToArchive,
} from './archives.ts'
import { archiveFileLines } from './area-export.ts'
import { allAreas, type StoredArea } from './areas.ts'
import { type Database, type Queries, transact } from './database.ts'
import { StoreError } from './error.ts'
import { type JournalSegment, rowsOf, segmentAfter } from './journal-segments.ts'
import { keptMonths, monthOf, nameOfMonth } from './months.ts'
import { writeWhole } from './whole-file.ts'

export interface ArchiveOptions {
  folder: string
  /** Whole months that stay in the tables before the one of `now`. */
  retainMonths: number
  now: UtcSeconds
  release: string
  /** Is told of each file as it is written, and of each month that has left the tables. */
  done(what: { file: string; bytes: number } | { dropped: UtcSeconds }): void
}

/**
 * Archives every month that is older than what is retained, the oldest first: one file for each area, then the month leaves the
 * tables. Whatever was interrupted goes on where it was. Returns what stands against the next month, or null where nothing does.
 * Throws `STORE_ARCHIVE` where a file that was written is not there or not what it was, and `STORE_IN_USE`, also where another run is at work.
 */
export async function archiveMonths(database: Database, options: ArchiveOptions): Promise<string | null> {
  // Two would write to one file. This transaction does nothing but hold the lock, which goes with it whatever ends the process.
  return transact(database, async (sql) => {
    await sql`set local idle_in_transaction_session_timeout = 0`
    const [row] = await sql<[{ isOurs: boolean }]>`select pg_try_advisory_xact_lock(${archiveLock}) as "isOurs"`
    if (!row.isOurs) throw new StoreError('STORE_IN_USE', 'months are being archived by another run: wait for its end')
    return archiveOldMonths(database, options)
  })
}

/** Any number that nothing else locks by. */
const archiveLock = 7_274_632

async function archiveOldMonths(database: Database, options: ArchiveOptions): Promise<string | null> {
  const { folder, retainMonths, now } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const month of await keptMonths(database)) {
    const until = monthOf(month, 1)
    if (until > monthOf(now, -retainMonths)) break
    for (const area of await allAreas(database)) {
      const ready = await readyToArchive(database, area, until)
      if (ready === null) continue
      if ('reason' in ready) return ready.reason
      const written = (await archivedMonths(database, area.areaId)).find((own) => own.month === month)
      if (written === undefined) await writeMonth(database, area, { ...options, month, until, end: ready.end })
    }
    const archives = (await archivedMonths(database)).filter((own) => own.month === month)
    for (const archive of archives) await requireWhole(folder, archive)
    await dropMonth(database, month)
    if (archives.length > 0) options.done({ dropped: month })
  }
  return null
}

async function writeMonth(
  database: Database,
  area: StoredArea,
  { folder, release, done, ...span }: ArchiveOptions & { month: UtcSeconds; until: UtcSeconds; end: UtcSeconds },
): Promise<void> {
  const file = `area-${area.area}-${area.escrow.slice(2, 8)}-${nameOfMonth(span.month)}.commonwatt-archive.gz`
  const path = join(folder, file)
  let lastSequence = 0
  await writeWhole(path, (partial) =>
    // In one view of the tables.
    transact(
      database,
      async (sql) => {
        const lines = archiveLines(sql, area, { ...span, release, reached: (sequence) => (lastSequence = sequence) })
        await pipeline(Readable.from(lines), createGzip(), createWriteStream(partial, { mode: 0o600 }))
      },
      'isolation level repeatable read',
    ),
  )
  const sha256 = await hashOf(path)
  const bytes = statSync(path).size
  const { areaId } = area
  await noteArchive(database, { ...{ areaId, file, sha256, bytes, lastSequence }, ...span })
  done({ file: path, bytes })
}

async function* archiveLines(
  sql: Queries,
  area: StoredArea,
  parts: {
    month: UtcSeconds
    until: UtcSeconds
    end: UtcSeconds
    release: string
    reached(sequence: number): void
  },
): AsyncGenerator<string> {
  const { month, until, end, release, reached } = parts
  const { areaId, ...named } = area
  const writer = new ArchiveWriter()
  let place = (await archivedMonths(sql, areaId)).at(-1)?.lastSequence ?? 0
  yield writer.head({ release, ...named, month, until, after: place })
  for (const batchEnd of await batchesToArchive(sql, areaId, end)) {
    const { erased, lines } = await archiveFileLines(sql, area, batchEnd)
    yield writer.batch({ end: batchEnd, erased })
    for await (const line of lines) yield writer.part(line)
  }
  for (;;) {
    const segment = await segmentAfter(sql, areaId, place)
    if (segment === null || segment.untilMs > until * 1000) break
    const { first, last, rulesVersion, hash, untilMs, bytes } = segment
    yield writer.journal({
      ...{ first, last, rulesVersion, untilMs },
      ...{ hash: hash.toString('hex'), bytes: bytes.toString('base64') },
    })
    place = last
  }
  reached(place)
  yield writer.end()
}

async function hashOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest()
}

async function requireWhole(folder: string, { file, sha256 }: ArchivedMonth): Promise<void> {
  const path = join(folder, file)
  if (!existsSync(path)) {
    throw new StoreError('STORE_ARCHIVE', `${path} is missing, to which the months of this database were archived`)
  }
  if (!(await hashOf(path)).equals(sha256))
    throw new StoreError('STORE_ARCHIVE', `${path} is not what was written to it`)
}

/** The rows of an area's journal that lie in files, some at a time. Throws `STORE_ARCHIVE` where a file is missing or was changed. */
export async function* archivedRows(sql: Queries, areaId: number, folder: string | null): AsyncGenerator<StoredRow[]> {
  for (const archive of await archivedMonths(sql, areaId)) {
    if (!archive.dropped) continue
    if (folder === null) {
      throw new StoreError('STORE_ARCHIVE', `the journal begins in ${archive.file}: name the folder of the archives`)
    }
    await requireWhole(folder, archive)
    const reader = new ArchiveReader()
    const source = createReadStream(join(folder, archive.file)).pipe(createGunzip())
    for await (const line of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
      const said = reader.take(line)
      if (said.kind === 'journal') yield await archivedCommands(said.value)
    }
    reader.finish()
  }
}

/** The rows of a stretch of the journal. Throws `STORE_DIVERGED` where they are not in it. */
export function archivedCommands(journal: ArchivedJournal): Promise<StoredRow[]> {
  return rowsOf(segmentOf(journal))
}

function segmentOf({ hash, bytes, ...rest }: ArchivedJournal): JournalSegment {
  return { ...rest, hash: Buffer.from(hash, 'hex'), bytes: Buffer.from(bytes, 'base64') }
}
