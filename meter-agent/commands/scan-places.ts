/**
 * What `commonwatt-agent scan` does: finds what devices there are at hosts, in which framing and under which units they answer, what they are by
 * their own word and good for, and the lines for the configuration. It only reads, and it is done within a minute.
 */
import { stringify } from 'smol-toml'
import { type DeviceOptions, type DeviceReport, readDevice } from '../devices/device.ts'
import { placeInWords } from '../devices/place.ts'
import { type Sighting, survey } from '../devices/survey.ts'
import { ModbusError } from '../modbus/error.ts'
import { refusalOf } from '../modbus/probe.ts'
import { profileNamed, profiles } from '../profiles/families.ts'
import type { DeviceReading } from '../registers/device-sample.ts'

/** Where devices listen, and where adapters to serial lines do. */
const usualPorts = [
  ...new Set([
    502,
    1502,
    503,
    5020,
    8899,
    4196,
    20_108,
    ...[...profiles.values()].flatMap(({ otherPorts }) => otherPorts),
  ]),
]
const portsAtOnce = 96
const hostsAtOnce = 16
/** A scan takes no longer than a minute. */
const longestMs = 55_000
const readMs = 10_000
const timeoutMs = 1_500
const exitNothingFound = 2
/** So many places are told one by one why they cannot be reached. */
const fewPlaces = 4

/** A device that answered, and how. */
export interface Found {
  url: string
  report: DeviceReport
  /** What reads it again; `gridUnit` only where a GX has a meter behind it. */
  options: DeviceOptions
}

/** Everything a scan has seen. */
export interface Scanned {
  found: Found[]
  /** What could be connected to but was not understood, with what was seen. */
  unknown: { url: string; reason: string }[]
  /** What could not be connected to, with the reason. */
  unreachable: { url: string; reason: string }[]
  /** Places that there was no time to look at. */
  left: string[]
}

/** Scans and prints what was found, with a sentence that says what can be done with it. Ends with status 2 where nothing was found. */
export async function printScan(options: ScanOptions & { json?: boolean }): Promise<void> {
  const scanned = await scan(options)
  const { found } = scanned
  const conclusion = sentenceOf(scanned)
  if (options.json) {
    const devices = found.map((one) => ({ ...one, toml: tomlOf(one) }))
    process.stdout.write(`${JSON.stringify({ found: devices, unknown: scanned.unknown, conclusion })}\n`)
  } else {
    for (const one of found) process.stdout.write(`${describe(one)}\n`)
    for (const { url, reason } of scanned.unknown) process.stdout.write(`${url}: ${reason}\n`)
    process.stdout.write(`${conclusion}\n`)
  }
  if (found.length === 0) process.exitCode = exitNothingFound
}

export interface ScanOptions {
  host: string[]
  port?: number[]
  unit?: number[]
  profile?: string
}

interface Place {
  host: string
  port: number
}

/**
 * Looks at every port that can be connected to. It only reads.
 * @throws ModbusError `MODBUS_PROFILE_UNKNOWN`
 */
export async function scan(options: ScanOptions): Promise<Scanned> {
  if (options.profile !== undefined && options.profile !== 'sunspec') profileNamed(options.profile)
  const untilMs = performance.now() + longestMs
  const asked = new Set(options.port ?? usualPorts)
  // A second device often listens on the next port, of a gateway above all.
  const beside = options.port ? [...asked].flatMap((port) => [port + 1, port - 1]) : []
  const ports = [...new Set([...asked, ...beside])].filter((port) => port >= 1 && port <= 65_535)
  const places = options.host.flatMap((host) => ports.map((port) => ({ host, port })))
  const scanned: Scanned = { found: [], unknown: [], unreachable: [], left: [] }

  const reachable: Place[] = []
  await inParallel(places, portsAtOnce, async (place) => {
    const reason = await refusalOf(place.host, place.port)
    if (reason === null) reachable.push(place)
    else if (asked.has(place.port)) scanned.unreachable.push({ url: urlOf('tcp', place), reason })
  })
  // One device is asked by one connection at a time: many take no more.
  const byHost = options.host.map((host) => reachable.filter((place) => place.host === host))
  const inOrder = (a: Place, b: Place) => places.indexOf(a) - places.indexOf(b)
  await inParallel(byHost, hostsAtOnce, async (own) => {
    for (const place of own.sort(inOrder))
      await scanPlace(place, { ...options, untilMs, isAsked: asked.has(place.port) }, scanned)
  })
  const order = (url: string) => places.findIndex((place) => url.endsWith(urlOf('', place)))
  scanned.found.sort((a, b) => order(a.url) - order(b.url))
  return scanned
}

