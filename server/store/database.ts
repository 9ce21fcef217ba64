/** The connection to PostgreSQL and its schema, advanced by numbered migrations. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import postgres from 'postgres'
import { arrayTypes } from './array-types.ts'
import { watchedSockets } from './connection.ts'
import { StoreError } from './error.ts'
import { migrations } from './migrations.ts'

export type Database = postgres.Sql
export type Transaction = postgres.TransactionSql
/** Where it makes no difference whether statements are part of a transaction. */
export type Queries = Database | Transaction
/** Is sent once somebody waits for it; those of one connection are answered in the order in which they were sent. */
export type Statement = postgres.PendingQuery<postgres.Row[]>

/** Oldest server this is written for. */
const oldestServerVersion = 15_00_00

/** How long something may take; null is without end. */
export interface DatabasePatience {
  /** A statement, by the server's clock. */
  statementSeconds: number | null
  /** A server that says nothing at all. */
  silenceSeconds: number | null
  /** A transaction that waits for its next statement. */
  idleTransactionSeconds: number
}

/** What people and other programs wait for. */
const usual: DatabasePatience = { statementSeconds: 15, silenceSeconds: 30, idleTransactionSeconds: 15 }

/** Work that takes as long as it takes. */
export const endless: DatabasePatience = { statementSeconds: null, silenceSeconds: null, idleTransactionSeconds: 3_600 }

const idleSeconds = 10
const connectSeconds = 5

export interface DatabaseOptions extends Partial<DatabasePatience> {
  /** The name of the session in the server's list. */
  name?: string
  /** Schemas in which tables are looked for, in this order; the database's own setting if not given. */
  schemas?: readonly string[]
  /** Every statement finds its rows by their keys: no table is read from end to end, however little is known of it yet. */
  isByKey?: boolean
  /** Is given each socket to the server. */
  opened?: (socket: Socket) => void
}

/**
 * Opens a pool. `bigint` columns come as numbers (all of ours fit in 2⁵³), `numeric` as strings. Nothing waits for ever: a
 * statement that takes too long is ended by the server (SQLSTATE 57014), and a connection that is silent is given up
 * (`STORE_SILENT`).
 *
 * Whenever a connection is lost a new pool takes the place of the old one, which ends when its other queries have been answered.
 * postgres.js (3.4.9) uses a lost connection again with what it had not written yet, and takes queries between its failure and
 * its end: both would wait for ever.
 */
export function openDatabase(url: string, connections = 8, options: DatabaseOptions = {}): Database {
  let pool = open()
  let isEnded = false

  function open(): Database {
    const own: Database = openPool(url, connections, options, () => {
      if (own !== pool || isEnded) return
      pool = open()
      void own.end({ timeout: drainSeconds })
    })
    return own
  }

  return new Proxy(pool, {
    apply: (_, __, args) => Reflect.apply(pool, undefined, args),
    get(_, name) {
      if (name === 'end') isEnded = true
      return Reflect.get(pool, name)
    },
  })
}

/** What is under way on the other connections of a pool that was replaced may take so long. */
const drainSeconds = 20

function openPool(url: string, connections: number, options: DatabaseOptions, lost: () => void): Database {
  const { statementSeconds, silenceSeconds, idleTransactionSeconds } = { ...usual, ...options }
  return postgres(url, {
    max: connections,
    onnotice: () => {},
    fetch_types: false,
    connect_timeout: connectSeconds,
    idle_timeout: idleSeconds,
    ...{ socket: watchedSockets({ silenceSeconds, opened: options.opened, lost }) },
    connection: {
      application_name: options.name ?? 'commonwatt',
      ...(options.schemas === undefined ? {} : { search_path: options.schemas.join(', ') }),
      ...(options.isByKey ? { enable_seqscan: 'off' } : {}),
      ...(statementSeconds === null ? {} : { statement_timeout: statementSeconds * 1000 }),
      idle_in_transaction_session_timeout: idleTransactionSeconds * 1000,
    },
    types: {
      ...arrayTypes,
      bigint: {
        to: 20,
        from: [20],
        serialize: (value: number) => String(value),
        parse: (text: string) => Number(text),
      },
    },
  })
}

/** A moment that is past for this machine's clock and the database's, so that one of them that leaps ahead ends nothing. */
export function vouchedFor(sql: Queries, now: Date) {
  return sql`least(${now}::timestamptz, now())`
}

/**
 * Runs `body` in one transaction; rejects with what it threw, rolled back.
 *
 * Where the connection is lost inside, `body` is left unfinished on purpose: postgres.js (3.4.9, its issue 1208) would write
 * to the socket that is gone, and that throws outside of every promise and ends the process. There is nothing to roll back
 * then: the server does it when the connection ends.
 */
