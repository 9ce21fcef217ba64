/** What an MQTT broker is told, and that a bad broker costs nothing. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Aedes, type PublishPacket } from 'aedes'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AgentStatus } from '../../../meter-agent/home/status.ts'
import { type RunningMqtt, startMqtt } from '../../../meter-agent/integrations/mqtt.ts'
import { type AgentConfig, ConfigError, parseConfig } from '../../../meter-agent/setup/config.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { patiently } from '../../patience.ts'
import { agentStatus, firstMeter, meterStatus } from './agent-status.ts'

const secondMeter = `0x${'b2'.repeat(20)}`
const discovery = (meter: string) => `homeassistant/device/commonwatt_${meter}/config`
const stateOf = (meter: string) => `commonwatt/${meter}/state`
const availability = `commonwatt/${firstMeter}/availability`

let folder: string
let now: AgentStatus
let lines: { msg: string; reason?: string }[]
const running: RunningMqtt[] = []
const closing: (() => Promise<void> | void)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-mqtt-'))
  now = agentStatus()
  lines = []
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
  for (const close of closing.splice(0).reverse()) await close()
  await rm(folder, { recursive: true })
})

function configOf(port: number, mqtt = ''): AgentConfig {
  return parseConfig(
    `dataFolder = "."
    server.url = "http://127.0.0.1:1"
    chain = { id = 31337, escrow = "0x00000000000000000000000000000000000000e5" }
    area = { id = 1, intervalSeconds = 900 }
    [mqtt]
    url = "mqtt://127.0.0.1:${port}"
    ${mqtt}
    [[meter]]
    name = "home-1"
    account = "0x00000000000000000000000000000000000000ac"
    keyFile = "home-1.key"
    device = [{ url = "tcp://127.0.0.1:502" }]`,
    join(folder, 'agent.toml'),
  )
}

async function start(config: AgentConfig, nowMs?: () => number): Promise<RunningMqtt> {
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const mqtt = await startMqtt(config, config.mqtt!, { status: () => now, log, nowMs, random: () => 0 })
  running.push(mqtt)
  return mqtt
}

interface TestBroker {
  port: number
  /** What it keeps, by topic. */
  kept: Map<string, string>
  sockets: Set<Socket>
  close(): Promise<void>
}

async function serveBroker(port = 0, allowed?: { username: string; password: string }): Promise<TestBroker> {
  const broker = await Aedes.createBroker({
    authenticate: (_client, username, password, done) =>
      done(null, !allowed || (username === allowed.username && password?.toString() === allowed.password)),
  })
  const kept = new Map<string, string>()
  broker.on('publish', ({ topic, payload, retain }: PublishPacket) => {
    if (!retain) return
    if (payload.length === 0) kept.delete(topic)
    else kept.set(topic, payload.toString())
  })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    broker.handle(socket)
  })
  await listen(server, port)
  const close = async () => {
    if (!server.listening) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
    await new Promise<void>((resolve) => broker.close(() => resolve()))
  }
  closing.push(close)
  return { port: (server.address() as AddressInfo).port, kept, sockets, close }
}

async function listen(server: Server, port = 0): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}

const json = (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text))