async function scanPlace(
  place: Place,
  { unit, profile, untilMs, isAsked }: ScanOptions & { untilMs: number; isAsked: boolean },
  scanned: Scanned,
): Promise<void> {
  const url = urlOf('tcp', place)
  if (performance.now() > untilMs) {
    scanned.left.push(url)
    return
  }
  const { framing, sightings, trouble } = await survey(place.host, place.port, { units: unit, untilMs })
  const known = new Set<string>()
  const before = scanned.found.length
  const reasons: string[] = []
  const scheme = framing === 'rtu' ? 'rtutcp' : 'tcp'
  for (const sighting of wanted(sightings, { unit, profile })) {
    const options = optionsOf(`${scheme}://${urlHost(place.host)}:${place.port}`, sighting)
    try {
      const report = await readDevice({ ...options, url: `${options.url}?timeout=${timeoutMs}&retries=0` }, readMs)
      const who = fingerprint(report)
      if (!known.has(who)) scanned.found.push({ url: options.url, report, options })
      known.add(who)
    } catch (error) {
      if (!(error instanceof ModbusError)) throw error
      reasons.push(error.message)
    }
  }
  if (scanned.found.length > before) return
  const reason = unknownReason(sightings, { trouble, reasons, scheme })
  // What merely listens on a port beside the one that was asked for is nobody's concern.
  if (isAsked || sightings.length > 0) scanned.unknown.push({ url, reason })
}

/** What is read: what says what it is, and with `--profile` whatever answers. */
function wanted(sightings: readonly Sighting[], { unit, profile }: Pick<ScanOptions, 'unit' | 'profile'>): Sighting[] {
  const byWord = sightings.filter((one) => one.profile !== null)
  if (profile === undefined || profile === 'sunspec') return byWord
  const usual = profileNamed(profile)
  const units = unit ?? [usual.unit, ...usual.otherUnits]
  const silent = sightings.filter((one) => one.profile === null).map((one) => one.unit)
  const forced = [...new Set([...units, ...silent])].filter((one) => !byWord.some((known) => known.unit === one))
  return [...byWord, ...forced.map((one) => ({ unit: one, profile, functions: [] }))]
}

function optionsOf(url: string, { unit, profile, gridUnit }: Sighting): DeviceOptions {
  return {
    url,
    unit,
    ...(profile === null || profile === 'sunspec' ? {} : { profile }),
    ...(gridUnit === undefined ? {} : { gridUnit }),
  }
}

function unknownReason(
  sightings: readonly Sighting[],
  { trouble, reasons, scheme }: { trouble: string | null; reasons: string[]; scheme: string },
): string {
  if (reasons.length > 0) return reasons[0]!
  if (trouble === 'echo') return 'what is sent comes back as an echo: switch the adapter’s local echo off'
  if (trouble === 'noise') return 'bytes come back that are no Modbus reply: check baud rate and parity of the adapter'
  const [first] = sightings
  if (!first) return 'something listens, but none of the usual units answers Modbus: name its unit with --unit'
  const units = sightings.map(({ unit }) => unit).join(', ')
  const functions = first.functions.length === 1 ? ` (function ${first.functions[0]} only)` : ''
  return `unit ${units} answers ${scheme === 'tcp' ? 'Modbus TCP' : 'RTU frames'}${functions}, but does not say what it is`
}

/**
 * The same for one device under several unit ids: some ignore the unit id. Where it does not say its serial number, what it
 * has counted tells it from its neighbours.
 */
function fingerprint({ profile, device, reading }: DeviceReport): string {
  const { importWh, exportWh, productionWh } = reading
  const counted = device.serialNumber === null ? [importWh, exportWh, productionWh] : []
  return JSON.stringify([profile, device, counted])
}