export function transact<T>(
  database: Database,
  body: (sql: Transaction) => Promise<T>,
  isolation: '' | 'isolation level repeatable read' | 'isolation level repeatable read read only' = '',
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLost = false
    const never = new Promise<never>(() => {})
    database
      .begin(isolation, async (sql) => {
        try {
          const value = await body(untilLost(sql, () => isLost))
          return isLost ? never : value
        } catch (error) {
          if (!isLost && !isConnectionLoss(error)) throw error
          reject(error)
          return never
        }
      })
      .then(
        (value) => resolve(value as T),
        (error) => {
          isLost = true
          reject(error)
        },
      )
  })
}

/** The transaction as long as it has a connection; then every statement fails before anything is written. */
function untilLost(sql: Transaction, isLost: () => boolean): Transaction {
  return new Proxy(sql, {
    apply(target, self, args) {
      if (isLost()) throw new StoreError('STORE_LOST', 'the connection was lost inside a transaction')
      return Reflect.apply(target, self, args)
    },
  })
}

/** SQLSTATE 08 (connection exception) and 57P (server going down or starting), and errors of the socket and the driver. */
export function isConnectionLoss(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string') return false
  if (error instanceof StoreError) return code === 'STORE_LOST' || code === 'STORE_SILENT'
  return error instanceof postgres.PostgresError
    ? /^(08|57P|25P03)/.test(code)
    : /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EMFILE|ENFILE)/.test(code)
}

const migrationLock = 0x636f6d6d

/** Which migrations of this program the database lacks, and whether it has none at all. */
export async function missingMigrations(database: Database): Promise<{ isEmpty: boolean; names: string[] }> {
  const [table] = await database`select to_regclass('migrations') is not null as "isThere"`
  const applied = new Set<string>()
  if (table!.isThere) for (const row of await database`select name from migrations`) applied.add(row.name as string)
  refuseNewer([...applied])
  return { isEmpty: applied.size === 0, names: migrations.map(({ name }) => name).filter((name) => !applied.has(name)) }
}

/** Throws `STORE_TOO_NEW` for a migration that this program does not know. */
function refuseNewer(applied: readonly string[]): void {
  const foreign = applied.find((name) => !migrations.some((known) => known.name === name))
  if (foreign === undefined) return
  throw new StoreError(
    'STORE_TOO_NEW',
    `this database has migration ${foreign}, which this program does not know: use a newer program`,
  )
}

/** The migrations that a database has, in their order. */
export async function migrationsOf(sql: Pick<Database, 'unsafe'>): Promise<AppliedMigration[]> {
  return (await sql.unsafe('select name, checksum from migrations order by name')) as unknown as AppliedMigration[]
}

export interface AppliedMigration {
  name: string
  /** SHA-256 of its text, hexadecimal. */
  checksum: string
}

/** Brings the schema up to date under an advisory lock; returns the names of the migrations that ran now. */
export async function migrate(database: Database): Promise<string[]> {
  return transact(database, (sql) => applyMigrations(sql, null))
}

/** Does the same inside a transaction: all migrations, or exactly those that are named. */
export async function applyMigrations(sql: Transaction, wanted: readonly AppliedMigration[] | null): Promise<string[]> {
  const [version] = await sql`select current_setting('server_version_num')::int as number`
  if (version!.number < oldestServerVersion) {
    throw new StoreError('STORE_VERSION', `PostgreSQL 15 or newer is needed; this server says ${version!.number}`)
  }
  await sql`set local statement_timeout = 0`
  await sql`select pg_advisory_xact_lock(${migrationLock})`
  await sql`create table if not exists migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())`
  const applied = new Map((await migrationsOf(sql)).map(({ name, checksum }) => [name, checksum]))
  refuseNewer([...applied.keys(), ...(wanted ?? []).map(({ name }) => name)])
  const ran: string[] = []
  for (const { name, text } of migrations) {
    const checksum = createHash('sha256').update(text).digest('hex')
    const before = applied.get(name)
    const asked = wanted === null ? checksum : wanted.find((each) => each.name === name)?.checksum
    if (before === checksum || asked === undefined) continue
    if (before !== undefined || asked !== checksum) {
      throw new StoreError(
        'STORE_MIGRATION_CHANGED',
        `migration ${name} differs from the one that was applied: migrations are never edited`,
      )
    }
    await sql.unsafe(text)
    await sql`insert into migrations (name, checksum) values (${name}, ${checksum})`
    ran.push(name)
  }
  return ran
}
