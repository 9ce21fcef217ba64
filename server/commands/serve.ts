/** The command that runs the server of market areas. */
import { isIP } from 'node:net'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { TrustedProxies } from '../api/parts.ts'
import { databaseUrl, escrowAddress, firstBlock, keyFile, rpcUrl, whole } from './options.ts'

interface Flags {
  databaseUrl: string
  rpcUrl: string
  escrow: string
  firstBlock: number
  areaFile: string[]
  keyFile: string
  host: string
  port: number
  origin: string[]
  trustProxy?: TrustedProxies
  confirmations: number
  chainPollMs: number
  demoPeople?: string
  logLevel: string
}

/** `1`, or addresses, networks and the names that express knows, with commas between them. */
function trustedProxies(text: string): TrustedProxies {
  if (/^[1-9]\d?$/.test(text)) return Number(text)
  const proxies = text.split(',').map((proxy) => proxy.trim())
  const wrong = proxies.find((proxy) => !isProxy(proxy))
  if (wrong === undefined) return proxies
  throw new InvalidArgumentError(`"${wrong}" is neither a number of proxies nor an address, network or loopback.`)
}

function isProxy(text: string): boolean {
  const [address, length, ...rest] = text.split('/')
  const version = isIP(address!)
  if (version === 0) return /^(loopback|linklocal|uniquelocal)$/.test(text)
  if (length === undefined) return true
  return rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128)
}

/** `commonwatt serve`: the server on a PostgreSQL and a chain that are there already. Every option has a variable. */
export function serveCommand(): Command {
  return new Command('serve')
    .addOption(databaseUrl())
    .addOption(rpcUrl())
    .addOption(escrowAddress())
    .addOption(firstBlock())
    .addOption(new Option('--area-file <file...>', 'area files').env('AREA_FILE').makeOptionMandatory())
    .addOption(keyFile('settles and relays'))
    .addOption(new Option('--host <host>', 'address to listen on').env('HOST').default('127.0.0.1'))
    .addOption(new Option('--port <port>', 'port of page and API').env('PORT').argParser(whole).default(8080))
    .addOption(new Option('--origin <url...>', 'where people open the page, behind a proxy').env('ORIGIN').default([]))
    .addOption(
      new Option('--trust-proxy <which>', 'proxies whose X-Forwarded-For counts: how many, or their addresses')
        .env('TRUST_PROXY')
        .argParser(trustedProxies),
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
    .addOption(new Option('--demo-people <file>', 'people of the demo, with keys').hideHelp())
    .addOption(
      new Option('--log-level <level>')
        .env('LOG_LEVEL')
        .default('info')
        .choices(['debug', 'info', 'warn', 'error', 'silent']),
    )
    .action(async (flags: Flags) => {
      const [{ pino }, { pageFolder }, { serve }] = await Promise.all([
        import('pino'),
        import('../project-files.ts'),
        import('../serve.ts'),
      ])
      const log = pino({ level: flags.logLevel })
      const running = await serve({
        databaseUrl: flags.databaseUrl,
        escrows: [
          { rpcUrl: flags.rpcUrl, escrow: flags.escrow, firstBlock: flags.firstBlock, areaFiles: flags.areaFile },
        ],
        operatorKeyFile: flags.keyFile,
        host: flags.host,
        port: flags.port,
        origins: flags.origin,
        trustProxy: flags.trustProxy ?? null,
        confirmations: flags.confirmations,
        chainPollMs: flags.chainPollMs,
        demoPeopleFile: flags.demoPeople ?? null,
        pageFolder,
        log,
      })
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
    })
}
