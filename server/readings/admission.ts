/**
 * Whether a boundary reading is accepted, decided from the meter's readings next to it and its last settled ones alone. Signatures are checked before.
 */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Quality, ReadingCode } from '../market/area/codes.ts'

/** A meter's cumulative registers at a boundary, in Wh. */
export interface Registers {
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
}

/** Quality 0 is measured, 1 estimated, 2 doubtful. */
export interface JudgedRegisters extends Registers {
  quality: number
}

export interface AdmissionContext {
  nowMs: number
  intervalSeconds: number
  /** The registers with which the meter's newest epoch began. */
  epochStart: Registers
  /** Where the seat's next entry starts. */
  base: Registers
  /** The accepted registers of the same epoch next to this boundary, at it, and after it. */
  before: Registers
  same: Omit<JudgedRegisters, 'epoch' | 'time'> | null
  after: Registers | null
  /** The most that can plausibly flow in one interval. */
  maxImportWhPerInterval: Wh
  maxExportWhPerInterval: Wh
}

/** `details` are the numbers that the code names. */
export type Admission =
  | { status: 'stored' }
  | { status: 'duplicate' }
  | { status: 'refused'; code: ReadingCode; details: number[] }

/** A meter's clock may be this far ahead of the server's. */
const clockToleranceMs = 2_000
/** Counters and nameplates are rounded: this much more than the bound is still plausible. */
const plausibilityFactor = 1.2
const plausibilitySlackWh = 10
/** The most since the base: an entry has room for twice as much, and the table of an interval's results for no more. */
const mostSinceBaseWh = 2 ** 31 - 1

function refusedReading(code: ReadingCode, ...details: number[]): Extract<Admission, { status: 'refused' }> {
  return { status: 'refused', code, details }
}

/** Why a reading is none of the meter's running epoch, or not one of a boundary that has passed; null where it is both. */
export function misplaced(
  { epoch, time, importWh, exportWh }: Registers,
  { nowMs, intervalSeconds, epochStart }: Pick<AdmissionContext, 'nowMs' | 'intervalSeconds' | 'epochStart'>,
): Admission | null {
  if (time % intervalSeconds !== 0) return refusedReading('READING_MISALIGNED', intervalSeconds)
  if (time * 1000 > nowMs + clockToleranceMs) return refusedReading('READING_FUTURE', time)
  if (epoch > epochStart.epoch) return refusedReading('READING_EPOCH_UNKNOWN', epoch, epochStart.epoch)
  if (epoch < epochStart.epoch) return refusedReading('READING_EPOCH_ENDED', epoch, epochStart.epoch)
  if (time > epochStart.time) return null
  const isStart = time === epochStart.time && importWh === epochStart.importWh && exportWh === epochStart.exportWh
  return isStart ? { status: 'duplicate' } : refusedReading('READING_BEFORE_EPOCH', time, epochStart.time)
}

/** Decides on one reading of the meter's running epoch. */
export function admitReading(reading: JudgedRegisters, context: AdmissionContext): Admission {
  const wrong = misplaced(reading, context)
  if (wrong !== null) return wrong
  const { before, same, after, intervalSeconds } = context
  const { time, importWh, exportWh, quality } = reading
  if (same !== null) {
    const isSame = same.importWh === importWh && same.exportWh === exportWh && same.quality === quality
    return isSame ? { status: 'duplicate' } : refusedReading('READING_EQUIVOCATION', time)
  }
  if (importWh < before.importWh || exportWh < before.exportWh) {
    return refusedReading('READING_FALLING', time, before.time)
  }
  if (after !== null && (after.importWh < importWh || after.exportWh < exportWh)) {
    return refusedReading('READING_FALLING', after.time, time)
  }
  const intervals = (time - before.time) / intervalSeconds
  const most = (perInterval: Wh) => plausibilityFactor * perInterval * intervals + plausibilitySlackWh
  const exportedWh = exportWh - before.exportWh
  const importedWh = importWh - before.importWh
  if (exportedWh > most(context.maxExportWhPerInterval)) {
    return refusedReading('READING_IMPLAUSIBLE', 1, exportedWh, intervals)
  }
  if (importedWh > most(context.maxImportWhPerInterval)) {
    return refusedReading('READING_IMPLAUSIBLE', 0, importedWh, intervals)
  }
  return beyondBase(reading, context) ?? { status: 'stored' }
}

/**
 * Accounts sign limits that let any energy pass as plausible. What can be neither stored nor settled is refused here, where it stops its
 * own meter alone: intervals and batches would wait for it for ever, and with them the money of all.
 */
function beyondBase(reading: Registers, { base, intervalSeconds }: AdmissionContext): Admission | null {
  if (reading.epoch !== base.epoch || reading.time <= base.time) return null
  const intervals = (reading.time - base.time) / intervalSeconds
  const exportedWh = reading.exportWh - base.exportWh
  if (exportedWh > mostSinceBaseWh) return refusedReading('READING_IMPLAUSIBLE', 1, exportedWh, intervals)
  const importedWh = reading.importWh - base.importWh
  return importedWh > mostSinceBaseWh ? refusedReading('READING_IMPLAUSIBLE', 0, importedWh, intervals) : null
}

/** The energy of one interval and how good it is: measured needs two measured ends of one epoch. */
export interface IntervalEnergy {
  quality: Quality
  importWh: Wh
  exportWh: Wh
}

/** The registers at one of an interval's ends. */
export type End = Omit<JudgedRegisters, 'time'>

/** Turns the readings at an interval's two ends into its energy; a missing end or a change of epoch leaves nothing to count. */
export function intervalEnergy(atStart: End | null, atEnd: End | null): IntervalEnergy {
  if (atStart === null || atEnd === null || atStart.epoch !== atEnd.epoch) {
    return { quality: 'missing', importWh: 0, exportWh: 0 }
  }
  const worst = Math.max(atStart.quality, atEnd.quality)
  return {
    quality: worst === 0 ? 'measured' : worst === 1 ? 'estimated' : 'doubtful',
    importWh: atEnd.importWh - atStart.importWh,
    exportWh: atEnd.exportWh - atStart.exportWh,
  }
}
