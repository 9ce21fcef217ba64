/** Rows of the projections as the resources that people read: ISO times, decimal prices and money. */
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { formatMoney, formatPrice, type Ticks, type UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { Terms } from '../market/engine/area.ts'
import type {
  BatchRow,
  IntervalRow,
  OrderRow,
  SeatBatchRow,
  SeatIntervalRow,
  SeatRow,
  SummaryRow,
} from '../store/queries.ts'
import type {
  AreaResource,
  BatchResource,
  IntervalResource,
  OrderResource,
  SeatBatchResource,
  SeatIntervalResource,
  SeatResource,
  SummaryResource,
} from './resources.ts'

/** Cumulative production at boundaries, by time; see `productionByTime`. */
export type Production = ReadonlyMap<UtcSeconds, { epoch: number; productionWh: number }>

export function isoTime(seconds: UtcSeconds): string {
  return new Date(seconds * 1000).toISOString()
}

/** The seat as the escrow numbers it. */
export function seatOf(row: { area_id: number; seat: number }): string {
  return String(seatIdOf(row.area_id, row.seat))
}

export function presentArea(settings: AreaSettings, settledUntil: UtcSeconds | null): AreaResource {
  const { rules, chain } = settings
  return {
    area: settings.area,
    name: settings.name,
    intervalSeconds: rules.intervalSeconds,
    batchSeconds: rules.batchSeconds,
    graceSeconds: settings.graceMs / 1000,
    priceDecimals: settings.priceDecimals,
    currency: settings.currency,
    feedInPerKwh: price(settings, settings.feedInTicks),
    retailPerKwh: price(settings, settings.retailTicks),
    rules: { hash: settings.rulesHash, ...rules },
    chain: { ...chain },
    zones: settings.zones.map((zone) => ({
      zone: zone.zone,
      name: zone.name,
      parent: zone.parent,
      feePerKwh: price(settings, zone.feeTicksPerKwh),
      capacityWh: zone.capacityWh,
    })),
    settledUntil: settledUntil === null ? null : isoTime(settledUntil),
  }
}

export function presentInterval(settings: AreaSettings, row: IntervalRow): IntervalResource {
  return {
    area: row.area_id,
    start: isoTime(row.start),
    end: isoTime(row.start + settings.rules.intervalSeconds),
    run: row.run,
    status: row.status,
    matchedWh: row.matched_wh,
    importWh: row.import_wh,
    exportWh: row.export_wh,
    missingReadings: row.missing_readings,
    forwardWh: row.forward_wh,
    deviationWh: row.deviation_wh,
    gridFees: money(settings, row.grid_fees),
    congestionRent: money(settings, row.congestion_rent),
    zones: row.zones.map((zone) => ({
      zone: zone.zone,
      pricePerKwh: priceOrNull(settings, zone.priceTicks),
      soldWh: zone.soldWh,
      boughtWh: zone.boughtWh,
      importWh: zone.importWh,
      exportWh: zone.exportWh,
    })),
    flows: row.flows.map((flow) => ({
      zone: flow.zone,
      exportWh: flow.exportWh,
      congestionPerKwh: price(settings, flow.congestionTicks),
    })),
  }
}

export function presentBatch(settings: AreaSettings, row: BatchRow): BatchResource {
  return {
    area: row.area_id,
    start: isoTime(row.start),
    end: isoTime(row.end_at),
    status: row.status,
    seats: row.seats,
    energyWh: row.energy_wh,
    paid: money(settings, row.paid),
    received: money(settings, row.received),
    gridTake: formatMoney(BigInt(row.paid) - BigInt(row.received), settings.priceDecimals),
    statementRoot: row.statement_root,
    transaction: row.transaction,
    block: row.block,
    gasUsed: row.gas_used,
  }
}

export function presentOrder(settings: AreaSettings, row: OrderRow): OrderResource {
  return {
    order: row.order_id,
    seat: seatOf(row),
    account: row.account,
    meter: row.meter,
    side: row.side,
    limitPerKwh: price(settings, row.limit_ticks),
    maxWh: row.max_wh,
    start: isoTime(row.signed.order.start),
    end: isoTime(row.signed.order.end),
    nonce: row.nonce,
    status: row.status,
    acceptedAt: row.accepted_at.toISOString(),
    effectiveFrom: isoTime(row.active_from),
  }
}

/** `active` are the active orders in order of arrival, of any seats. */
export function presentSeat(
  settings: AreaSettings,
  row: SeatRow,
  active: readonly OrderRow[],
  nowSeconds: UtcSeconds,
): SeatResource {
  const { chain } = row
  const terms = termsNow(chain.terms, nowSeconds)
  const newestOf = (side: 'buy' | 'sell') => {
    const order = active.findLast((o) => o.side === side && o.seat === row.seat && o.area_id === row.area_id)
    return order === undefined ? null : presentOrder(settings, order)
  }
  return {
    area: row.area_id,
    seat: seatOf(row),
    account: row.account,
    meter: row.meter,
    keys: (chain.keys ?? []).map(({ key, from }) => ({ key, from: isoTime(from) })),
    zone: terms.zone ?? rootZone(settings),
    confirmed: terms.nameplateWh !== null,
    closed: terms.closed,
    mandate: {
      sellFloorPerKwh: price(settings, terms.sellFloor),
      buyCeilingPerKwh: price(settings, terms.buyCeiling),
      maxSellWh: terms.maxSellWh,
      maxBuyWh: terms.maxBuyWh,
      validFrom: isoTime(terms.from),
      validUntil: isoTime(terms.validUntil),
      version: terms.version,
    },
    nameplateWh: terms.nameplateWh,
    epoch: Math.max(chain.base.epoch, row.last_reading_epoch ?? 0),
    balance: money(settings, chain.balance),
    available: money(settings, row.available),
    withdrawal:
      chain.withdrawal === null
        ? null
        : {
            amount: money(settings, chain.withdrawal.amount),
            to: chain.withdrawal.to,
            claimableAt: isoTime(chain.withdrawal.claimableAt),
            nonce: chain.withdrawalNonce - 1,
          },
    withdrawalNonce: chain.withdrawalNonce,
    sellOrder: newestOf('sell'),
    buyOrder: newestOf('buy'),
    lastReadingAt: row.last_reading_time === null ? null : isoTime(row.last_reading_time),
  }
}

export function presentSeatInterval(
  settings: AreaSettings,
  row: SeatIntervalRow,
  production: Production,
): SeatIntervalResource {
  const end = row.start + settings.rules.intervalSeconds
  return {
    seat: seatOf(row),
    start: isoTime(row.start),
    end: isoTime(end),
    run: row.run,
    status: row.status,
    quality: row.quality,
    importWh: row.import_wh,
    exportWh: row.export_wh,
    boughtWh: row.bought_wh,
    soldWh: row.sold_wh,
    residualImportWh: row.import_wh - row.bought_wh,
    residualExportWh: row.export_wh - row.sold_wh,
    deviationWh: row.deviation_wh,
    // Where the seat had no readings, those of its meter are another one's: it has moved.
    productionWh: row.quality === 'missing' ? null : producedBetween(production, row.start, end),
    paid: money(settings, row.paid),
    received: money(settings, row.received),
    pricePerKwh: priceOrNull(settings, row.price_ticks),
    outcomes: row.outcomes.map((outcome) => ({
      order: outcome.order,
      side: outcome.side,
      limitPerKwh: price(settings, outcome.limitTicks),
      offeredWh: outcome.offeredWh,
      filledWh: outcome.filledWh,
      pricePerKwh: priceOrNull(settings, outcome.priceTicks),
      amount: money(settings, outcome.amount),
      code: outcome.code,
      message: outcome.message,
    })),
  }
}

export function presentSeatBatch(settings: AreaSettings, row: SeatBatchRow): SeatBatchResource {
  return {
    seat: seatOf(row),
    start: isoTime(row.start),
    end: isoTime(row.end_at),
    status: row.status,
    soldWh: row.sold_wh,
    boughtWh: row.bought_wh,
    paid: money(settings, row.paid),
    received: money(settings, row.received),
    transaction: row.transaction,
  }
}

/** `seat` as the escrow numbers it. */
export function presentSummary(
  settings: AreaSettings,
  row: SummaryRow,
  { seat, from, to }: { seat: string; from: UtcSeconds; to: UtcSeconds },
): SummaryResource {
  const at = (ticks: Ticks, wh: number) => formatMoney(BigInt(ticks) * BigInt(wh), settings.priceDecimals)
  return {
    seat,
    from: isoTime(from),
    to: isoTime(to),
    importWh: row.import_wh,
    exportWh: row.export_wh,
    boughtWh: row.bought_wh,
    soldWh: row.sold_wh,
    paid: money(settings, row.paid),
    received: money(settings, row.received),
    soldAtFeedIn: at(settings.feedInTicks, row.sold_wh),
    boughtAtRetail: at(settings.retailTicks, row.bought_wh),
  }
}

/** The terms that hold now; before the first ones begin, those. */
function termsNow(terms: readonly Terms[], nowSeconds: UtcSeconds): Terms {
  return terms.findLast(({ from }) => from <= nowSeconds) ?? terms[0]!
}

function rootZone(settings: AreaSettings): string {
  return settings.zones.find(({ parent }) => parent === null)!.zone
}

function producedBetween(production: Production, start: UtcSeconds, end: UtcSeconds): number | null {
  const before = production.get(start)
  const after = production.get(end)
  if (before === undefined || after === undefined || before.epoch !== after.epoch) return null
  const produced = after.productionWh - before.productionWh
  return produced < 0 ? null : produced
}

export function price(settings: AreaSettings, ticks: Ticks): string {
  return formatPrice(ticks, settings.priceDecimals)
}

function priceOrNull(settings: AreaSettings, ticks: Ticks | null): string | null {
  return ticks === null ? null : price(settings, ticks)
}

function money(settings: AreaSettings, units: string): string {
  return formatMoney(BigInt(units), settings.priceDecimals)
}
