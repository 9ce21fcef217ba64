/**
 * One meter at work: polls the devices of a home, meters what they count, signs what a boundary completes and stores it
 * before anyone else can see it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { SignedReading, Telemetry } from '../../contracts/protocol/wire.ts'
import { type OpenDevice, PolledDevice } from '../devices/polled-device.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { OutboxError } from '../outbox/outbox.ts'
import type { BoundaryReading, ObservationOutcome } from '../registers/meter.ts'
import { observeGrid, observeProduction } from '../registers/meter.ts'
import type { MeterRules, TimedSample } from '../registers/sample.ts'
import type { MeterState } from '../registers/state.ts'
import { resume } from '../registers/state.ts'
import type { Timing } from '../registers/timing.ts'
import type { MeterConfig } from '../setup/config.ts'
import type { ClockTrust, TimeSource } from './clock.ts'

export interface HomeOptions {
  config: MeterConfig
  key: Pick<Keyring, 'address' | 'signReading' | 'inTurn'>
  state: MeterState
  timing: Timing
  outbox: Outbox
  clock: ClockTrust
  time: TimeSource
  open: OpenDevice
  log: Logger
  /** New readings lie in the outbox. */
  signed: () => void
  telemetry: (values: Telemetry) => void
  /** The store failed; resolves when it works again. */
  repairStore: (error: OutboxError) => Promise<void>
}

/** The other devices get this long after the grid device has answered; their values may be in the next round. */
const graceMs = 500
const signaturesPerTurn = 20

export class Home {
  readonly config: MeterConfig
  readonly key: HomeOptions['key']
  readonly grid: PolledDevice
  readonly others: PolledDevice[]
  readonly signedByQuality = [0, 0, 0]
  readonly outcomes: Record<ObservationOutcome, number> = { accepted: 0, held: 0, rejected: 0, ignored: 0 }
  newest: BoundaryReading | null = null
  /** Why nothing is signed for this meter now; `null` while all is well. */
  held: string | null = null
  readonly #options: HomeOptions
  readonly #rules: MeterRules
  readonly #seen = new Map<PolledDevice, TimedSample>()
  #state: MeterState
  #trouble = ''

