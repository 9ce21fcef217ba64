/** What others read from the agent in place of the devices. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import ModbusRTU from 'modbus-serial'
import { pino } from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Device, openDevice, readDevice } from '../../../meter-agent/devices/device.ts'
import type { AgentStatus } from '../../../meter-agent/home/status.ts'
import { type RunningProxy, startProxy } from '../../../meter-agent/integrations/modbus-proxy.ts'
import { type AgentConfig, ConfigError, parseConfig } from '../../../meter-agent/setup/config.ts'
import { type DeviceDescription, serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { patiently } from '../../patience.ts'
import { askByPymodbus, hasPymodbus } from '../modbus/pymodbus.ts'
import { house } from '../simulator/house.ts'
import { agentStatus, meterStatus } from './agent-status.ts'

const log = pino({ level: 'silent' })
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function configOf(devices: string, proxy: string): AgentConfig {
  return parseConfig(
    `dataFolder = "."
    server.url = "http://127.0.0.1:1"
    chain = { id = 31337, escrow = "0x00000000000000000000000000000000000000e5" }
    area = { id = 1, intervalSeconds = 900 }
    proxy = { ${proxy} }
    [[meter]]
    name = "home-1"
    account = "0x00000000000000000000000000000000000000ac"
    keyFile = "home-1.key"
    device = [${devices}]`,
    join('/nowhere', 'agent.toml'),
  )
}

interface Served {
  proxy: RunningProxy
  url: string
  now: { status: AgentStatus; monotonicMs: number | null }
}

async function serve(devices: string, more = ''): Promise<Served> {
  const config = configOf(devices, `port = ${await freePort()}${more}`)
  const now: Served['now'] = { status: agentStatus(), monotonicMs: null }
  const proxy = await startProxy(config.proxy!, {
    status: () => now.status,
    log,
    monotonicMs: () => now.monotonicMs ?? performance.now(),
  })
  closing.push(() => proxy.close())
  return { proxy, url: `tcp://127.0.0.1:${proxy.port}`, now }
}

async function simulated(description: Parameters<typeof serveDevice>[0]) {
  const served = await serveDevice(description, house)
  closing.push(() => served.close())
  return served
}

function opened(options: Parameters<typeof openDevice>[0]): Device {
  const device = openDevice(options)
  closing.push(() => device.close())
  return device
}

/** Sends one frame and gives back the function code and data of the answer. */
async function ask(port: number, unit: number, pdu: number[]): Promise<number[]> {
  const socket = connect(port, '127.0.0.1')
  const frame = Buffer.from([0x12, 0x34, 0, 0, 0, pdu.length + 1, unit, ...pdu])
  socket.end(frame)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'close')
  const answer = Buffer.concat(chunks)
  expect([...answer.subarray(0, 4)]).toEqual([0x12, 0x34, 0, 0])
  expect(answer[6]).toBe(unit)
  return [...answer.subarray(7)]
}
const read = (address: number, count: number, functionCode = 3) => [
  functionCode,
  address >> 8,
  address & 0xff,
  count >> 8,
  count & 0xff,
]

describe('the home as a SunSpec device', () => {
  test('shows what the agent concludes, as any SunSpec reader reads it', async () => {
    const { url, now } = await serve('{ url = "tcp://127.0.0.1:502" }')
    now.status.meters = [
      meterStatus({
        live: {
          ...meterStatus().live!,
          powerW: -1800.4,
          productionW: 2200,
          batteryPowerW: 650,
          stateOfChargePercent: 55,
        },
      }),
    ]
    const report = await readDevice({ url, unit: 247 })
    expect(report.models.map(({ id }) => id)).toEqual([1, 103, 1, 203, 1, 802])
    expect(report.device).toMatchObject({ manufacturer: 'Commonwatt', model: 'Home' })
    expect(report.reading).toMatchObject({ powerW: -1800, productionW: 2200, stateOfChargePercent: 55 })
    expect(report.models[1]!.points).toMatchObject({ W: 2200, WH: 90_000, A: null, Hz: null })
    expect(report.models[3]!.points).toMatchObject({ W: -1800, TotWhImp: 1200, TotWhExp: 3400, PhV: null })
    expect(report.models[5]!.points).toMatchObject({ SoC: 55, W: 650 })
    expect(report.place).toMatchObject({ role: 'grid', says: 'Export+Import' })
  })

  test('shows powers beyond 16 bits in coarser steps, and what is not known as not there', async () => {
    const { url, now } = await serve('{ url = "tcp://127.0.0.1:502" }', ', connections = 2')
    const live = { ...meterStatus().live!, powerW: 123_456, productionW: null }
    now.status.meters = [meterStatus({ live, registers: { importWh: 7, exportWh: null, productionWh: null } })]
    const { reading, models } = await readDevice({ url, unit: 247 })
    expect(reading).toMatchObject({ powerW: 123_460, productionW: null, exportWh: null })
    expect(models[3]!.points).toMatchObject({ W: 123_460, TotWhImp: 7, TotWhExp: null })
  })

  test('answers that there is no fresh value while the meter is silent, and values again after', async () => {
    const { proxy, now } = await serve('{ url = "tcp://127.0.0.1:502" }')
    now.status.meters = [meterStatus({ live: null })]
    now.monotonicMs = 1000
    expect(await ask(proxy.port, 247, read(40_000, 2))).toEqual([0x83, 11])
    now.status.meters = [meterStatus()]
    now.monotonicMs += 1000
    expect(await ask(proxy.port, 247, read(40_000, 2))).toEqual([3, 4, 0x53, 0x75, 0x6e, 0x53])
    expect(await ask(proxy.port, 247, read(39_999, 2))).toEqual([0x83, 2])
    expect(await ask(proxy.port, 247, read(40_500, 10))).toEqual([0x83, 2])
  })
})