/** What a household can do with these devices, in one or two sentences. */
export function sentenceOf({ found, unknown, unreachable, left }: Scanned): string {
  const reports = found.map(({ report }) => report)
  const some = (field: keyof DeviceReading) => reports.some(({ reading }) => reading[field] !== null)
  const inverter = some('productionW') || some('productionWh')
  const counts = some('importWh') || some('exportWh')
  const unfinished =
    left.length === 0 ? '' : ` There was no time for ${left.length} more: name them with --host and --port.`
  const otherMaps =
    'A device that does not say what it is can be read with --profile; "commonwatt-agent read --url tcp://HOST:502 --profile ?" names the register maps.'
  const [first] = unknown
  if (reports.length === 0 && first) {
    return `Something listens at ${first.url}, but no SunSpec device and none of a known family was found there (${first.reason}). ${otherMaps}${unfinished}`
  }
  if (reports.length === 0) {
    const why =
      unreachable.length <= fewPlaces
        ? unreachable.map(({ url, reason }) => ` ${url}: ${sentence(reason)}`).join('')
        : ''
    return `No device found.${why} Switch Modbus TCP on in the inverter's settings and check the address. ${otherMaps}${unfinished}`
  }
  const meters = 'docs/devices.md lists the meters that can be used.'
  const sentenceOf = (): string => {
    if (counts && inverter) {
      return some('exportWh')
        ? 'Inverter and grid meter found: you can watch production and sell what you feed in, once counters and power have agreed.'
        : 'Inverter and grid meter found, but the meter does not count what you feed in: you can watch and buy, but not sell.'
    }
    if (counts) {
      return some('exportWh')
        ? 'Grid meter found, no inverter: you can buy, and sell what you feed in, once counters and power have agreed; production is not shown.'
        : 'Grid meter found, no inverter: you can buy; what you feed in is not counted.'
    }
    if (inverter && some('powerW')) {
      return `Inverter found that shows the power at the grid, but counts nothing there: you can watch, but not sell. ${meters}`
    }
    if (inverter) return `Inverter found, no grid meter: you can watch production, but not sell. ${meters}`
    if (some('powerW'))
      return `A device shows the power at the grid, but counts nothing: you can watch, but not sell. ${meters}`
    return some('batteryPowerW') || some('stateOfChargePercent')
      ? `Battery found: you can watch it. ${meters}`
      : 'A device answers but shows no power or energy now: it may be asleep. Try again by day.'
  }
  return `${sentenceOf()}${unfinished}`
}

function sentence(reason: string): string {
  return /[.?!]$/.test(reason) ? reason : `${reason}.`
}

/** The part of the configuration that reads this device. */
export function tomlOf({ report, options }: Found): string {
  const { reading } = report
  const isGrid = reading.importWh !== null || reading.exportWh !== null
  const role = isGrid
    ? 'grid'
    : reading.productionW !== null || reading.productionWh !== null
      ? 'production'
      : 'battery'
  return `[[meter.device]]\n${stringify({ ...options, role })}`.trimEnd()
}

function describe(one: Found): string {
  const { url, report } = one
  const { manufacturer, model, serialNumber } = report.device
  const name = [manufacturer, model, serialNumber].filter((part) => part !== null).join(' ') || 'unknown device'
  const values = Object.entries(report.reading).filter(([, value]) => value !== null)
  const shown = values.map(([field, value]) => `${field} ${value}`).join(', ')
  return [
    `${url} unit ${report.unit} (${report.profile}): ${name}${shown ? `: ${shown}` : ''}`,
    `  meter: ${placeInWords(report.place)}`,
    ...report.warnings.map((warning) => `  note: ${warning}`),
    ...tomlOf(one)
      .split('\n')
      .map((line) => `  ${line}`),
  ].join('\n')
}

async function inParallel<T>(all: readonly T[], atOnce: number, act: (one: T) => Promise<void>): Promise<void> {
  const waiting = all.values()
  const worker = async () => {
    for (const one of waiting) await act(one)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
}

function urlOf(scheme: string, { host, port }: Place): string {
  return `${scheme}://${urlHost(host)}:${port}`
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
