/** Meters that send telegrams by themselves, over TCP and over a serial line, read as any device. */
import { closeSync, constants, openSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ReadStream } from 'node:tty'
import pty from '@lydell/node-pty'
import { afterEach, describe, expect, it } from 'vitest'
import { openDevice, readDevice } from '../../../meter-agent/devices/device.ts'
import { parseConfig } from '../../../meter-agent/setup/config.ts'
import { parseTelegramUrl } from '../../../meter-agent/telegrams/endpoint.ts'
import { type MeterValues, p1Text, signedP1, smlOf } from './telegrams.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const values: MeterValues = { importWh: 1_234_567, exportWh: 7_654_321, powerW: -1250 }

/** A gateway that sends what it is told to whoever is connected, and a first telegram to everybody. */
async function gateway(
  first: Buffer | null,
): Promise<{ port: number; send(bytes: Buffer): void; drop(): void; connected: Promise<void> }> {
  const sockets = new Set<Socket>()
  let hasOne = () => {}
  const connected = new Promise<void>((resolve) => {
    hasOne = resolve
  })
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (first) socket.write(first)
    hasOne()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  cleanups.push(() => {
    drop()
    return new Promise((resolve) => server.close(resolve))
  })
  return {
    port: (server.address() as { port: number }).port,
    send: (bytes) => {
      for (const socket of sockets) socket.write(bytes)
    },
    drop,
    connected,
  }
}

describe.each([
  ['p1', (of: MeterValues) => signedP1(p1Text(of))],
  ['sml', (of: MeterValues) => smlOf(of)],
] as const)('%s over TCP', (language, telegram) => {
  it('is read as a grid meter', async () => {
    const { port } = await gateway(telegram(values))
    const report = await readDevice({ url: `${language}tcp://127.0.0.1:${port}` })
    expect(report).toMatchObject({
      profile: language,
      unit: null,
      reading: { ...values, productionW: null },
      place: { role: 'grid' },
      counting: 'balanced',
    })
  })

  it('gives each telegram once, the newest one', async () => {
    const far = await gateway(telegram(values))
    const device = openDevice({ url: `${language}tcp://127.0.0.1:${far.port}?timeout=20000` })
    cleanups.push(() => device.close())
    expect((await device.poll()).reading.importWh).toBe(values.importWh)
    const next = device.poll()
    const later = { ...values, importWh: values.importWh + 5 }
    far.send(language === 'p1' ? signedP1(p1Text(later, '261128120001W')) : smlOf(later, 1001))
    const sample = await next
    expect(sample.reading.importWh).toBe(later.importWh)
    expect(sample.repliedAtMs).toBeGreaterThanOrEqual(sample.requestedAtMs)
    expect(sample.counters.import!.milliWh).toBe(BigInt(later.importWh) * 1000n)
  })
})

