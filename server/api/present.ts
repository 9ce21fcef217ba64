/** Rows of the tables as the resources that people read: ISO times, decimal prices and money, sentences for codes. */
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import {
  formatMoney,
  formatPrice,
  type LedgerUnits,
  type Ticks,
  type UtcSeconds,
} from '../../contracts/protocol/units.ts'
import { type AreaSettings, engineConfig } from '../areas/settings.ts'
import type { Outcome, Terms } from '../market/area/area.ts'
import type {
  BatchRow,
  IntervalRow,
  MissedRow,
  OrderRow,
  SeatBatchRow,
  SeatIntervalRow,
  SeatRow,
  SummaryRow,
} from '../store/rows.ts'
import { languages } from '../words/languages.ts'
import { meaningOf, outcomeSentence } from '../words/sentences.ts'
import type { Offices } from './parts.ts'
import { publicZones } from './public-zones.ts'
import type {
  AreaResource,
  BatchResource,
  IntervalResource,
  OrderResource,
  OutcomeResource,
  SeatBatchResource,
  SeatIntervalResource,
  SeatResource,
  SummaryResource,
} from './resources.ts'

/** Cumulative production at boundaries, by time. */
export type Production = ReadonlyMap<UtcSeconds, { epoch: number; productionWh: number }>

export function isoTime(seconds: UtcSeconds): string {
  return new Date(seconds * 1000).toISOString()
}

/** A seat of an area as the escrow numbers it. */
export function seatIdIn({ area }: Pick<AreaSettings, 'area'>, seat: number): string {
  return seatIdOf(area, seat).toString()
}

export function presentArea(
  settings: AreaSettings,
  {
    slug,
    settledUntil,
    missed,
    revocations,
    offices,
  }: {
    slug: string
    settledUntil: UtcSeconds
    missed: readonly MissedRow[]
    revocations: Address | null
    offices: Offices
  },
): AreaResource {
  const { rules, chain } = settings
  const { lowestTicks, highestTicks } = engineConfig(settings)
  return {
    area: settings.area,
    slug,
    name: settings.name,
    intervalSeconds: rules.intervalSeconds,
    batchSeconds: rules.batchSeconds,
    graceSeconds: settings.graceMs / 1000,
    priceDecimals: settings.priceDecimals,
    currency: settings.currency,
    feedInPerKwh: decimalPrice(settings, settings.feedInTicks),
    retailPerKwh: decimalPrice(settings, settings.retailTicks),
    lowestPerKwh: decimalPrice(settings, lowestTicks),
    highestPerKwh: decimalPrice(settings, highestTicks),
    supplierMix: settings.supplierMix ?? null,
    ownUse: settings.ownUse,
    sharing: settings.sharing && {
      price: settings.sharing.price.type,
      waitSeconds: settings.sharing.waitMs / 1000,
    },
    rules: { hash: settings.rulesHash, ...rules },
    offices,
    chain: { ...chain, revocations },
    zones: settings.zones.map((zone) => presentZone(settings, zone)),
    settledUntil: settledUntil === 0 ? null : isoTime(settledUntil),
    missed: missed.map(({ start, end_at }) => ({ start: isoTime(start), end: isoTime(end_at) })),
  }
}

function presentZone(settings: AreaSettings, zone: AreaSettings['zones'][number]): AreaResource['zones'][number] {
  return {
    zone: zone.zone,
    name: zone.name,
    parent: zone.parent,
    feePerKwh: decimalPrice(settings, zone.feeTicksPerKwh),
    capacityWh: zone.capacityWh,
  }
}

