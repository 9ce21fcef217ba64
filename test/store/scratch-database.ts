/** A real PostgreSQL for tests: one server for all test files of a run, a fresh database a call. */
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
  return scratchServer(told.url)
}

/** Starts a server in a temporary folder that `stop` removes. */
export async function startOwnServer(settings: Record<string, string> = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-test-'))
  const postgres = await startPostgres({ dataFolder: folder, port: await freePort(), log: () => {}, settings })
  const schema = openDatabase(await createDatabase(postgres.url, template))
  await migrate(schema)
  await schema.end()
  const scratch = scratchServer(postgres.url)
  return {
    ...scratch,
    postgres,
    async stop() {
      await scratch.stop()
      await postgres.stop()
      removeDataFolder(folder)
    },
  }
}

let count = 0

function scratchServer(url: string): ScratchServer {
  const made: { database: Database; name: string }[] = []
  return {
    url,
    async fresh() {
      count += 1
      const name = `scratch_${process.pid}_${count}`
      const own = await createDatabase(url, name, template)
      const database = openDatabase(own)
      made.push({ database, name })
      return { database, url: own }
    },
    async stop() {
      for (const { database } of made) await database.end({ timeout: 1 })
      const server = openDatabase(url, 1)
      try {
        for (const { name } of made) await server`drop database ${server(name)} with (force)`
      } catch {
        // A server that a test has killed takes its databases with it.
      } finally {
        await server.end({ timeout: 1 })
      }
    },
  }
}
