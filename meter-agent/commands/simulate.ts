/** The command that serves simulated devices to try the agent against. */
import { Command } from 'commander'
import { withPlainFailures } from './failures.ts'

/**
 * `commonwatt-agent simulate --config FILE`: serves simulated devices on loopback until it is stopped. The first line on standard
 * output is JSON and says how each device is reached.
 */
export function simulateCommand(): Command {
  return new Command('simulate')
    .requiredOption('--config <file>', 'the homes and their devices, TOML or JSON')
    .action(({ config: file }: { config: string }) =>
      withPlainFailures(async () => {
        const { serveSimulation } = await import('./serve-simulation.ts')
        await serveSimulation(file)
      }),
    )
}
