/** The command that sets an agent up by questions. */
import { Command } from 'commander'
import { withPlainFailures } from './failures.ts'

/**
 * `commonwatt-agent init`: a guided set-up that reads each device, shows what it says, asks whether that looks right,
 * then writes the configuration file and makes the meter's key.
 */
export function initCommand(): Command {
  return new Command('init')
    .option('--config <file>', 'configuration file to write', 'agent.toml')
    .action(({ config }: { config: string }) =>
      withPlainFailures(async () => {
        const { setUpByQuestions } = await import('./set-up.ts')
        await setUpByQuestions(config)
      }),
    )
}
