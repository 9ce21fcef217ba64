/** The command that shows how a running agent stands. */
import { Command } from 'commander'
import { withPlainFailures } from './failures.ts'

/**
 * `commonwatt-agent status`: what a running agent sees, has signed and has still to send. Exit status 1 with one line on
 * standard error when no agent is running.
 */
export function statusCommand(): Command {
  return new Command('status')
    .requiredOption('--config <file>', 'configuration file (TOML)')
    .option('--json', 'print JSON')
    .action(({ config: file, json }: { config: string; json?: boolean }) =>
      withPlainFailures(async () => {
        const { showStatus } = await import('./show-status.ts')
        await showStatus(file, json === true)
      }),
    )
}
