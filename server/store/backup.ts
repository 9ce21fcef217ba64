/**
 * A database as one stream of bytes, taken at one moment while the server runs, and back into an empty one. It needs no other program,
 * so that it works with every PostgreSQL that the server works with.
 *
 * The form: a line of JSON that says which release and which migrations; for each table a line of JSON with its columns, then its rows
 * as COPY writes them, then a line `\.`; at the end a line of JSON with the number of rows and the SHA-256 of everything before it, by
 * which a file that was cut or changed is noticed. What only lives for minutes (sessions, nonces, leases) is left out.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { numbers } from './arrays.ts'
import {
  applyMigrations,
  type Database,
  endless,
  migrationsOf,
  openDatabase,
  type Transaction,
  transact,
} from './database.ts'
import { StoreError } from './error.ts'
import { keptMonths, makeOfficialMonths, officialMonths } from './months.ts'
import { isUnableNow } from './unreachable.ts'

/** Tables whose rows mean nothing an hour later; a session in a stolen backup would still open an account. */
const passing = ['migrations', 'area_leases', 'sessions', 'sign_in_nonces', 'idempotency_keys', 'pairings']

const headSchema = z.strictObject({
  commonwatt: z.literal('backup'),
  release: z.string(),
  takenAt: z.iso.datetime(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: z.string() })),
  /** The months that have partitions: UTC seconds of their first moments. */
  months: z.array(z.int()),
  /** The months of official values that have partitions. */
  officialMonths: z.array(z.int()).default([]),
})
export type BackupHead = z.output<typeof headSchema>
const tableSchema = z.strictObject({ table: z.string(), columns: z.array(z.string()) })
const endSchema = z.strictObject({ rows: z.int(), sha256: z.string() })

const endOfRows = '\\.'
const newline = 0x0a
/** Rows are handed to the database in pieces of about this size. */
const pieceBytes = 256 * 1024

/** The bytes of a backup as of now. The database goes on working meanwhile. */
export function backUp(databaseUrl: string, release: string): Readable {
  const bytes = new PassThrough()
  read(databaseUrl, release, bytes).catch((error) => bytes.destroy(error))
  return bytes
}

async function read(databaseUrl: string, release: string, bytes: Writable): Promise<void> {
  let socket: Socket | undefined
  const opened = (own: Socket) => {
    socket = own
  }
  const database = openDatabase(databaseUrl, 1, { ...endless, opened })
  // Who takes no more of it (a full disk) leaves rows on the way that nobody reads: every statement would wait behind them, and the
  // paused socket would keep the process alive.
  bytes.once('close', () => {
    if (bytes.errored !== null || !bytes.writableFinished) socket?.destroy()
  })
  try {
    // postgres.js (3.4.9) pauses its socket while rows wait to be read, and leaves it so where the last ones did.
    const resume = () => socket?.resume()
    const isolation = 'isolation level repeatable read read only'
    await transact(database, (sql) => pipeline(bytesOf(sql, release, resume), bytes), isolation)
  } finally {
    await database.end({ timeout: 1 })
  }
}

async function* bytesOf(sql: Transaction, release: string, resume: () => void): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const hashed = (bytes: Buffer) => {
    hash.update(bytes)
    return bytes
  }
  const line = (value: unknown) => hashed(Buffer.from(`${JSON.stringify(value)}\n`))
  await sql`set local statement_timeout = 0`
  const [now] = await sql`select clock_timestamp() as now`
  const head: BackupHead = {
    ...{ commonwatt: 'backup', release, takenAt: (now!.now as Date).toISOString() },
    migrations: await migrationsOf(sql),
    months: await keptMonths(sql),
    officialMonths: await officialMonths(sql),
  }
  yield line(head)
  let rows = 0
  for (const { table, columns } of await tablesOf(sql)) {
    yield line({ table, columns })
    const copied = await sql`copy (select ${sql(columns)} from ${sql(table)}) to stdout`.readable()
    for await (const chunk of copied) {
      for (const byte of chunk as Buffer) if (byte === newline) rows += 1
      yield hashed(chunk as Buffer)
    }
    resume()
    yield hashed(Buffer.from(`${endOfRows}\n`))
  }
  yield Buffer.from(`${JSON.stringify({ rows, sha256: hash.digest('hex') })}\n`)
}

/** The tables of a backup, and their columns in the order of the table. */
async function tablesOf(sql: Pick<Database, 'unsafe'>): Promise<{ table: string; columns: string[] }[]> {
  const rows = await sql.unsafe(`
    select c.relname as "table", array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    group by c.relname order by c.relname`)
  return (rows as unknown as { table: string; columns: string[] }[]).filter(({ table }) => !passing.includes(table))
}

/**
 * Fills an empty database from a backup, all or nothing, with the schema as of the backup; gives what the backup says of itself. Throws
 * `StoreError`: `STORE_NOT_EMPTY`, `STORE_TOO_NEW` (of a newer release) and `STORE_BACKUP` (cut, changed, or no backup).
 */