test('Home Assistant is told of one device for each meter, with classes and units, and of what it shows', async () => {
  now.meters = [
    meterStatus(),
    meterStatus({
      name: 'flat',
      address: secondMeter,
      registers: { importWh: 5, exportWh: null, productionWh: null },
      live: null,
      consumptionW: null,
    }),
  ]
  const { port, kept } = await serveBroker()
  await start(configOf(port))
  await vi.waitFor(() => expect(kept.size).toBe(5), patiently)
  expect(kept.get(availability)).toBe('online')

  const message = json(kept.get(discovery(firstMeter)))
  expect(message).toMatchObject({
    device: { identifiers: [`commonwatt_${firstMeter}`], name: 'home-1', model: 'Example E5 123' },
    origin: { name: 'commonwatt-agent' },
    state_topic: stateOf(firstMeter),
    availability_topic: availability,
  })
  const parts = message.components as Record<string, Record<string, string>>
  expect(parts.powerW).toEqual({
    platform: 'sensor',
    unique_id: `commonwatt_${firstMeter}_powerW`,
    name: 'Grid power',
    value_template: '{{ value_json.powerW }}',
    device_class: 'power',
    state_class: 'measurement',
    unit_of_measurement: 'W',
  })
  for (const energy of ['importWh', 'exportWh', 'productionWh']) {
    expect(parts[energy]).toMatchObject({
      device_class: 'energy',
      state_class: 'total_increasing',
      unit_of_measurement: 'Wh',
    })
  }
  expect(parts.state).toMatchObject({ device_class: 'enum', options: ['sells', 'buys', 'waits', 'stopped'] })
  // A home without a battery has none to show; nor is there a price as long as nobody has told one.
  expect(Object.keys(parts).sort()).toEqual(
    ['consumptionW', 'exportWh', 'importWh', 'powerW', 'productionW', 'productionWh', 'state'].sort(),
  )
  expect(json(kept.get(stateOf(firstMeter)))).toMatchObject({
    state: 'sells',
    sentence: 'This home sells what it feeds in.',
    powerW: -1800,
    consumptionW: 400,
    productionW: 2200,
    batteryPowerW: null,
    importWh: 1200,
    exportWh: 3400,
    productionWh: 90_000,
    pricePerKwh: null,
  })
  expect(json(kept.get(stateOf(secondMeter)))).toMatchObject({ state: 'buys', powerW: null, exportWh: null })
})

test('price now and what was sold today are shown with what the server tells, for as long as it holds', async () => {
  const start0 = 1_800_000_000
  let nowMs = (start0 + 900) * 1000
  const market = {
    meter: firstMeter,
    currency: 'EUR',
    price: { start: start0, perKwh: '0.1750' },
    today: { from: start0 - 3600, soldWh: 2100, boughtWh: 40 },
  }
  now.meters = [meterStatus({ market })]
  const { port, kept } = await serveBroker()
  await start(configOf(port), () => nowMs)
  await vi.waitFor(() => expect(kept.size).toBe(3), patiently)
  const { components } = json(kept.get(discovery(firstMeter)))
  expect(components.pricePerKwh).toMatchObject({ state_class: 'measurement', unit_of_measurement: 'EUR/kWh' })
  expect(components.soldTodayWh).toMatchObject({
    device_class: 'energy',
    state_class: 'total',
    last_reset_value_template: "{{ value_json.todayFrom or '' }}",
  })
  expect(json(kept.get(stateOf(firstMeter)))).toMatchObject({
    pricePerKwh: '0.1750',
    soldTodayWh: 2100,
    boughtTodayWh: 40,
    todayFrom: '2027-01-15T07:00:00.000Z',
  })
  nowMs += 2 * 900_000
  await vi.waitFor(() => expect(json(kept.get(stateOf(firstMeter))).pricePerKwh).toBeNull(), patiently)
  expect(json(kept.get(stateOf(firstMeter))).soldTodayWh).toBe(2100)
  nowMs += 25 * 3_600_000
  await vi.waitFor(() => expect(json(kept.get(stateOf(firstMeter))).soldTodayWh).toBeNull(), patiently)
})

test('what changes is told, a battery that appears is announced, and is so again after a restart', async () => {
  const { port, kept } = await serveBroker()
  const first = await start(configOf(port))
  await vi.waitFor(() => expect(kept.size).toBe(3), patiently)
  now.meters = [meterStatus({ live: { ...meterStatus().live!, batteryPowerW: 700, stateOfChargePercent: 55 } })]
  await vi.waitFor(() => {
    expect(json(kept.get(stateOf(firstMeter)))).toMatchObject({ batteryPowerW: 700, stateOfChargePercent: 55 })
    expect(json(kept.get(discovery(firstMeter))).components).toHaveProperty('stateOfChargePercent')
  }, patiently)
  await first.close()
  expect(kept.get(availability)).toBe('offline')
  now.meters = [meterStatus({ live: null })]
  kept.clear()
  await start(configOf(port))
  await vi.waitFor(() => {
    expect(json(kept.get(discovery(firstMeter))).components).toHaveProperty('stateOfChargePercent')
  }, patiently)
})

