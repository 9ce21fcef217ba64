/** The command that looks for devices at addresses. */
import { Command, InvalidArgumentError } from 'commander'
import { type DeviceOptions, type DeviceReport, readDevice } from '../devices/device.ts'
import { ModbusError } from '../modbus/error.ts'
import { profileNamed } from '../profiles/families.ts'
import type { DeviceReading } from '../registers/device-sample.ts'
import { withPlainFailures } from './failures.ts'
import { unitId } from './read.ts'

/** The units seen on real SunSpec devices: most, SMA, KOSTAL, Fronius meters, others. */
const usualUnits = [1, 126, 71, 200, 240, 247]
const usualPorts = [502, 1502]
const timeoutMs = 1_000
const hostsAtOnce = 32
const longestHostList = 1024
const exitNothingFound = 2
/** So many places are told one by one why they cannot be reached. */
const fewPlaces = 4

/** A device that answered, and how. */
export interface Found {
  url: string
  report: DeviceReport
}

/** Everything a scan has seen. */
export interface Scanned {
  found: Found[]
  /** What could be connected to but was not understood, with the reason. */
  unknown: { url: string; reason: string }[]
  /** What could not be connected to, with the reason. */
  unreachable: { url: string; reason: string }[]
}

/**
 * `commonwatt-agent scan`: looks for SunSpec devices at hosts, and for one family's devices with `--profile`; ends with a
 * sentence that says what can be done with what was found. Status 2 when nothing was found.
 */
export function scanCommand(): Command {
  return new Command('scan')
    .requiredOption('--host <host...>', 'host names, addresses, or a network such as 192.168.1.0/24', collectHosts)
    .option('--port <port...>', 'TCP ports to try', collectPorts)
    .option('--unit <n...>', 'unit ids to try', collectUnits)
    .option('--profile <name>', 'also look for devices with this register map')
    .option('--json', 'print JSON')
    .action((options: ScanOptions & { json?: boolean }) =>
      withPlainFailures(async () => {
        const scanned = await scan(options)
        const { found } = scanned
        const conclusion = sentenceOf(scanned)
        if (options.json) {
          process.stdout.write(`${JSON.stringify({ found, conclusion })}\n`)
        } else {
          for (const one of found) process.stdout.write(`${describe(one)}\n`)
          process.stdout.write(`${conclusion}\n`)
        }
        if (found.length === 0) process.exitCode = exitNothingFound
      }),
    )
}

export interface ScanOptions {
  host: string[]
  port?: number[]
  unit?: number[]
  profile?: string
}

/**
 * Tries every host and port, and behind each that answers the units one after the other. It only reads.
 * @throws ModbusError `MODBUS_PROFILE_UNKNOWN`
 */
export async function scan(options: ScanOptions): Promise<Scanned> {
  if (options.profile !== undefined && options.profile !== 'sunspec') profileNamed(options.profile)
  const places = options.host.flatMap((host) =>
    (options.port ?? usualPorts).map((port) => `tcp://${urlHost(host)}:${port}`),
  )
  const outcomes: Scanned[] = []
  const waiting = places.entries()
  const worker = async () => {
    for (const [index, url] of waiting) outcomes[index] = await scanPlace(url, options)
  }
  await Promise.all(Array.from({ length: Math.min(hostsAtOnce, places.length) }, worker))
  return {
    found: outcomes.flatMap(({ found }) => found),
    unknown: outcomes.flatMap(({ unknown }) => unknown),
    unreachable: outcomes.flatMap(({ unreachable }) => unreachable),
  }
}

