/** `commonwatt export`: a settled batch of an area with all that `commonwatt verify` needs to compute it again, from the database or a server. */
import { Command } from 'commander'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, keyFile, serverUrl, time } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { ExportOptions } from './run-export.ts'

/** The subcommand, ready to be added to the program. */
export function exportCommand(): Command {
  const command = new Command('export')
    .addOption(databaseUrl().makeOptionMandatory(false))
    .addOption(serverUrl('the server to ask over its API, instead of the database'))
    .addOption(keyFile('signs in to the server: the grid operator’s, or a watcher’s').makeOptionMandatory(false))
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--end <time>', 'end of the batch, ISO 8601 UTC or seconds since 1970', time)
    .action(async (options: ExportOptions) => {
      const { exportBatch } = await import('./run-export.ts')
      try {
        await exportBatch(options)
      } catch (error) {
        refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}
