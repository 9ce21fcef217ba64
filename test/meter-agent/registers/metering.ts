/** A meter for tests of the rules of metering. */
import type { DeviceSample } from '../../../meter-agent/registers/device-sample.ts'
import type { BoundaryReading, ObservationOutcome } from '../../../meter-agent/registers/meter.ts'
import { observeGrid, observeProduction } from '../../../meter-agent/registers/meter.ts'
import type { MeterRules } from '../../../meter-agent/registers/sample.ts'
import type { MeterState } from '../../../meter-agent/registers/state.ts'
import { parseState, printState, resume, startEpoch } from '../../../meter-agent/registers/state.ts'

/** 2027-01-15 08:00 UTC, a boundary of every interval that divides a day. */
export const epochTime = 1_800_000_000

export interface Poll {
  importWh?: number | null
  exportWh?: number | null
  productionWh?: number | null
  powerW?: number | null
  productionW?: number | null
  serialNumber?: string | null
  resolutionWh?: number
  maxWh?: number | null
  verified?: boolean
  counting?: DeviceSample['counting']
  phasePowersW?: number[] | null
}

/** A meter under test: polls at seconds after the epoch's start, and the readings they gave. */
export class TestMeter {
  state: MeterState
  readonly rules: MeterRules
  readonly readings: BoundaryReading[] = []
  outcome: ObservationOutcome | null = null
  /** Wall clock minus monotonic clock. */
  clockOffsetMs = 1_700_000_000_000

  constructor(rules: Partial<MeterRules> = {}) {
    this.rules = {
      intervalMs: 900_000,
      gapLimitMs: 60_000,
      nameplateW: 10_000,
      mainFuseW: 43_470,
      // Most rules are seen apart from the one that sells nothing before power has confirmed it.
      confirmed: true,
      ...rules,
    }
    this.state = startEpoch({ epoch: 1, epochTime, sequence: 0 })
  }

  /** Polls the grid device; returns the readings that this poll completed. */
  poll(atSeconds: number, poll: Poll): BoundaryReading[] {
    const observed = observeGrid(this.state, this.#sample(atSeconds, poll), this.rules)
    this.state = observed.state
    this.outcome = observed.outcome
    this.readings.push(...observed.readings)
    return observed.readings
  }

  pollProduction(name: string, atSeconds: number, poll: Poll): void {
    this.state = observeProduction(this.state, name, this.#sample(atSeconds, poll), this.rules)
  }

  /** Polls every `everySeconds` from `from` to `to` (both included). */
  pollFromTo(from: number, to: number, everySeconds: number, poll: (atSeconds: number) => Poll): void {
    for (let at = from; at <= to; at += everySeconds) this.poll(at, poll(at))
  }

  /** As if the process had ended and started again. */
  restart(): void {
    this.state = resume(parseState(printState(this.state)))
  }

  /** The reading of the boundary that is `intervals` after the epoch's start. */
  at(intervals: number): BoundaryReading | undefined {
    return this.readings.find(({ time }) => time === epochTime + (intervals * this.rules.intervalMs) / 1000)
  }

  #sample(atSeconds: number, poll: Poll) {
    const atMs = Math.round((epochTime + atSeconds) * 1000)
    const resolutionMilliWh = BigInt(Math.round((poll.resolutionWh ?? 1) * 1000))
    const maxMilliWh = poll.maxWh === undefined || poll.maxWh === null ? null : BigInt(poll.maxWh) * 1000n
    const counter = (wh: number | null | undefined) =>
      wh === null || wh === undefined
        ? null
        : { milliWh: BigInt(Math.round(wh * 1000)), resolutionMilliWh, maxMilliWh, verified: poll.verified ?? true }
    const device: DeviceSample = {
      requestedAtMs: atMs - this.clockOffsetMs,
      repliedAtMs: atMs - this.clockOffsetMs,
      device: {
        manufacturer: 'Example',
        model: 'M',
        version: null,
        serialNumber: poll.serialNumber === undefined ? 'S1' : poll.serialNumber,
      },
      reading: {
        powerW: poll.powerW ?? null,
        productionW: poll.productionW ?? null,
        importWh: poll.importWh ?? null,
        exportWh: poll.exportWh ?? null,
        productionWh: poll.productionWh ?? null,
        batteryPowerW: null,
        stateOfChargePercent: null,
      },
      counters: {
        import: counter(poll.importWh),
        export: counter(poll.exportWh),
        production: counter(poll.productionWh),
      },
      counting: poll.counting,
      phasePowersW: poll.phasePowersW,
      warnings: [],
    }
    return { atMs, clockOffsetMs: this.clockOffsetMs, device }
  }
}