async function scanPlace(url: string, { unit, profile }: ScanOptions): Promise<Scanned> {
  const found: Found[] = []
  const known = new Set<string>()
  let reason: string | null = null
  const impatient = `${url}?timeout=${timeoutMs}&retries=0`
  const attempts: DeviceOptions[] = [
    ...(unit ?? usualUnits).map((one) => ({ url: impatient, unit: one })),
    ...(profile ? (unit ?? [undefined]).map((one) => ({ url: impatient, unit: one, profile })) : []),
  ]
  for (const attempt of attempts) {
    try {
      const report = await readDevice(attempt)
      const who = fingerprint(report)
      if (!known.has(who)) found.push({ url, report })
      known.add(who)
    } catch (error) {
      if (!(error instanceof ModbusError)) throw error
      if (error.code === 'MODBUS_UNREACHABLE') {
        return { found, unknown: [], unreachable: [{ url, reason: error.message }] }
      }
      reason ??= error.message
    }
  }
  return { found, unknown: found.length === 0 ? [{ url, reason: reason ?? '' }] : [], unreachable: [] }
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
export function sentenceOf({ found, unknown, unreachable }: Scanned): string {
  const reports = found.map(({ report }) => report)
  const some = (field: keyof DeviceReading) => reports.some(({ reading }) => reading[field] !== null)
  const inverter = some('productionW') || some('productionWh')
  const meter = some('powerW') || some('importWh') || some('exportWh')
  const works =
    'Meters that work: SunSpec meters (SolarEdge, Fronius, KOSTAL, SMA), Eastron SDM120 and SDM630, Carlo Gavazzi EM24 and EM340, Schneider iEM3000.'
  const otherMaps = 'Devices with another register map are found with --profile; "commonwatt-agent read" names them.'
  const [first] = unknown
  if (reports.length === 0 && first) {
    return `Something listens at ${first.url}, but no SunSpec device was found there (${first.reason}). ${otherMaps}`
  }
  if (reports.length === 0) {
    const why = unreachable.length <= fewPlaces ? unreachable.map(({ reason }) => ` ${sentence(reason)}`).join('') : ''
    return `No device found.${why} Switch Modbus TCP on in the inverter's settings and check the address. ${otherMaps}`
  }
  if (inverter && meter) {
    return some('exportWh')
      ? 'Inverter and grid meter found: you can watch production and sell what you feed in.'
      : `Inverter and grid meter found, but the meter does not count what you feed in: you can watch and buy, but not sell. ${works}`
  }
  if (inverter) return `Inverter found, no grid meter: you can watch production, but not sell. ${works}`
  if (meter) {
    return some('exportWh')
      ? 'Grid meter found, no inverter: you can buy, and sell what you feed in; production is not shown.'
      : 'Grid meter found, no inverter: you can buy.'
  }
  return 'A device answers but shows no power or energy now: it may be asleep. Try again by day.'
}

function sentence(reason: string): string {
  return /[.?!]$/.test(reason) ? reason : `${reason}.`
}

function describe({ url, report }: Found): string {
  const { manufacturer, model, serialNumber } = report.device
  const name = [manufacturer, model, serialNumber].filter((part) => part !== null).join(' ') || 'unknown device'
  const values = Object.entries(report.reading).filter(([, value]) => value !== null)
  const shown = values.map(([field, value]) => `${field} ${value}`).join(', ')
  return `${url} unit ${report.unit} (${report.profile}): ${name}${shown ? `: ${shown}` : ''}`
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function collectHosts(text: string, before: string[] = []): string[] {
  if (!/^[\w.:%/-]+$/.test(text)) throw new InvalidArgumentError('a host is a name, an address or a network.')
  const network = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text)
  const hosts = network ? [...before, ...addressesOf(network.slice(1).map(Number))] : [...before, text]
  if (hosts.length > longestHostList) throw new InvalidArgumentError(`at most ${longestHostList} hosts at once.`)
  return hosts
}

/** The addresses of a network that hosts can have. */
function addressesOf([a, b, c, d, bits]: number[]): string[] {
  const isByte = (byte: number | undefined) => byte !== undefined && byte <= 255
  if (![a, b, c, d].every(isByte) || bits! < 22 || bits! > 32) {
    throw new InvalidArgumentError('a network is written like 192.168.1.0/24, with 22 to 32 bits.')
  }
  const size = 2 ** (32 - bits!)
  const address = ((a! * 256 + b!) * 256 + c!) * 256 + d!
  const first = address - (address % size)
  const usable =
    size <= 2
      ? Array.from({ length: size }, (_, index) => index)
      : Array.from({ length: size - 2 }, (_, index) => index + 1)
  return usable.map((offset) => {
    const one = first + offset
    return [one / 2 ** 24, one / 2 ** 16, one / 2 ** 8, one].map((part) => Math.floor(part) % 256).join('.')
  })
}

function collectPorts(text: string, before: number[] = []): number[] {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is 1 to 65535.')
  return [...before, port]
}

function collectUnits(text: string, before: number[] = []): number[] {
  return [...before, unitId(text)]
}
