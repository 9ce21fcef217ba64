/** What every settlement report is made of, whatever its format: one row per metering point and interval, or day, or month. */
import { CodedError } from '../../contracts/protocol/error.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'

/** What of an area's settings a report shows or computes by. */
export interface ReportSettings {
  area: number
  name: string
  currency: string
  priceDecimals: number
  rules: { intervalSeconds: number }
  /** Whether what a home uses of its own is told by itself (`net`) or part of the residual of both directions. */
  ownUse: 'net' | 'residual'
  zones: readonly { zone: string; name: string; parent: string | null }[]
}

/** What the roster says of a metering point at some time. */
export interface PointFacts {
  /** Official identifier of what is drawn, and of what is fed in where that has one of its own. */
  point: string
  exportPoint: string
  supplier: string | null
  balanceGroup: string | null
}

/** Ways in which energy of an interval is given to parties, in the order in which they come. */
export const reportStages = ['agreements', 'forward', 'spot', 'imported', 'coefficients'] as const
export type ReportStage = (typeof reportStages)[number]

export type StageEnergies = Readonly<Record<ReportStage, Wh>>

export type RowQuality = 'measured' | 'estimated' | 'doubtful' | 'missing'
/** The qualities from best to worst. */
export const rowQualities = ['measured', 'estimated', 'doubtful', 'missing'] as const satisfies readonly RowQuality[]

export type RowStatus = 'provisional' | 'final' | 'missed'
/** The statuses from the surest to the least sure. */
export const rowStatuses = ['final', 'provisional', 'missed'] as const satisfies readonly RowStatus[]

/** A meter's cumulative registers at a boundary. */
export interface BoundaryRegisters {
  importWh: Wh
  exportWh: Wh
}

/**
 * A row's money, seen from the account: `energy − gridFee − congestion` is what it received less what it paid. How it is
 * split stands in `settled-row.ts`.
 */
export interface MoneySplit {
  energy: LedgerUnits
  gridFee: LedgerUnits
  congestion: LedgerUnits
}

/** Energies and money of a row, or of many. Always metered = own use + matched + residual, in both directions. */
export interface Summed {
  importWh: Wh
  exportWh: Wh
  /** On both sides the same; 0 where the supplier bills it. */
  ownUseWh: Wh
  boughtWh: Wh
  soldWh: Wh
  bought: StageEnergies
  sold: StageEnergies
  residualImportWh: Wh
  residualExportWh: Wh
  /** Promised ahead and not delivered or not taken. */
  deviationWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
  /** Null where rows were read by point, for formats that do not split money. */
  split: MoneySplit | null
}

export const noEnergies: StageEnergies = { agreements: 0, forward: 0, spot: 0, imported: 0, coefficients: 0 }

/** Adds up many rows without making an object for each; what one of them does not split is not split. */
export class RunningSum {
  readonly #sums = { importWh: 0, exportWh: 0, ownUseWh: 0, boughtWh: 0, soldWh: 0, ...noResidual }
  readonly #bought: Record<ReportStage, Wh> = { ...noEnergies }
  readonly #sold: Record<ReportStage, Wh> = { ...noEnergies }
  #paid: LedgerUnits = 0n
  #received: LedgerUnits = 0n
  #split: MoneySplit | null = { energy: 0n, gridFee: 0n, congestion: 0n }

