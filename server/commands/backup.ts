/** `commonwatt backup` and `commonwatt restore`: a database into one file while the server runs, and back into an empty one. */
import { Command } from 'commander'
import { configFile } from './configured.ts'
import { databaseUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { DatabaseUse } from './run-backup.ts'

/** The subcommand, ready to be added to the program. */
export function backupCommand(): Command {
  return new Command('backup')
    .addOption(configFile())
    .addOption(databaseUrl().makeOptionMandatory(false))
    .option('--out <file>', 'where to; - is standard output (default: a new file in the configuration’s backup-folder)')
    .option('--keep <days>', 'then remove backups of that folder that are older, but for the newest')
    .action((flags, command: Command) => run(flags, command, 'makeBackup'))
}

/** The subcommand, ready to be added to the program. */
export function restoreCommand(): Command {
  return new Command('restore')
    .argument('<file>', 'what "commonwatt backup" wrote; - is standard input')
    .addOption(configFile())
    .addOption(databaseUrl().makeOptionMandatory(false))
    .action((file: string, flags, command: Command) => run({ ...flags, file }, command, 'restoreBackup'))
}

async function run(flags: DatabaseUse, command: Command, does: 'makeBackup' | 'restoreBackup'): Promise<void> {
  const commands = await import('./run-backup.ts')
  try {
    if (does === 'makeBackup') await commands.makeBackup(flags, command)
    else await commands.restoreBackup(flags, command)
  } catch (error) {
    refuseKnown(error, command.getOptionValue('databaseUrl'))
  }
}
