/** Every fault of the simulator, as the agent sees it. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Device, openDevice, readDevice } from '../../../meter-agent/devices/device.ts'
import { ModbusError } from '../../../meter-agent/modbus/error.ts'
import { type DeviceDescription, type ServedDevice, serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import type { FaultRequest } from '../../../meter-agent/simulator/faults.ts'
import { patiently } from '../../patience.ts'
import { house } from './house.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const chain: DeviceDescription = { kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] }
const whole = { powerW: -1250, productionW: 2400, importWh: 1_234_567, exportWh: 7_654_321, productionWh: 9_000_000 }

async function serve(description: DeviceDescription = chain, values = house) {
  const served = await serveDevice(description, values)
  cleanups.push(() => served.close())
  return { served, url: urlOf(served) }
}

/** Short enough for what never answers, or never rightly. What answers has all the time that a busy machine may need. */
const [silentMs, busyMs] = [120, 60_000]

function urlOf({ port }: ServedDevice, { transport = 'tcp', timeoutMs = busyMs } = {}): string {
  return `${transport}://127.0.0.1:${port}?timeout=${timeoutMs}&retries=1`
}

function open(url: string, options: object = {}): Device {
  const device = openDevice({ url, ...options })
  cleanups.push(() => device.close())
  return device
}

// Each waits for its own line to fall silent, and all at once.
describe.concurrent.each(['tcp', 'rtutcp'] as const)('over %s', (transport) => {
  it.each<FaultRequest | { kind: 'nothing' }>([
    { kind: 'nothing' },
    { kind: 'silence' },
    { kind: 'late', delayMs: 180 },
    { kind: 'exception', code: 4 },
    { kind: 'exception', code: 11 },
    { kind: 'noise' },
    { kind: 'short' },
    { kind: 'foreign' },
    { kind: 'word-order' },
    { kind: 'refuse' },
  ])('$kind gives no value or the right one, never a wrong one', async (fault) => {
    const served = await serveDevice(chain, house, { transport })
    if (fault.kind !== 'nothing') served.setFault(fault)
    const timeoutMs = fault.kind === 'nothing' ? busyMs : silentMs
    const outcome = await readDevice({ url: urlOf(served, { transport, timeoutMs }) }).catch((error) => error)
    await served.close()
    if (fault.kind === 'nothing') expect(outcome.reading).toMatchObject(whole)
    if (outcome instanceof ModbusError) return
    for (const [field, value] of Object.entries(outcome.reading)) {
      if (value !== null) expect(value).toBe(whole[field as keyof typeof whole])
    }
  })
})

describe('a device that recovers', () => {
  async function afterFault(fault: FaultRequest, fails: (polled: Promise<unknown>) => Promise<unknown>) {
    const { served } = await serve()
    const device = open(
      urlOf(served, { timeoutMs: ['silence', 'no-transaction-id'].includes(fault.kind) ? silentMs : busyMs }),
    )
    const isWhole = () =>
      expect
        .poll(
          () =>
            device.poll().then(
              (sample) => sample.reading,
              () => null,
            ),
          patiently,
        )
        .toMatchObject(whole)
    await isWhole()
    served.setFault(fault)
    await fails(device.poll())
    served.setFault(null)
    await isWhole()
  }
  const rejected = (polled: Promise<unknown>) => expect(polled).rejects.toBeInstanceOf(ModbusError)

  it('from silence is read again', () => afterFault({ kind: 'silence' }, rejected))
  it('from refusing connections is read again', () => afterFault({ kind: 'refuse' }, rejected))
  it('from trouble is read again', () => afterFault({ kind: 'exception', code: 4 }, rejected))
  it('from a gateway that does not echo ids is read again', () => afterFault({ kind: 'no-transaction-id' }, rejected))

  it('from a night of sentinels had no values', async () => {
    await afterFault({ kind: 'sentinels' }, async (polled) => {
      const { reading } = (await polled) as Awaited<ReturnType<Device['poll']>>
      expect(new Set(Object.values(reading))).toEqual(new Set([null]))
    })
  })

  it('from a reboot never gave a number that was not there', async () => {
    const { served, url } = await serve()
    const device = open(url)
    await device.poll()
    const reboot = () => served.setFault({ kind: 'reboot', seconds: 0.6 })
    reboot()
    const seen = new Set<string>()
    const look = async () => {
      // On a busy machine a part of it may go by unseen: then it begins again.
      if (seen.has(String(whole.exportWh)) && !seen.has('null')) {
        seen.clear()
        reboot()
      }
      const outcome = await device.poll().catch((error: ModbusError) => error)
      if (outcome instanceof ModbusError) return seen.add(outcome.code)
      expect([null, whole.exportWh]).toContain(outcome.reading.exportWh)
      return seen.add(String(outcome.reading.exportWh))
    }
    await expect
      .poll(async () => [...(await look())], patiently)
      .toEqual(expect.arrayContaining(['null', String(whole.exportWh)]))
  })
})