describe('the registers of a device', () => {
  test.each<[string, DeviceDescription, string, number]>([
    ['a SunSpec device', { kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] }, 'sunspec', 1],
    ['a device with its own map', { kind: 'profile', name: 'huawei-sun2000', unit: 1 }, 'huawei-sun2000', 1],
    ['a meter', { kind: 'profile', name: 'carlo-gavazzi-em340', unit: 5 }, 'carlo-gavazzi-em340', 5],
  ])('of %s read the same from the agent', async (_, description, profile, unit) => {
    const { port } = await simulated(description)
    const url = `tcp://127.0.0.1:${port}`
    const own = await serve(`{ url = "${url}", profile = "${profile}", unit = ${unit} }`)
    const device = opened({ url, profile, unit })
    await device.poll()
    await device.poll()
    const direct = await readDevice({ url, profile, unit })
    const viaAgent = await readDevice({ url: own.url, profile, unit })
    expect(viaAgent.reading).toEqual(direct.reading)
    expect(viaAgent.device).toEqual(direct.device)
    expect(viaAgent.place).toEqual(direct.place)
  })

  test('are refused by name where they are not known, not fresh, or to be written', async () => {
    const { port } = await simulated({ kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] })
    const url = `tcp://127.0.0.1:${port}`
    const { proxy, now } = await serve(`{ url = "${url}", proxyUnit = 9 }`, ', maxAgeSeconds = 20')
    expect(await ask(proxy.port, 9, read(40_000, 2))).toEqual([0x83, 11])
    await opened({ url }).poll()
    expect(await ask(proxy.port, 9, read(40_000, 2))).toEqual([3, 4, 0x53, 0x75, 0x6e, 0x53])
    expect(await ask(proxy.port, 9, read(40_000, 4))).toEqual([3, 8, 0x53, 0x75, 0x6e, 0x53, 0, 1, 0, 66])
    expect(await ask(proxy.port, 9, read(30_000, 2))).toEqual([0x83, 2])
    expect(await ask(proxy.port, 9, read(40_000, 2, 4))).toEqual([0x84, 2])
    expect(await ask(proxy.port, 1, read(40_000, 2))).toEqual([0x83, 10])
    expect(await ask(proxy.port, 9, read(40_000, 0))).toEqual([0x83, 3])
    expect(await ask(proxy.port, 9, read(40_000, 126))).toEqual([0x83, 3])
    for (const [code, ...rest] of [
      [5, 0, 1, 0xff, 0],
      [6, 0, 1, 0, 1],
      [15, 0, 1, 0, 1, 1, 1],
      [16, 0, 1, 0, 1, 2, 0, 1],
      [17],
      [43, 14, 1, 0],
    ]) {
      expect(await ask(proxy.port, 9, [code!, ...rest])).toEqual([code! | 0x80, 1])
    }
    now.monotonicMs = performance.now() + 19_000
    expect((await ask(proxy.port, 9, read(40_000, 2)))[0]).toBe(3)
    now.monotonicMs += 2000
    expect(await ask(proxy.port, 9, read(40_000, 2))).toEqual([0x83, 11])
    expect(await ask(proxy.port, 9, read(40_070, 52))).toEqual([0x83, 11])
  })
})

