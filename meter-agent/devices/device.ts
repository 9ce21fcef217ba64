/** A device of a home: how it is reached, what one reading of it gives, and what it stands for. */
import { acquireConnection, type Connection, releaseConnection } from '../modbus/connection.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { ModbusError } from '../modbus/error.ts'
import type { Patience } from '../modbus/register-source.ts'
import { profileNamed, profiles } from '../profiles/families.ts'
import type { Profile } from '../profiles/profile.ts'
import { ProfileReader } from '../profiles/profile-device.ts'
import type { Counting, DeviceIdentity, DeviceReading, DeviceSample, MeterPlace } from '../registers/device-sample.ts'
import type { GridChoice } from '../sunspec/grid-meter.ts'
import { type PrintedModel, readSunSpec, SunSpecPoller } from '../sunspec/sunspec-device.ts'
import { isTelegramUrl, parseTelegramUrl } from '../telegrams/endpoint.ts'
import { TelegramError } from '../telegrams/error.ts'
import { TelegramDevice } from '../telegrams/telegram-device.ts'

/** How a device is reached and what it stands for in the home. */
export interface DeviceOptions {
  /**
   * `tcp://host:port`, `rtu:///dev/ttyUSB0?baud=9600&parity=none` or `rtutcp://host:port`; for a meter that sends telegrams by
   * itself `p1:///dev/ttyUSB0`, `p1tcp://host:port`, `sml:///dev/ttyUSB0` or `smltcp://host:port`.
   */
  url: string
  /** Modbus unit id; by default the one the profile names, 1 for SunSpec. */
  unit?: number
  /** `sunspec` (the default) or a name from `profiles/`; for telegrams `p1` or `sml`, as the URL has it. */
  profile?: string
  /** The meter is wired upside down: import and export change places. */
  inverted?: boolean
  /** `production`: the meter sits behind the panels, its export is production. `grid`: somebody chose it as the grid meter. */
  role?: 'grid' | 'production'
  /** The owner has compared the counters with the meter's display and vouches for them and for what the meter measures. */
  confirmed?: boolean
  /** Which meter of a SunSpec chain is the grid's, counted from 1, where the device does not say. */
  meter?: number
  /** A register map of one's own to try, in place of `profile`. */
  map?: Profile
  /** Victron GX only: the unit id of the grid meter. */
  gridUnit?: number
}

/** A device that can be polled for as long as it is open. */
export interface Device {
  /** Polls once; rejects with a `DeviceError`. Never start a second poll before the first has settled. */
  poll(): Promise<DeviceSample>
  close(): Promise<void>
}

/** Everything one reading of a device gives: what `read --json` prints. */
export interface DeviceReport {
  /** `sunspec`, the name of a register map, `p1` or `sml`. */
  profile: string
  /** `null` for a meter that sends telegrams: its line has one meter. */
  unit: number | null
  device: DeviceIdentity
  reading: DeviceReading
  place: MeterPlace
  counting: Counting
  /** The whole SunSpec chain; empty for other register maps. */
  models: PrintedModel[]
  warnings: string[]
}

const sunSpecUnit = 1
const defaultTimeoutMs = 3_000
const defaultTries = 2
const mostRegisters = 125
const longestReadMs = 120_000

/**
 * Opens a device; it connects with the first poll. All devices of the process behind one endpoint share one connection.
 * After a reconnect the device is discovered anew.
 * @throws DeviceError `MODBUS_URL`, `MODBUS_PROFILE_UNKNOWN` or `TELEGRAM_URL`
 */
export function openDevice(options: DeviceOptions): Device {
  if (isTelegramUrl(options.url)) {
    const meter = new TelegramDevice(urlOfMeter(options))
    return { poll: async () => withRole(await meter.poll(), options), close: async () => meter.close() }
  }
  const opened = open(options)
  const { profile, choice } = opened
  const poller = profile
    ? new ProfileReader({ ...opened, profile, gridUnit: options.gridUnit ?? null, confirmed: choice.confirmed })
    : new SunSpecPoller(opened, choice)
  return {
    poll: async () => withRole(await poller.poll(), options),
    close: async () => releaseConnection(opened.source),
  }
}

/**
 * Reads everything a device says, once, and closes it. What fails after the first answer, or would take longer than `withinMs`,
 * is left out and named in `warnings`.
 * @throws DeviceError when nothing essential answers; `MODBUS_OVERDUE` or `TELEGRAM_SILENT` when nothing does in time
 */
