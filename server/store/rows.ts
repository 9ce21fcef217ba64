/**
 * Rows as the queries give them. Times are UTC seconds, energies Wh, money ledger units in decimal strings. `area_id` is the
 * database's own number of an area.
 */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { ChainSeat, EventOf, Outcome } from '../market/area/area.ts'
import type { OrderStatus, Quality } from '../market/area/codes.ts'
import type { Side } from '../market/auction.ts'
import type { SignedByBoth, SignedOrder } from './signed.ts'

/** A seat; `area` is the database's own number of its area. */
export interface SeatKey {
  area: number
  seat: number
}

export interface Range {
  /** The first moment, inclusive. */
  from?: UtcSeconds | undefined
  /** The end, exclusive. */
  to?: UtcSeconds | undefined
}

/** A place in a list that is ordered by when something was accepted, newest first. */
export interface AcceptedPlace {
  acceptedAtMs: number
  arrival: number
  area: number
}

/** Ledger units as PostgreSQL writes them. */
export type NumericText = string

/** `missed`: the chain has settled this time by a batch that the journal does not know. */
export type StoredIntervalStatus = 'provisional' | 'final' | 'missed'

export interface IntervalRow {
  area_id: number
  start: UtcSeconds
  run: number
  status: StoredIntervalStatus
  kind: 'computed' | 'corrected' | 'reduced'
  matched_wh: Wh
  import_wh: Wh
  export_wh: Wh
  missing_readings: number
  /** Traded ahead, and what of it this run did not honour. */
  forward_wh: Wh
  deviation_wh: Wh
  grid_fees: NumericText
  congestion_rent: NumericText
  grid_take: NumericText
  computed_at: Date
  /** In the order of the area's settings at that time. */
  zones: ZoneResultRow[]
  flows: { zone: string; exportWh: Wh; congestionTicks: Ticks }[]
}

export interface ZoneResultRow {
  zone: string
  priceTicks: Ticks | null
  lowestTicks: Ticks | null
  highestTicks: Ticks | null
  soldWh: Wh
  boughtWh: Wh
  importWh: Wh
  exportWh: Wh
  /** How many meters were read. */
  meters: number
}

export interface ZonePriceRow {
  start: UtcSeconds
  price_ticks: Ticks | null
  /** Fed into the zone, and bought by nobody. */
  unsold_wh: Wh
  root_price_ticks: Ticks | null
  area_unsold_wh: Wh
}

export type BatchStatus = 'cut' | 'submitted' | 'settled'

export interface BatchRow {
  area_id: number
  start: UtcSeconds
  end_at: UtcSeconds
  /** 1, or higher where it was cut anew. */
  number: number
  left_out: number[]
  band_low: Ticks
  band_high: Ticks
  energy_wh: Wh
  paid: NumericText
  received: NumericText
  /** Null until the statement has been made. */
  statement_root: Hex | null
  status: BatchStatus
  transaction: Hex | null
  block: number | null
  gas_used: number | null
  /** Watchers that had signed it when it settled. */
  approvals: number | null
  seats: number
}

/** Settled by the chain, unknown to the journal. */
export interface MissedRow {
  area_id: number
  start: UtcSeconds
  end_at: UtcSeconds
  noticed_at: Date
}

/** The engine's `ChainSeat` as JSON holds it. */
export type ChainSeatJson = Omit<ChainSeat, 'balance' | 'withdrawal'> & {
  balance: string
  withdrawal: { amount: string; to: Address; claimableAt: UtcSeconds } | null
}

export interface SeatRow {
  area_id: number
  seat: number
  account: Address
  meter: Address
  chain: ChainSeatJson
  available: NumericText
  suspended: boolean
  /** The newest reading that was booked to the seat. */
  newest_epoch: number | null
  newest_time: UtcSeconds | null
  /** On how many days official values of its meter were compared with an agent's, and in how many intervals they differed. */
  compared_days: number
  beyond_intervals: number
}

export interface OrderRow {
  area_id: number
  arrival: number
  order_id: Hex
  seat: number
  side: Side
  limit_ticks: Ticks
  max_wh: Wh
  active_from: UtcSeconds
  active_until: UtcSeconds
  nonce: number
  status: 'active' | OrderStatus
  accepted_at: Date
  signed: SignedOrder
}

export interface AgreementRow {
  area_id: number
  arrival: number
  agreement_id: Hex
  group_arrival: number
  seller: number
  buyer: number
  kind: number
  amount: number
  price_ticks: Ticks
  start: UtcSeconds
  end_at: UtcSeconds
  /** The account that gave notice, where one did. */
  notice_by: Address | null
  accepted_at: Date
  signed: SignedByBoth
}

export interface SeatIntervalRow {
  area_id: number
  seat: number
  meter: Address
  start: UtcSeconds
  /** The newest run that tells of the seat. */
  run: number
  status: StoredIntervalStatus
  zone: string
  quality: Quality
  import_wh: Wh
  export_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: NumericText
  received: NumericText
  deviation_wh: Wh
  /** The zone's clearing price. */
  price_ticks: Ticks | null
  outcomes: Outcome[]
}

export interface SummaryRow {
  import_wh: Wh
  export_wh: Wh
  /** The smaller of the two of each interval. */
  own_use_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: NumericText
  received: NumericText
}

export interface SeatBatchRow {
  area_id: number
  seat: number
  start: UtcSeconds
  end_at: UtcSeconds
  status: BatchStatus
  sold_wh: Wh
  bought_wh: Wh
  paid: NumericText
  received: NumericText
  transaction: Hex | null
  approvals: number | null
}

export interface ForwardOrderRow {
  area_id: number
  arrival: number
  order_id: Hex
  seat: number
  zone: string
  side: Side
  start: UtcSeconds
  limit_ticks: Ticks
  max_wh: Wh
  open_wh: Wh
  traded_wh: Wh
  time_in_force: 'GTC' | 'IOC' | 'FOK'
  nonce: number
  cancelled: EventOf<'forward-cancelled'>['reason'] | null
  accepted_at: Date
  signed: SignedOrder
}

/** One seat's side of a trade. */
export interface OwnForwardTradeRow {
  area_id: number
  seat: number
  /** The arrival of the seat's order. */
  arrival: number
  side: Side
  zone: string
  start: UtcSeconds
  number: number
  price_ticks: Ticks
  energy_wh: Wh
  /** Null until the interval was computed, like `status` and `outcome`. */
  delivered_wh: Wh | null
  made_at: Date
  status: StoredIntervalStatus | null
  /** What became of the seat's order. */
  outcome: Outcome | null
}

export interface ForwardTradeRow {
  area_id: number
  zone: string
  start: UtcSeconds
  number: number
  price_ticks: Ticks
  energy_wh: Wh
  made_at: Date
}

/** What rests at one price. */
export interface ForwardLevelRow {
  zone: string
  start: UtcSeconds
  side: Side
  limit_ticks: Ticks
  energy_wh: Wh
  orders: number
}

export type ForwardStatus = 'open' | 'filled' | 'cancelled'

/** Later than every time that the tables hold. */
export const endOfTime = 2 ** 40
