/** The command that runs a simulated neighbourhood. */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { DemoError } from '../demo/error.ts'
import { port } from './options.ts'

interface Flags {
  port: number
  databasePort: number
  chainPort: number
  devicePort: number
  data: string
  street?: string
}

/** `commonwatt demo`: a simulated neighbourhood that trades live; what `npm start` runs. */
export function demoCommand(): Command {
  return new Command('demo')
    .option('--port <port>', 'page and API', port, 8080)
    .option('--database-port <port>', 'embedded PostgreSQL', port, 15_432)
    .option('--chain-port <port>', 'embedded chain', port, 18_545)
    .option('--device-port <port>', 'first port of the simulated devices', port, 15_020)
    .option('--data <folder>', 'where everything is kept', '.commonwatt')
    .option('--street <file>', 'another neighbourhood (JSON)')
    .action(async (flags: Flags) => {
      const started = performance.now()
      const [{ startDemo }, { demoStreet, readStreet }] = await Promise.all([
        import('../demo/demo.ts'),
        import('../demo/street.ts'),
      ])
      const print = (line: string) => process.stdout.write(`  ${line}\n`)
      process.stdout.write('Commonwatt: starting a neighbourhood\n')
      let stopping = false
      const demo = startDemo({
        street: flags.street === undefined ? demoStreet : readStreet(flags.street),
        dataFolder: resolve(flags.data),
        ports: { web: flags.port, database: flags.databasePort, chain: flags.chainPort, devices: flags.devicePort },
        print,
      })
      const stop = () => {
        if (stopping) return
        stopping = true
        process.stdout.write('\nstopping; everything is kept\n')
        demo
          .then((running) => running.stop())
          .then(
            () => process.exit(0),
            () => process.exit(1),
          )
      }
      process.on('SIGINT', stop)
      process.on('SIGTERM', stop)
      try {
        const { url } = await demo
        const seconds = ((performance.now() - started) / 1000).toFixed(0)
        process.stdout.write(`\nOpen ${url} (ready after ${seconds} s). Ctrl-C stops everything and loses nothing.\n`)
      } catch (error) {
        if (!(error instanceof DemoError)) process.stderr.write(`${(error as Error).stack}\n`)
        else process.stderr.write(`${error.message}\n`)
        process.exit(1)
      }
    })
}
