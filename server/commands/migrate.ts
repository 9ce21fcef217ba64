/** The command that brings a database's schema up to date. */
import { Command } from 'commander'
import { endless, migrate, openDatabase } from '../store/database.ts'
import { StoreError } from '../store/error.ts'
import { databaseUrl } from './options.ts'

/** `commonwatt migrate`: brings a database's schema up to date, as `serve` does when it starts. */
export function migrateCommand(): Command {
  return new Command('migrate').addOption(databaseUrl()).action(async ({ databaseUrl }: { databaseUrl: string }) => {
    const database = openDatabase(databaseUrl, 1, endless)
    try {
      const ran = await migrate(database)
      process.stdout.write(ran.length === 0 ? 'the schema is up to date\n' : `${ran.join('\n')}\n`)
    } catch (error) {
      const known = error instanceof StoreError || (error as NodeJS.ErrnoException).code !== undefined
      if (!known) throw error
      process.stderr.write(`${(error as Error).message}\n`)
      process.exitCode = 1
    } finally {
      await database.end()
    }
  })
}
