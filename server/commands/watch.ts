/** `commonwatt watch`: computes every batch of an area on a machine of its own, and signs it or says why not. */
import { Command, Option } from 'commander'
import { configFile, givenOption, neededOption } from './configured.ts'
import { areaNumber, escrowAddress, firstBlock, keyFile, port, rpcUrl, whole } from './options.ts'
import { refuseKnown } from './refusal.ts'

const logLevels = ['debug', 'info', 'warn', 'error', 'silent']

/** The subcommand, ready to be added to the program. Every option has a variable, and is a key of the configuration file. */
export function watchCommand(): Command {
  return new Command('watch')
    .addOption(configFile())
    .addOption(new Option('--server-url <url>', 'the server whose batches are watched').env('SERVER_URL'))
    .addOption(rpcUrl().makeOptionMandatory(false))
    .addOption(escrowAddress().makeOptionMandatory(false))
    .addOption(firstBlock())
    .addOption(areaNumber().makeOptionMandatory(false))
    .addOption(keyFile('signs batches').makeOptionMandatory(false))
    .addOption(new Option('--data-folder <folder>', 'where it keeps what it has decided').env('DATA_FOLDER'))
    .addOption(
      new Option('--metrics-host <host>', 'address to listen on for metrics').env('METRICS_HOST').default('127.0.0.1'),
    )
    .addOption(
      new Option('--metrics-port <port>', 'port of metrics and health, on none if not given')
        .env('METRICS_PORT')
        .argParser(port),
    )
    .addOption(
      new Option('--poll-ms <ms>', 'pause between looks at the server').env('POLL_MS').argParser(whole).default(5_000),
    )
    .addOption(new Option('--log-level <level>').env('LOG_LEVEL').default('info').choices(logLevels))
    .action(async (flags: { config?: string }, command: Command) => {
      try {
        await run(flags, command)
      } catch (error) {
        refuseKnown(error)
        process.exit(1)
      }
    })
}

async function run(flags: { config?: string }, command: Command): Promise<void> {
  const { readWatchConfig } = await import('../configuration/config.ts')
  const file: Partial<ReturnType<typeof readWatchConfig>> =
    flags.config === undefined ? {} : readWatchConfig(flags.config)
  const needed = <Value>(name: keyof ReturnType<typeof readWatchConfig>): Value =>
    neededOption(command, name, file[name] as Value | undefined)
  const options = {
    serverUrl: needed<string>('serverUrl'),
    rpcUrl: needed<string>('rpcUrl'),
    escrow: needed<string>('escrow'),
    firstBlock: needed<number>('firstBlock'),
    area: needed<number>('area'),
    keyFile: needed<string>('keyFile'),
    dataFolder: needed<string>('dataFolder'),
    metricsHost: needed<string>('metricsHost'),
    metricsPort: givenOption(command, 'metricsPort', file.metricsPort) ?? null,
    pollMs: needed<number>('pollMs'),
  }
  const level = needed<string>('logLevel')
  const [{ pino }, { watch }] = await Promise.all([import('pino'), import('../watching/watch.ts')])
  const running = await watch({ ...options, log: pino({ level }) })
  const stop = () => void running.stop().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}