describe('a line that fails', () => {
  it('is named when nothing listens there', async () => {
    await expect(readDevice({ url: 'p1tcp://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'TELEGRAM_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1 cannot be reached'),
    })
  })

  it('is said to be silent, with what to check', async () => {
    const { port } = await gateway(null)
    await expect(readDevice({ url: `smltcp://127.0.0.1:${port}` }, 50)).rejects.toMatchObject({
      code: 'TELEGRAM_SILENT',
      message: expect.stringContaining('is this the port'),
    })
  })

  it('that carries something else is told apart from a silent one', async () => {
    const { port } = await gateway(Buffer.from('HTTP 400 Bad Request'))
    await expect(readDevice({ url: `smltcp://127.0.0.1:${port}` }, 100)).rejects.toMatchObject({
      message: expect.stringContaining('bytes come that are no SML telegram'),
    })
  })

  it('with damaged telegrams says so and gives no value', async () => {
    const sent = signedP1(p1Text(values))
    sent[60]! ^= 1
    const { port } = await gateway(sent)
    await expect(readDevice({ url: `p1tcp://127.0.0.1:${port}` }, 100)).rejects.toMatchObject({
      code: 'TELEGRAM_DAMAGED',
      message: expect.stringContaining('checksum does not fit'),
    })
  })

  it('that is dropped fails the waiting poll at once', async () => {
    const far = await gateway(null)
    const device = openDevice({ url: `p1tcp://127.0.0.1:${far.port}` })
    cleanups.push(() => device.close())
    const poll = device.poll()
    await far.connected
    far.drop()
    await expect(poll).rejects.toMatchObject({ code: 'TELEGRAM_DROPPED' })
  })

  it('that is closed ends the waiting poll', async () => {
    const far = await gateway(null)
    const device = openDevice({ url: `p1tcp://127.0.0.1:${far.port}` })
    const poll = device.poll()
    await far.connected
    await device.close()
    await expect(poll).rejects.toMatchObject({ code: 'TELEGRAM_CLOSED' })
  })
})

/** What `open` of node-pty gives; its types leave it out. */
interface PseudoTerminal {
  master: ReadStream
  slave: ReadStream
  ptsName: string
}
const openPty = (pty as unknown as { open(options: object): PseudoTerminal }).open

it.each([
  ['p1', signedP1(p1Text(values))],
  ['sml', smlOf(values)],
] as const)('%s on a serial line is read', async (language, telegram) => {
  const { master, slave, ptsName } = openPty({ encoding: null })
  const held = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY)
  slave.destroy()
  const line = master as unknown as Duplex
  // The port forgets what came before it was opened: a meter sends again and again.
  const timer = setInterval(() => line.write(telegram), 20)
  cleanups.push(() => {
    clearInterval(timer)
    master.destroy()
    closeSync(held)
  })
  const report = await readDevice({ url: `${language}://${ptsName}` })
  expect(report.reading).toMatchObject(values)
})

describe('the address of such a meter', () => {
  it('names line, language and settings', () => {
    expect(parseTelegramUrl('p1:///dev/ttyUSB0')).toMatchObject({
      host: '/dev/ttyUSB0',
      baud: 115_200,
      dataBits: 8,
      parity: 'none',
    })
    expect(parseTelegramUrl('p1:///dev/ttyUSB0?baud=9600&parity=even&data=7')).toMatchObject({
      baud: 9600,
      dataBits: 7,
      parity: 'even',
    })
    expect(parseTelegramUrl('smltcp://[::1]:8234?timeout=60000')).toMatchObject({
      host: '::1',
      port: 8234,
      timeoutMs: 60_000,
    })
  })

  it.each(['p1tcp://meter', 'p1://dev/ttyUSB0', 'sml:///', 'smltcp://a:1/x', 'p1tcp://a:1?baud=9600', 'p1tcp://u@a:1'])(
    '%s is refused',
    (url) => expect(() => parseTelegramUrl(url)).toThrow(expect.objectContaining({ code: 'TELEGRAM_URL' })),
  )

  const config = (device: string) => `
dataFolder = "data"
server = { url = "http://127.0.0.1:8080" }
chain = { id = 1, escrow = "0x5FbDB2315678afecb367f032d93F642f64180aa3" }
area = { id = 1, intervalSeconds = 900 }
[[meter]]
name = "home-1"
account = "0x00000000000000000000000000000000000000ac"
keyFile = "home-1.key"
${device}`

  it('stands in the configuration in place of a Modbus device', () => {
    const { meters } = parseConfig(config('[[meter.device]]\nurl = "p1:///dev/ttyUSB0"'), '/etc/agent.toml')
    expect(meters[0]!.grid).toMatchObject({ url: 'p1:///dev/ttyUSB0', profile: 'p1' })
  })

  it('takes nothing that only Modbus has, and no line twice', () => {
    const problems = (device: string) => {
      try {
        parseConfig(config(device), '/etc/agent.toml')
      } catch (error) {
        return (error as { problems: string[] }).problems.join('\n')
      }
      return ''
    }
    expect(problems('[[meter.device]]\nurl = "p1:///dev/ttyUSB0"\nunit = 1')).toContain('has none')
    expect(problems('[[meter.device]]\nurl = "p1:///dev/ttyUSB0"\nprofile = "sunspec"')).toContain('leave it out')
    const twice =
      '[[meter.device]]\nurl = "p1:///dev/ttyUSB0"\n[[meter.device]]\nurl = "p1:///dev/ttyUSB0?baud=9600"\nrole = "production"'
    expect(problems(twice)).toContain('used twice')
  })
})
