/** Serves all simulated devices of a street and keeps their counters. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { listenTrouble } from '../../contracts/protocol/listen-trouble.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { openSerialStream, type SerialStream } from '../modbus/link.ts'
import { ConfigError } from '../setup/config.ts'
import { answerOnStream, type ServedDevice, serveDevice } from './device-server.ts'
import type { DeviceValues } from './device-values.ts'
import type { FaultRequest } from './faults.ts'
import { advanceHome, type HomeState, type HomeTraits, newHome } from './household.ts'
import {
  descriptionOf,
  deviceName,
  type HomeConfig,
  type quantities,
  type StreetConfig,
  type StreetDeviceConfig,
  type scriptSchema,
} from './street-config.ts'
import { type Charging, type ServedWallbox, serveWallbox } from './wallbox.ts'

/** A device of the street and how to reach it. */
export interface StreetDevice {
  home: string
  name: string
  url: string
  unit: number
  profile: string
}

/** A home's wallbox and how to reach it. */
export interface StreetWallbox {
  home: string
  url: string
  unit: number
}

export interface ServedStreet {
  devices: StreetDevice[]
  wallboxes: StreetWallbox[]
  /** The homes' present states by name; those that follow a script have none. */
  states(): Record<string, HomeState>
  /** False when there is no such device. */
  setFault(device: string, fault: FaultRequest | null): boolean
  close(): Promise<void>
}

/** Physics advances in steps of this length on one time grid, so that it comes out the same however often it is restarted. */
const stepMs = 250
const saveEveryMs = 1_000
/** Longer than this a home that was switched off is not lived through step by step: its counters go on from where they were. */
const longestCatchUpMs = 7 * 86_400_000

const serialDeadlineMs = 5_000

/**
 * Serves all devices of a street until it is closed.
 * @param now the clock, UTC milliseconds
 * @throws ConfigError for ports, serial ports and a state file that cannot be used
 */
export async function serveStreet(config: StreetConfig, now: () => number = Date.now): Promise<ServedStreet> {
  const saved = loadStates(config.stateFile)
  const homes = config.homes.map((home) => new LivingHome(config, home, { saved: saved[home.name], nowMs: now() }))
  const served = new Map<string, Omit<ServedDevice, 'port'>>()
  const lines = new Map<string, SerialStream>()
  const devices: StreetDevice[] = []
  const states = () =>
    Object.fromEntries(homes.flatMap((home) => (home.state ? [[home.config.name, home.state] as const] : [])))
  const save = () => {
    if (config.stateFile) saveStates(config.stateFile, states())
  }
  const wallboxes: StreetWallbox[] = []
  const closeDevices = async () => {
    await Promise.all([...served.values()].map((device) => device.close()))
    await Promise.all(homes.map((home) => home.wallbox?.close()))
    for (const line of lines.values()) line.close()
  }

  async function serve(
    home: LivingHome,
    device: StreetDeviceConfig,
  ): Promise<{ url: string; server: Omit<ServedDevice, 'port'> }> {
    const values = () => home.values(device.kind === 'sunspec' ? device : null, now())
    const description = descriptionOf(device)
    if (device.transport === 'rtu') {
      const endpoint = parseEndpoint(device.serialPort!)
      const line = lines.get(endpoint.key) ?? (await openSerialStream(endpoint, serialDeadlineMs))
      lines.set(endpoint.key, line)
      return { url: device.serialPort!, server: answerOnStream(description, values, line.stream) }
    }
    const { port, transport } = device
    const server = await serveDevice(description, values, { port, transport })
    return { url: `${transport}://127.0.0.1:${server.port}`, server }
  }

  try {
    save()
    for (const home of homes) {
      for (const [index, device] of home.config.devices.entries()) {
        const name = deviceName(home.config, device, index)
        const { url, server } = await serve(home, device)
        served.set(name, server)
        const profile = device.kind === 'sunspec' ? 'sunspec' : device.profile
        devices.push({ home: home.config.name, name, url, unit: descriptionOf(device).unit, profile })
      }
      const { name, wallbox } = home.config
      if (!wallbox) continue
      home.wallbox = await serveWallbox(wallbox, () => home.charging)
      wallboxes.push({ home: name, url: `tcp://127.0.0.1:${home.wallbox.port}`, unit: wallbox.unit })
    }
  } catch (error) {
    await closeDevices()
    throw new ConfigError('CONFIG_INVALID', [listenTrouble(error, { setting: 'for its device' })], error)
  }
  let savedAtMs = 0
  const timer = setInterval(() => {
    const nowMs = now()
    for (const home of homes) {
      home.liveUntil(nowMs)
      if (home.offlineChanged(nowMs)) {
        for (const device of devices) {
          if (device.home === home.config.name) void served.get(device.name)!.setOffline(home.offline)
        }
      }
    }
    if (nowMs - savedAtMs < saveEveryMs) return
    savedAtMs = nowMs
    save()
  }, stepMs)
  return {
    devices,
    wallboxes,
    states,
    setFault(name, fault) {
      const device = served.get(name)
      device?.setFault(fault)
      return device !== undefined
    },
    async close() {
      clearInterval(timer)
      save()
      await closeDevices()
    },
  }
}

class LivingHome {
  readonly config: HomeConfig
  readonly #home: HomeTraits
  readonly #script: Script | null
  #state: HomeState
  offline = false
  wallbox: ServedWallbox | null = null

  constructor(
    street: StreetConfig,
    config: HomeConfig,
    { saved, nowMs }: { saved: HomeState | undefined; nowMs: number },
  ) {
    this.config = config
    this.#script = config.script ? new Script(config.script) : null
    this.#home = homeOf(street, config)
    this.#state = saved ?? newHome(Math.floor(nowMs / stepMs) * stepMs, config.counters)
    this.liveUntil(nowMs)
  }

