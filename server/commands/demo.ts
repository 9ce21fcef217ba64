/** The command that runs a simulated neighbourhood. */
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { databaseUrl, metricsPort, port, webPort } from './options.ts'
import { refuseKnown } from './refusal.ts'

interface Flags {
  port: number
  metricsPort: number
  databaseUrl?: string
  databasePort: number
  chainPort: number
  devicePort: number
  data: string
  street?: string
}

/** `commonwatt demo`: a simulated neighbourhood that trades live; what `npm start` runs. */
export function demoCommand(): Command {
  return new Command('demo')
    .addOption(webPort())
    .addOption(metricsPort().default(9464))
    .addOption(databaseUrl('PostgreSQL (15 or newer) instead of the embedded one').makeOptionMandatory(false))
    .addOption(new Option('--database-port <port>', 'embedded PostgreSQL').argParser(port).default(15_432))
    .addOption(new Option('--chain-port <port>', 'embedded chain').argParser(port).default(18_545))
    .addOption(
      new Option('--device-port <port>', 'first port of the simulated devices').argParser(port).default(15_020),
    )
    .option('--data <folder>', 'where everything is kept', '.commonwatt')
    .option('--street <file>', 'another neighbourhood (JSON)')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const started = performance.now()
  const [{ startDemo }, { demoStreet }, { readStreet }] = await Promise.all([
    import('../demo/demo.ts'),
    import('../demo/demo-street.ts'),
    import('../demo/street.ts'),
  ])
  process.stdout.write('Commonwatt: starting a neighbourhood\n')
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) return
    process.stdout.write('\nstopping; everything is kept\n')
    stopping.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    const demo = await startDemo({
      street: flags.street === undefined ? demoStreet : readStreet(flags.street),
      dataFolder: resolve(flags.data),
      databaseUrl: flags.databaseUrl,
      ports: {
        ...{ web: flags.port, metrics: flags.metricsPort, database: flags.databasePort },
        ...{ chain: flags.chainPort, devices: flags.devicePort },
      },
      print: (line) => process.stdout.write(`  ${line}\n`),
      signal: stopping.signal,
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    process.stdout.write(`\nOpen ${demo.url} (ready after ${seconds} s). Ctrl-C stops everything and loses nothing.\n`)
    await new Promise<void>((resolve) => {
      if (stopping.signal.aborted) resolve()
      else stopping.signal.addEventListener('abort', () => resolve())
    })
    await demo.stop()
    process.exit(0)
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0)
    refuseKnown(error)
    process.exit(1)
  }
}
