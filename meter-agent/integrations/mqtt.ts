/**
 * Tells an MQTT broker what the agent sees, in the form in which Home Assistant finds it by itself. It looks at the agent's status
 * once a second and sends what has changed; reading and signing know nothing of it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { version } from '../../package.json' with { type: 'json' }
import type { AgentStatus, MeterStatus } from '../home/status.ts'
import { type AgentConfig, ConfigError, type MqttConfig } from '../setup/config.ts'
import { readPrivateFile } from '../setup/private-file.ts'
import { type Announced, readAnnounced, writeAnnounced } from './announced.ts'
import { openBroker } from './broker.ts'
import { discoveryMessage, discoveryTopic, type ShownValue, shownValues } from './home-assistant.ts'
import { homeValues } from './home-values.ts'

export interface MqttParts {
  status: () => AgentStatus
  log: Logger
  /** UTC milliseconds. */
  nowMs?: () => number
  random?: () => number
}

export interface RunningMqtt {
  /** Says that the agent is gone, as far as the broker listens. */
  close(): Promise<void>
}

const lookEveryMs = 1_000
const online = 'online'
const offline = 'offline'
/** Shown from the start; the others once the home has had them. */
const alwaysShown: readonly ShownValue[] = ['state', 'powerW', 'importWh', 'exportWh']

/**
 * Starts telling. Throws a `ConfigError` for a password or certificate file that cannot be used; a broker that cannot be reached is
 * no error.
 */
export async function startMqtt(config: AgentConfig, mqtt: MqttConfig, parts: MqttParts): Promise<RunningMqtt> {
  const { status, log, nowMs = Date.now, random = Math.random } = parts
  const { intervalSeconds } = config
  const memory = join(config.dataFolder, 'mqtt.json')
  const before = await readAnnounced(memory, mqtt.url)
  const agent = status().meters[0]!.address
  const availabilityTopic = `${mqtt.topic}/${agent}/availability`
  const stateTopicOf = (address: string) => `${mqtt.topic}/${address}/state`

  /** What each meter has had; more is announced when more is seen. */
  const values = new Map<string, Set<ShownValue>>()
  for (const { address } of status().meters) {
    const known = before[address]?.values ?? []
    values.set(address, new Set(shownValues.filter((value) => alwaysShown.includes(value) || known.includes(value))))
  }
  /** What this connection has been told. */
  let told = new Map<string, string>()
  let look: NodeJS.Timeout | null = null
  let telling: Promise<void> | null = null

  const broker = await openBroker({
    url: mqtt.url,
    clientId: `commonwatt-${agent.slice(2, 14)}`,
    username: mqtt.username,
    password: await passwordOf(mqtt),
    ca: await certificateOf(mqtt),
    will: { topic: availabilityTopic, payload: offline },
    events: {
      connected() {
        log.info({ broker: mqtt.url }, 'MQTT connected')
        told = new Map()
        tell()
      },
      disconnected(reason) {
        log.warn({ broker: mqtt.url, reason }, 'MQTT not connected')
      },
    },
    random,
  })

  function topicsOf(address: string): string[] {
    return [discoveryTopic(mqtt.discoveryPrefix, address), stateTopicOf(address), availabilityTopic]
  }

  /** Everything that this broker keeps once the present meters are announced. */
  function announced(): Announced {
    const present = [...values].map(([address, seen]) => [address, { topics: topicsOf(address), values: [...seen] }])
    return { broker: mqtt.url, meters: { ...before, ...Object.fromEntries(present) } }
  }

  async function remember(): Promise<void> {
    const problem = await writeAnnounced(memory, announced())
    if (problem !== null) log.warn({ reason: problem }, 'what MQTT was told cannot be remembered')
  }

  /** Takes back what was told of meters that are no more. */
  async function takeBack(): Promise<void> {
    const present = new Set([...values.keys()].flatMap(topicsOf))
    for (const [address, { topics }] of Object.entries(before)) {
      const stale = topics.filter((topic) => !present.has(topic))
      for (const topic of stale) if (!(await broker.deliver(topic, ''))) return
      delete before[address]
      if (!values.has(address)) log.info({ meter: address }, 'MQTT: a meter that is no more was taken back')
    }
    await remember()
  }

  function tellMeter(meter: MeterStatus, now: AgentStatus): void {
    const { address, name, market, devices } = meter
    const state = homeValues(meter, now, { nowMs: nowMs(), intervalSeconds })
    const seen = values.get(address)!
    for (const value of shownValues) if (state[value] !== null) seen.add(value)
    const stateTopic = stateTopicOf(address)
    const message = discoveryMessage({
      meter: address,
      name,
      model: devices[0]!.identity || null,
      version,
      currency: market?.currency ?? null,
      stateTopic,
      availabilityTopic,
      values: shownValues.filter((value) => seen.has(value)),
    })
    sayOnce(discoveryTopic(mqtt.discoveryPrefix, address), JSON.stringify(message))
    sayOnce(stateTopic, JSON.stringify(state))
  }

  function sayOnce(topic: string, payload: string): void {
    if (told.get(topic) !== payload && broker.send(topic, payload)) told.set(topic, payload)
  }

  function tell(): void {
    if (telling || !broker.connected) return
    telling = tellAll().finally(() => {
      telling = null
    })
  }

  async function tellAll(): Promise<void> {
    const now = status()
    const seenBefore = [...values.values()].reduce((sum, seen) => sum + seen.size, 0)
    // Remembered before it is told: a kill in between leaves something to take back that was never told.
    if (told.size === 0) await remember()
    for (const meter of now.meters) tellMeter(meter, now)
    sayOnce(availabilityTopic, online)
    if (Object.keys(before).length > 0) await takeBack()
    const seenAfter = [...values.values()].reduce((sum, seen) => sum + seen.size, 0)
    if (seenAfter !== seenBefore) await remember()
  }

  look = setInterval(tell, lookEveryMs)
  return {
    async close() {
      if (look) clearInterval(look)
      // What is told now is still remembered: the next life announces it again.
      await telling
      if (broker.connected) await broker.deliver(availabilityTopic, offline)
      await broker.close()
    },
  }
}

async function passwordOf({ passwordFile }: MqttConfig): Promise<string | undefined> {
  if (passwordFile === undefined) return undefined
  const read = await readPrivateFile(passwordFile)
  if ('text' in read) return read.text.replace(/\r?\n$/, '')
  throw new ConfigError('CONFIG_UNREADABLE', [`mqtt.passwordFile: ${read.problem.message}`], read.problem.cause)
}

async function certificateOf({ caFile }: MqttConfig): Promise<string | undefined> {
  if (caFile === undefined) return undefined
  try {
    return await readFile(caFile, 'utf8')
  } catch (error) {
    const problem = `mqtt.caFile: cannot read ${caFile}: ${(error as Error).message}`
    throw new ConfigError('CONFIG_UNREADABLE', [problem], error)
  }
}
