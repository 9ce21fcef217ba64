/**
 * The agent's configuration file (TOML): where its data lies, which server, chain, escrow and area it works for, and the
 * meters with their devices. Every mistake is one line that says where, what and what to do.
 */

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'smol-toml'
import type { z } from 'zod'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { mistakeInToml, tomlTrouble } from '../../contracts/protocol/file-syntax.ts'
import { checkForm, type Mistake } from '../../contracts/protocol/mistakes.ts'
import { usualUnit } from '../devices/device.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { isTelegramUrl, parseTelegramUrl } from '../telegrams/endpoint.ts'
import { type Countings, configSchema, type DeviceRole } from './config-schema.ts'
import { type ProxyConfig, proxyUnits } from './proxy-units.ts'

export class ConfigError extends CodedError<'CONFIG_UNREADABLE' | 'CONFIG_SYNTAX' | 'CONFIG_INVALID'> {
  override readonly name = 'ConfigError'
  /** One line for each mistake. */
  readonly problems: readonly string[]
  constructor(code: ConfigError['code'], problems: readonly string[], cause?: unknown) {
    super(code, problems.join('\n'), { cause })
    this.problems = problems
  }
}

/** Three phases of 63 A: what a house connection carries where the configuration says nothing. */
const defaultMainFuseW = 43_470

export interface DeviceConfig {
  url: string
  unit: number | undefined
  profile: string
  role: DeviceRole
  inverted: boolean | undefined
  gridUnit: number | undefined
  /** Which meter of a SunSpec chain is the grid's, from 1, where the device has several and does not say. */
  meter: number | undefined
  /** The owner vouches for it: it is the grid meter whatever it says of itself, and counts what its display shows. */
  confirmed: boolean | undefined
}

export interface MeterConfig {
  name: string
  /** The account that owns it; `null` where it is paired instead: then any that enters its code. */
  account: string | null
  /** Absolute path of the meter's key. */
  keyFile: string
  pollSeconds: number | undefined
  /** The device at the grid connection point. */
  grid: DeviceConfig
  /** The others, of production and batteries. */
  others: DeviceConfig[]
  nameplateW: number
  mainFuseW: number
  /** How the utility's meter counts over the phases, as far as its owner has been told. */
  utilityCounts: Countings
}

/** Where the agent tells other software of the home what it sees. */
export interface MqttConfig {
  url: string
  username: string | undefined
  /** Absolute path of the file with the broker's password. */
  passwordFile: string | undefined
  /** The certificate, or its authority's, that a broker with TLS must show; absolute. By default the usual authorities. */
  caFile: string | undefined
  /** The first levels of all topics. */
  topic: string
  /** The topic below which Home Assistant looks for devices. */
  discoveryPrefix: string
}

export interface AgentConfig {
  /** Absolute path of the folder in which the agent keeps its store. */
  dataFolder: string
  serverUrl: string
  /** The certificate, or its authority's, that the server must show; absolute. By default the usual authorities. */
  serverCaFile: string | null
  chainId: number
  escrow: string
  area: number
  intervalSeconds: number
  /** Take the computer's clock for right without any proof. */
  trustClock: boolean
  metricsPort: number | null
  /** Where the local page is served. */
  page: { host: string; port: number } | null
  mqtt: MqttConfig | null
  proxy: ProxyConfig | null
  meters: MeterConfig[]
}