/** Debian's command-line client, which has its own library (libmodbus): what it prints of holding registers from 40,001 on. */
async function mbpoll(port: number, unit: number, count: number): Promise<string> {
  const args = [
    '-m',
    'tcp',
    '-0',
    '-1',
    '-q',
    '-a',
    `${unit}`,
    '-r',
    '40000',
    '-c',
    `${count}`,
    '-p',
    `${port}`,
    '127.0.0.1',
  ]
  const child = spawn('mbpoll', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => chunks.push(chunk))
  await once(child, 'close')
  return Buffer.concat(chunks).toString()
}
const hasMbpoll = spawnSync('mbpoll', ['-V']).error === undefined

describe('another program’s Modbus library', () => {
  // Needs Debian's mbpoll, which is not on every machine.
  test.skipIf(!hasMbpoll)('mbpoll reads home and device, and is told that nothing is fresh', async () => {
    const { port } = await simulated({ kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] })
    const url = `tcp://127.0.0.1:${port}`
    const { proxy, now } = await serve(`{ url = "${url}" }`, ', maxAgeSeconds = 20')
    now.status.meters = [meterStatus()]
    const marker = /\[40000\]:\s+21365[\s\S]*\[40001\]:\s+28243/
    expect(await mbpoll(proxy.port, 247, 2)).toMatch(marker)
    expect(await mbpoll(proxy.port, 1, 2)).toContain('Target device failed to respond')
    await opened({ url }).poll()
    expect(await mbpoll(proxy.port, 1, 2)).toMatch(marker)
    now.monotonicMs = performance.now() + 21_000
    expect(await mbpoll(proxy.port, 1, 2)).toContain('Target device failed to respond')
  })

  // Needs Debian's python3-pymodbus.
  test.skipIf(!hasPymodbus)(
    'pymodbus reads home and device, is told that nothing is fresh, and cannot write',
    async () => {
      const { port } = await simulated({ kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] })
      const url = `tcp://127.0.0.1:${port}`
      const { proxy, now } = await serve(`{ url = "${url}" }`)
      now.status.meters = [meterStatus()]
      const marker = { port: proxy.port, functionCode: 3, address: 40_000, count: 2 } as const
      expect(await askByPymodbus({ ...marker, unit: 247 })).toEqual([0x5375, 0x6e53])
      expect(await askByPymodbus({ ...marker, unit: 1 })).toBe(11)
      await opened({ url }).poll()
      expect(await askByPymodbus({ ...marker, unit: 1 })).toEqual([0x5375, 0x6e53])
      expect(await askByPymodbus({ ...marker, unit: 1, functionCode: 6 })).toBe(1)
    },
  )

  test('the library under Node-RED and others reads the home', async () => {
    const { proxy, now } = await serve('{ url = "tcp://127.0.0.1:502" }')
    now.status.meters = [meterStatus()]
    const client = new ModbusRTU()
    closing.push(() => client.close(() => {}))
    await client.connectTCP('127.0.0.1', { port: proxy.port })
    client.setID(247)
    expect((await client.readHoldingRegisters(40_000, 2)).data).toEqual([0x5375, 0x6e53])
    await expect(client.writeRegister(40_000, 1)).rejects.toMatchObject({ modbusCode: 1 })
  })
})

