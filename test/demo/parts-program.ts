// Starts the parts as the demo does, tells the test about them, and stops them in order at Ctrl-C: a process to kill.
import { startChain } from '../../server/demo/embedded-chain.ts'
import { startPostgres } from '../../server/demo/embedded-postgres.ts'
import { startSupervisor } from '../../server/demo/supervisor.ts'

const [dataFolder, databasePort, chainPort, childScript] = process.argv.slice(2) as [string, string, string, string]
const log = (line: string) => console.error(line)
const database = await startPostgres({ dataFolder, port: Number(databasePort), log })
const chain = await startChain({ dataFolder, port: Number(chainPort), log })
const supervisor = await startSupervisor({ dataFolder, log })
const child = await supervisor.start({ name: 'child', script: childScript, args: ['an argument'] })

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true

  await supervisor.stop()
  await chain.stop()
  await database.stop()
  process.exit(0)
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
console.log(
  JSON.stringify({
    database: { url: database.url, pid: database.pid },
    chain: { url: chain.url, pid: chain.pid },
    child: { pid: child.pid },
  }),
)
