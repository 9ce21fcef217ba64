/** The command that runs the server of market areas. */
import { Command, Option } from 'commander'
import type { TrustedProxies } from '../api/addresses.ts'
import type { FileConfig } from '../configuration/config.ts'
import type { ServedEscrow, ServeOptions } from '../serve.ts'
import { configFile, givenOption, neededOption, readConfigOf } from './configured.ts'
import {
  accountsAddress,
  addressText,
  databaseUrl,
  escrowAddress,
  firstBlock,
  keyFile,
  metricsPort,
  rpcUrl,
  webPort,
  whole,
  yesOrNo,
} from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError } from './streams.ts'

interface Flags {
  config?: string
  migrate: boolean
  beginAnew: boolean
  demoFile?: string
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent']

/** `commonwatt serve`: the server on a PostgreSQL and a chain that are there already. Every option has a variable. */
export function serveCommand(): Command {
  return (
    new Command('serve')
      .addOption(configFile())
      .addOption(databaseUrl().makeOptionMandatory(false))
      .addOption(rpcUrl().makeOptionMandatory(false))
      .addOption(escrowAddress().makeOptionMandatory(false))
      .addOption(firstBlock())
      .addOption(accountsAddress())
      .addOption(
        new Option(
          '--revocations <address>',
          'the contract by which accounts take grants of data back; without it none are given',
        )
          .env('REVOCATIONS')
          .argParser(addressText),
      )
      .addOption(new Option('--area-file <file...>', 'area files').env('AREA_FILE'))
      .addOption(keyFile('settles').makeOptionMandatory(false))
      .addOption(
        new Option('--relay-key-file <file>', 'key file that pays for what members sign').env('RELAY_KEY_FILE'),
      )
      .addOption(
        new Option('--metering-key-file <file>', 'key file of the metering operator, which signs official values').env(
          'METERING_KEY_FILE',
        ),
      )
      .addOption(
        new Option('--witness-tolerance-wh <Wh>', 'how far official value and agent may differ in an interval')
          .env('WITNESS_TOLERANCE_WH')
          .argParser(whole)
          .default(20),
      )
      .addOption(
        new Option('--witness-tolerance-percent <n>', 'how far beyond that, of the larger of the two')
          .env('WITNESS_TOLERANCE_PERCENT')
          .argParser(whole)
          .default(5),
      )
      .addOption(new Option('--host <host>', 'address to listen on').env('HOST').default('127.0.0.1'))
      .addOption(webPort())
      .addOption(
        new Option('--metrics-host <host>', 'address to listen on for metrics')
          .env('METRICS_HOST')
          .default('127.0.0.1'),
      )
      .addOption(metricsPort())
      .addOption(
        new Option('--origin <url...>', 'where people open the page, behind a proxy').env('ORIGIN').default([]),
      )
      .addOption(
        new Option('--trust-proxy <which>', 'proxies whose X-Forwarded-For counts: how many, or their addresses').env(
          'TRUST_PROXY',
        ),
      )
      .addOption(
        new Option('--confirmations <n>', 'blocks until a deposit or batch counts')
          .env('CONFIRMATIONS')
          .argParser(whole)
          .default(12),
      )
      .addOption(
        new Option('--chain-poll-ms <ms>', 'pause between looks at the chain')
          .env('CHAIN_POLL_MS')
          .argParser(whole)
          .default(2_000),
      )
      .addOption(
        new Option('--backup-folder <folder>', 'where backups are made: their age is watched').env('BACKUP_FOLDER'),
      )
      .addOption(
        new Option('--migrate [yes]', 'bring an older database up to date first')
          .env('MIGRATE')
          .argParser(yesOrNo)
          .preset('true')
          .default(false),
      )
      // Without a variable: one that is left behind would let it happen again, by itself.
      .option(
        '--begin-anew',
        'begin a new journal for areas that have settled batches, though the database knows nothing of them',
        false,
      )
      .addOption(new Option('--demo-file <file>', 'people of the demo, with keys, and its day').hideHelp())
      .addOption(new Option('--log-level <level>').env('LOG_LEVEL').default('info').choices(logLevels))
      .action(async (flags: Flags, command: Command) => {
        try {
          await run(flags, command)
        } catch (error) {
          refuseKnown(error, command.getOptionValue('databaseUrl'))
          process.exit(1)
        }
      })
  )
}

async function run(flags: Flags, command: Command): Promise<void> {
  const file = await readConfigOf(flags)
  const options = await optionsOf(flags, command, file)
  // What is missing is said before the server is loaded, which takes most of the time of starting.
  const [{ pino }, { pageFolder }, { serve }] = await Promise.all([
    import('pino'),
    import('../project-files.ts'),
    import('../serve.ts'),
  ])
  const log = pino({ level: neededOption<string>(command, 'logLevel', file.logLevel) })
  const running = await serve({ ...options, pageFolder, log })
  const stop = () => {
    log.info('stopping')
    running.stop().then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'could not stop in order')
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

async function optionsOf(
  flags: Flags,
  command: Command,
  file: FileConfig,
): Promise<Omit<ServeOptions, 'pageFolder' | 'log'>> {
  return {
    databaseUrl: neededOption(command, 'databaseUrl', file.databaseUrl),
    escrows: await escrowsOf(command, file),
    operatorKeyFile: neededOption(command, 'keyFile', file.keyFile),
    relayKeyFile: givenOption(command, 'relayKeyFile', file.relayKeyFile) ?? null,
    meteringKeyFile: givenOption(command, 'meteringKeyFile', file.meteringKeyFile) ?? null,
    witnessTolerance: {
      wh: neededOption(command, 'witnessToleranceWh', file.witnessToleranceWh),
      percent: neededOption(command, 'witnessTolerancePercent', file.witnessTolerancePercent),
    },
    host: neededOption(command, 'host', file.host),
    port: neededOption(command, 'port', file.port),
    metricsHost: neededOption(command, 'metricsHost', file.metricsHost),
    metricsPort: givenOption(command, 'metricsPort', file.metricsPort) ?? null,
    origins: neededOption(command, 'origin', file.origin),
    trustProxy: await trustedProxies(givenOption(command, 'trustProxy', file.trustProxy)),
    confirmations: neededOption(command, 'confirmations', file.confirmations),
    chainPollMs: neededOption(command, 'chainPollMs', file.chainPollMs),
    backupFolder: givenOption(command, 'backupFolder', file.backupFolder) ?? null,
    demoFile: flags.demoFile ?? null,
    migrates: flags.migrate,
    beginsAnew: flags.beginAnew,
  }
}

/** The options are of one escrow: the file's where it has one, or one that is not in a file at all. */
async function escrowsOf(command: Command, { escrows: named }: FileConfig): Promise<ServedEscrow[]> {
  const given = ['rpcUrl', 'escrow', 'accounts', 'revocations', 'areaFile'].filter((name) => {
    return !['default', undefined].includes(command.getOptionValueSource(name))
  })
  const { placeOfEscrow } = await import('../configuration/config.ts')
  const escrows = named.map((each) => ({ ...each, ...placeOfEscrow(each) }))
  if (escrows.length > 1) {
    if (given.length === 0) return escrows
    throw new InputError('the file has several escrows: what belongs to one of them is said there, not by options')
  }
  const [escrow] = escrows
  return [
    {
      rpcUrl: neededOption(command, 'rpcUrl', escrow?.rpcUrl),
      chainId: given.includes('escrow') ? null : (escrow?.chainId ?? null),
      escrow: neededOption(command, 'escrow', escrow?.escrow),
      firstBlock: neededOption(command, 'firstBlock', escrow?.firstBlock),
      accounts: givenOption<string>(command, 'accounts', escrow?.accounts ?? undefined) ?? null,
      revocations: givenOption(command, 'revocations', escrow?.revocations ?? undefined) ?? null,
      areaFiles: neededOption(command, 'areaFile', escrow?.areaFiles),
    },
  ]
}

async function trustedProxies(proxies: TrustedProxies | string | undefined): Promise<TrustedProxies | null> {
  if (proxies === undefined) return null
  if (typeof proxies !== 'string') return proxies
  const { parseProxies } = await import('../configuration/config.ts')
  const parsed = parseProxies(proxies)
  if (typeof parsed === 'string') throw new InputError(`--trust-proxy: ${parsed}`)
  return parsed
}
