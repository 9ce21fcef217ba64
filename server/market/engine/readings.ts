/** Taking boundary readings: those of intervals in memory, and late ones with what the tables say of their time. */
import { keyAt } from '../../../contracts/protocol/meter-keys.ts'
import type { UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import {
  type Admission,
  admitReading,
  type End,
  type IntervalEnergy,
  type JudgedRegisters,
  misplaced,
  type Registers,
} from '../../readings/admission.ts'
import type { AreaConfig, EpochRegisters, Event, EventOf, LateReading, MeterReading } from '../area/area.ts'
import { sharingKeyAt } from '../area/declarations.ts'
import { energyBetween, energyNow, principalOf, provisionalEnergies } from '../area/energy.ts'
import type { Fills, StoredRegisters } from '../area/interval.ts'
import { isNewer, registersOf } from '../area/registers.ts'
import type { Standing } from '../area/standing.ts'
import {
  type AreaState,
  configAt,
  intervalAt,
  lengthOf,
  type SeatState,
  seatsServedAt,
  sellableWh,
  termsAt,
} from '../area/state.ts'
import { positionOf } from '../stages/forward/positions.ts'
import { gridOf } from '../stages/grid.ts'
import { measure } from '../stages/pool.ts'
import { idleOutcomes } from '../stages/spot/stage.ts'
import { suspend } from './seats.ts'

/** A connection whose fuse nobody has told us: 3 × 63 A × 230 V. */
const defaultConnectionW = 43_000

/** Takes one reading of an interval in memory; of one that is no longer there nobody knows what it changes. */
export function takeReading(state: AreaState, reading: MeterReading): Event[] {
  const [seat, next] = seatsServedAt(state, reading)
  if (seat === undefined) {
    return [answerOf(reading, { status: 'refused', code: 'READING_UNKNOWN_METER', details: [] }, { seat: 0 })]
  }
  const { seat: number } = seat.chain
  if (isBeyondMemory(state, reading.time)) {
    const near = neighboursOf(state, seat, reading)
    return takeLateReading(state, { ...knowingNothing, ...near, reading, seat: number })
  }
  // One of a meter's two seats may have been told of a new key and the other not yet.
  const barred = barredBy(state, seat, reading) ?? (next === undefined ? null : barredBy(state, next, reading))
  if (barred !== null) return [answerOf(reading, barred, { seat: number })]
  const admission = judge(state, seat, reading)
  const isTakenByNext = next !== undefined && judge(state, next, reading).status === 'stored'
  const isLate = reading.time <= state.cutUntil
  if (admission.status === 'duplicate' && isTakenByNext) {
    // It came before the next seat was heard of, which lacks it still.
    const followed = store(state, next, reading)
    return [answerOf(reading, { status: 'stored' }, { seat: next.chain.seat, isLate }), ...followed]
  }
  if (admission.status !== 'stored') {
    const answer = answerOf(reading, admission, { seat: number })
    const isEquivocation = admission.status === 'refused' && admission.code === 'READING_EQUIVOCATION'
    return isEquivocation ? [answer, ...suspend(state, seat, reading)] : [answer]
  }
  const nextSeat = isTakenByNext ? next.chain.seat : 0
  const followed = store(state, seat, reading)
  if (isTakenByNext) followed.push(...store(state, next, reading))
  return [answerOf(reading, admission, { seat: number, nextSeat, isLate }), ...followed]
}

const knowingNothing: Omit<LateReading, 'reading' | 'seat'> = {
  ...{ before: null, same: null, after: null, startQuality: null, endQuality: null, ending: null, starting: null },
}

function answerOf(
  { meter, epoch, time }: MeterReading,
  admission: Admission,
  { seat, nextSeat = 0, isLate = false }: { seat: number; nextSeat?: number; isLate?: boolean },
): EventOf<'reading'> {
  const { status } = admission
  const { code, details } = admission.status === 'refused' ? admission : { code: null, details: [] }
  return { type: 'reading', meter, epoch, time, status, seat, nextSeat, isLate, code, details }
}

/**
 * Why nothing that this signature vouches for is taken. The chain may have told of another key since the signature was checked:
 * what the former one signed for this boundary would hold up the batch, and proves nothing against the meter.
 */
function barredBy(state: AreaState, { chain }: SeatState, { meter, time, key }: MeterReading): Admission | null {
  if (state.suspensions.has(meter)) return { status: 'refused', code: 'READING_SUSPENDED', details: [] }
  if (keyAt(meter, chain.keys, time) === (key ?? meter)) return null
  return { status: 'refused', code: 'READING_KEY', details: [] }
}

function judge(state: AreaState, seat: SeatState, reading: MeterReading): Admission {
  const length = lengthOf(state)
  const { epochStart } = seat.chain
  const context = { nowMs: state.nowMs, intervalSeconds: length, epochStart, base: seat.base }
  const wrong = misplaced(reading, context)
  if (wrong !== null) return wrong
  const { before, after } = neighboursOf(state, seat, reading)
  const same = registersOf(state, seat, reading.time, reading.epoch)
  return admitReading(reading, { ...context, before, same, after, ...connectionBounds(state, seat, reading.time) })
}

/** The accepted registers of the reading's epoch on both sides of its boundary. */
function neighboursOf(state: AreaState, seat: SeatState, { epoch, time }: MeterReading) {
  const length = lengthOf(state)
  const { newest, base, chain } = seat
  if (newest.epoch === epoch && newest.time < time) return { before: newest as Registers, after: null }
  const isBefore = base.epoch === epoch && base.time < time
  let before: Registers = isBefore && base.time > chain.epochStart.time ? base : chain.epochStart
  for (let at = time - length; at > before.time && at >= state.firstStart; at -= length) {
    const known = registersOf(state, seat, at, epoch)
    if (known === null) continue
    before = known
    break
  }
  for (let at = Math.max(time, state.firstStart) + length; at <= newest.time; at += length) {
    const known = registersOf(state, seat, at, epoch)
    if (known !== null) return { before, after: known as Registers }
  }
  return { before, after: newest.epoch === epoch && newest.time > time ? (newest as Registers) : null }
}

function connectionBounds(state: AreaState, seat: SeatState, time: UtcSeconds) {
  const config = configAt(state, time)
  const terms = termsAt(seat, time)
  const connectionWh = Math.ceil((defaultConnectionW * config.rules.intervalSeconds) / 3600)
  return {
    maxImportWhPerInterval: Math.max(connectionWh, 2 * (terms?.maxBuyWh ?? 0)),
    maxExportWhPerInterval: terms?.nameplateWh ?? Math.max(connectionWh, 2 * signedExport(terms, config)),
  }
}

function signedExport(terms: ReturnType<typeof termsAt>, config: AreaConfig): Wh {
  return terms === null ? 0 : Math.max(terms.maxSellWh, sellableWh(terms, config))
}

function store(state: AreaState, seat: SeatState, reading: MeterReading): Event[] {
  const { time, epoch, importWh, exportWh, quality } = reading
  const length = lengthOf(state)
  const registers: StoredRegisters = { epoch, time, importWh, exportWh, quality }
  const computed = [time - length, time].filter((start) => isComputed(state, start))
  const touched = computed.map((start) => {
    const told = toldOf(state, seat, start)
    return { start, told, before: energyNow(state, told, start) }
  })
  intervalAt(state, time - length).setRegisters(seat.slot, registers)
  if (isNewer(seat.newest, registers)) seat.newest = registers
  seat.missed = 0
  return touched.flatMap(({ start, told, before }) => follow(state, told, start, before))
}

function isComputed({ intervals }: AreaState, start: UtcSeconds): boolean {
  return (intervals.get(start)?.cleared ?? null) !== null
}

/** Whose energy of an interval a seat's readings tell: its own, or that of the seat that it is the companion of. */
function toldOf(state: AreaState, seat: SeatState, start: UtcSeconds): SeatState {
  return principalOf(state, seat, start) ?? seat
}

/**
 * What a reading or an official value changes of an interval that has been computed. One that is not final and in which
 * the seat may trade, or has traded ahead, is computed again; else nobody's trade changes, and only the energy is told.
 */
export function follow(state: AreaState, seat: SeatState, start: UtcSeconds, before: IntervalEnergy): Event[] {
  const interval = state.intervals.get(start)
  const terms = termsAt(seat, start)
  if (interval === undefined || interval.cleared === null || terms === null) return []
  const { slot, chain } = seat
  const hasRow = interval.isTold(slot)
  const after = energyNow(state, seat, start)
  const { tradedWh } = positionOf(state.forward.get(start), chain.seat)
  const isConcerned =
    interval.concerns(slot, chain.seat) || tradedWh.buy > 0 || tradedWh.sell > 0 || isShared(state, start, chain.seat)
  if (interval.status === 'provisional' && isConcerned) {
    if (!hasRow || !isSameEnergy(before, after)) interval.outdate()
    return []
  }
  const traded = tradedIn(interval.fills, slot)
  const correction = correctionOf({ ...before, ...traded, hasRow }, after)
  if (correction === null) return []
  const config = configAt(state, start)
  const zone = gridOf(config).placeOf(terms.zone)
  interval.learn(slot, zone, correction)
  const learnt = { start, run: interval.run, seat: chain.seat, zone: interval.cleared.zones[zone]!.zone, ...correction }
  if (interval.status === 'final') return [{ type: 'interval-corrected', ...learnt }]
  const energies = provisionalEnergies(state, start)
  const own = measure(state, { config, start, seat, energies })
  const outcomes = own === null || config.rules.allocation !== 0 ? [] : idleOutcomes(own, interval, config)
  return [{ type: 'interval-amended', ...learnt, outcomes }]
}

/** Whether somebody else decided a quantity of the seat, or decides others' by what it measured. */
function isShared({ declared, keys }: AreaState, start: UtcSeconds, seat: number): boolean {
  if (declared.get(start)?.seats.includes(seat)) return true
  const key = sharingKeyAt(keys, start)
  return key !== null && (key.consumers.includes(seat) || key.producers.includes(seat))
}

export function isSameEnergy(one: IntervalEnergy, other: IntervalEnergy): boolean {
  return one.quality === other.quality && one.importWh === other.importWh && one.exportWh === other.exportWh
}

export function tradedIn(fills: Fills, slot: number): { boughtWh: Wh; soldWh: Wh } {
  const traded = { boughtWh: 0, soldWh: 0 }
  for (let at = fills.slot.indexOf(slot); at >= 0; at = fills.slot.indexOf(slot, at + 1)) {
    if (fills.kind[at]! & 1) traded.soldWh += fills.energyWh[at]!
    else traded.boughtWh += fills.energyWh[at]!
  }
  return traded
}

/**
 * Whether an energy that is known later leaves less than was traded. A home serves itself first, so more of one side can leave less of
 * the other.
 */
export function isBelowTraded(
  { importWh, exportWh }: { importWh: Wh; exportWh: Wh },
  { boughtWh, soldWh }: { boughtWh: Wh; soldWh: Wh },
): boolean {
  const ownUseWh = Math.min(importWh, exportWh)
  return importWh - ownUseWh < boughtWh || exportWh - ownUseWh < soldWh
}

/** What becomes known of a seat's energy; nothing where it is the same or does not hold what was traded. */
function correctionOf(
  before: IntervalEnergy & { boughtWh: Wh; soldWh: Wh; hasRow: boolean },
  after: IntervalEnergy,
): Omit<EventOf<'interval-corrected'>, 'type' | 'start' | 'run' | 'seat' | 'zone'> | null {
  const { quality, importWh, exportWh } = after
  if (quality === 'missing' || (before.hasRow && isSameEnergy(before, after))) return null
  if (isBelowTraded({ importWh, exportWh }, before)) return null
  return {
    ...{ quality, importWh, exportWh },
    importChangeWh: importWh - before.importWh,
    exportChangeWh: exportWh - before.exportWh,
    missingChange: Number(quality !== 'measured') - Number(before.hasRow && before.quality !== 'measured'),
  }
}

/** Whether the engine no longer holds the intervals that a reading touches: it comes with what the tables say then. */
export function isBeyondMemory(state: AreaState, time: UtcSeconds): boolean {
  return time - lengthOf(state) < state.firstStart
}

/**
 * Takes readings of intervals that the engine no longer holds. What the tables say of them is as of before the command, so what
 * one reading of the command adds is told to those after it.
 */
export function takeLateReadings(state: AreaState, readings: readonly LateReading[]): Event[] {
  const taken = new Map<string, MeterReading>()
  /** The newest run of each interval, as far as this command has corrected it. */
  const runs = new Map<UtcSeconds, number>()
  const length = lengthOf(state)
  return readings.flatMap((late) => {
    const { reading, seat } = late
    const at = (time: UtcSeconds) => taken.get(`${seat} ${reading.epoch} ${time}`)
    const earlier = [...taken.values()].filter((own) => own.meter === reading.meter && own.epoch === reading.epoch)
    const events = takeLateReading(state, {
      ...late,
      before: nearest([late.before, ...earlier], (time) => time < reading.time, Math.max),
      same: at(reading.time) ?? late.same,
      after: nearest([late.after, ...earlier], (time) => time > reading.time, Math.min),
      startQuality: at(reading.time - length) ?? late.startQuality,
      endQuality: at(reading.time + length) ?? late.endQuality,
      ending: renumbered(late.ending, runs),
      starting: renumbered(late.starting, runs),
    })
    for (const event of events) {
      if (event.type === 'interval-corrected') runs.set(event.start, event.run)
      if (event.type === 'reading' && event.status === 'stored')
        taken.set(`${seat} ${reading.epoch} ${reading.time}`, reading)
    }
    return events
  })
}

/** The registers nearest to a boundary, on one side of it. */
function nearest(
  known: readonly (EpochRegisters | null)[],
  isOnSide: (time: UtcSeconds) => boolean,
  choose: (...times: number[]) => number,
): EpochRegisters | null {
  const candidates = known.filter((registers) => registers !== null && isOnSide(registers.time)) as EpochRegisters[]
  const time = choose(...candidates.map((registers) => registers.time))
  return candidates.find((registers) => registers.time === time) ?? null
}

function renumbered(standing: Standing | null, runs: ReadonlyMap<UtcSeconds, number>): Standing | null {
  return standing === null ? null : { ...standing, run: runs.get(standing.start) ?? standing.run }
}

function takeLateReading(state: AreaState, late: LateReading): Event[] {
  const { reading, before, same, after } = late
  const seat = state.seats.get(late.seat)
  if (seat === undefined) {
    return [answerOf(reading, { status: 'refused', code: 'READING_UNKNOWN_METER', details: [] }, { seat: 0 })]
  }
  const barred = barredBy(state, seat, reading)
  if (barred !== null) return [answerOf(reading, barred, { seat: late.seat })]
  const { epochStart } = seat.chain
  const place = { nowMs: state.nowMs, intervalSeconds: lengthOf(state), epochStart, base: seat.base }
  const context = { ...place, before: before ?? epochStart }
  const bounds = connectionBounds(state, seat, reading.time)
  const admission = admitReading(reading, { ...context, same, after, ...bounds })
  if (admission.status !== 'stored') {
    const answer = answerOf(reading, admission, { seat: late.seat })
    const isEquivocation = admission.status === 'refused' && admission.code === 'READING_EQUIVOCATION'
    return isEquivocation ? [answer, ...suspend(state, seat, reading)] : [answer]
  }
  const { epoch, time, importWh, exportWh, quality } = reading
  const registers: StoredRegisters = { epoch, time, importWh, exportWh, quality }
  if (isNewer(seat.newest, registers)) seat.newest = registers
  const end = (known: LateReading['startQuality']) => (known === null ? null : { ...known, epoch: reading.epoch })
  const own: JudgedRegisters = reading
  const energyOf = (start: UtcSeconds, atStart: End | null, atEnd: End | null) =>
    energyBetween(state, { seat, start }, atStart, atEnd)
  return [
    answerOf(reading, admission, { seat: late.seat, isLate: true }),
    ...correctStanding(late.ending, late.seat, energyOf(reading.time - lengthOf(state), end(late.startQuality), own)),
    ...correctStanding(late.starting, late.seat, energyOf(reading.time, own, end(late.endQuality))),
  ]
}

export function correctStanding(standing: Standing | null, seat: number, after: IntervalEnergy): Event[] {
  if (standing === null) return []
  const correction = correctionOf(standing, after)
  if (correction === null) return []
  const { start, run, zone } = standing
  return [{ type: 'interval-corrected', start, run: run + 1, seat, zone, ...correction }]
}
