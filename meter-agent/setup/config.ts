/**
 * The agent's configuration file (TOML): where its data lies, which server, chain, escrow and area it works for, and the
 * meters with their devices. Every mistake is one line that says where, what and what to do.
 */

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { CodedError } from '../../contracts/protocol/error.ts'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import { usualUnit } from '../devices/device.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { ModbusError } from '../modbus/error.ts'

export class ConfigError extends CodedError<'CONFIG_UNREADABLE' | 'CONFIG_SYNTAX' | 'CONFIG_INVALID'> {
  override readonly name = 'ConfigError'
  /** One line for each mistake. */
  readonly problems: readonly string[]
  constructor(code: ConfigError['code'], problems: readonly string[], cause?: unknown) {
    super(code, problems.join('\n'), { cause })
    this.problems = problems
  }
}

const anAddress = z
  .string({ error: 'an account or contract address in quotes is needed: "0x" and 40 hexadecimal digits' })
  .transform((text, context) => {
    try {
      return parseAddress(text)
    } catch {
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(text)} is not an address: write "0x" and 40 hexadecimal digits`,
      })
      return z.NEVER
    }
  })

const whole = (least: number, most: number) => {
  const message = `a whole number from ${least} to ${most} is needed`
  return z.int({ error: message }).min(least, message).max(most, message)
}

const aText = z.string({ error: 'a text in quotes is needed' }).min(1, 'must not be empty')

const deviceUrl = aText.refine(isDeviceUrl, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no device: write "tcp://host:port", "rtu:///dev/ttyUSB0?baud=9600&parity=none" or "rtutcp://host:port"`,
})

/** Whether a device's address can be understood. */
export function isDeviceUrl(text: string): boolean {
  try {
    parseEndpoint(text)
    return true
  } catch (error) {
    if (error instanceof ModbusError) return false
    throw error
  }
}

