/** What `commonwatt embedded` does: starts database and chain, says so, and stops them in order when it is told to. */
import { startParts } from '../demo/parts.ts'
import { writeOutput } from './streams.ts'

/** Throws `DemoError` and `ConfigurationError`; then nothing is left running. */
export async function runEmbedded(config: string, json: boolean): Promise<void> {
  const stopping = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    const stop = () => {
      stopping.abort()
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
  const parts = await startParts(config, (line) => process.stderr.write(`${line}\n`), stopping.signal)
  await writeOutput(
    json
      ? `${JSON.stringify({ addresses: parts.addresses })}\n`
      : `Database and chain run, and ${parts.addresses.length} keys have gas. Ctrl-C stops both and loses nothing.\n`,
  )
  await stopped
  await parts.stop()
}
