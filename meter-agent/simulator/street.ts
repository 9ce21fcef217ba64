import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { profiles } from '../profiles/families.ts'
import { type DeviceDescription, type ServedDevice, serveDevice } from './device-server.ts'
import type { DeviceValues } from './device-values.ts'
import type { FaultRequest } from './faults.ts'
import { advanceHome, type Home, type HomeState, loadProfileNames, newHome } from './household.ts'
import { canSimulateModel } from './sunspec-image.ts'

const port = z.number().int().min(0).max(65_535)
const unit = z.number().int().min(0).max(255)

const place = {
  /** How faults name the device; by default the home's name, `/` and its place in the list. */
  name: z.string().min(1).optional(),
  /** 0 takes a free one. */
  port: port.default(0),
  transport: z.enum(['tcp', 'rtutcp']).default('tcp'),
}

const deviceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sunspec'),
    ...place,
    unit: unit.default(1),
    models: z.array(z.number().refine(canSimulateModel, 'this model cannot be simulated')).default([1, 103, 1, 203]),
    base: z.union([z.literal(0), z.literal(40_000), z.literal(50_000)]).default(40_000),
    scaleFactors: z.record(z.string(), z.number().int().min(-10).max(10)).default({}),
    manufacturer: z.string().max(32).default('Commonwatt'),
    model: z.string().max(32).default('Simulated'),
  }),
  z.strictObject({
    kind: z.literal('profile'),
    ...place,
    profile: z.string().refine((name) => profiles.has(name), 'there is no such profile'),
    /** By default the one from the factory. */
    unit: unit.optional(),
    gridUnit: unit.optional(),
  }),
])

const quantities = [
  'powerW',
  'productionW',
  'importWh',
  'exportWh',
  'productionWh',
  'batteryPowerW',
  'stateOfChargePercent',
] as const

const scriptSchema = z.strictObject({
  /** UTC, ISO 8601: when `at` is 0. */
  start: z.iso.datetime(),
  steps: z.array(
    z.strictObject({
      /** Seconds after `start`. */
      at: z.number(),
      quantity: z.enum(quantities),
      value: z.number().nullable(),
    }),
  ),
})

const homeSchema = z.strictObject({
  name: z.string().min(1),
  seed: z.number().int().default(1),
  pvKwp: z.number().min(0).default(0),
  azimuthDeg: z.number().min(0).max(360).default(180),
  tiltDeg: z.number().min(0).max(90).default(35),
  load: z.enum(loadProfileNames).default('household'),
  loadScale: z.number().min(0).default(1),
  batteryKwh: z.number().min(0).default(0),
  batteryKw: z.number().positive().default(3),
  mainFuseW: z
    .number()
    .positive()
    .default(3 * 63 * 230),
  serialNumber: z.string().max(16).optional(),
  /** What the counters say at the very first start. */
  counters: z
    .strictObject({
      importWh: z.number().min(0).default(0),
      exportWh: z.number().min(0).default(0),
      productionWh: z.number().min(0).default(0),
    })
    .prefault({}),
  /** The home's devices refuse connections for `forSeconds` at the end of every `everySeconds`. */
  offlineSchedule: z
    .strictObject({ everySeconds: z.number().positive(), forSeconds: z.number().positive() })
    .optional(),
  /** In place of physics: exact values, each holding until the next. */
  script: scriptSchema.optional(),
  devices: z.array(deviceSchema).min(1),
})

const streetSchema = z.strictObject({
  /** Real seconds of a sky day. */
  dayLengthSeconds: z.number().min(1).default(86_400),
  /** When a sky day begins; by default the Unix epoch. */
  epoch: z.iso.datetime().default('1970-01-01T00:00:00Z'),
  latitudeDeg: z.number().min(-66).max(66).default(50),
  declinationDeg: z.number().min(-23.5).max(23.5).default(15),
  cloudSeed: z.number().int().default(1),
  /** Counters are kept here, so that a restart goes on from them. */
  stateFile: z.string().min(1).optional(),
  /** Faults are taken at http://127.0.0.1:<port>/faults/<device>. */
  controlPort: port.optional(),
  homes: z.array(homeSchema).min(1),
})

