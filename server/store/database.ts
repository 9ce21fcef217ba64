/** The connection to PostgreSQL and its schema, advanced by numbered migrations. */

import { createHash } from 'node:crypto'
import postgres from 'postgres'
import { CodedError } from '../../contracts/protocol/error.ts'
import { migrations } from './migrations.ts'

export type Database = postgres.Sql
export type Transaction = postgres.TransactionSql

export class StoreError extends CodedError<
  'STORE_MIGRATION_CHANGED' | 'STORE_TOO_NEW' | 'STORE_VERSION' | 'STORE_FENCED' | 'STORE_DIVERGED'
> {
  override readonly name = 'StoreError'
}

/** Oldest server this is written for. */
const oldestServerVersion = 15_00_00

/** Opens a pool. `bigint` columns come as numbers (all of ours fit in 2⁵³), `numeric` as strings. */
export function openDatabase(url: string, connections = 8): Database {
  return postgres(url, {
    max: connections,
    onnotice: () => {},
    connect_timeout: 5,
    types: {
      bigint: {
        to: 20,
        from: [20],
        serialize: (value: number) => String(value),
        parse: (text: string) => Number(text),
      },
    },
  })
}

/**
 * Runs `body` in one transaction; rejects with what it threw, rolled back.
 *
 * Where the connection is lost inside, `body` is left unfinished on purpose: postgres.js (3.4.9, its issue 1208) would write
 * ROLLBACK to the socket that is gone, and that throws outside of every promise and ends the process. There is nothing
 * to roll back then: the server does it when the connection ends.
 */
export function transact<T>(database: Database, body: (sql: Transaction) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    database
      .begin(async (sql) => {
        try {
          return await body(sql)
        } catch (error) {
          if (!isConnectionLoss(error)) throw error
          reject(error)
          return new Promise<never>(() => {})
        }
      })
      .then((value) => resolve(value as T), reject)
  })
}

/** SQLSTATE 08 (connection exception) and 57P (server going down or starting), and errors of the socket and the driver. */
function isConnectionLoss(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string') return false
  return error instanceof postgres.PostgresError
    ? /^(08|57P)/.test(code)
    : /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/.test(code)
}

const migrationLock = 0x636f6d6d

/** Brings the schema up to date under an advisory lock; returns the names of the migrations that ran now. */
export async function migrate(database: Database): Promise<string[]> {
  return transact(database, async (sql) => {
    const [version] = await sql`select current_setting('server_version_num')::int as number`
    if (version!.number < oldestServerVersion) {
      throw new StoreError('STORE_VERSION', `PostgreSQL 15 or newer is needed; this server says ${version!.number}`)
    }
    await sql`select pg_advisory_xact_lock(${migrationLock})`
    await sql`create table if not exists migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())`
    const applied = new Map(
      (await sql`select name, checksum from migrations`).map((row) => [row.name as string, row.checksum as string]),
    )
    const known = new Set(migrations.map(({ name }) => name))
    const foreign = [...applied.keys()].find((name) => !known.has(name))
    if (foreign !== undefined) {
      throw new StoreError(
        'STORE_TOO_NEW',
        `this database has migration ${foreign}, which this program does not know: use a newer program`,
      )
    }
    const ran: string[] = []
    for (const { name, text } of migrations) {
      const checksum = createHash('sha256').update(text).digest('hex')
      const before = applied.get(name)
      if (before === checksum) continue
      if (before !== undefined) {
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
  })
}
