/** `commonwatt embedded`: the database and the chain of a community that was founded with `--embedded`, until it is stopped. */
import { Command } from 'commander'
import { configFile } from './configured.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function embeddedCommand(): Command {
  return new Command('embedded')
    .addOption(configFile().makeOptionMandatory())
    .option('--json', 'print JSON')
    .action(async ({ config, json }: { config: string; json?: boolean }) => {
      const { runEmbedded } = await import('./run-embedded.ts')
      try {
        await runEmbedded(config, json === true)
      } catch (error) {
        refuseKnown(error)
        process.exit(1)
      }
    })
}