describe('counters', () => {
  async function counting() {
    let exportMilliWh = 5_000_000n
    const { served, url } = await serve(chain, () => ({ ...house(), exportMilliWh }))
    const device = open(url)
    const exported = async () => (await device.poll()).reading.exportWh
    return { served, exported, count: (wh: number) => (exportMilliWh += BigInt(wh) * 1000n) }
  }

  it('dip to 0 and come back', async () => {
    const { served, exported } = await counting()
    served.setFault({ kind: 'dip' })
    expect(await exported()).toBe(0)
    served.setFault(null)
    expect(await exported()).toBe(5000)
  })

  it('freeze and then jump', async () => {
    const { served, exported, count } = await counting()
    served.setFault({ kind: 'freeze' })
    count(100)
    expect(await exported()).toBe(5000)
    served.setFault(null)
    expect(await exported()).toBe(5100)
  })

  it('start again from 0 after a reset, for good', async () => {
    const { served, exported, count } = await counting()
    served.setFault({ kind: 'reset' })
    count(40)
    expect(await exported()).toBe(40)
    served.setFault(null)
    expect(await exported()).toBe(40)
  })
})

describe('one device', () => {
  it('that takes a single client is shared by all its users in the process', async () => {
    const { served, url } = await serve()
    served.setFault({ kind: 'single-client' })
    const [one, other] = [open(url), open(url)]
    for (let round = 0; round < 3; round += 1) {
      const samples = await Promise.all([one.poll(), other.poll()])
      for (const sample of samples) expect(sample.reading).toMatchObject(whole)
    }
  })

  it('wired upside down, or behind the panels, is turned round by configuration', async () => {
    const { url } = await serve({ kind: 'profile', name: 'eastron-sdm630', unit: 1 })
    const profile = 'eastron-sdm630'
    const straight = await open(url, { profile }).poll()
    const inverted = await open(url, { profile, inverted: true }).poll()
    expect(inverted.reading).toMatchObject({ powerW: 1250, importWh: 7_654_321, exportWh: 1_234_568 })
    expect(inverted.counters.import).toEqual(straight.counters.export)
    const production = await open(url, { profile, role: 'production' }).poll()
    expect(production.reading).toMatchObject({
      productionW: 1250,
      productionWh: 7_654_321,
      powerW: null,
      importWh: null,
      exportWh: null,
    })
    expect(production.counters).toMatchObject({ import: null, export: null })
    expect(production.counters.production).toEqual(straight.counters.export)
  })

  it('says when its energies were asked for and came', async () => {
    const { url } = await serve()
    const before = performance.now()
    const { requestedAtMs, repliedAtMs } = await open(url).poll()
    expect(before < requestedAtMs && requestedAtMs < repliedAtMs && repliedAtMs < performance.now()).toBe(true)
  })

  it('behind a gateway answers only for its unit', async () => {
    const { url } = await serve()
    await expect(readDevice({ url, unit: 9 })).rejects.toMatchObject({ exception: 11 })
  })

  it('with two units in one map has both', async () => {
    const { url } = await serve({ kind: 'profile', name: 'victron-gx', unit: 100, gridUnit: 30 })
    const report = await readDevice({ url, profile: 'victron-gx', gridUnit: 30 })
    expect(report.reading).toMatchObject({ powerW: -1250, importWh: 1_234_560, exportWh: 7_654_320 })
  })
})

describe('a server', () => {
  it('can be closed while it is asked', async () => {
    const served: ServedDevice = await serveDevice(chain, house)
    const device = open(`tcp://127.0.0.1:${served.port}?timeout=120&retries=0`)
    const polled = device.poll().catch((error) => error)
    await served.close()
    await polled
    await expect(device.poll()).rejects.toBeInstanceOf(ModbusError)
  })
})
