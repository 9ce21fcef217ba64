/** How the agent meters a home, with time in the test's hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Telemetry } from '../../../contracts/protocol/wire.ts'
import type { Device, DeviceOptions } from '../../../meter-agent/devices/device.ts'
import { ClockTrust, type TimeSource } from '../../../meter-agent/home/clock.ts'
import { Home } from '../../../meter-agent/home/home.ts'
import { Keyring } from '../../../meter-agent/keys/keyring.ts'
import { createKeyFile } from '../../../meter-agent/keys/keys.ts'
import { Outbox } from '../../../meter-agent/outbox/outbox.ts'
import { startEpoch } from '../../../meter-agent/registers/state.ts'
import { timingOf } from '../../../meter-agent/registers/timing.ts'
import type { DeviceConfig } from '../../../meter-agent/setup/config.ts'
import { type Counted, deviceSample } from './home-device.ts'

const domain = { chainId: 31337, escrow: '0x00000000000000000000000000000000000000e5' }
const epochTime = 1_800_000_000

/** Time that passes only when a test says so. */
class TestTime implements TimeSource {
  #wallMs = epochTime * 1000
  #monotonicMs = 5000
  pass(ms: number): void {
    this.#wallMs += ms
    this.#monotonicMs += ms
  }
  set(byMs: number): void {
    this.#wallMs += byMs
  }
  wallMs = () => this.#wallMs
  monotonicMs = () => this.#monotonicMs
}

/** A device that answers what it is told to, or fails, or waits. */
class TestDevice implements Device {
  readonly options: DeviceOptions
  readonly #time: TestTime
  answer: Counted | Error | Promise<Counted> = {}
  running = 0
  takesMs = 0
  constructor(options: DeviceOptions, time: TestTime) {
    this.options = options
    this.#time = time
  }
  async poll() {
    if (this.running > 0) throw new Error('a second poll behind a running one')
    this.running += 1
    const { answer } = this
    try {
      this.#time.pass(this.takesMs)
      if (answer instanceof Error) throw answer
      return deviceSample(await answer, this.#time.monotonicMs())
    } finally {
      this.running -= 1
    }
  }
  async close() {}
}

let folder: string
let outbox: Outbox
let time: TestTime
let key: Keyring
let devices: TestDevice[]
let telemetry: Telemetry[]
let trust: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-home-'))
  outbox = await Outbox.open(folder, domain)
  await createKeyFile(join(folder, 'key'))
  key = await Keyring.open(join(folder, 'key'), domain, outbox)
  time = new TestTime()
  devices = []
  telemetry = []
  trust = []
})
afterEach(async () => {
  await outbox.close()
  await rm(folder, { recursive: true })
})

const deviceConfig = (role: DeviceConfig['role']): DeviceConfig => ({
  url: `tcp://${role}:502`,
  unit: 1,
  profile: 'sunspec',
  role,
  inverted: undefined,
  gridUnit: undefined,
  meter: undefined,
  confirmed: role === 'grid' ? true : undefined,
})

function open(options: { others?: DeviceConfig['role'][]; trustClock?: boolean } = {}) {
  const clock = new ClockTrust({
    time,
    always: options.trustClock ?? true,
    changed: (_trusted, reason) => trust.push(reason),
  })
  const home = new Home({
    config: {
      name: 'home-1',
      account: `0x${'a'.repeat(40)}`,
      keyFile: '',
      pollSeconds: undefined,
      grid: deviceConfig('grid'),
      others: (options.others ?? []).map(deviceConfig),
      nameplateW: 10_000,
      mainFuseW: 43_470,
      utilityCounts: 'balanced',
    },
    key,
    state: startEpoch({ epoch: 1, epochTime, sequence: 0 }),
    timing: timingOf(60),
    outbox,
    clock,
    time,
    open: (deviceOptions) => {
      const device = new TestDevice(deviceOptions, time)
      devices.push(device)
      return device
    },
    log: pino({ level: 'silent' }),
    signed() {},
    telemetry: (values) => telemetry.push(values),
    repairStore: () => outbox.reopen(),
  })
  return { home, clock }
}

const stored = () => outbox.waiting({ limit: 1000, currentFrom: 0, accepts: () => true })

/** Polls every few seconds for a while, with the counters a function of the seconds since the epoch began. */
async function live(home: Home, seconds: number, at: (secondsPassed: number) => Counted, every = 5): Promise<void> {
  for (let passed = 0; passed < seconds; passed += every) {
    devices[0]!.answer = at(time.wallMs() / 1000 - epochTime)
    await home.round()
    time.pass(every * 1000)
  }
}
const exporting = (passed: number): Counted => ({ importWh: 10, exportWh: 100 + passed, powerW: -3600 })

test('the devices of a home are opened as what they are', () => {
  open({ others: ['production', 'battery'] })
  expect(devices.map(({ options: { role } }) => role)).toEqual(['grid', 'production', undefined])
})