/** `settings` are those of the interval's time. Whoever is not the grid operator sees of small zones what `publicZones` tells. */
export function presentInterval(
  settings: AreaSettings,
  row: IntervalRow,
  reader: 'public' | 'grid' = 'public',
): IntervalResource {
  const zoneOf = new Map(settings.zones.map((zone) => [zone.zone, zone]))
  const results = row.zones.map((result) => ({ ...result, parent: zoneOf.get(result.zone)?.parent ?? null }))
  const shown = reader === 'grid' ? results : publicZones(withOneRoot(results))
  const zones = shown.map((result) => {
    return {
      ...presentZone(settings, zoneOf.get(result.zone) ?? unknownZone(result.zone)),
      pricePerKwh: priceOrNull(settings, result.priceTicks),
      soldWh: result.soldWh,
      boughtWh: result.boughtWh,
      importWh: result.importWh,
      exportWh: result.exportWh,
    }
  })
  const surplusWh = surplusByZone(row.zones, zones)
  const told = new Set(zones.filter(({ soldWh }) => soldWh !== null).map(({ zone }) => zone))
  return {
    area: settings.area,
    start: isoTime(row.start),
    end: isoTime(row.start + settings.rules.intervalSeconds),
    run: row.run,
    status: row.status,
    kind: row.kind,
    matchedWh: row.matched_wh,
    importWh: row.import_wh,
    exportWh: row.export_wh,
    missingReadings: row.missing_readings,
    forwardWh: row.forward_wh,
    deviationWh: row.deviation_wh,
    gridFees: moneyIn(settings, row.grid_fees),
    congestionRent: moneyIn(settings, row.congestion_rent),
    gridTake: moneyIn(settings, row.grid_take),
    zones,
    flows: row.flows.map(({ zone, congestionTicks }) => ({
      zone,
      exportWh: told.has(zone) ? (surplusWh.get(zone) ?? 0) : null,
      congestionPerKwh: decimalPrice(settings, congestionTicks),
    })),
  }
}

/** Settings that lack a zone of a result cannot be those of its time; what is there of it is still shown. */
function unknownZone(zone: string): AreaSettings['zones'][number] {
  return { zone, name: zone, parent: null, feeTicksPerKwh: 0, capacityWh: null }
}

/** Settings that lack zones of a result may leave several without a parent: they are told as if below the first. */
function withOneRoot<Zone extends { zone: string; parent: string | null }>(zones: readonly Zone[]): Zone[] {
  const root = zones.find(({ parent }) => parent === null)
  return zones.map((zone) => (zone.parent === null && zone !== root ? { ...zone, parent: root!.zone } : zone))
}

/** What each zone and those below it sold beyond what they bought: that left over the zone's link. */
function surplusByZone(results: IntervalRow['zones'], zones: IntervalResource['zones']): Map<string, number> {
  const parentOf = new Map(zones.map(({ zone, parent }) => [zone, parent]))
  const surplusWh = new Map(zones.map(({ zone }) => [zone, 0]))
  for (const { zone, soldWh, boughtWh } of results) {
    for (let at: string | null = zone; at !== null; at = parentOf.get(at) ?? null) {
      surplusWh.set(at, (surplusWh.get(at) ?? 0) + soldWh - boughtWh)
    }
  }
  return surplusWh
}

export function presentBatch(settings: AreaSettings, row: BatchRow): BatchResource {
  return {
    area: settings.area,
    start: isoTime(row.start),
    end: isoTime(row.end_at),
    number: row.number,
    leftOut: row.left_out.length,
    status: row.status,
    seats: row.seats,
    energyWh: row.energy_wh,
    paid: moneyIn(settings, row.paid),
    received: moneyIn(settings, row.received),
    gridTake: moneyIn(settings, BigInt(row.paid) - BigInt(row.received)),
    statementRoot: row.statement_root,
    transaction: row.transaction,
    block: row.block,
    gasUsed: row.gas_used,
    approvals: row.approvals,
  }
}

export function presentOrder(settings: AreaSettings, row: Omit<OrderRow, 'area_id'>): OrderResource {
  const { order, session } = row.signed
  return {
    market: 'spot',
    order: row.order_id,
    arrival: row.arrival,
    seat: seatIdIn(settings, row.seat),
    account: order.account,
    meter: order.meter,
    side: row.side,
    limitPerKwh: decimalPrice(settings, row.limit_ticks),
    maxWh: row.max_wh,
    start: isoTime(order.start),
    end: isoTime(order.end),
    nonce: row.nonce,
    status: row.status,
    acceptedAt: row.accepted_at.toISOString(),
    effectiveFrom: isoTime(row.active_from),
    effectiveUntil: isoTime(row.active_until),
    sessionKey: session?.key ?? null,
  }
}

