/** The command that makes the agent a service of systemd, with no more rights than metering needs. */
import { Command } from 'commander'
import { withPlainFailures } from './failures.ts'
import type { InstallOptions } from './install-unit.ts'

/**
 * `commonwatt-agent install-service`: writes a unit for systemd that runs the agent as the owner of its configuration, and starts it.
 * With `--print` or `--folder` it only shows or writes the unit.
 */
export function installServiceCommand(): Command {
  return new Command('install-service')
    .requiredOption('--config <file>', 'configuration file (TOML)')
    .option('--user <name>', 'whom the agent runs as (default: the owner of the configuration file)')
    .option('--folder <folder>', `write the unit there and start nothing (default: /etc/systemd/system, and start it)`)
    .option('--print', 'print the unit and write nothing')
    .action((options: InstallOptions) =>
      withPlainFailures(async () => {
        const { installUnit } = await import('./install-unit.ts')
        await installUnit(options)
      }),
    )
}
