/**
 * Brings official values to an area that settles on them. The area is told every value that counts as it comes, so that its results
 * follow. When the grace of a batch has passed, the metering operator's key signs registers made from these values; only signed registers
 * settle.
 *
 * A boundary is signed once: what was signed, and up to when, is stored before it is sent, and is sent until the area has it.
 */
import type { Wallet } from 'ethers'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { ReadingAck, SignedReading } from '../../contracts/protocol/wire.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import type { EventOf } from '../market/area/area.ts'
import type { OfficialValue } from '../market/area/standing.ts'
import { isFactored, RosterStretches } from '../metering/admit.ts'
import {
  type ExactRegisters,
  type MeterInterval,
  makeRegisters,
  meterInterval,
  settles,
} from '../metering/registers.ts'
import type { Tolerance } from '../metering/witnesses.ts'
import { signReading } from '../signatures/reading-signer.ts'
import { type Database, transact } from '../store/database.ts'
import {
  countingOf,
  keepSigned,
  type MeteredSeat,
  markTold,
  meteredSeats,
  noteSent,
  type ReadingToSend,
  readingsToSend,
  type SignedUntil,
  signedUntil,
  untoldValues,
} from '../store/metering-store.ts'
import { areaPlace, type RosterRow, rosterOf } from '../store/roster-store.ts'
import { compareDays } from '../store/witness-store.ts'
import { keysOfPoints } from './metering-keys.ts'
import { witnessedPoints } from './witnessed-points.ts'

export interface FeederParts {
  database: Database
  /** The operator's key, from which those of its meters are made; null where another server has it. */
  operator: Pick<Wallet, 'privateKey'> | null
  tolerance: Tolerance
  /** Delivers readings in the same way as agents do, so that their signatures are checked. */
  deliver(area: AreaHandle, readings: SignedReading[]): Promise<ReadingAck[]>
  noted(what: FeederNote): void
}

export type FeederNote =
  | { what: 'told'; area: number; status: EventOf<'official-value'>['status']; count: number }
  | { what: 'signed'; area: number; readings: number }
  | { what: 'refused'; area: number; meter: string; time: UtcSeconds; code: string; message: string }

const most = { untold: 5_000, valuesPerCommand: 256, readingsPerMessage: 256 }
const billing = 1

/** Does what is to be done for one area now. Rejects with `AreaError` while the area takes nothing. */
export async function feedArea(parts: FeederParts, area: AreaHandle, areaId: number): Promise<void> {
  if (area.status.condition.is !== 'ready') return
  const { rules } = area.settings
  const { database, operator } = parts
  const untold = await untoldValues(database, areaId, most.untold)
  const signs = operator !== null && rules.settlingGrade === billing
  if (!signs && untold.length === 0) return
  const point = await pointOf(parts, areaId)
  if (point === null) return
  const meters = signs ? await ownMeters(database, operator, areaId, point) : new Map<Address, OwnMeter>()
  if (signs) {
    await signBatches(parts, area, areaId, { meters, point, signTo: signingDue(area) })
    await sendReadings(parts, area, areaId)
  }
  if (untold.length === 0) return
  const told = await tell(parts, area, areaId, { meters, point, untold })
  await compare(parts, area, areaId, point, told)
  await markTold(database, areaId, told)
}

/** Compares official values with the second witness for the days for which something new has come. */
async function compare(
  { database, tolerance }: FeederParts,
  { settings, status }: AreaHandle,
  areaId: number,
  { rows, zone }: Points,
  told: Untold,
): Promise<void> {
  const days = [...new Set(told.map(({ start }) => Math.floor(start / daySeconds)))]
  const named = new Set(told.map(({ point, direction }) => `${point} ${direction}`))
  const witnessed = await witnessedPoints(database, areaId, { rows, zone, now: status.nowMs / 1000 })
  const points = witnessed.filter(({ point, direction }) => named.has(`${point} ${direction}`))
  const { intervalSeconds } = settings.rules
  if (points.length > 0) await compareDays(database, areaId, { points, days, intervalSeconds, tolerance })
}

