/**
 * Whether a boundary reading is accepted, decided from the meter's other readings alone. Pure; signatures are checked before.
 */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'

/** A meter's cumulative registers at a boundary, in Wh; quality 0 measured, 1 estimated, 2 doubtful. */
export interface Registers {
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
  quality: number
}

export interface AdmissionContext {
  nowMs: number
  intervalSeconds: number
  /** The meter's accepted readings, ascending by time. */
  accepted: readonly Registers[]
  /** The start of the newest epoch the chain knows. */
  base: { epoch: number; time: UtcSeconds; importWh: Wh; exportWh: Wh }
  /** The most that can plausibly flow in one interval. */
  maxImportWhPerInterval: Wh
  maxExportWhPerInterval: Wh
}

export type Admission =
  | { status: 'stored'; index: number; late: boolean }
  | { status: 'duplicate' }
  | { status: 'refused'; code: ReadingCode; message: string; retry: boolean }

export type ReadingCode =
  | 'READING_MISALIGNED'
  | 'READING_FUTURE'
  | 'READING_EPOCH'
  | 'READING_BEFORE_EPOCH'
  | 'READING_EQUIVOCATION'
  | 'READING_FALLING'
  | 'READING_IMPLAUSIBLE'

/** A meter's clock may be this far ahead of the server's. */
const clockToleranceMs = 2_000
/** Counters and nameplates are rounded: this much more than the bound is still plausible. */
const plausibilityFactor = 1.2
const plausibilitySlackWh = 10

function refused(code: ReadingCode, message: string, retry = false): Admission {
  return { status: 'refused', code, message, retry }
}

/**
 * Decides on one reading. `stored` gives its place among the accepted ones; `late` says that it lies before the first of
 * them. `retry` says that sending the same reading again later can succeed.
 */
export function admitReading(reading: Registers, context: AdmissionContext): Admission {
  const { accepted, base, intervalSeconds } = context
  if (reading.time % intervalSeconds !== 0) {
    return refused('READING_MISALIGNED', `time ${reading.time} is not a boundary of ${intervalSeconds} s`)
  }
  if (reading.time * 1000 > context.nowMs + clockToleranceMs) {
    return refused('READING_FUTURE', `boundary ${reading.time} has not passed yet by the server's clock`, true)
  }
  if (reading.epoch > base.epoch) {
    return refused(
      'READING_EPOCH',
      `epoch ${reading.epoch} has not been started on chain; it is at ${base.epoch}`,
      true,
    )
  }
  if (reading.epoch < base.epoch) {
    return refused('READING_EPOCH', `epoch ${reading.epoch} has ended; the meter is in epoch ${base.epoch}`)
  }
  let index = accepted.length
  while (index > 0 && accepted[index - 1]!.time > reading.time) index--
  const same = accepted[index - 1]
  if (same !== undefined && same.time === reading.time) {
    if (same.importWh === reading.importWh && same.exportWh === reading.exportWh && same.quality === reading.quality) {
      return { status: 'duplicate' }
    }
    return refused(
      'READING_EQUIVOCATION',
      `another value was signed for boundary ${reading.time}: the first one stands`,
    )
  }
  const late = index === 0 && reading.time < (accepted[0]?.time ?? base.time)
  const before = same ?? (late ? undefined : base)
  if (before === undefined) {
    const first = accepted[0] ?? base
    if (reading.importWh > first.importWh || reading.exportWh > first.exportWh) {
      return refused('READING_FALLING', `registers at ${reading.time} are above those at ${first.time}`)
    }
    return { status: 'stored', index, late: true }
  }
  const after = accepted[index]
  const bounded = steps(before, reading, after)
  if (bounded !== null) return bounded
  const intervals = (reading.time - before.time) / intervalSeconds
  const exported = reading.exportWh - before.exportWh
  const imported = reading.importWh - before.importWh
  const implausible =
    exported > plausibilityFactor * context.maxExportWhPerInterval * intervals + plausibilitySlackWh
      ? `export of ${exported} Wh`
      : imported > plausibilityFactor * context.maxImportWhPerInterval * intervals + plausibilitySlackWh
        ? `import of ${imported} Wh`
        : null
  if (implausible !== null) {
    return refused(
      'READING_IMPLAUSIBLE',
      `${implausible} in ${intervals} intervals is more than the connection can carry`,
    )
  }
  return { status: 'stored', index, late: false }
}

/** Registers never fall along time. */
function steps(
  before: { time: UtcSeconds; importWh: Wh; exportWh: Wh },
  reading: Registers,
  after: Registers | undefined,
): Admission | null {
  if (reading.time <= before.time) {
    return reading.time === before.time && reading.importWh === before.importWh && reading.exportWh === before.exportWh
      ? { status: 'duplicate' }
      : refused('READING_BEFORE_EPOCH', `boundary ${reading.time} is not after the epoch's start at ${before.time}`)
  }
  if (reading.importWh < before.importWh || reading.exportWh < before.exportWh) {
    return refused('READING_FALLING', `registers at ${reading.time} are below those at ${before.time}`)
  }
  if (after !== undefined && (after.importWh < reading.importWh || after.exportWh < reading.exportWh)) {
    return refused('READING_FALLING', `registers at ${reading.time} are above those at ${after.time}`)
  }
  return null
}

/** The energy of one interval and how good it is: measured needs two measured ends of one epoch. */
export interface IntervalEnergy {
  quality: 'measured' | 'estimated' | 'doubtful' | 'missing'
  importWh: Wh
  exportWh: Wh
}

/** Turns the readings at an interval's two ends into its energy; a missing end or a change of epoch leaves nothing to count. */
export function intervalEnergy(atStart: Registers | undefined, atEnd: Registers | undefined): IntervalEnergy {
  if (atStart === undefined || atEnd === undefined || atStart.epoch !== atEnd.epoch) {
    return { quality: 'missing', importWh: 0, exportWh: 0 }
  }
  const worst = Math.max(atStart.quality, atEnd.quality)
  return {
    quality: worst === 0 ? 'measured' : worst === 1 ? 'estimated' : 'doubtful',
    importWh: atEnd.importWh - atStart.importWh,
    exportWh: atEnd.exportWh - atStart.exportWh,
  }
}