test('an agent that vanishes is shown as gone by its last will, and tells everything again when it is back', async () => {
  const { port, kept, sockets } = await serveBroker()
  await start(configOf(port))
  await vi.waitFor(() => expect(kept.get(availability)).toBe('online'), patiently)
  kept.delete(discovery(firstMeter))
  const told: string[] = []
  const { set } = kept
  kept.set = (topic, payload) => {
    told.push(`${topic} ${payload}`)
    return set.call(kept, topic, payload)
  }
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(() => expect(kept.has(discovery(firstMeter))).toBe(true), patiently)
  await vi.waitFor(() => expect(kept.get(availability)).toBe('online'), patiently)
  expect(told).toContain(`${availability} offline`)
})

test('a meter that left the configuration is taken back, whatever was in between', async () => {
  const { port, kept } = await serveBroker()
  now.meters = [meterStatus(), meterStatus({ address: secondMeter, name: 'flat' })]
  const first = await start(configOf(port))
  await vi.waitFor(() => expect(kept.size).toBe(5), patiently)
  await first.close()
  now.meters = [meterStatus()]
  const second = await start(configOf(port))
  await vi.waitFor(() => expect([...kept.keys()].some((topic) => topic.includes(secondMeter))).toBe(false), patiently)
  expect(kept.has(discovery(firstMeter))).toBe(true)
  await second.close()
  // The first one goes too, and with it the topic by which the agent says that it is there.
  now.meters = [meterStatus({ address: secondMeter, name: 'flat' })]
  await start(configOf(port))
  await vi.waitFor(() => {
    expect([...kept.keys()].some((topic) => topic.includes(firstMeter))).toBe(false)
    expect(kept.get(`commonwatt/${secondMeter}/availability`)).toBe('online')
  }, patiently)
  // It is noted once the broker has answered.
  await vi.waitFor(async () => {
    expect(JSON.parse(await readFile(join(folder, 'mqtt.json'), 'utf8')).meters).not.toHaveProperty(firstMeter)
  }, patiently)
})

test('a damaged memory and a full disk stop nothing', async () => {
  await writeFile(join(folder, 'mqtt.json'), '{"broker":')
  const { port, kept } = await serveBroker()
  const config = { ...configOf(port), dataFolder: join(folder, 'mqtt.json') }
  await start(config)
  await vi.waitFor(() => expect(kept.size).toBe(3), patiently)
  expect(lines.map(({ msg }) => msg)).toContain('what MQTT was told cannot be remembered')
})

test('name and password come from the configuration and a file of one’s own', async () => {
  const { port, kept } = await serveBroker(0, { username: 'agent', password: 'secret words' })
  await writeFile(join(folder, 'password'), 'secret words\n', { mode: 0o644 })
  const config = configOf(port, 'username = "agent"\npasswordFile = "password"')
  const refused = await start(config).catch((error) => error)
  expect(refused).toBeInstanceOf(ConfigError)
  expect(refused.message).toMatch(/^mqtt\.passwordFile: .* has mode 0644/)
  await writeFile(join(folder, 'wrong'), 'other words', { mode: 0o600 })
  await start(configOf(port, 'username = "agent"\npasswordFile = "wrong"'))
  await vi.waitFor(() => expect(lines.at(-1)?.reason).toMatch(/[Nn]ot authorized|Bad username/), patiently)
  expect(lines.filter(({ msg }) => msg === 'MQTT not connected')).toHaveLength(1)
  const { chmod } = await import('node:fs/promises')
  await chmod(join(folder, 'password'), 0o600)
  await start(config)
  await vi.waitFor(() => expect(kept.get(availability)).toBe('online'), patiently)
  expect(JSON.stringify(lines)).not.toMatch(/secret words|other words/)
})

test('a broker that is not there is waited for', async () => {
  const { port, close } = await serveBroker()
  await close()
  await start(configOf(port))
  await vi.waitFor(() => expect(lines.at(-1)?.reason).toMatch(/ECONNREFUSED/), patiently)
  const { kept } = await serveBroker(port)
  await vi.waitFor(() => expect(kept.size).toBe(3), patiently)
  expect(lines.filter(({ msg }) => msg === 'MQTT not connected')).toHaveLength(1)
})

