/** The command that runs the agent of a home. */
import { Command, Option } from 'commander'
import { withPlainFailures } from './failures.ts'

/**
 * `commonwatt-agent run`: reads the devices of a configuration, signs what they count and delivers it, until told to stop
 * (SIGTERM, SIGINT, or the end of the parent process that started it with a channel). Logs JSON lines to standard output.
 */
export function runCommand(): Command {
  return new Command('run')
    .requiredOption('--config <file>', 'configuration file (TOML)')
    .addOption(
      new Option('--log-level <level>', 'least important kind of line to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(({ config: file, logLevel }: { config: string; logLevel: string }) =>
      withPlainFailures(async () => {
        const { runAgent } = await import('./run-agent.ts')
        await runAgent(file, logLevel)
      }),
    )
}
