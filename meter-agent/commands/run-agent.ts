/** What `commonwatt-agent run` does. */
import { pino } from 'pino'
import { startAgent } from '../home/agent.ts'
import { startBesides } from '../integrations/besides.ts'
import { readConfig } from '../setup/config.ts'

/** What is not in order after this time when the agent is told to stop is left as it is; the store is safe at any time. */
const orderlyMs = 5000

/** Runs the agent of a configuration file until it is told to stop, logging JSON lines from `logLevel` on. Throws what starting it throws. */
export async function runAgent(file: string, logLevel: string): Promise<void> {
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
}