export async function readDevice(options: DeviceOptions, withinMs?: number): Promise<DeviceReport> {
  if (isTelegramUrl(options.url)) return readTelegram(options, withinMs)
  const opened = open(options)
  let overdue = false
  const timer = setTimeout(() => {
    overdue = true
    opened.source.close()
  }, withinMs ?? longestReadMs)
  try {
    const { profile, choice } = opened
    const read = profile
      ? await new ProfileReader({
          ...opened,
          profile,
          gridUnit: options.gridUnit ?? null,
          confirmed: choice.confirmed,
        }).readOnce()
      : await readSunSpec(opened, choice)
    const { device, reading, place, counting, warnings } = withRole(read, options)
    const models = 'models' in read ? read.models : []
    return {
      profile: profile?.name ?? 'sunspec',
      unit: opened.unit,
      device,
      reading,
      place,
      counting,
      models,
      warnings,
    }
  } catch (error) {
    if (!overdue || !(error instanceof ModbusError)) throw error
    throw new ModbusError('MODBUS_OVERDUE', `${options.url} did not answer enough in time`, { cause: error })
  } finally {
    clearTimeout(timer)
    releaseConnection(opened.source)
  }
}

/** What a meter's next telegram says; one without a checksum has to come twice. */
async function readTelegram(options: DeviceOptions, withinMs?: number): Promise<DeviceReport> {
  const { language, timeoutMs } = parseTelegramUrl(urlOfMeter(options))
  const meter = new TelegramDevice(options.url)
  try {
    const read = withRole(await meter.poll(Math.min(timeoutMs, withinMs ?? longestReadMs)), options)
    const { device, reading, place = nowhere, counting = 'unknown', warnings } = read
    return { profile: language, unit: null, device, reading, place, counting, models: [], warnings }
  } finally {
    meter.close()
  }
}

const nowhere: MeterPlace = { role: 'none', says: null }

/** Refuses what only makes sense for Modbus beside the URL of a meter that sends telegrams. */
function urlOfMeter({ url, unit, profile, map, gridUnit, meter }: DeviceOptions): string {
  const { language } = parseTelegramUrl(url)
  const isForeign = [unit, map, gridUnit, meter].some((option) => option !== undefined)
  if (!isForeign && (profile === undefined || profile === language)) return url
  throw new TelegramError(
    'TELEGRAM_URL',
    `"${url}" needs no profile, unit or meter: the meter sends telegrams by itself`,
  )
}

/** The unit id a device has from the factory; that of most devices where the profile is not known. */
export function usualUnit(profile: string): number {
  return profiles.get(profile)?.unit ?? sunSpecUnit
}

function open(options: DeviceOptions) {
  const endpoint = parseEndpoint(options.url)
  const name = options.profile ?? 'sunspec'
  const profile = options.map ?? (name === 'sunspec' ? null : profileNamed(name))
  // A meter that production is read from is not asked whether it is the grid's.
  const choice: GridChoice = {
    meter: options.meter ?? null,
    confirmed: options.confirmed === true || options.role === 'production',
  }
  const patience: Patience = {
    timeoutMs: endpoint.timeoutMs ?? profile?.timeoutMs ?? defaultTimeoutMs,
    tries: endpoint.tries ?? defaultTries,
    registersPerRequest: Math.min(
      endpoint.registersPerRequest ?? mostRegisters,
      profile?.registersPerRequest ?? mostRegisters,
    ),
  }
  const source: Connection = acquireConnection(endpoint)
  if (profile) {
    const serialPauseMs = endpoint.transport === 'tcp' ? 0 : profile.serialPauseMs
    source.adopt({ pauseMs: Math.max(profile.pauseMs, serialPauseMs), settleMs: profile.settleMs })
  }
  const unit = options.unit ?? profile?.unit ?? sunSpecUnit
  return { source, profile, unit, patience, choice }
}

/** Swaps the sides of a meter wired upside down, then turns a meter behind the panels into production. */
function withRole<T extends Pick<DeviceSample, 'reading'> & Partial<Pick<DeviceSample, 'counters'>>>(
  read: T,
  { inverted, role }: DeviceOptions,
): T {
  let { reading, counters } = read
  if (inverted) {
    reading = {
      ...reading,
      powerW: negated(reading.powerW),
      importWh: reading.exportWh,
      exportWh: reading.importWh,
    }
    counters = counters && { ...counters, import: counters.export, export: counters.import }
  }
  if (role === 'production') {
    reading = {
      ...reading,
      powerW: null,
      productionW: reading.productionW ?? negated(reading.powerW),
      productionWh: reading.productionWh ?? reading.exportWh,
      importWh: null,
      exportWh: null,
    }
    counters = counters && { import: null, export: null, production: counters.production ?? counters.export }
  }
  return { ...read, reading, counters }
}

function negated(powerW: number | null): number | null {
  return powerW === null ? null : 0 - powerW
}
