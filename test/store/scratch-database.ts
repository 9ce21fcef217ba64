/** A real PostgreSQL for tests: one server for all test files of a run, a fresh database a call. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'
import { createDatabase, type EmbeddedPostgres, startPostgres } from '../../server/demo/embedded-postgres.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { type Database, migrate, openDatabase } from '../../server/store/database.ts'
import { guardOf } from '../orphans.ts'

export interface ScratchServer {
  /** Leads to a database of the server that no test uses. */
  url: string
  /** An empty database with the project's schema. */
  fresh(): Promise<{ database: Database; url: string }>
  stop(): Promise<void>
}

/** A server that only one test file uses, which may stop, kill and set it. */
export interface OwnServer extends ScratchServer {
  postgres: EmbeddedPostgres
}

/** Every database of it begins as a copy of this one, which has the project's schema. */
const template = 'scratch_template'

/** The run's own server. It is started when the first test file asks for it; `stop` removes what this one has made. */
export async function startScratchServer(): Promise<ScratchServer> {
  const door = createConnection({ host: '127.0.0.1', port: inject('scratchDoor') })
  const told = JSON.parse(await text(door)) as { url: string } | { error: string }
  if ('error' in told) throw new Error(told.error)
  const { close, ...scratch } = scratchServer(told.url)
  return {
    ...scratch,
    async stop() {
      const names = await close()
      const server = openDatabase(told.url, 1)
      for (const name of names) await server`drop database ${server(name)} with (force)`
      await server.end()
    },
  }
}

/** Starts a server in a temporary folder that `stop` removes. */
export async function startOwnServer(settings: Record<string, string> = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-test-'))
  const postgres = await startPostgres({ dataFolder: folder, port: await freePort(), log: () => {}, settings })
  const guard = guardOf(postgres.pid, 'INT')
  const schema = openDatabase(await createDatabase(postgres.url, template))
  await migrate(schema)
  await schema.end()
  const { close, ...scratch } = scratchServer(postgres.url)
  return {
    ...scratch,
    postgres,
    async stop() {
      await close()
      guard.kill()
      await postgres.stop()
      removeDataFolder(folder)
    },
  }
}

/** Where databases are made; `close` ends the connections to them. */
function scratchServer(url: string): Pick<ScratchServer, 'url' | 'fresh'> & { close(): Promise<string[]> } {
  const made = new Map<string, Database>()
  return {
    url,
    async fresh() {
      // Random, since processes of other test files make theirs on the same server.
      const name = `scratch_${randomBytes(8).toString('hex')}`
      const own = await createDatabase(url, name, template)
      const database = openDatabase(own)
      made.set(name, database)
      return { database, url: own }
    },
    /** Gives the names of the databases that were made. */
    async close() {
      for (const database of made.values()) await database.end({ timeout: 1 })
      return [...made.keys()]
    },
  }
}