  constructor(options: HomeOptions) {
    const { config, timing, time, open, log } = options
    this.#options = options
    this.config = config
    this.key = options.key
    this.#state = resume(options.state)
    this.#rules = {
      intervalMs: timing.intervalMs,
      gapLimitMs: timing.gapLimitMs,
      nameplateW: config.nameplateW,
      mainFuseW: config.mainFuseW,
      confirmed: config.grid.confirmed === true,
      countsPerPhase: config.utilityCounts === 'per-phase',
    }
    const devices = [config.grid, ...config.others].map((device) => {
      const changed = (online: boolean, detail: string) => {
        const fields = { device: device.url, role: device.role, detail }
        if (online) log.info(fields, 'device online')
        else log.warn(fields, 'device offline')
      }
      return new PolledDevice(device, { open, time, changed })
    })
    this.grid = devices[0]!
    this.others = devices.slice(1)
  }

  get state(): MeterState {
    return this.#state
  }

  get devices(): PolledDevice[] {
    return [this.grid, ...this.others]
  }

  /** Polls everything once and does all that follows from it. */
  async round(): Promise<void> {
    const others = Promise.all(this.others.filter(({ isDue }) => isDue).map((device) => device.poll()))
    const grid = await this.grid.poll()
    await within(others, Math.min(graceMs, this.#options.timing.pollMs / 4))
    if (grid) this.#options.telemetry(this.live(grid))
    this.#options.clock.look()
    if (!this.#options.clock.trusted || this.held !== null) return
    try {
      await this.#meter(grid)
    } catch (error) {
      if (!(error instanceof OutboxError)) throw error
      await this.#options.repairStore(error)
      const stored = await this.#options.outbox.state(this.key.address)
      if (stored) this.#state = resume(stored)
    }
  }

  /** The live values at a time; `null` while the grid device is offline or its newest poll is too old. */
  liveAt(nowMs: number): Telemetry | null {
    const { latest, online } = this.grid
    return online && latest && nowMs - latest.atMs <= this.#threePollsMs(this.grid) ? this.live(latest) : null
  }

  /** Live values of the home, of polls that are not older than three poll intervals. */
  live(grid: TimedSample): Telemetry {
    const fresh = this.devices.filter(
      (device) =>
        device.online && device.latest !== null && device.latest.atMs >= grid.atMs - this.#threePollsMs(device),
    )
    const read = (field: 'productionW' | 'batteryPowerW' | 'stateOfChargePercent', devices = fresh) =>
      values(devices.map(({ latest }) => latest!.device.reading[field]))
    const charges = read('stateOfChargePercent')
    return {
      meter: this.key.address,
      timeMs: grid.atMs,
      powerW: grid.device.reading.powerW,
      // What a battery's inverter puts out was produced before, or bought.
      productionW: sum(
        read(
          'productionW',
          fresh.filter(({ role }) => role !== 'battery'),
        ),
      ),
      batteryPowerW: sum(read('batteryPowerW')),
      stateOfChargePercent: charges.length === 0 ? null : sum(charges)! / charges.length,
    }
  }

  /** A slow device is polled less often. */
  #threePollsMs(device: PolledDevice): number {
    return 3 * Math.max(this.#options.timing.pollMs, 2 * device.roundTripMs)
  }

  async close(): Promise<void> {
    await Promise.all(this.devices.map((device) => device.close()))
  }

  async #meter(grid: TimedSample | null): Promise<void> {
    let state = this.#state
    for (const device of this.others) {
      if (device.role !== 'production' || !this.#isNew(device)) continue
      state = observeProduction(state, device.name, device.latest!, this.#rules)
    }
    let readings: BoundaryReading[] = []
    if (grid && this.#isNew(this.grid)) {
      const { gapLimitMs, intervalMs } = this.#rules
      const ownGapMs = Math.min(intervalMs, this.#threePollsMs(this.grid))
      const observed = observeGrid(state, grid, { ...this.#rules, gapLimitMs: Math.max(gapLimitMs, ownGapMs) })
      state = observed.state
      readings = observed.readings
      this.outcomes[observed.outcome] += 1
    }
    if (state === this.#state) return
    const { outbox, log, signed } = this.#options
    const isStored = await this.key.inTurn(async () => {
      // What the server just told may forbid it.
      if (this.held !== null) return false
      await outbox.commit(this.key.address, state, await this.#sign(readings))
      return true
    })
    if (!isStored) return
    this.#state = state
    for (const reading of readings) {
      this.signedByQuality[reading.quality] = this.signedByQuality[reading.quality]! + 1
      this.newest = reading
      const { time, importWh, exportWh, quality, reasons } = reading
      log.debug({ time, importWh, exportWh, quality, reasons }, 'reading signed')
    }
    this.#report(state)
    if (readings.length > 0) signed()
  }

  #isNew(device: PolledDevice): boolean {
    if (!device.latest || this.#seen.get(device) === device.latest) return false
    this.#seen.set(device, device.latest)
    return true
  }

  async #sign(readings: readonly BoundaryReading[]): Promise<SignedReading[]> {
    const signed: SignedReading[] = []
    for (const reading of readings) {
      signed.push(this.key.signReading(reading))
      if (signed.length % signaturesPerTurn === 0) await nextTurn()
    }
    return signed
  }

  /** One line when what is wrong with the open interval changes. */
  #report(state: MeterState): void {
    const trouble = Object.keys(state.marks).sort().join(', ')
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    const { log } = this.#options
    if (state.marks['device-changed']) {
      const fields = { known: state.serialNumber, found: state.foreignSerialNumber }
      log.warn(fields, 'another device answers: nothing is sold until "commonwatt-agent enrol" starts a new epoch')
    } else if (trouble) log.warn({ reasons: trouble }, 'this interval is not plainly measured')
    else log.info('measuring plainly')
  }
}

function values(all: readonly (number | null)[]): number[] {
  return all.filter((value) => value !== null)
}

function sum(all: readonly number[]): number | null {
  return all.length === 0 ? null : all.reduce((total, value) => total + value, 0)
}

/** Waits for a promise that never rejects, but no longer than `ms`. */
async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, deadline])
  clearTimeout(timer)
}