describe('what a client can do', () => {
  const request = Buffer.from([0, 1, 0, 0, 0, 6, 247, ...read(40_000, 1)])
  const asking = async (client: Socket) => {
    client.write(request)
    await once(client, 'data')
  }
  const connected = async (port: number, localAddress = '127.0.0.1') => {
    const client = connect({ port, host: '127.0.0.1', localAddress })
    closing.push(() => client.destroy())
    client.on('error', () => {})
    await asking(client)
    return client
  }

  test('whoever comes where all places are taken gets that of the client that asks least', async () => {
    const { proxy } = await serve('{ url = "tcp://127.0.0.1:502" }', ', connections = 2')
    const reader = await connected(proxy.port)
    const holder = await connected(proxy.port)
    await asking(reader)
    const closed = once(holder, 'close')
    const third = await connected(proxy.port)
    await closed
    await asking(reader)
    await asking(third)
  })

  // Only Linux has all of 127.0.0.0/8 without being told.
  test.runIf(process.platform === 'linux')(
    'an address that comes again and again takes places from itself',
    async () => {
      const { proxy } = await serve('{ url = "tcp://127.0.0.1:502" }', ', connections = 3')
      const reader = await connected(proxy.port, '127.0.0.2')
      const crowd: Socket[] = []
      for (let place = 0; place < 10; place += 1) crowd.push(await connected(proxy.port, '127.0.0.3'))
      await vi.waitFor(() => expect(crowd.filter(({ destroyed }) => !destroyed)).toHaveLength(2), patiently)
      await asking(reader)
    },
  )

  test('requests in pieces and several at once are answered in order', async () => {
    const { proxy } = await serve('{ url = "tcp://127.0.0.1:502" }')
    const socket = connect(proxy.port, '127.0.0.1')
    closing.push(() => socket.destroy())
    const requests = Buffer.concat([1, 2, 3].map((id) => Buffer.from([0, id, 0, 0, 0, 6, 247, ...read(40_000, id)])))
    const answers: Buffer[] = []
    socket.on('data', (chunk) => answers.push(chunk))
    socket.setNoDelay()
    for (const byte of requests) socket.write(Buffer.from([byte]))
    await vi.waitFor(() => expect(Buffer.concat(answers)).toHaveLength(3 * 9 + 2 * (1 + 2 + 3)), patiently)
    expect(Buffer.concat(answers)[1]).toBe(1)
  })

  test.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a length that is too large', Buffer.from([0, 1, 0, 0, 0xff, 0xff, 1, 3])],
    ['a length of nothing', Buffer.from([0, 1, 0, 0, 0, 0, 1, 3])],
    ['another protocol', Buffer.from([0, 1, 0, 7, 0, 6, 1, 3, 0, 0, 0, 1])],
  ])('%s ends its connection', async (_, bytes) => {
    const { proxy } = await serve('{ url = "tcp://127.0.0.1:502" }')
    const socket = connect(proxy.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('data', () => expect.unreachable())
    socket.write(bytes)
    await once(socket, 'close')
    expect((await ask(proxy.port, 247, read(40_000, 1)))[0]).toBe(3)
  })

  test('one that asks without end and reads nothing keeps nobody else from their answers', async () => {
    const { proxy } = await serve('{ url = "tcp://127.0.0.1:502" }')
    const socket: Socket = connect(proxy.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    const flood = Buffer.concat(
      Array.from({ length: 5000 }, () => Buffer.from([0, 1, 0, 0, 0, 6, 247, ...read(40_000, 125)])),
    )
    const pour = () => {
      while (!socket.destroyed && socket.write(flood));
      if (!socket.destroyed) socket.once('drain', pour)
    }
    pour()
    for (let asked = 0; asked < 20; asked += 1) expect((await ask(proxy.port, 247, read(40_000, 1)))[0]).toBe(3)
    socket.destroy()
  })
})

describe('a configuration', () => {
  test('names the units; two of one number are refused with what to do', () => {
    const devices = '{ url = "tcp://a:502" }, { url = "tcp://b:502", role = "production" }'
    expect(() => configOf(devices, 'port = 1502')).toThrow(
      /the proxy's unit 1 is tcp:\/\/a:502 unit 1 already, it cannot be tcp:\/\/b:502 unit 1 too: set proxyUnit beside its url/,
    )
    const units = configOf(devices.replace('"production"', '"production", proxyUnit = 2'), 'port = 1502').proxy!.units
    expect([...units.keys()]).toEqual([247, 1, 2])
    expect(units.get(1)).toMatchObject({ key: 'tcp:a:502', maxAgeMs: 15_000 })
  })

  test('two register maps of one device share its unit', () => {
    const devices =
      '{ url = "tcp://a:502", unit = 3, profile = "sma" }, { url = "tcp://a:502", unit = 3, profile = "sma-storage", role = "battery" }'
    expect([...configOf(devices, 'port = 1502').proxy!.units.keys()]).toEqual([247, 3])
  })

  test('an agent never reads from itself', () => {
    expect(() => configOf('{ url = "tcp://localhost:1502" }', 'port = 1502')).toThrow(/is the proxy itself/)
  })

  test('an address that cannot be had is named', async () => {
    const { proxy } = await serve('{ url = "tcp://127.0.0.1:502" }')
    const config = configOf('{ url = "tcp://127.0.0.1:502" }', `port = ${proxy.port}`)
    const error = await startProxy(config.proxy!, { status: () => agentStatus(), log }).catch((reason) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toMatch(/the proxy cannot begin: port \d+ is taken by another program: .*in \[proxy\]$/)
  })
})
