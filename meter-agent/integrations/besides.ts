/** All that a running agent does for other software of the home, as its configuration asks for it. */
import type { Logger } from 'pino'
import type { Agent } from '../home/agent.ts'
import type { AgentConfig } from '../setup/config.ts'
import { serveLocalPage } from './local-page.ts'
import { startProxy } from './modbus-proxy.ts'
import { startMqtt } from './mqtt.ts'

export interface Besides {
  close(): Promise<void>
}

/** Starts what is configured; the agent is stopped where that cannot be. Throws a `ConfigError`. */
export async function startBesides(config: AgentConfig, agent: Agent, log: Logger): Promise<Besides> {
  const started: { close(): Promise<void> }[] = []
  const close = async () => {
    await Promise.all(started.map((one) => one.close()))
  }
  try {
    const { page } = config
    if (page) {
      const served = await serveLocalPage(page, () => ({ kind: 'status', status: agent.status() }))
      log.info({ host: page.host, port: served.port }, 'local page')
      started.push(served)
    }
    if (config.proxy) started.push(await startProxy(config.proxy, { status: agent.status, log }))
    if (config.mqtt) started.push(await startMqtt(config, config.mqtt, { status: agent.status, log }))
  } catch (error) {
    await close()
    await agent.stop()
    throw error
  }
  return { close }
}
