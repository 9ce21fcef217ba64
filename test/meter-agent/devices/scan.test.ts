/** What a scan finds: framings, units, neighbouring ports, families by their own word, and the lines that read them again. */
import { once } from 'node:events'
import net from 'node:net'
import { parse } from 'smol-toml'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { scanCommand } from '../../../meter-agent/commands/scan.ts'
import { scan, sentenceOf, tomlOf } from '../../../meter-agent/commands/scan-places.ts'
import { survey } from '../../../meter-agent/devices/survey.ts'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import { type DeviceDescription, serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import { type FieldCase, serveField } from '../field/field-device.ts'
import { house } from '../simulator/house.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(description: DeviceDescription, listen: { port?: number; transport?: 'tcp' | 'rtutcp' } = {}) {
  const served = await serveDevice(description, house, listen)
  cleanups.push(() => served.close())
  return served
}

/** Serves the first device, and the second one with RTU frames on the port after it; another program may have either. */
async function serveBeside(first: DeviceDescription, second: DeviceDescription) {
  for (;;) {
    const served = await serve(first)
    try {
      await serve(second, { port: served.port + 1, transport: 'rtutcp' })
      return served
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

async function field(fieldCase: Partial<FieldCase>, port = 0) {
  const whole: FieldCase = { id: 'x', what: '', profile: 'sunspec', fc: [3], units: [], ...fieldCase }
  const served = await serveField(whole, port)
  cleanups.push(() => served.close())
  return served
}

const at = (port: number) => ({ host: ['127.0.0.1'], port: [port] })

describe('a scan', () => {
  it('finds a meter on the next port, though its frames are RTU', async () => {
    const inverter = await serveBeside(
      { kind: 'sunspec', unit: 1, models: [1, 103] },
      { kind: 'profile', name: 'carlo-gavazzi-em340', unit: 1 },
    )
    const scanned = await scan({ ...at(inverter.port), unit: [1, 3] })
    expect(scanned.found.map(({ url, report }) => [url, report.profile])).toEqual([
      [`tcp://127.0.0.1:${inverter.port}`, 'sunspec'],
      [`rtutcp://127.0.0.1:${inverter.port + 1}`, 'carlo-gavazzi-em340'],
    ])
    expect(sentenceOf(scanned)).toMatch(/^Inverter and grid meter found/)
    expect(scanned.unknown).toEqual([])
  })

  it.each([
    ['goodwe-et', 247],
    ['sma', 3],
    ['kostal-plenticore', 71],
    ['huawei-sun2000', 1],
    ['sungrow-sh', 1],
    ['deye-3p', 1],
    ['solis-hybrid', 1],
  ])(
    'recognises %s at unit %i by what it says of itself',
    async (name, unit) => {
      const { port } = await serve({ kind: 'profile', name, unit })
      const { found } = await scan(at(port))
      expect(found.map(({ report }) => [report.profile, report.unit])).toEqual([[name, unit]])
    },
    40_000,
  )

  it('finds the grid meter’s own unit behind a GX, and gives the lines that read both again', async () => {
    const { port } = await serve({ kind: 'profile', name: 'victron-gx', unit: 100, gridUnit: 31 })
    const { found } = await scan(at(port))
    expect(found).toHaveLength(1)
    const [device] = parse(tomlOf(found[0]!).replace('meter.device', 'device')).device as object[]
    expect(device).toEqual({
      url: `tcp://127.0.0.1:${port}`,
      unit: 100,
      profile: 'victron-gx',
      gridUnit: 31,
      role: 'grid',
    })
  })

  it('says what it saw where it knows nobody', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    cleanups.push(() => silent.close())
    const { port } = silent.address() as net.AddressInfo
    const nobody = await scan({ ...at(port), unit: [1, 2] })
    expect([nobody.found, nobody.unknown]).toEqual([
      [],
      [expect.objectContaining({ reason: expect.stringContaining('none of the usual units') })],
    ])
    expect(sentenceOf(nobody)).toMatch(
      /^Something listens at tcp:\S+, but no SunSpec device and none of a known family .*--profile/,
    )

    const inputs = await field({ fc: [4], units: [{ unit: 1, blocks: [{ address: 0, registers: '0001 0002' }] }] })
    const { unknown } = await scan({ ...at(inputs.port), unit: [1] })
    expect(unknown[0]?.reason).toMatch(/unit 1 answers Modbus TCP \(function 4 only\), but does not say what it is/)

    const echo = await field({ fc: [3], units: [], quirks: { framing: 'rtu', echo: 'only' } })
    const echoed = await scan({ ...at(echo.port), unit: [1, 2] })
    expect(echoed.unknown[0]?.reason).toContain('echo')
  })

  it('tells what a meter is good for that does not sit at the grid connection', async () => {
    const { port } = await serve({
      kind: 'sunspec',
      unit: 1,
      models: [1, 103, 1, 203],
      points: { '1.Opt': 'Consumption' },
    })
    const scanned = await scan({ ...at(port), unit: [1] })
    expect(scanned.found[0]!.report.place).toMatchObject({ role: 'elsewhere', says: 'Consumption' })
    expect(sentenceOf(scanned)).toMatch(/^Inverter found, no grid meter: you can watch production, but not sell/)
    expect(tomlOf(scanned.found[0]!)).toContain('role = "production"')
  })
})

describe('looking at a port', () => {
  it('is gentle: one connection, one short question at a time, none of them twice', async () => {
    const device = await field({
      fc: [3],
      units: [{ unit: 1, blocks: [{ address: 40_000, registers: '5375 6e53 ffff 0000' }] }],
    })
    const seen = await survey('127.0.0.1', device.port, { untilMs: performance.now() + 20_000 })
    expect(seen).toMatchObject({ framing: 'tcp', sightings: [{ unit: 1, profile: 'sunspec' }] })
    // One question for each unit that is not there.
    expect(device.asked()).toBeLessThan(40)
  })

  it('takes a device that ignores unit ids for one', async () => {
    const device = await field({
      fc: [3],
      units: [{ unit: 1, blocks: [{ address: 40_000, registers: '5375 6e53 ffff 0000' }] }],
      quirks: { ignoresUnit: true },
    })
    const { sightings } = await survey('127.0.0.1', device.port, { untilMs: performance.now() + 20_000 })
    expect(sightings).toHaveLength(1)
  })
})

it('every family can be told from every other by what its devices say', async () => {
  const confused: string[] = []
  for (const profile of profiles.values()) {
    if (profile.recognition.own.length === 0) continue
    const { port, close } = await serveDevice({ kind: 'profile', name: profile.name, unit: 1, gridUnit: 30 }, house)
    const { sightings } = await survey('127.0.0.1', port, { units: [1], untilMs: performance.now() + 10_000 })
    await close()
    const [seen] = sightings
    // Two maps may be for one kind of device: its owner tells them apart.
    if (seen?.profile !== profile.name && !profile.name.startsWith(`${seen?.profile}-`)) {
      confused.push(`${profile.name} is taken for ${seen?.profile}`)
    }
  }
  expect(confused).toEqual([])
})

it('a port behind a host is the one that is looked at', async () => {
  const { port } = await serve({ kind: 'profile', name: 'eastron-sdm630', unit: 1 })
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await scanCommand().parseAsync(['--host', `127.0.0.1:${port}`, '--json'], { from: 'user' })
  const out = printed.mock.calls.map(([text]) => text).join('')
  printed.mockRestore()
  expect(out).toContain(`tcp://127.0.0.1:${port}`)
})
