/** What the configuration of `simulate` says: a street's homes and their devices. */
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { ModbusError } from '../modbus/error.ts'
import { profiles } from '../profiles/families.ts'
import { ConfigError } from '../setup/config.ts'
import type { DeviceDescription } from './device-server.ts'
import { loadProfileNames } from './household.ts'
import { canSimulateModel, chainSize, pointNames } from './sunspec-image.ts'

const port = z.number().int().min(0).max(65_535)
const unit = z.number().int().min(0).max(255)

const place = {
  /** How faults name the device; by default the home's name, `/` and its place in the list. */
  name: z.string().min(1).optional(),
  /** 0 takes a free one. */
  port: port.default(0),
  transport: z.enum(['tcp', 'rtutcp', 'rtu']).default('tcp'),
  /** For `rtu`: `rtu:///dev/ttyUSB1?baud=9600&parity=none`, the simulator's end of the line. Several devices may share it. */
  serialPort: z.string().refine(isSerialPort, 'write rtu:///dev/ttyUSB1?baud=9600&parity=none').optional(),
}

function isSerialPort(text: string): boolean {
  try {
    return parseEndpoint(text).transport === 'rtu'
  } catch (error) {
    if (error instanceof ModbusError) return false
    throw error
  }
}

const deviceSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sunspec'),
      ...place,
      unit: unit.default(1),
      models: z.array(z.number().refine(canSimulateModel, 'this model cannot be simulated')).default([1, 103, 1, 203]),
      base: z.union([z.literal(0), z.literal(40_000), z.literal(50_000)]).default(40_000),
      scaleFactors: z.record(z.string(), z.number().int().min(-10).max(10)).default({}),
      /** Elements of repeating groups, by the group's name: `{ module = 4, Crv = 1, Pt = 3 }`. */
      elements: z.record(z.string(), z.number().int().min(0).max(20)).default({}),
      /** Fixed values, scaled, by model and path: `{ "160.module[2].IDStr" = "StCha 3" }`. */
      points: z.record(z.string(), z.union([z.number(), z.string(), z.null()])).default({}),
      manufacturer: z.string().max(32).default('Commonwatt'),
      model: z.string().max(32).default('Simulated'),
    }),
    z.strictObject({
      kind: z.literal('profile'),
      ...place,
      profile: z.string().refine((name) => profiles.has(name), 'there is no such profile'),
      /** The Modbus unit id; by default the one from the factory. */
      unit: unit.optional(),
      gridUnit: unit.optional(),
    }),
  ])
  .superRefine((device, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if ((device.transport === 'rtu') !== (device.serialPort !== undefined)) {
      refuse('serialPort', 'a device with transport "rtu", and no other, has a serial port')
    }
    if (device.kind !== 'sunspec' || !device.models.every(canSimulateModel)) return
    const names = pointNames(device)
    const unknown = Object.keys(device.points).find((name) => !names.has(name))
    if (unknown !== undefined) refuse('points', `no model of this device has the point ${JSON.stringify(unknown)}`)
    if (device.base + chainSize(device) > 0x10000) {
      refuse('models', 'the chain is longer than the register space: take fewer models or elements')
    }
  })

export const quantities = [
  'powerW',
  'productionW',
  'importWh',
  'exportWh',
  'productionWh',
  'batteryPowerW',
  'stateOfChargePercent',
] as const

export const scriptSchema = z.strictObject({
  /** UTC, ISO 8601: when `at` is 0. */
  start: z.iso.datetime(),
  steps: z.array(
    z.strictObject({
      /** When the values begin to hold, in seconds after `start`. */
      at: z.number(),
      quantity: z.enum(quantities),
      value: z.number().nullable(),
    }),
  ),
})

const homeSchema = z
  .strictObject({
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
      .refine(({ everySeconds, forSeconds }) => forSeconds < everySeconds, 'forSeconds must be less than everySeconds')
      .optional(),
    /** A wallbox with a car, which somebody has to allow to charge: `wallbox.ts` has its registers. */
    wallbox: z
      .strictObject({ port: port.default(0), unit: unit.default(255), powerKw: z.number().positive() })
      .optional(),
    /** In place of physics: exact values, each holding until the next. */
    script: scriptSchema.optional(),
    devices: z.array(deviceSchema).min(1),
  })
  .refine(({ script, wallbox }) => !(script && wallbox), 'a home that follows a script has no car')

const streetSchema = z
  .strictObject({
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
  .superRefine(({ homes, controlPort }, context) => {
    const once = (what: string, used: readonly (string | number)[]) => {
      const twice = used.find((value, index) => used.indexOf(value) !== index)
      if (twice !== undefined) context.addIssue({ code: 'custom', path: ['homes'], message: `two ${what} ${twice}` })
    }
    const devices = homes.flatMap((home) => home.devices)
    once(
      'homes are called',
      homes.map(({ name }) => name),
    )
    once(
      'devices are called',
      homes.flatMap((home) => home.devices.map((device, index) => deviceName(home, device, index))),
    )
    once(
      'servers have the port',
      [
        ...devices.map((device) => device.port),
        ...homes.map(({ wallbox }) => wallbox?.port ?? 0),
        controlPort ?? 0,
      ].filter((number) => number !== 0),
    )
  })

/** The configuration file of `simulate` as it is written. */
export type StreetConfigInput = z.input<typeof streetSchema>
export type StreetConfig = z.output<typeof streetSchema>
export type HomeConfig = StreetConfig['homes'][number]
export type StreetDeviceConfig = HomeConfig['devices'][number]

/** Checks a configuration. @throws ConfigError naming each mistake */
export function parseStreet(config: unknown): StreetConfig {
  const { data, mistakes } = checkForm(streetSchema, config)
  if (mistakes !== null) throw new ConfigError('CONFIG_INVALID', mistakeLines(mistakes))
  return data
}

/** The name by which faults call a device. */
export function deviceName(home: HomeConfig, device: StreetDeviceConfig, index: number): string {
  return device.name ?? `${home.name}/${index + 1}`
}

export function descriptionOf(device: StreetDeviceConfig): DeviceDescription {
  if (device.kind === 'sunspec') {
    const { unit: id, models, base, scaleFactors, elements, points } = device
    return { kind: 'sunspec', unit: id, models, base, scaleFactors, elements, points }
  }
  return {
    kind: 'profile',
    name: device.profile,
    unit: device.unit ?? profiles.get(device.profile)!.unit,
    gridUnit: device.gridUnit,
  }
}