const daySeconds = 86_400

/** The end of the newest batch whose grace has passed: nothing before this end can be corrected before the cut any more. */
function signingDue({ settings, status }: AreaHandle): UtcSeconds {
  const { batchSeconds } = settings.rules
  const passed = Math.floor((status.nowMs - settings.graceMs) / 1000 / batchSeconds) * batchSeconds
  return Math.max(0, passed)
}

/** Whose points these are, by the calendar of the roster. */
interface Points {
  rows: RosterRow[]
  stretches: RosterStretches
  zone: TimeZone
}

async function pointOf({ database }: FeederParts, areaId: number): Promise<Points | null> {
  const place = await areaPlace(database, areaId)
  if (place === null) return null
  const [rows, zone] = [await rosterOf(database, areaId), new TimeZone(place.timeZone)]
  return { rows, zone, stretches: new RosterStretches(rows, zone) }
}

/** A meter whose key the operator has, with how far it is signed. */
interface OwnMeter {
  meter: Address
  key: Wallet
  rows: RosterRow[]
  signed: SignedUntil | null
  /** They follow one another: each is signed to its end before the next one begins. */
  stretches: Stretch[]
}

/** The time for which a meter's readings are one seat's. */
interface Stretch extends Pick<MeteredSeat, 'epochStart' | 'openedAt'> {
  /** When the next seat takes the meter over, or this one was closed; infinite while neither is known. */
  until: UtcSeconds
}

async function ownMeters(
  database: Database,
  operator: Pick<Wallet, 'privateKey'>,
  areaId: number,
  { rows }: Points,
): Promise<Map<Address, OwnMeter>> {
  const keys = keysOfPoints(operator, new Set(rows.map(({ point }) => point)))
  const [seats, signed] = await Promise.all([meteredSeats(database, areaId), signedUntil(database, areaId)])
  const own = new Map<Address, OwnMeter>()
  for (const { meter, epochStart, openedAt, terms } of seats) {
    const key = keys.get(meter)
    if (key === undefined) continue
    const known = own.get(meter) ?? {
      ...{ meter, key, stretches: [], signed: signed.get(meter) ?? null },
      rows: rows.filter((row) => row.meter === meter),
    }
    const before = known.stretches.at(-1)
    if (before !== undefined) before.until = Math.min(before.until, openedAt)
    const closed = terms[terms.findLastIndex((each) => !each.closed) + 1]?.from
    known.stretches.push({ epochStart, openedAt, until: closed ?? Number.POSITIVE_INFINITY })
    own.set(meter, known)
  }
  return own
}

/** The stretch whose registers are made next, and where they go on. A meter's epochs ascend from one seat to the next. */
function running({ signed, stretches }: OwnMeter): { stretch: Stretch; from: SignedUntil } {
  const fromOf = ({ epochStart }: Stretch) => (signed?.epoch === epochStart.epoch ? signed : exactly(epochStart))
  const isOver = (stretch: Stretch) =>
    (signed !== null && signed.epoch > stretch.epochStart.epoch) || fromOf(stretch).time >= stretch.until
  const stretch = stretches.find((each) => !isOver(each)) ?? stretches.at(-1)!
  return { stretch, from: fromOf(stretch) }
}

function exactly({ epoch, time, importWh, exportWh }: MeteredSeat['epochStart']): SignedUntil {
  const micro = (wh: number) => BigInt(wh) * 1_000_000n
  return { epoch, time, importMicroWh: micro(importWh), exportMicroWh: micro(exportWh) }
}

interface IntervalsQuery {
  rows: RosterRow[]
  from: UtcSeconds
  to: UtcSeconds
  /** The meter's energy before this time was not the seat's and counts as nothing. */
  since: UtcSeconds
  zone: TimeZone
  length: number
}

