/** The commands `read` and `scan` as people script against them. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { readCommand } from '../../../meter-agent/commands/read.ts'
import { scanCommand } from '../../../meter-agent/commands/scan.ts'
import { scan, sentenceOf } from '../../../meter-agent/commands/scan-places.ts'
import { readDevice } from '../../../meter-agent/devices/device.ts'
import { type DeviceDescription, serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { patiently } from '../../patience.ts'
import { exceptionReply, reply, scriptedPeer } from '../modbus/scripted-peer.ts'
import { house } from '../simulator/house.ts'
import { chain as chainOf, common, model } from '../sunspec/image.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
let printed: { out: string; err: string }
beforeEach(() => {
  printed = { out: '', err: '' }
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.err += text
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  process.exitCode = undefined
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(description: DeviceDescription) {
  const served = await serveDevice(description, house)
  cleanups.push(() => served.close())
  return served
}

async function run(...args: string[]) {
  await readCommand().exitOverride().parseAsync(args, { from: 'user' })
  return { ...printed, status: process.exitCode ?? 0 }
}

const chain: DeviceDescription = { kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] }

describe('read', () => {
  it('prints what a SunSpec device says as JSON', async () => {
    const { port } = await serve(chain)
    const { out, err, status } = await run('--url', `tcp://127.0.0.1:${port}`, '--json')
    expect([status, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toEqual({
      profile: 'sunspec',
      unit: 1,
      device: { manufacturer: 'Example', model: 'E5', version: '1.2', serialNumber: '12345' },
      reading: {
        powerW: -1250,
        productionW: 2400,
        importWh: 1_234_567,
        exportWh: 7_654_321,
        productionWh: 9_000_000,
        batteryPowerW: null,
        stateOfChargePercent: null,
      },
      models: [
        { id: 1, address: 40_002, length: 66, points: expect.objectContaining({ Mn: 'Example', SN: '12345' }) },
        { id: 103, address: 40_070, length: 50, points: expect.objectContaining({ W: 2400, WH: 9_000_000, Hz: 50 }) },
        { id: 1, address: 40_122, length: 66, points: expect.objectContaining({ Opt: 'Export+Import' }) },
        { id: 203, address: 40_190, length: 105, points: expect.objectContaining({ W: -1250, TotWhImpPhA: null }) },
      ],
      warnings: [],
    })
  })

  it('prints what another device says, with the profile’s own unit', async () => {
    const { port } = await serve({ kind: 'profile', name: 'sma', unit: 3 })
    const { out, status } = await run('--url', `tcp://127.0.0.1:${port}`, '--profile', 'sma', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ profile: 'sma', unit: 3, reading: { powerW: -1250 }, models: [] })
  })

  it('goes on at every boundary of the clock, with several devices, and asks again whoever does not answer', async () => {
    const { port } = await serve(chain)
    const nobody = await freePort()
    const urls = [port, nobody].map((each) => `tcp://127.0.0.1:${each}`)
    const running = run(...urls.flatMap((url) => ['--url', url]), '--role', 'grid', '--every', '1')
    await vi.waitUntil(() => printed.out.split('\n').length > 2 && printed.err.split('\n').length > 2, patiently)
    process.emit('SIGTERM')
    const { out, err, status } = await running
    expect(status).toBe(0)
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const boundaries = lines.map(({ timeMs }) => Math.floor(timeMs / 1000))
    expect(boundaries).toEqual([...new Set(boundaries)])
    for (const { url, reading } of lines) {
      expect(url).toBe(urls[0])
      expect(reading).toMatchObject({ powerW: -1250, importWh: 1_234_567, exportWh: 7_654_321 })
    }
    for (const line of err.trimEnd().split('\n')) expect(line.startsWith(`${urls[1]}: `), line).toBe(true)
    ;[printed.out, printed.err] = ['', '']
    const hopeless = await run('--url', urls[0]!, '--url', 'nonsense', '--role', 'grid', '--every', '1')
    expect(hopeless).toMatchObject({ out: '', status: 2, err: expect.stringContaining('nonsense') })
    // The program has ended: the other device is not read on at the next boundary.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(printed.out).toBe('')
    ;[printed.out, printed.err] = ['', '']
    ;[printed.out, printed.err] = ['', '']
    expect(await run('--url', urls[0]!, '--url', urls[1]!)).toMatchObject({
      ...{ out: '', status: 2 },
      err: 'one device is read at a time: several --url go with --every\n',
    })
  })

  it('tries a register map from a file, and says where the file is wrong', async () => {
    const { port } = await serve({ kind: 'profile', name: 'eastron-sdm630', unit: 1 })
    const folder = await mkdtemp(join(tmpdir(), 'commonwatt-map-'))
    cleanups.push(() => rm(folder, { recursive: true }))
    const map = {
      name: 'my-meter',
      manufacturer: 'Mine',
      covers: 'My meter',
      unit: 1,
      functions: [4],
      recognition: { how: 'by nothing' },
      counting: 'unknown',
      points: { power: { address: '0x0034', type: 'f32', evidence: '?' } },
      identity: {},
      reading: { powerW: [{ plus: ['power'] }] },
    }
    const file = join(folder, 'map.json')
    const tried = async (text: string) => {
      await writeFile(file, text)
      ;[printed.out, printed.err] = ['', '']
      return run('--url', `tcp://127.0.0.1:${port}`, '--profile-file', file, '--json')
    }
    const read = await tried(JSON.stringify(map))
    expect([read.status, read.err]).toEqual([0, ''])
    expect(JSON.parse(read.out)).toMatchObject({ profile: 'my-meter', reading: { powerW: -1250, importWh: null } })
    const wrong: [string, string][] = [
      [
        JSON.stringify({ ...map, points: { power: { ...map.points.power, type: 'f33' } } }),
        'points.power.type: must be one of "u16"',
      ],
      [JSON.stringify({ ...map, reading: { powerW: [{ plus: ['watts'] }] } }), 'watts'],
      ['{"name": ', 'this is no JSON: it ends too early'],
    ]
    for (const [text, place] of wrong) {
      const refused = await tried(text)
      expect([refused.status, refused.out]).toEqual([2, ''])
      expect(refused.err).toContain(place)
      expect(refused.err.trimEnd().split('\n')).toHaveLength(1)
    }
    expect((await run('--url', `tcp://127.0.0.1:${port}`, '--profile-file', join(folder, 'none'))).status).toBe(2)
  })

  it('prints for people without --json', async () => {
    const { port } = await serve(chain)
    const { out } = await run('--url', `tcp://127.0.0.1:${port}`)
    expect(out).toContain('Example E5 12345 (sunspec, unit 1)')
    expect(out).toMatch(/batteryPowerW +not offered/)
  })

  it.each([
    ['a wrong URL', ['--url', 'http://inverter'], 'unknown scheme'],
    ['an unknown profile', ['--url', 'tcp://127.0.0.1:1', '--profile', 'nope'], 'there is no profile "nope"'],
    ['a serial port that is not there', ['--url', 'rtu:///dev/no-such-port'], 'cannot be reached: no such serial port'],
    ['the same of a meter', ['--url', 'p1:///dev/no-such-port'], 'cannot be reached: no such serial port'],
    ['a file that is no serial port', ['--url', 'rtu:///dev/null'], 'cannot be reached: this is no serial port'],
    ['a refused connection', ['--url', 'tcp://127.0.0.1:1?retries=0'], 'connection refused'],
  ])('ends with status 2 and one line on standard error for %s', async (_, args, reason) => {
    const { out, err, status } = await run(...args, '--json')
    expect([status, out]).toEqual([2, ''])
    expect(err).toContain(reason)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  it('ends so too for a device without SunSpec, a wrong unit, trouble and silence', async () => {
    const plain = await serve({ kind: 'profile', name: 'eastron-sdm630', unit: 1 })
    const troubled = await serve(chain)
    const url = (port: number, timeoutMs = 60_000) => `tcp://127.0.0.1:${port}?timeout=${timeoutMs}&retries=0`
    expect(await run('--url', url(plain.port), '--json')).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining('SunSpec'),
    })
    printed.err = ''
    expect(await run('--url', url(troubled.port), '--unit', '9')).toMatchObject({
      status: 2,
      err: expect.stringContaining('exception 11'),
    })
    for (const [fault, reason] of [
      [{ kind: 'exception', code: 4 }, 'exception 4'],
      [{ kind: 'silence' }, 'no reply'],
      [{ kind: 'no-transaction-id' }, 'transaction id was not echoed'],
    ] as const) {
      printed.err = ''
      troubled.setFault(fault)
      const timeoutMs = fault.kind === 'exception' ? undefined : 100
      const said = await run('--url', url(troubled.port, timeoutMs))
      expect(said).toMatchObject({ status: 2, err: expect.stringContaining(reason) })
    }
  })

  /** A device with an inverter, a meter and a model nobody needs that answers its n-th request only if it likes to. */
  async function moody(likes: (count: number, address: number) => boolean) {
    const image = chainOf([common({}), model(103, { W: 15, W_SF: 2 }), model(203, { W: -12, W_SF: 2 }), model(120, {})])
    const peer = await scriptedPeer('tcp', ({ socket, request, count }) => {
      if (!likes(count, request.address)) return
      const wanted = Array.from({ length: request.count }, (_, index) => image.get(request.address + index) ?? 0)
      socket.write(reply('tcp', request, wanted))
    })
    cleanups.push(() => peer.close())
    return `tcp://127.0.0.1:${peer.port}?timeout=100&retries=0`
  }

  it('ends with status 2 for a device that falls silent before anything essential has come', async () => {
    // The marker, the first model and the inverter's header.
    const url = await moody((count) => count <= 4)
    expect(await run('--url', url, '--json')).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining('no reply'),
    })
  })

  it('keeps what came before time ran out, power and energy first', async () => {
    // Time passes once the device has fallen silent, and not while a busy machine takes its own.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const likes = (isSilent: boolean) => {
      if (isSilent) setImmediate(() => vi.advanceTimersByTime(1_000))
      return !isSilent
    }
    const url = await moody((_, address) => likes(address === 40_229))
    const patient = url.replace('timeout=100', 'timeout=60000')
    const { reading, models, warnings } = await readDevice({ url: patient }, 1_000)
    expect(reading).toMatchObject({ productionW: 1500, powerW: -1200 })
    expect(models.map(({ id }) => id)).toEqual([1, 103, 203])
    expect(warnings).toEqual([expect.stringContaining('without its end marker')])
    const silent = await moody((count) => likes(count > 4))
    await expect(readDevice({ url: silent.replace('timeout=100', 'timeout=60000') }, 1_000)).rejects.toMatchObject({
      code: 'MODBUS_OVERDUE',
    })
  })

  it('refuses a unit that is none', async () => {
    await expect(run('--url', 'tcp://127.0.0.1:1', '--unit', '300')).rejects.toThrow('0 to 255')
  })
})