/** Reads and checks a configuration file. Throws a `ConfigError` with one line for each mistake. */
export async function readConfig(file: string): Promise<AgentConfig> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const problem =
      code === 'ENOENT'
        ? `${file}: there is no such file; "commonwatt-agent init" makes one`
        : `${file}: cannot be read: ${fileTrouble(error)}`
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
    throw new ConfigError('CONFIG_SYNTAX', [`${file}: ${tomlTrouble(error)}`], error)
  }
  const { data, mistakes } = checkForm(configSchema, raw)
  if (mistakes !== null) {
    throw new ConfigError(
      'CONFIG_INVALID',
      mistakes.map((mistake) => problemOf(mistake, file)),
    )
  }
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
      account: meter.account ?? null,
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
  const { proxy } = data
  const problem = (words: string) => problems.push(`${file}: ${words}`)
  const { intervalSeconds } = data.area
  const units = proxy && proxyUnits(data.meter, proxy, { intervalSeconds, problem })
  if (problems.length > 0) throw new ConfigError('CONFIG_INVALID', problems)
  return {
    dataFolder: resolve(folder, data.dataFolder),
    serverUrl: data.server.url,
    serverCaFile: data.server.caFile === undefined ? null : resolve(folder, data.server.caFile),
    chainId: data.chain.id,
    escrow: data.chain.escrow,
    area: data.area.id,
    intervalSeconds: data.area.intervalSeconds,
    trustClock: data.clock.trust,
    metricsPort: data.metrics?.port ?? null,
    page: data.page ?? null,
    proxy: proxy && units ? { host: proxy.host, port: proxy.port, connections: proxy.connections, units } : null,
    mqtt: data.mqtt ? mqttOf(data.mqtt, folder) : null,
    meters,
  }
}

function mqttOf(mqtt: NonNullable<z.output<typeof configSchema>['mqtt']>, folder: string): MqttConfig {
  const { url, username, passwordFile, caFile, topic, discoveryPrefix } = mqtt
  const absolute = (file: string | undefined) => (file === undefined ? undefined : resolve(folder, file))
  return { url, username, passwordFile: absolute(passwordFile), caFile: absolute(caFile), topic, discoveryPrefix }
}

interface NamedDevice {
  url: string
  unit?: number | undefined
  profile: string
  role: string
}

function placeOf({ url, unit, profile }: NamedDevice): string {
  if (isTelegramUrl(url)) return parseTelegramUrl(url).key
  return `${parseEndpoint(url).key} unit ${unit ?? usualUnit(profile)}`
}

/**
 * Whether two entries are one device, however they are written: one wire and unit, also where the unit is the profile's own.
 * Two register maps of one device are two entries where each has a role of its own.
 */
export function isSameDevice(one: NamedDevice, other: NamedDevice): boolean {
  return placeOf(one) === placeOf(other) && (one.role === other.role || one.profile === other.profile)
}

/** A place as TOML's people write it: meter[0].device[1].url. */
function problemOf({ path, message }: Mistake, file: string): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return `${file}: ${place === '' ? '' : `${place.replace(/^\./, '')}: `}${mistakeInToml(message)}`
}

/** The account that a meter signs for. Throws a `ConfigError` where none is named. @param claimed by pairing */
export function accountOf({ name, account }: Pick<MeterConfig, 'name' | 'account'>, claimed?: string): string {
  const known = account ?? claimed
  if (known !== undefined) return known
  throw new ConfigError('CONFIG_INVALID', [
    `meter ${name}: no account is named: run "commonwatt-agent pair", or write account = "0x…" beside its name`,
  ])
}

/**
 * The text of a configuration with the account written beside a meter's name; `null` where the text is not of the usual form, and a
 * person has to write it.
 */
export function withAccount(
  text: string,
  { file, name, account }: { file: string; name: string; account: string },
): string | null {
  const [first, ...more] = [...text.matchAll(/^([ \t]*)name[ \t]*=[ \t]*["']([\w.-]+)["'][ \t]*\r?\n/gm)].filter(
    (match) => match[2] === name,
  )
  if (first === undefined || more.length > 0) return null
  const end = first.index + first[0].length
  const changed = `${text.slice(0, end)}${first[1]}account = "${account}"\n${text.slice(end)}`
  try {
    return parseConfig(changed, file).meters.find((meter) => meter.name === name)?.account === account ? changed : null
  } catch (error) {
    if (error instanceof ConfigError) return null
    throw error
  }
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