/** The energy of a meter that counts in each interval that starts in `[from, to)`. */
async function intervalsOf(
  { database }: FeederParts,
  areaId: number,
  { rows, from, to, since, zone, length }: IntervalsQuery,
): Promise<MeterInterval[]> {
  const points = [...new Set(rows.map(({ point }) => point))]
  const counting = await countingOf(database, areaId, { points, from, to })
  const intervals: MeterInterval[] = []
  for (let start = from; start < to; start += length) {
    if (start < since) {
      intervals.push({ start, importMicroWh: 0n, exportMicroWh: 0n, quality: 'measured' })
      continue
    }
    const standing = rows.filter(({ fromDay, endDay }) => {
      return zone.startOfDay(fromDay) <= start && (endDay === null || start + length <= zone.startOfDay(endDay))
    })
    const values = standing.map(({ point, direction, factorPercent }) => {
      const value = counting.get(`${point} ${direction} ${start}`) ?? null
      return { direction, value, factorPercent: isFactored(value?.code ?? null) ? 100 : factorPercent }
    })
    intervals.push(meterInterval(start, values))
  }
  return intervals
}

/** Signs every meter's registers up to the end of the newest batch that is due, each seat's in its own epoch. */
async function signBatches(
  parts: FeederParts,
  area: AreaHandle,
  areaId: number,
  { meters, point: { zone }, signTo }: { meters: Map<Address, OwnMeter>; point: Points; signTo: UtcSeconds },
): Promise<void> {
  const { rules, chain } = area.settings
  const length = rules.intervalSeconds
  let count = 0
  const waiting = [...meters.values()]
  for (let own = waiting.pop(); own !== undefined; own = waiting.pop()) {
    const { meter, rows, key, signed } = own
    const { stretch, from } = running(own)
    const to = Math.min(signTo, stretch.until)
    if (from.time >= to) continue
    const query = { rows, from: from.time, to, since: stretch.openedAt, zone, length }
    const intervals = await intervalsOf(parts, areaId, query)
    const { readings, after } = makeRegisters(from, intervals, length)
    const { epoch } = from
    const made: ReadingToSend[] = []
    for (const reading of readings) {
      const value = { meter, epoch, ...reading }
      made.push({ ...value, signature: signReading(key.privateKey, chain, value) })
    }
    const step = { meter, before: signed, after: { ...after, epoch } }
    const isKept = await transact(parts.database, (sql) => keepSigned(sql, areaId, step, made))
    if (!isKept) continue
    own.signed = step.after
    count += made.length
    // The registers of the next seat may be due as well.
    if (to === stretch.until) waiting.push(own)
  }
  if (count > 0) parts.noted({ what: 'signed', area: rules.area, readings: count })
}

async function sendReadings(parts: FeederParts, area: AreaHandle, areaId: number): Promise<void> {
  const { area: number } = area.settings
  for (;;) {
    const readings = await readingsToSend(parts.database, areaId, most.readingsPerMessage)
    if (readings.length === 0) return
    const acks = await parts.deliver(area, readings.map(asSent))
    const settled = acks.filter(({ status, retry }) => status !== 'refused' || retry === false)
    for (const { meter, time, status, code = '', message = '' } of settled) {
      if (status === 'refused') parts.noted({ what: 'refused', area: number, meter, time, code, message })
    }
    const sent = settled.map(({ meter, epoch, time, code = null }) => ({ meter, epoch, time, code }))
    if (sent.length > 0) await noteSent(parts.database, areaId, sent)
    if (sent.length < readings.length) return
  }
}

/** Adds the fields that travel unsigned beside a reading: nothing is known of production, and each boundary of a meter has one place. */
function asSent(reading: ReadingToSend): SignedReading {
  const reasons: SignedReading['reasons'] = reading.quality === 2 ? ['gap'] : []
  return { ...reading, sequence: reading.time, productionWh: null, reasons }
}

type Untold = Awaited<ReturnType<typeof untoldValues>>