describe('failing devices', () => {
  test('three failures in a row are offline: no live values, no reading; back again, a gap', async () => {
    const { home } = open()
    await live(home, 60, exporting)
    expect(telemetry).toHaveLength(12)
    devices[0]!.answer = new Error('no route')
    for (const online of [true, true, false, false]) {
      await home.round()
      expect(home.grid.online).toBe(online)
      time.pass(5000)
    }
    expect(home.grid.error).toBe('no route')
    expect(telemetry).toHaveLength(12)
    await live(home, 125, exporting)
    expect((await stored()).map(({ quality, reasons }) => [quality, reasons])).toEqual(
      [
        [1, ['gap']],
        [1, ['gap']],
        [0, []],
      ].slice(0, (await stored()).length),
    )
    expect(home.grid.online).toBe(true)
  })

  test('a slow production device neither delays readings nor is polled twice', async () => {
    const { home } = open({ others: ['production'] })
    let answer: (counted: Counted) => void = () => {}
    devices[1]!.answer = new Promise((resolve) => {
      answer = resolve
    })
    await live(home, 75, exporting, 15)
    expect(await stored()).toMatchObject([{ exportWh: 60, quality: 0, productionWh: null }])
    expect(devices[1]!.running).toBe(1)
    answer({ productionWh: 5000, productionW: 3000 })
    devices[1]!.answer = { productionWh: 5000, productionW: 3000 }
    await live(home, 65, exporting)
    expect(await stored()).toMatchObject([{ exportWh: 60 }, { exportWh: 120, productionWh: 5000 }])
    expect(telemetry.at(-1)).toMatchObject({ powerW: -3600, productionW: 3000 })
  })
})

describe('a slow grid device', () => {
  const polledEvery20Seconds = async (takesMs: number) => {
    const { home } = open()
    await live(home, 10, exporting)
    devices[0]!.takesMs = takesMs
    await live(home, 130, exporting, 20 - takesMs / 1000)
    return (await stored()).map(({ quality, reasons }) => [quality, reasons])
  }

  test('has gaps of three of its own polls', async () => {
    expect(await polledEvery20Seconds(4000)).toEqual([
      [0, []],
      [0, []],
    ])
  })

  test('and a quick one that is polled as seldom has gaps', async () => {
    expect(await polledEvery20Seconds(0)).toEqual([
      [1, ['gap']],
      [1, ['gap']],
    ])
  })
})

describe('live values', () => {
  test('what a battery’s inverter puts out is no production', async () => {
    const { home } = open({ others: ['production', 'battery'] })
    devices[1]!.answer = { productionWh: 5000, productionW: 3000 }
    devices[2]!.answer = { productionWh: 700, productionW: 1500 }
    await live(home, 10, exporting)
    expect(telemetry.at(-1)).toMatchObject({ powerW: -3600, productionW: 3000 })
  })

  test('have no part in them that is older than three polls', async () => {
    const { home } = open({ others: ['production'] })
    devices[1]!.answer = { productionWh: 5000, productionW: 3000 }
    await live(home, 5, exporting)
    devices[1]!.answer = new Promise(() => {})
    await live(home, 15, exporting)
    expect(telemetry.at(-1)).toMatchObject({ productionW: 3000 })
    await live(home, 5, exporting)
    expect(telemetry.at(-1)).toMatchObject({ powerW: -3600, productionW: null })
  })

  test('are none once the newest poll is older than three polls', async () => {
    const { home } = open()
    await home.round()
    await live(home, 5, exporting)
    const newestMs = home.grid.latest!.atMs
    expect(home.liveAt(newestMs + 15_000)).toMatchObject({ powerW: -3600, timeMs: newestMs })
    expect(home.grid.online).toBe(true)
    expect(home.liveAt(newestMs + 15_001)).toBeNull()
  })
})

describe('the clock', () => {
  test('nothing is metered before somebody vouches for it', async () => {
    const { home, clock } = open({ trustClock: false })
    await live(home, 120, exporting)
    expect(await stored()).toEqual([])
    expect(telemetry.length).toBeGreaterThan(0)
    clock.hearServer(5000, 100)
    expect(clock.trusted).toBe(false)
    clock.hearServer(-900, 100)
    await live(home, 125, exporting)
    expect((await stored()).map(({ time: at, quality }) => [at - epochTime, quality])).toEqual([
      // The interval in which metering began is not wholly seen.
      [180, 1],
      [240, 0],
    ])
  })

  test.each([
    ['a clock', false, ['the server’s clock agrees', 'the clock was set']],
    ['one that the configuration believes', true, ['the clock was set']],
  ])('%s that jumps ahead signs nothing until it is vouched for again', async (_whose, trustClock, reasons) => {
    const { home, clock } = open({ trustClock })
    clock.hearServer(0, 10)
    await live(home, 65, exporting)
    time.set(86_400_000)
    await live(home, 20, (passed) => exporting(passed - 86_400))
    expect(trust).toEqual(reasons)
    time.set(-86_400_000)
    clock.look()
    clock.hearServer(0, 10)
    await live(home, 100, exporting)
    const readings = await stored()
    expect(readings.map(({ time: at }) => at - epochTime)).toEqual([60, 120, 180])
    expect(readings.every(({ exportWh }, index) => exportWh === 60 * (index + 1))).toBe(true)
  })
})

test('after a failed write the store is asked for the truth, and metering goes on from there', async () => {
  const { home } = open()
  await live(home, 50, exporting)
  await outbox.close()
  await live(home, 10, exporting)
  await live(home, 10, exporting)
  expect(await stored()).toMatchObject([{ exportWh: 60, quality: 0, sequence: 1 }])
  expect(outbox.queued(key.address)).toBe(1)
})