  add(row: Summed): void {
    const sums = this.#sums
    sums.importWh += row.importWh
    sums.exportWh += row.exportWh
    sums.ownUseWh += row.ownUseWh
    sums.boughtWh += row.boughtWh
    sums.soldWh += row.soldWh
    sums.residualImportWh += row.residualImportWh
    sums.residualExportWh += row.residualExportWh
    sums.deviationWh += row.deviationWh
    addStages(this.#bought, row.bought)
    addStages(this.#sold, row.sold)
    if (row.paid !== 0n) this.#paid += row.paid
    if (row.received !== 0n) this.#received += row.received
    const [all, own] = [this.#split, row.split]
    if (all === null || own === null) this.#split = null
    else {
      all.energy += own.energy
      all.gridFee += own.gridFee
      all.congestion += own.congestion
    }
  }

  get sums(): Summed {
    const [bought, sold, split] = [{ ...this.#bought }, { ...this.#sold }, this.#split && { ...this.#split }]
    return { ...this.#sums, bought, sold, paid: this.#paid, received: this.#received, split }
  }
}

const noResidual = { residualImportWh: 0, residualExportWh: 0, deviationWh: 0 }

function addStages(all: Record<ReportStage, Wh>, own: StageEnergies): void {
  if (own === noEnergies) return
  all.agreements += own.agreements
  all.forward += own.forward
  all.spot += own.spot
  all.imported += own.imported
  all.coefficients += own.coefficients
}

/** Both together; what one of them does not split is not split. */
export function added(a: Summed, b: Summed): Summed {
  return {
    importWh: a.importWh + b.importWh,
    exportWh: a.exportWh + b.exportWh,
    ownUseWh: a.ownUseWh + b.ownUseWh,
    boughtWh: a.boughtWh + b.boughtWh,
    soldWh: a.soldWh + b.soldWh,
    bought: addedByStage(a.bought, b.bought),
    sold: addedByStage(a.sold, b.sold),
    residualImportWh: a.residualImportWh + b.residualImportWh,
    residualExportWh: a.residualExportWh + b.residualExportWh,
    deviationWh: a.deviationWh + b.deviationWh,
    paid: a.paid + b.paid,
    received: a.received + b.received,
    split: addedSplit(a.split, b.split),
  }
}

function addedSplit(a: MoneySplit | null, b: MoneySplit | null): MoneySplit | null {
  if (a === null || b === null) return null
  return {
    energy: a.energy + b.energy,
    gridFee: a.gridFee + b.gridFee,
    congestion: a.congestion + b.congestion,
  }
}

function addedByStage(a: StageEnergies, b: StageEnergies): StageEnergies {
  if (b === noEnergies) return a
  return {
    agreements: a.agreements + b.agreements,
    forward: a.forward + b.forward,
    spot: a.spot + b.spot,
    imported: a.imported + b.imported,
    coefficients: a.coefficients + b.coefficients,
  }
}

/** One metering point in `[start, end)`. */
export interface ReportRow extends Summed {
  /** As they held at the row's time. */
  settings: ReportSettings
  facts: PointFacts
  /** The meter's address. */
  meter: string
  zone: string
  zoneName: string
  start: UtcSeconds
  end: UtcSeconds
  /** How many intervals the row sums up. */
  intervals: number
  /** The run; of a sum, the newest one. */
  run: number
  computedAt: UtcSeconds
  /** The status; of a sum, the least sure one. */
  status: RowStatus
  /** The quality; of a sum, the worst one. */
  quality: RowQuality
  /** Null where no reading of that boundary is known, and where energy was corrected after its registers were signed. */
  registersAtStart: BoundaryRegisters | null
  registersAtEnd: BoundaryRegisters | null
  /** End of the batch and root of its statement; null while it is not cut, and for a sum over several batches. */
  batch: UtcSeconds | null
  statementRoot: string | null
}

export type ReportErrorCode =
  | 'REPORT_APPROVAL'
  | 'REPORT_AREA_UNKNOWN'
  | 'REPORT_CHANGED'
  | 'REPORT_CURRENCY'
  | 'REPORT_EMPTY'
  | 'REPORT_FORMAT'
  | 'REPORT_LENGTH'
  | 'REPORT_POINT'
  | 'REPORT_RANGE'
  | 'REPORT_REPEATED'
  | 'REPORT_SELECTION'
  | 'REPORT_UNBALANCED'
  | 'REPORT_UNKNOWN'
  | 'REPORT_WRONG'
  | 'REPORT_ZONE_UNKNOWN'

/** Why a report, or one row of it, is not written; `message` does not name the row. */
export class ReportError extends CodedError<ReportErrorCode> {
  override readonly name = 'ReportError'
}
