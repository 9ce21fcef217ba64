/** What every settlement report is made of, whatever its format: one row per metering point and interval. */
import { CodedError } from '../../contracts/protocol/error.ts'
import type { LedgerUnits, Ticks, UtcSeconds } from '../../contracts/protocol/units.ts'

/** What of an area's settings a report shows or computes by. */
export interface ReportSettings {
  name: string
  currency: string
  priceDecimals: number
  rules: { intervalSeconds: number }
  /** Whether what a home uses of its own is told by itself (`net`) or part of the residual of both directions. */
  ownUse: 'net' | 'residual'
  zones: readonly { zone: string; parent: string | null }[]
}

/** What one order or agreement matched; `amount` in ledger units, after the share in excess congestion rent. */
export interface SettledOutcome {
  stage: 'agreements' | 'forward' | 'spot'
  /** Names the order or agreement. */
  arrival: number
  side: 'buy' | 'sell'
  filledWh: number
  priceTicks: Ticks | null
  amount: LedgerUnits
}

/** One metering point in one interval; money as decimal strings of ledger units. */
export interface SettledInterval {
  start: UtcSeconds
  meter: string
  zone: string
  run: number
  status: 'provisional' | 'final' | 'missed'
  quality: 'measured' | 'estimated' | 'doubtful' | 'missing'
  import_wh: number
  export_wh: number
  bought_wh: number
  sold_wh: number
  paid: string
  received: string
  /** Traded forward and not delivered or not taken. */
  deviation_wh: number
  outcomes: readonly SettledOutcome[]
  /** What the sellers of agreements get, by the agreement's arrival; their buyers pay the grid fee besides. */
  agreed: ReadonlyMap<number, Ticks>
  /** Results of the whole interval. */
  zones: readonly { zone: string; priceTicks: Ticks | null }[]
  flows: readonly { zone: string; exportWh: number; congestionTicks: Ticks }[]
  batch_end: UtcSeconds | null
  statement_root: string | null
}

export class ReportError extends CodedError<'REPORT_UNBALANCED' | 'REPORT_ZONE_UNKNOWN' | 'REPORT_RANGE'> {
  override readonly name = 'ReportError'
}
