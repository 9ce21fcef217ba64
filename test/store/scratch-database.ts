/** A real PostgreSQL for tests: one server for the whole run of a test file, a fresh database a call. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, type EmbeddedPostgres, startPostgres } from '../../server/demo/embedded-postgres.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { type Database, migrate, openDatabase } from '../../server/store/database.ts'

export interface ScratchServer {
  postgres: EmbeddedPostgres
  /** An empty database with the project's schema. */
  fresh(): Promise<{ database: Database; url: string }>
  stop(): Promise<void>
}

/** Starts the embedded server in a temporary folder that `stop` removes. */
export async function startScratchServer(): Promise<ScratchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-test-'))
  const postgres = await startPostgres({ dataFolder: folder, port: await freePort(), log: () => {} })
  const open: Database[] = []
  let count = 0
  return {
    postgres,
    async fresh() {
      count += 1
      const url = await createDatabase(postgres.url, `scratch_${count}`)
      const database = openDatabase(url)
      open.push(database)
      await migrate(database)
      return { database, url }
    },
    async stop() {
      for (const database of open) await database.end({ timeout: 1 })
      await postgres.stop()
      removeDataFolder(folder)
    },
  }
}
