/** Migrations tried on a copy: the same server copies the database, advances the copy and drops it again. */
import { randomBytes } from 'node:crypto'
import { endless, migrate, openDatabase } from './database.ts'
import { StoreError } from './error.ts'

/** Sessions that are in the way, or no right to make databases. */
const refusals: Record<string, string> = {
  '55006': 'the database is in use: stop the server first, then try again',
  '42501': 'this user may not make a copy of the database (ALTER ROLE … CREATEDB)',
}

/** The migrations that ran on the copy, and how long they took; the database itself is as it was. Throws `StoreError` `STORE_IN_USE`. */
export async function tryMigrations(databaseUrl: string): Promise<{ ran: string[]; seconds: number }> {
  const original = new URL(databaseUrl)
  const name = decodeURIComponent(original.pathname.slice(1))
  const copy = new URL(original)
  copy.pathname = `/commonwatt_trial_${randomBytes(4).toString('hex')}`
  const maintenance = new URL(original)
  maintenance.pathname = '/postgres'
  const sql = openDatabase(maintenance.href, 1, endless)
  try {
    await sql`create database ${sql(copy.pathname.slice(1))} template ${sql(name)}`.catch((error) => {
      const reason = refusals[(error as { code?: string }).code ?? '']
      throw reason === undefined ? error : new StoreError('STORE_IN_USE', reason, { cause: error })
    })
    try {
      const trial = openDatabase(copy.href, 1, endless)
      const sinceMs = performance.now()
      const ran = await migrate(trial).finally(() => trial.end())
      return { ran, seconds: (performance.now() - sinceMs) / 1000 }
    } finally {
      await sql`drop database if exists ${sql(copy.pathname.slice(1))} with (force)`
    }
  } finally {
    await sql.end()
  }
}