const serverUrl = aText.refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no server: write its address as "https://host" or "http://host:port"`,
})

const roles = ['grid', 'production', 'battery'] as const

const deviceSchema = z.strictObject({
  url: deviceUrl,
  unit: whole(0, 255).optional(),
  profile: aText.default('sunspec'),
  role: z
    .enum(roles, { error: `write one of ${roles.map((role) => JSON.stringify(role)).join(', ')}` })
    .default('grid'),
  inverted: z.boolean({ error: 'write true or false' }).optional(),
  gridUnit: whole(0, 255).optional(),
  meter: whole(1, 9).optional(),
  confirmed: z.boolean({ error: 'write true or false' }).optional(),
})

const countings = ['balanced', 'per-phase'] as const

const meterSchema = z.strictObject({
  name: aText.regex(/^[\w.-]{1,64}$/, 'use up to 64 letters, digits, ".", "_" and "-"'),
  account: anAddress,
  keyFile: aText,
  pollSeconds: z
    .number({ error: 'a number of seconds is needed' })
    .min(0.1, 'at least 0.1')
    .max(3600, 'at most 3600')
    .optional(),
  utilityCounts: z
    .enum(countings, { error: `write one of ${countings.map((one) => JSON.stringify(one)).join(', ')}` })
    .default('balanced'),
  device: z
    .array(deviceSchema, { error: 'write at least one [[meter.device]]' })
    .min(1, 'write at least one [[meter.device]]'),
  limits: z
    .strictObject({ nameplateW: whole(1, 100_000_000).optional(), mainFuseW: whole(1, 100_000_000).optional() })
    .default({}),
})

const configSchema = z.strictObject({
  dataFolder: aText,
  server: z.strictObject({ url: serverUrl }),
  chain: z.strictObject({ id: whole(1, Number.MAX_SAFE_INTEGER), escrow: anAddress }),
  area: z.strictObject({ id: whole(0, 0xffff_ffff), intervalSeconds: whole(1, 86_400) }),
  clock: z
    .strictObject({ trust: z.boolean({ error: 'write true or false' }).default(false) })
    .default({ trust: false }),
  metrics: z.strictObject({ port: whole(1, 65_535) }).optional(),
  meter: z.array(meterSchema, { error: 'write at least one [[meter]]' }).min(1, 'write at least one [[meter]]'),
})

/** Three phases of 63 A: what a house connection carries where the configuration says nothing. */
const defaultMainFuseW = 43_470

export interface DeviceConfig {
  url: string
  unit: number | undefined
  profile: string
  role: (typeof roles)[number]
  inverted: boolean | undefined
  gridUnit: number | undefined
  /** Which meter of a SunSpec chain is the grid's, from 1, where the device has several and does not say. */
  meter: number | undefined
  /** The owner vouches for it: it is the grid meter whatever it says of itself, and counts what its display shows. */
  confirmed: boolean | undefined
}

export interface MeterConfig {
  name: string
  account: string
  /** Absolute. */
  keyFile: string
  pollSeconds: number | undefined
  /** The device at the grid connection point. */
  grid: DeviceConfig
  /** The others, of production and batteries. */
  others: DeviceConfig[]
  nameplateW: number
  mainFuseW: number
  /** How the utility's meter counts over the phases, as far as its owner has been told. */
  utilityCounts: (typeof countings)[number]
}

export interface AgentConfig {
  /** Absolute. */
  dataFolder: string
  serverUrl: string
  chainId: number
  escrow: string
  area: number
  intervalSeconds: number
  /** Take the computer's clock for right without any proof. */
  trustClock: boolean
  metricsPort: number | null
  meters: MeterConfig[]
}

/** Reads and checks a configuration file. Throws a `ConfigError` with one line for each mistake. */
export async function readConfig(file: string): Promise<AgentConfig> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const problem =
      code === 'ENOENT'
        ? `${file}: there is no such file; "commonwatt-agent init" makes one`
        : `${file}: cannot be read: ${message}`
    throw new ConfigError('CONFIG_UNREADABLE', [problem], error)
  }
  return parseConfig(text, file)
}

/** Checks a configuration's text; paths in it are relative to the folder of `file`. */
export function parseConfig(text: string, file: string): AgentConfig {
  let raw: unknown
  try {
    raw = parse(text)
  } catch (error) {
    const { line, column, message } = error as { line?: number; column?: number; message: string }
    const [first] = message.split('\n')
    throw new ConfigError('CONFIG_SYNTAX', [`${file}:${line ?? 1}:${column ?? 1}: not TOML: ${first}`], error)
  }
  const checked = configSchema.safeParse(raw)
  if (!checked.success) {
    throw new ConfigError(
      'CONFIG_INVALID',
      checked.error.issues.flatMap((issue) => problemsOf(issue, file)),
    )
  }
  const { data } = checked
  const problems: string[] = []
  const folder = dirname(resolve(file))
  const meters = data.meter.map((meter, index): MeterConfig => {
    const place = `${file}: meter[${index}] (${meter.name})`
    if (meter.pollSeconds !== undefined && meter.pollSeconds > data.area.intervalSeconds / 2) {
      problems.push(`${place}.pollSeconds: at most half of the area's interval of ${data.area.intervalSeconds} s`)
    }
    const grid = meter.device.filter(({ role }) => role === 'grid')
    if (grid.length !== 1) {
      problems.push(
        `${place}.device: exactly one device needs role = "grid", the meter at the grid connection point; here are ${grid.length}`,
      )
    }
    return {
      name: meter.name,
      account: meter.account,
      keyFile: resolve(folder, meter.keyFile),
      pollSeconds: meter.pollSeconds,
      grid: grid[0] as DeviceConfig,
      others: meter.device.filter(({ role }) => role !== 'grid') as DeviceConfig[],
      nameplateW: meter.limits.nameplateW ?? meter.limits.mainFuseW ?? defaultMainFuseW,
      mainFuseW: meter.limits.mainFuseW ?? defaultMainFuseW,
      utilityCounts: meter.utilityCounts,
    }
  })
  const twice = (what: string, values: string[], why: string) => {
    for (const value of new Set(values.filter((value, index) => values.indexOf(value) !== index))) {
      problems.push(`${file}: ${what} ${JSON.stringify(value)} is used twice: ${why}`)
    }
  }
  twice(
    'the meter name',
    meters.map(({ name }) => name),
    'give each meter a name of its own',
  )
  twice(
    'the key file',
    meters.map(({ keyFile }) => keyFile),
    'each meter signs with a key of its own',
  )
  const devices = data.meter.flatMap(({ device }) => device)
  for (const [index, device] of devices.entries()) {
    if (!devices.slice(0, index).some((earlier) => isSameDevice(earlier, device))) continue
    const name = JSON.stringify(`${placeOf(device)} ${device.role}`)
    problems.push(`${file}: the device ${name} is used twice: the same energy must not be metered twice`)
  }
  if (problems.length > 0) throw new ConfigError('CONFIG_INVALID', problems)
  return {
    dataFolder: resolve(folder, data.dataFolder),
    serverUrl: data.server.url,
    chainId: data.chain.id,
    escrow: data.chain.escrow,
    area: data.area.id,
    intervalSeconds: data.area.intervalSeconds,
    trustClock: data.clock.trust,
    metricsPort: data.metrics?.port ?? null,
    meters,
  }
}

interface NamedDevice {
  url: string
  unit?: number | undefined
  profile: string
  role: string
}

function placeOf({ url, unit, profile }: NamedDevice): string {
  return `${parseEndpoint(url).key} unit ${unit ?? usualUnit(profile)}`
}

/**
 * Whether two entries are one device, however they are written: one wire and unit, also where the unit is the profile's own.
 * Two register maps of one device are two entries where each has a role of its own.
 */
export function isSameDevice(one: NamedDevice, other: NamedDevice): boolean {
  return placeOf(one) === placeOf(other) && (one.role === other.role || one.profile === other.profile)
}

function problemsOf(issue: z.core.$ZodIssue, file: string): string[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const place = path === '' ? file : `${file}: ${path.replace(/^\./, '')}`
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}: unknown key ${JSON.stringify(key)}: remove it or correct its spelling`)
  }
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return [`${place}: ${issue.expected === 'object' ? 'this table is missing' : `expected ${issue.expected}`}`]
  }
  return [`${place}: ${issue.message}`]
}

/** The meters of these names, by default all. Throws a `ConfigError` for a name that no meter has. */
export function metersNamed(config: AgentConfig, names?: readonly string[]): MeterConfig[] {
  if (names === undefined) return config.meters
  return names.map((name) => {
    const meter = config.meters.find((candidate) => candidate.name === name)
    if (meter) return meter
    const known = config.meters.map((candidate) => candidate.name).join(', ')
    throw new ConfigError('CONFIG_INVALID', [
      `there is no meter named ${JSON.stringify(name)}; the configuration has ${known}`,
    ])
  })
}