export async function restore(
  database: Database,
  bytes: AsyncIterable<Buffer>,
): Promise<{ head: BackupHead; rows: number }> {
  return transact(database, async (sql) => {
    await sql`set local statement_timeout = 0`
    const [there] = await sql`select count(*)::int as count from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`
    if (there!.count > 0) {
      throw new StoreError('STORE_NOT_EMPTY', 'the database is not empty: make a new one and restore into that')
    }
    return fill(sql, new Lines(bytes))
  })
}

async function fill(sql: Transaction, lines: Lines): Promise<{ head: BackupHead; rows: number }> {
  const head = parsed(headSchema, await lines.next())
  await applyMigrations(sql, head.migrations)
  await sql`select make_months(${numbers(head.months, (month) => month)}::bigint[])`
  if (head.officialMonths.length > 0) await makeOfficialMonths(sql, head.officialMonths)
  const ofSchema = new Map((await tablesOf(sql)).map(({ table, columns }) => [table, columns]))
  let rows = 0
  for (;;) {
    const hash = lines.hash()
    const line = await lines.next()
    if (!line.toString().startsWith('{"table":')) {
      const end = parsed(endSchema, line)
      if (end.rows !== rows || end.sha256 !== hash) throw damaged('it was changed')
      break
    }
    const { table, columns } = parsed(tableSchema, line)
    const known = ofSchema.get(table)
    if (known === undefined || columns.some((column) => !known.includes(column)))
      throw damaged(`it has a table ${table}`)
    rows += await fillTable(sql, lines, table, columns)
  }
  await sql.unsafe(continueNumbers)
  return { head, rows }
}

async function fillTable(sql: Transaction, lines: Lines, table: string, columns: string[]): Promise<number> {
  const copy = sql`copy ${sql(table)} (${sql(columns)}) from stdin`
  const target: Writable = await copy.writable()
  let failure: unknown = null
  // postgres.js (3.4.9) says what the server refuses to the stream, but once all rows are sent only to the query, which was answered with the
  // stream and hears it no more: whoever waits for the stream's end would wait for ever.
  const failed = new Promise<void>((resolve) => {
    Object.assign(copy, {
      reject(error: unknown) {
        failure ??= error
        resolve()
      },
    })
  })
  target.on('error', () => {})
  const until = (event: string) => Promise.race([once(target, event).catch(() => {}), failed])
  let piece: Buffer[] = []
  let bytes = 0
  let rows = 0
  const flush = async () => {
    if (piece.length > 0 && failure === null && !target.write(Buffer.concat(piece))) await until('drain')
    piece = []
    bytes = 0
  }
  try {
    for (;;) {
      const row = await lines.next()
      if (row.toString('latin1') === endOfRows) break
      piece.push(row, newlineBytes)
      bytes += row.length + 1
      rows += 1
      if (bytes > pieceBytes) await flush()
    }
  } catch (error) {
    // The server has to hear that no more rows come before it takes another statement.
    target.destroy(error as Error)
    throw error
  }
  await flush()
  target.end()
  if (failure === null) await until('finish')
  if (failure === null) return rows
  throw isUnableNow(failure) ? failure : damaged(`table ${table} does not take its rows`, failure)
}
const newlineBytes = Buffer.from([newline])

/** New rows get numbers after the restored ones. */
const continueNumbers = `
  do $$
  declare each record;
  begin
    for each in
      select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and a.attidentity <> ''
    loop
      execute format('select setval(pg_get_serial_sequence(%L, %L), coalesce(max(%I), 0) + 1, false) from %I',
        each.relname, each.attname, each.attname, each.relname);
    end loop;
  end $$`

/** The lines of a stream of bytes, one after the other, and the hash of all that were taken. */
class Lines {
  private readonly source: AsyncIterator<Buffer>
  private readonly sum = createHash('sha256')
  private rest: Buffer = Buffer.alloc(0)

  constructor(bytes: AsyncIterable<Buffer>) {
    this.source = bytes[Symbol.asyncIterator]()
  }

  /** Without its end. Throws `STORE_BACKUP` where there is none. */
  async next(): Promise<Buffer> {
    let end = this.rest.indexOf(newline)
    while (end < 0) {
      const more = await this.source.next()
      if (more.done === true) throw damaged('it was cut')
      const before = this.rest.length
      this.rest = before === 0 ? more.value : Buffer.concat([this.rest, more.value])
      end = this.rest.indexOf(newline, before)
    }
    const line = this.rest.subarray(0, end)
    this.sum.update(this.rest.subarray(0, end + 1))
    this.rest = this.rest.subarray(end + 1)
    return line
  }

  hash(): string {
    return this.sum.copy().digest('hex')
  }
}

function parsed<Value>(schema: z.ZodType<Value>, line: Buffer): Value {
  try {
    return schema.parse(JSON.parse(line.toString()))
  } catch (cause) {
    throw damaged('it does not have the form of one', cause)
  }
}

function damaged(why: string, cause?: unknown): StoreError {
  return new StoreError('STORE_BACKUP', `this is no whole backup: ${why}`, { cause })
}