interface SeatSurroundings {
  /** Active orders in order of arrival, of any seats. */
  active: readonly OrderRow[]
  nowSeconds: UtcSeconds
  /** The seat into whose purse the money goes that is asked for, as the escrow numbers it; null where it is paid out. */
  movesTo: string | null
}

export function presentSeat(
  settings: AreaSettings,
  row: SeatRow,
  { active, nowSeconds, movesTo }: SeatSurroundings,
): SeatResource {
  const { chain } = row
  const terms = termsNow(chain.terms, nowSeconds)
  const coming = chain.terms.at(-1)!
  const changes = coming.from > nowSeconds && (coming.version !== terms.version || coming.closed !== terms.closed)
  const newestOf = (side: 'buy' | 'sell') => {
    const order = active.findLast(
      (each) => each.side === side && each.seat === row.seat && each.area_id === row.area_id,
    )
    return order === undefined ? null : presentOrder(settings, order)
  }
  return {
    area: settings.area,
    seat: seatIdIn(settings, row.seat),
    account: row.account,
    meter: row.meter,
    keys: chain.keys.map(({ key, from }) => ({ key, from: isoTime(from) })),
    zone: terms.zone ?? rootZone(settings),
    confirmed: terms.nameplateWh !== null,
    closed: terms.closed,
    suspended: row.suspended,
    mandate: presentMandate(settings, terms),
    next: changes ? { ...presentMandate(settings, coming), closed: coming.closed } : null,
    nameplateWh: terms.nameplateWh,
    epoch: Math.max(chain.epochStart.epoch, row.newest_epoch ?? 0),
    balance: moneyIn(settings, chain.balance),
    available: moneyIn(settings, row.available),
    withdrawal:
      chain.withdrawal === null
        ? null
        : {
            amount: moneyIn(settings, chain.withdrawal.amount),
            to: chain.withdrawal.to,
            movesTo,
            claimableAt: isoTime(chain.withdrawal.claimableAt),
            nonce: chain.withdrawalNonce - 1,
          },
    withdrawalNonce: chain.withdrawalNonce,
    sellOrder: newestOf('sell'),
    buyOrder: newestOf('buy'),
    lastReadingAt: row.newest_time === null ? null : isoTime(row.newest_time),
    record: recordOf(row, terms),
  }
}

/** `settings` are those of the interval's time. */
/** What the grade of a billing meter is on chain. */
const billing = 1

function recordOf({ compared_days, beyond_intervals }: SeatRow, { grade }: { grade: number }): SeatResource['record'] {
  const kind = grade === billing ? 'official' : compared_days > 0 ? 'compared' : 'agent'
  return { kind, comparedDays: compared_days, beyondIntervals: beyond_intervals }
}

export function presentSeatInterval(
  settings: AreaSettings,
  row: SeatIntervalRow,
  production: Production,
): SeatIntervalResource {
  const end = row.start + settings.rules.intervalSeconds
  // The supplier that bills it tells nobody what a home used of its own.
  const ownUseWh = settings.ownUse === 'net' ? Math.min(row.import_wh, row.export_wh) : 0
  const zoneNames = settings.zones.map(({ name }) => name)
  return {
    seat: seatIdIn(settings, row.seat),
    start: isoTime(row.start),
    end: isoTime(end),
    run: row.run,
    status: row.status,
    quality: row.quality,
    importWh: row.import_wh,
    exportWh: row.export_wh,
    ownUseWh,
    boughtWh: row.bought_wh,
    soldWh: row.sold_wh,
    residualImportWh: row.import_wh - ownUseWh - row.bought_wh,
    residualExportWh: row.export_wh - ownUseWh - row.sold_wh,
    deviationWh: row.deviation_wh,
    productionWh: producedBetween(production, row.start, end),
    paid: moneyIn(settings, row.paid),
    received: moneyIn(settings, row.received),
    pricePerKwh: priceOrNull(settings, row.price_ticks),
    outcomes: row.outcomes.map((outcome) => presentOutcome(settings, outcome, zoneNames)),
  }
}