/**
 * Tells the area which energies count. Among intervals that are not signed, it tells everything from the first changed one on, since
 * registers are rounded down and the rest is carried into the next interval. Among intervals whose batch is cut, it tells those that are
 * to be corrected. Intervals that are signed and not cut wait for the cut.
 */
async function tell(
  parts: FeederParts,
  area: AreaHandle,
  areaId: number,
  { meters, point, untold }: { meters: Map<Address, OwnMeter>; point: Points; untold: Untold },
): Promise<Untold> {
  const { rules } = area.settings
  const length = rules.intervalSeconds
  const { cutUntil, nowMs } = area.status
  const ended = Math.floor(nowMs / 1000 / length) * length
  const told: Untold = []
  const values: OfficialValue[] = []
  for (const [meter, changed] of byMeter(untold, point.stretches)) {
    const own = meter === null ? undefined : meters.get(meter)
    if (own === undefined || meter === null) {
      // Nobody signs for this meter here, or the roster no longer has the point: its values are only evidence.
      told.push(...changed)
      continue
    }
    const { rows } = own
    const { stretch, from } = running(own)
    const signedTo = Math.max(from.time, stretch.openedAt)
    const query = { rows, since: stretch.openedAt, zone: point.zone, length }
    const open = changed.filter(({ start }) => start >= signedTo && start + length <= ended)
    if (open.length > 0) {
      const to = Math.max(...open.map(({ start }) => start)) + length
      const intervals = await intervalsOf(parts, areaId, { ...query, from: from.time, to })
      const first = Math.min(...open.map(({ start }) => start))
      values.push(
        ...energiesFrom(from, intervals, length).flatMap((own) => (own.start < first ? [] : [{ ...own, meter }])),
      )
      told.push(...open)
    }
    const late = changed.filter(({ start }) => start < signedTo && start + length <= cutUntil)
    for (const { start } of late) {
      const [interval] = await intervalsOf(parts, areaId, { ...query, since: 0, from: start, to: start + length })
      const exact = { time: start, importMicroWh: 0n, exportMicroWh: 0n }
      values.push(...energiesFrom(exact, [interval!], length).map((own) => ({ ...own, meter })))
    }
    told.push(...late)
  }
  await submitValues(parts, area, values)
  return told
}

function byMeter(untold: Untold, stretches: RosterStretches): Map<Address | null, Untold> {
  const changed = new Map<Address | null, Untold>()
  for (const value of untold) {
    const { point, direction, start } = value
    const meter = stretches.of(point, direction).find(({ from, to }) => start >= from && start < to)?.meter ?? null
    const known = changed.get(meter)
    if (known === undefined) changed.set(meter, [value])
    else known.push(value)
  }
  return changed
}

/** Whole Wh of each interval, as the registers that will be signed give them. */
function energiesFrom(
  before: ExactRegisters,
  intervals: readonly MeterInterval[],
  length: number,
): Omit<OfficialValue, 'meter'>[] {
  let last = makeRegisters(before, [{ ...intervals[0]!, importMicroWh: 0n, exportMicroWh: 0n }], length).readings[0]!
  return makeRegisters(before, intervals, length).readings.map((reading, index) => {
    const { start, quality } = intervals[index]!
    const energy = { importWh: reading.importWh - last.importWh, exportWh: reading.exportWh - last.exportWh }
    last = reading
    return { start, ...energy, isGood: settles(quality), standing: null }
  })
}

async function submitValues(parts: FeederParts, area: AreaHandle, values: readonly OfficialValue[]): Promise<void> {
  const counts = new Map<EventOf<'official-value'>['status'], number>()
  for (let from = 0; from < values.length; from += most.valuesPerCommand) {
    const part = values.slice(from, from + most.valuesPerCommand)
    const events = await area.submit({ type: 'official-values', values: part })
    for (const event of events) {
      if (event.type === 'official-value') counts.set(event.status, (counts.get(event.status) ?? 0) + 1)
    }
  }
  for (const [status, count] of counts) parts.noted({ what: 'told', area: area.settings.area, status, count })
}