/** The configuration file of `simulate` as it is written. */
export type StreetConfigInput = z.input<typeof streetSchema>
export type StreetConfig = z.output<typeof streetSchema>
type HomeConfig = StreetConfig['homes'][number]

/** Checks a configuration. @throws ZodError naming each mistake */
export function parseStreet(config: unknown): StreetConfig {
  return streetSchema.parse(config)
}

/** A device of the street and how to reach it. */
export interface StreetDevice {
  home: string
  name: string
  url: string
  unit: number
  profile: string
}

export interface Street {
  devices: StreetDevice[]
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

/** Serves all devices of a street until it is closed. */
export async function serveStreet(config: StreetConfig): Promise<Street> {
  const saved = loadStates(config.stateFile)
  const homes = config.homes.map((home) => new LivingHome(config, home, saved[home.name]))
  const served = new Map<string, ServedDevice>()
  const devices: StreetDevice[] = []
  for (const home of homes) {
    for (const [index, device] of home.config.devices.entries()) {
      const name = device.name ?? `${home.config.name}/${index + 1}`
      if (served.has(name)) throw new RangeError(`two devices are called "${name}"`)
      const description = descriptionOf(device)
      const values = () => home.values(device.kind === 'sunspec' ? device : null)
      const server = await serveDevice(description, values, { port: device.port, transport: device.transport })
      served.set(name, server)
      devices.push({
        home: home.config.name,
        name,
        url: `${device.transport}://127.0.0.1:${server.port}`,
        unit: description.unit,
        profile: device.kind === 'sunspec' ? 'sunspec' : device.profile,
      })
    }
  }
  const states = () =>
    Object.fromEntries(homes.flatMap((home) => (home.state ? [[home.config.name, home.state] as const] : [])))
  const save = () => {
    if (config.stateFile) saveStates(config.stateFile, states())
  }
  let savedAtMs = 0
  const timer = setInterval(() => {
    const nowMs = Date.now()
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
    states,
    setFault(name, fault) {
      const device = served.get(name)
      device?.setFault(fault)
      return device !== undefined
    },
    async close() {
      clearInterval(timer)
      save()
      await Promise.all([...served.values()].map((device) => device.close()))
    },
  }
}

class LivingHome {
  readonly config: HomeConfig
  readonly #home: Home
  readonly #script: Script | null
  #state: HomeState
  offline = false

  constructor(street: StreetConfig, config: HomeConfig, saved: HomeState | undefined) {
    this.config = config
    this.#script = config.script ? new Script(config.script) : null
    this.#home = homeOf(street, config)
    const nowMs = Math.floor(Date.now() / stepMs) * stepMs
    this.#state = saved ?? newHome(nowMs, config.counters)
    this.liveUntil(Date.now())
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
    while (this.#state.timeMs + stepMs <= nowMs) this.#state = advanceHome(this.#home, this.#state, stepMs / 1000)
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

  values(identity: { manufacturer: string; model: string } | null): DeviceValues {
    const { name, pvKwp, batteryKwh, serialNumber = name.toUpperCase().slice(0, 16) } = this.config
    const who = {
      manufacturer: identity?.manufacturer ?? null,
      model: identity?.model ?? null,
      version: '1.0',
      serialNumber,
    }
    if (this.#script) return { ...this.#script.values(Date.now()), ...who }
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

function homeOf(street: StreetConfig, config: HomeConfig): Home {
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

function descriptionOf(device: HomeConfig['devices'][number]): DeviceDescription {
  if (device.kind === 'sunspec') {
    const { unit: id, models, base, scaleFactors } = device
    return { kind: 'sunspec', unit: id, models, base, scaleFactors }
  }
  return {
    kind: 'profile',
    name: device.profile,
    unit: device.unit ?? profiles.get(device.profile)!.unit,
    gridUnit: device.gridUnit,
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
  }),
)

function loadStates(file: string | undefined): Record<string, HomeState> {
  if (!file) return {}
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Replaces the file in one step, so that a kill leaves the old or the new one. */
function saveStates(file: string, states: Record<string, HomeState>): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, JSON.stringify(states))
  renameSync(fresh, file)
}