function presentOutcome(settings: AreaSettings, outcome: Outcome, zoneNames: readonly string[]): OutcomeResource {
  const { bestTicks, fullZone, coveredWh, meteredWh, togetherWh, because, budget, budgetLeft } = meaningOf(outcome)
  return {
    stage: outcome.stage,
    arrival: outcome.arrival,
    side: outcome.side,
    limitPerKwh: decimalPrice(settings, outcome.limitTicks),
    offeredWh: outcome.offeredWh,
    filledWh: outcome.filledWh,
    pricePerKwh: priceOrNull(settings, outcome.priceTicks),
    amount: moneyIn(settings, outcome.amount),
    code: outcome.code,
    bestPerKwh: priceOrNull(settings, bestTicks),
    fullZone: fullZone === null ? null : (zoneNames[fullZone] ?? null),
    ...{ coveredWh, meteredWh, togetherWh },
    dailyBudget: budget === null ? null : moneyIn(settings, BigInt(budget)),
    budgetLeft: budgetLeft === null ? null : moneyIn(settings, BigInt(budgetLeft)),
    because,
    message: outcomeSentence(languages.en, outcome, { measures: settings, zoneNames }),
  }
}

export function presentSeatBatch(settings: AreaSettings, row: SeatBatchRow): SeatBatchResource {
  return {
    seat: seatIdIn(settings, row.seat),
    start: isoTime(row.start),
    end: isoTime(row.end_at),
    status: row.status,
    soldWh: row.sold_wh,
    boughtWh: row.bought_wh,
    paid: moneyIn(settings, row.paid),
    received: moneyIn(settings, row.received),
    transaction: row.transaction,
    approvals: row.approvals,
  }
}

/** Sums over parts of a range, each by the settings of its time; `seat` is the seat's number in the area. */
export function presentSummary(
  settings: AreaSettings,
  parts: readonly { settings: AreaSettings; row: SummaryRow }[],
  { seat, from, to }: { seat: number; from: UtcSeconds; to: UtcSeconds },
): SummaryResource {
  const energy = (of: (row: SummaryRow) => number) => parts.reduce((sum, { row }) => sum + of(row), 0)
  const units = (of: (part: (typeof parts)[number]) => LedgerUnits) =>
    moneyIn(
      settings,
      parts.reduce((sum, part) => sum + of(part), 0n),
    )
  return {
    seat: seatIdIn(settings, seat),
    from: isoTime(from),
    to: isoTime(to),
    importWh: energy((row) => row.import_wh),
    exportWh: energy((row) => row.export_wh),
    ownUseWh: parts.reduce((sum, part) => sum + (part.settings.ownUse === 'net' ? part.row.own_use_wh : 0), 0),
    boughtWh: energy((row) => row.bought_wh),
    soldWh: energy((row) => row.sold_wh),
    paid: units(({ row }) => BigInt(row.paid)),
    received: units(({ row }) => BigInt(row.received)),
    soldAtFeedIn: units((part) => BigInt(part.settings.feedInTicks) * BigInt(part.row.sold_wh)),
    boughtAtRetail: units((part) => BigInt(part.settings.retailTicks) * BigInt(part.row.bought_wh)),
  }
}

/** The terms that hold now; before the first ones begin, those. */
function presentMandate(settings: AreaSettings, terms: Terms): SeatResource['mandate'] {
  return {
    sellFloorPerKwh: decimalPrice(settings, terms.sellFloor),
    buyCeilingPerKwh: decimalPrice(settings, terms.buyCeiling),
    maxSellWh: terms.maxSellWh,
    maxBuyWh: terms.maxBuyWh,
    validFrom: isoTime(terms.from),
    validUntil: isoTime(terms.validUntil),
    version: terms.version,
  }
}

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

/** A price by the area's tick. */
export function decimalPrice({ priceDecimals }: Pick<AreaSettings, 'priceDecimals'>, ticks: Ticks): string {
  return formatPrice(ticks, priceDecimals)
}

function priceOrNull(settings: AreaSettings, ticks: Ticks | null): string | null {
  return ticks === null ? null : decimalPrice(settings, ticks)
}

/** Ledger units by the area's tick, in tokens. */
export function moneyIn({ priceDecimals }: Pick<AreaSettings, 'priceDecimals'>, units: string | LedgerUnits): string {
  return formatMoney(BigInt(units), priceDecimals)
}