describe('scan', () => {
  it('finds devices behind units and says what they are good for', async () => {
    const inverter = await serve({ kind: 'sunspec', unit: 126, models: [1, 103] })
    const meter = await serve({ kind: 'profile', name: 'eastron-sdm630', unit: 1 })
    const closed = net.createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as net.AddressInfo
    closed.close()
    const options = { host: ['127.0.0.1'], port: [port, inverter.port, meter.port] }
    const alone = await scan(options)
    const places = alone.found.map(({ url, report }) => [url, report.unit, report.profile])
    expect(places).toEqual([
      [`tcp://127.0.0.1:${inverter.port}`, 126, 'sunspec'],
      [`tcp://127.0.0.1:${meter.port}`, 1, 'eastron-sdm630'],
    ])
    expect(sentenceOf(alone)).toContain('sell what you feed in')
    expect(sentenceOf(await scan({ ...options, port: [inverter.port] }))).toMatch(
      /^Inverter found, no grid meter: you can watch production, but not sell\. /,
    )
    expect(sentenceOf(await scan({ ...options, port: [port] }))).toMatch(/^No device found\. .*connection refused/)
  })

  it('shows one device that ignores the unit id once, and two meters without serial numbers twice', async () => {
    const image = chainOf([common({}), model(103, { W: 15, W_SF: 2 })])
    const careless = await scriptedPeer('tcp', ({ socket, request }) => {
      const wanted = Array.from({ length: request.count }, (_, index) => image.get(request.address + index) ?? 0)
      socket.write(reply('tcp', request, wanted))
    })
    const meters = await scriptedPeer('tcp', ({ socket, request }) => {
      const { unit, functionCode, address, count } = request
      if (functionCode !== 4 || unit > 2) return socket.write(exceptionReply('tcp', request, 2))
      // A float of the unit's own in every pair of registers.
      const wanted = Array.from({ length: count }, (_, index) => ((address + index) % 2 ? 0 : 0x4000 + unit))
      return socket.write(reply('tcp', request, wanted))
    })
    cleanups.push(
      () => careless.close(),
      () => meters.close(),
    )
    const units = { unit: [1, 2, 3], profile: 'eastron-sdm630' }
    const once = await scan({ host: ['127.0.0.1'], port: [careless.port], unit: [1, 2, 3] })
    expect(once.found.map(({ report }) => report.unit)).toEqual([1])
    const two = await scan({ host: ['127.0.0.1'], port: [meters.port], ...units })
    expect(two.found.map(({ report }) => report.unit)).toEqual([1, 2])
  })

  it('prints a line for each device and ends with the sentence', async () => {
    const { port } = await serve(chain)
    await scanCommand().parseAsync(['--host', '127.0.0.1/32', '--port', String(port), '--unit', '1'], { from: 'user' })
    const lines = printed.out.trimEnd().split('\n')
    expect(lines).toEqual([
      expect.stringContaining(`tcp://127.0.0.1:${port} unit 1 (sunspec): Example E5 12345: powerW -1250`),
      '  meter: at the grid connection (the device says "Export+Import")',
      '  [[meter.device]]',
      `  url = "tcp://127.0.0.1:${port}"`,
      '  unit = 1',
      '  role = "grid"',
      expect.stringMatching(/^Inverter and grid meter found: you can watch production and sell what you feed in/),
    ])
  })

  it('refuses a register map that nobody knows, before anything is asked', async () => {
    await scanCommand().parseAsync(['--host', '127.0.0.1', '--port', '1', '--profile', 'nope'], { from: 'user' })
    expect([printed.out, process.exitCode]).toEqual(['', 2])
    expect(printed.err).toMatch(/^there is no profile "nope"; .*\n$/)
  })

  it('refuses networks that are none or too large', async () => {
    const parse = (host: string) => scanCommand().exitOverride().parseAsync(['--host', host], { from: 'user' })
    await expect(parse('10.0.0.0/8')).rejects.toThrow('22 to 32 bits')
    await expect(parse('10.0.0.256/24')).rejects.toThrow('192.168.1.0/24')
    for (const host of ['', 'two words']) await expect(parse(host)).rejects.toThrow('a host is a name')
  })
})