test('a broker that takes the connection and reads nothing is given up, and what is kept for it stays small', async () => {
  const connack = Buffer.from([0x20, 0x02, 0x00, 0x00])
  const hung: Socket[] = []
  const server = createServer((socket) => {
    hung.push(socket)
    socket.once('data', () => {
      socket.pause()
      socket.write(connack)
    })
    socket.on('error', () => {})
  })
  await listen(server)
  closing.push(() => {
    server.close()
    for (const socket of hung) socket.destroy()
  })
  await start(configOf((server.address() as AddressInfo).port))
  await vi.waitFor(() => expect(lines.some(({ msg }) => msg === 'MQTT connected')).toBe(true), patiently)
  let looks = 0
  now = new Proxy(now, {
    get(target, key) {
      if (key !== 'meters') return Reflect.get(target, key)
      looks += 1
      // Each look has much to tell.
      return [meterStatus({ name: `home-${looks}-${'x'.repeat(2_000_000)}` })]
    },
  })
  await vi.waitFor(() => expect(lines.at(-1)?.reason).toBe('it takes no more messages'), patiently)
})

/** A broker that takes everybody, and then says `more` for as long as it is listened to. */
async function serveTalker(more: Buffer): Promise<{ port: number; saidBytes: () => number; ended: () => boolean }> {
  let saidBytes = 0
  let ended = false
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      ended = true
    })
    const talk = () => {
      while (!socket.destroyed && saidBytes < 64 * 2 ** 20) {
        saidBytes += more.length
        if (!socket.write(more)) return void socket.once('drain', talk)
      }
    }
    socket.once('data', () => {
      socket.write(Buffer.from([0x20, 0x02, 0x00, 0x00]))
      // Only the first connection is talked to.
      if (sockets.size === 1) talk()
    })
  })
  await listen(server)
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port, saidBytes: () => saidBytes, ended: () => ended }
}

test.each([
  ['a message of 256 MiB', Buffer.concat([Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(65_536)])],
  ['messages without end', Buffer.from('3006000161626364'.repeat(4_096), 'hex')],
  ['messages that would be kept', Buffer.from('340700016100076263'.repeat(4_096), 'hex')],
])('a broker that sends %s is not listened to', async (_what, more) => {
  const broker = await serveTalker(more)
  await start(configOf(broker.port))
  await vi.waitFor(
    () => expect(lines.map(({ reason }) => reason)).toContain('it sends what nobody asked for'),
    patiently,
  )
  await vi.waitFor(() => expect(broker.ended()).toBe(true), patiently)
  expect(broker.saidBytes()).toBeLessThan(16 * 2 ** 20)
})

test('rubbish from what is no broker ends in another try', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  await listen(server)
  closing.push(() => void server.close())
  await start(configOf((server.address() as AddressInfo).port))
  await vi.waitFor(() => expect(lines.some(({ msg }) => msg === 'MQTT not connected')).toBe(true), patiently)
})

/** Debian's `mosquitto` with its own client, which are not on every machine. */
const hasMosquitto = ['mosquitto', 'mosquitto_sub'].every((one) => spawnSync(one, ['-h']).error === undefined)

test.skipIf(!hasMosquitto)('Mosquitto keeps and hands on what another broker does', async () => {
  const port = await freePort()
  await writeFile(join(folder, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n`)
  const broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
  closing.push(async () => {
    broker.kill()
    await once(broker, 'exit')
  })
  const agent = await start(configOf(port))
  /** What the broker has kept: a topic and its text a line. */
  const kept = async () => {
    const args = ['-p', `${port}`, '-t', '#', '-v', '--retained-only', '-W', '1']
    const { stdout } = await promisify(execFile)('mosquitto_sub', args).catch((error) => error)
    const lines = `${stdout}`.trim().split('\n')
    return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
  }
  await vi.waitFor(async () => expect((await kept()).get(availability)).toBe('online'), patiently)
  const known = await kept()
  expect(json(known.get(discovery(firstMeter))).components).toHaveProperty('powerW')
  expect(json(known.get(stateOf(firstMeter)))).toHaveProperty('powerW')
  await agent.close()
  expect((await kept()).get(availability)).toBe('offline')
})