  /** `null` for a home that follows a script. */
  get state(): HomeState | null {
    return this.#script ? null : this.#state
  }

  liveUntil(nowMs: number): void {
    if (this.#script) return
    if (nowMs - this.#state.timeMs > longestCatchUpMs) {
      this.#state = { ...this.#state, timeMs: Math.floor(nowMs / stepMs) * stepMs }
    }
    const carW = this.wallbox?.allowed ? this.config.wallbox!.powerKw * 1000 : 0
    while (this.#state.timeMs + stepMs <= nowMs) this.#state = advanceHome(this.#home, this.#state, stepMs / 1000, carW)
  }

  get charging(): Charging {
    return { powerW: this.#state.carW, energyMilliWh: this.#state.carMilliWh }
  }

  /** True when the schedule has just switched the home's devices off or on. */
  offlineChanged(nowMs: number): boolean {
    const schedule = this.config.offlineSchedule
    if (!schedule) return false
    const into = (nowMs / 1000) % schedule.everySeconds
    const offline = into >= schedule.everySeconds - schedule.forSeconds
    const changed = offline !== this.offline
    this.offline = offline
    return changed
  }

  values(identity: { manufacturer: string; model: string } | null, nowMs: number): DeviceValues {
    const { name, pvKwp, batteryKwh, serialNumber = name.toUpperCase().slice(0, 16) } = this.config
    const who = {
      manufacturer: identity?.manufacturer ?? null,
      model: identity?.model ?? null,
      version: '1.0',
      serialNumber,
    }
    if (this.#script) return { ...this.#script.values(nowMs), ...who }
    const state = this.#state
    const milliWh = (value: number) => BigInt(Math.floor(value))
    return {
      powerW: Math.round(state.powerW),
      productionW: pvKwp > 0 ? Math.round(state.productionW) : null,
      importMilliWh: milliWh(state.importMilliWh),
      exportMilliWh: milliWh(state.exportMilliWh),
      productionMilliWh: pvKwp > 0 ? milliWh(state.productionMilliWh) : null,
      batteryPowerW: batteryKwh > 0 ? Math.round(state.batteryPowerW) : null,
      stateOfChargePercent: batteryKwh > 0 ? Math.round(state.batteryWh / batteryKwh / 10) : null,
      ...who,
    }
  }
}

/** Values that step at given times. */
class Script {
  readonly #startMs: number
  readonly #steps: { atMs: number; quantity: (typeof quantities)[number]; value: number | null }[]

  constructor({ start, steps }: z.output<typeof scriptSchema>) {
    this.#startMs = Date.parse(start)
    this.#steps = steps
      .map(({ at, quantity, value }) => ({ atMs: at * 1000, quantity, value }))
      .sort((a, b) => a.atMs - b.atMs)
  }

  values(nowMs: number): Omit<DeviceValues, 'manufacturer' | 'model' | 'version' | 'serialNumber'> {
    const now = new Map<string, number | null>()
    for (const { atMs, quantity, value } of this.#steps) {
      if (this.#startMs + atMs <= nowMs) now.set(quantity, value)
    }
    const number = (quantity: (typeof quantities)[number]) => now.get(quantity) ?? null
    const energy = (quantity: (typeof quantities)[number]) => {
      const wh = number(quantity)
      return wh === null ? null : BigInt(Math.round(wh * 1000))
    }
    return {
      powerW: number('powerW'),
      productionW: number('productionW'),
      importMilliWh: energy('importWh'),
      exportMilliWh: energy('exportWh'),
      productionMilliWh: energy('productionWh'),
      batteryPowerW: number('batteryPowerW'),
      stateOfChargePercent: number('stateOfChargePercent'),
    }
  }
}

function homeOf(street: StreetConfig, config: HomeConfig): HomeTraits {
  const { pvKwp, azimuthDeg, tiltDeg, batteryKwh, batteryKw } = config
  return {
    seed: config.seed,
    cloudSeed: street.cloudSeed,
    sky: {
      dayLengthSeconds: street.dayLengthSeconds,
      epochMs: Date.parse(street.epoch),
      latitudeDegrees: street.latitudeDeg,
      declinationDegrees: street.declinationDeg,
    },
    panels: pvKwp > 0 ? { peakKw: pvKwp, azimuthDegrees: azimuthDeg, tiltDegrees: tiltDeg } : null,
    load: config.load,
    loadScale: config.loadScale,
    battery: batteryKwh > 0 ? { capacityWh: batteryKwh * 1000, powerW: batteryKw * 1000 } : null,
    mainFuseW: config.mainFuseW,
  }
}

const stateSchema = z.record(
  z.string(),
  z.strictObject({
    timeMs: z.number(),
    importMilliWh: z.number().min(0),
    exportMilliWh: z.number().min(0),
    productionMilliWh: z.number().min(0),
    batteryWh: z.number().min(0),
    powerW: z.number(),
    productionW: z.number(),
    batteryPowerW: z.number(),
    loadW: z.number(),
    carW: z.number().min(0).default(0),
    carMilliWh: z.number().min(0).default(0),
  }),
)

function loadStates(file: string | undefined): Record<string, HomeState> {
  if (!file) return {}
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    const problem = `${file} does not hold what a simulation saves: remove it to begin anew`
    throw new ConfigError('CONFIG_INVALID', [problem], error)
  }
}

/** Replaces the file in one step, so that a kill leaves the old or the new one. */
function saveStates(file: string, states: Record<string, HomeState>): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, JSON.stringify(states))
  renameSync(fresh, file)
}
