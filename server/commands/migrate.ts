/** The command that brings a database's schema up to date, and tries it on a copy first. */
import { Command } from 'commander'
import { configFile, neededOption, readConfigOf } from './configured.ts'
import { databaseUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { writeOutput } from './streams.ts'

interface Flags {
  config?: string
  trial?: boolean
}

/** `commonwatt migrate`: brings a database's schema up to date. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .addOption(configFile())
    .addOption(databaseUrl().makeOptionMandatory(false))
    .option('--trial', 'only on a copy, which is dropped again: whether it works, and how long it takes')
    .action(async (flags: Flags, command: Command) => {
      try {
        await run(flags, command)
      } catch (error) {
        refuseKnown(error, command.getOptionValue('databaseUrl'))
      }
    })
}

async function run(flags: Flags, command: Command): Promise<void> {
  const url = neededOption<string>(command, 'databaseUrl', (await readConfigOf(flags)).databaseUrl)
  const [{ requireDatabase }, { endless, openDatabase }, { makeMonthsAhead }, { tryMigrations }] = await Promise.all([
    import('../start-up.ts'),
    import('../store/database.ts'),
    import('../store/months.ts'),
    import('../store/trial.ts'),
  ])
  if (flags.trial === true) {
    const { ran, seconds } = await tryMigrations(url)
    const what = ran.length === 0 ? 'nothing to do' : `${ran.join(', ')} in ${seconds.toFixed(1)} s`
    await writeOutput(`on a copy: ${what}\n`)
    return
  }
  const database = openDatabase(url, 1, endless)
  try {
    const ran = await requireDatabase(database, { databaseUrl: url, migrates: true })
    await makeMonthsAhead(database, Date.now() / 1000)
    await writeOutput(ran.length === 0 ? 'the schema is up to date\n' : `${ran.join('\n')}\n`)
  } finally {
    await database.end()
  }
}
