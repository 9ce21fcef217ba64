/** One device of a home: polled never twice at once, with what its last polls were like. */
import type { TimeSource } from '../home/clock.ts'
import { ModbusError } from '../modbus/error.ts'
import { DeviceError } from '../registers/device-error.ts'
import type { TimedSample } from '../registers/sample.ts'
import type { DeviceConfig } from '../setup/config.ts'
import type { Device, DeviceOptions } from './device.ts'

export type OpenDevice = (options: DeviceOptions) => Device

/** After this many failures in a row a device counts as offline. */
const failuresUntilOffline = 3
/** What a gateway answers for a device that does not answer it. */
const nobodyBehindGateway = 11
const firstBackOffMs = 1_000
const longestBackOffMs = 60_000

export class PolledDevice {
  /** Tells the home's devices apart, as long as the configuration stays. */
  readonly name: string
  readonly role: DeviceConfig['role']
  readonly #device: Device
  readonly #time: TimeSource
  readonly #changed: (online: boolean, reason: string) => void
  #running: Promise<TimedSample | null> | null = null
  #failuresInARow = 0
  /** Polls in a row that the device refused, though it could be reached. */
  #refusalsInARow = 0
  /** Monotonic: no poll before. */
  #backOffUntilMs = Number.NEGATIVE_INFINITY
  #startedAtMs = Number.NEGATIVE_INFINITY
  #lastDurationMs = 0
  /** `null` before the first verdict. */
  online: boolean | null = null
  error: string | null = null
  latest: TimedSample | null = null
  polls = 0
  failures = 0
  /** How long a whole poll takes: the shorter of the last two, since a device may have to be discovered first. */
  roundTripMs = 0

  constructor(
    config: DeviceConfig,
    options: { open: OpenDevice; time: TimeSource; changed: (online: boolean, reason: string) => void },
  ) {
    const { url, unit, profile, inverted, gridUnit, meter, confirmed, role } = config
    this.name = [role, url, unit ?? '', profile].join(' ')
    this.role = role
    const measured = role === 'battery' ? undefined : role
    this.#device = options.open({ url, unit, profile, inverted, gridUnit, meter, confirmed, role: measured })
    this.#time = options.time
    this.#changed = options.changed
  }

  /** False for so long after a poll that a slow device is asked less than half of the time. */
  get isDue(): boolean {
    return this.#time.monotonicMs() >= this.#startedAtMs + 2 * this.roundTripMs
  }

  /** Polls the device, or joins the poll that is running; `null` when it failed, or failed lately and is left alone. */
  async poll(): Promise<TimedSample | null> {
    if (this.#time.monotonicMs() < this.#backOffUntilMs) return null
    this.#running ??= this.#poll().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  close(): Promise<void> {
    return this.#device.close()
  }

  async #poll(): Promise<TimedSample | null> {
    this.polls += 1
    this.#startedAtMs = this.#time.monotonicMs()
    try {
      const device = await this.#device.poll()
      const clockOffsetMs = this.#time.wallMs() - this.#time.monotonicMs()
      const middleMs = (device.requestedAtMs + device.repliedAtMs) / 2
      const durationMs = this.#time.monotonicMs() - this.#startedAtMs
      this.roundTripMs = Math.min(durationMs, this.#lastDurationMs)
      this.#lastDurationMs = durationMs
      this.latest = { atMs: Math.round(middleMs + clockOffsetMs), clockOffsetMs, device }
      this.error = null
      this.#failuresInARow = 0
      this.#refusalsInARow = 0
      this.#set(true, identityOf(this.latest))
      return this.latest
    } catch (error) {
      this.#failed(error)
      return null
    }
  }

  /** A link that fails has a back-off of its own; a device that refuses is left alone for longer and longer. */
  #failed(error: unknown): void {
    this.failures += 1
    this.#failuresInARow += 1
    this.error = error instanceof Error ? error.message : String(error)
    const refused = error instanceof DeviceError && !error.isLinkFailure
    this.#refusalsInARow = refused ? this.#refusalsInARow + 1 : 0
    if (refused) {
      const backOffMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.#refusalsInARow - 1))
      this.#backOffUntilMs = this.#time.monotonicMs() + backOffMs
    }
    const absent = error instanceof ModbusError && error.exception === nobodyBehindGateway
    if (absent || this.#failuresInARow >= failuresUntilOffline) this.#set(false, this.error)
  }

  #set(online: boolean, reason: string): void {
    if (online === this.online) return
    this.online = online
    this.#changed(online, reason)
  }
}

/** What a device says it is, in one line. */
export function identityOf({ device: { device } }: TimedSample): string {
  return [device.manufacturer, device.model, device.serialNumber].filter((part) => part !== null).join(' ')
}
