/** `commonwatt archive`: settled months leave the database for compressed files, which `commonwatt verify` and `rebuild` read. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseMonths } from '../configuration/duration.ts'
import { configFile } from './configured.ts'
import { archiveFolder, databaseUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { ArchiveUse } from './run-archive.ts'

/** The subcommand, ready to be added to the program. */
export function archiveCommand(): Command {
  return new Command('archive')
    .addOption(configFile())
    .addOption(databaseUrl().makeOptionMandatory(false))
    .addOption(archiveFolder())
    .addOption(
      new Option('--retain <months>', 'how much stays in the database, such as "13 months"')
        .env('RETAIN')
        .argParser(months),
    )
    .action(async (flags: ArchiveUse, command: Command) => {
      const { runArchive } = await import('./run-archive.ts')
      try {
        await runArchive(flags, command)
      } catch (error) {
        refuseKnown(error, command.getOptionValue('databaseUrl'))
      }
    })
}

function months(text: string): number {
  try {
    return parseMonths(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
