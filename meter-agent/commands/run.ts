/** The command that runs the agent of a home. */
import { Command, Option } from 'commander'
import { pino } from 'pino'
import { startAgent } from '../home/agent.ts'
import { startBesides } from '../integrations/besides.ts'
import { readConfig } from '../setup/config.ts'
import { withPlainFailures } from './failures.ts'

/** What is not in order after this time when the agent is told to stop is left as it is; the store is safe at any time. */
const orderlyMs = 5000

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
        const config = await readConfig(file)
        const log = pino({ level: logLevel, base: { pid: process.pid } })
        const agent = await startAgent(config, { log })
        const besides = await startBesides(config, agent, log)
        const stop = (reason: string) => {
          log.info({ reason }, 'stopping')
          setTimeout(() => process.exit(0), orderlyMs).unref()
          void besides
            .close()
            .then(() => agent.stop())
            .then(() => process.exit(0))
        }
        process.once('SIGTERM', () => stop('SIGTERM'))
        process.once('SIGINT', () => stop('SIGINT'))
        if (process.channel) process.once('disconnect', () => stop('the parent process has ended'))
      }),
    )
}
