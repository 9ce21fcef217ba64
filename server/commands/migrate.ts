/** The command that brings a database's schema up to date. */
import { Command } from 'commander'
import { endless, migrate, openDatabase } from '../store/database.ts'
import { databaseUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'

/** `commonwatt migrate`: brings a database's schema up to date, as `serve` does when it starts. */
export function migrateCommand(): Command {
  return new Command('migrate').addOption(databaseUrl()).action(async ({ databaseUrl }: { databaseUrl: string }) => {
    const database = openDatabase(databaseUrl, 1, endless)
    try {
      const ran = await migrate(database)
      process.stdout.write(ran.length === 0 ? 'the schema is up to date\n' : `${ran.join('\n')}\n`)
    } catch (error) {
      refuseKnown(error)
    } finally {
      await database.end()
    }
  })
}
