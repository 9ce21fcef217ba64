/** One device of a home: polled never twice at once, with what its last polls were like. */
import type { TimeSource } from './clock.ts'
import type { DeviceConfig } from './config.ts'
import type { Device, DeviceOptions } from './device.ts'
import type { TimedSample } from './registers/sample.ts'

export type OpenDevice = (options: DeviceOptions) => Device

/** After this many failures in a row a device counts as offline. */
const failuresUntilOffline = 3

export class PolledDevice {
  /** Tells the home's devices apart, as long as the configuration stays. */
  readonly name: string
  readonly role: DeviceConfig['role']
  readonly #device: Device
  readonly #time: TimeSource
  readonly #changed: (online: boolean, reason: string) => void
  #running: Promise<TimedSample | null> | null = null
  #failuresInARow = 0
  /** `null` before the first verdict. */
  online: boolean | null = null
  error: string | null = null
  latest: TimedSample | null = null
  polls = 0
  failures = 0
  roundTripMs = 0

  constructor(
    config: DeviceConfig,
    options: { open: OpenDevice; time: TimeSource; changed: (online: boolean, reason: string) => void },
  ) {
    const { url, unit, profile, inverted, gridUnit, role } = config
    this.name = [role, url, unit ?? '', profile].join(' ')
    this.role = role
    this.#device = options.open({ url, unit, profile, inverted, gridUnit, role: role === 'battery' ? undefined : role })
    this.#time = options.time
    this.#changed = options.changed
  }

  /** Polls the device, or joins the poll that is running; `null` when it failed. */
  poll(): Promise<TimedSample | null> {
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
    try {
      const device = await this.#device.poll()
      const clockOffsetMs = this.#time.wallMs() - this.#time.monotonicMs()
      const middleMs = (device.requestedAtMs + device.repliedAtMs) / 2
      this.roundTripMs = device.repliedAtMs - device.requestedAtMs
      this.latest = { atMs: Math.round(middleMs + clockOffsetMs), clockOffsetMs, device }
      this.error = null
      this.#failuresInARow = 0
      this.#set(true, identityOf(this.latest))
      return this.latest
    } catch (error) {
      this.failures += 1
      this.#failuresInARow += 1
      this.error = error instanceof Error ? error.message : String(error)
      if (this.#failuresInARow >= failuresUntilOffline) this.#set(false, this.error)
      return null
    }
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
