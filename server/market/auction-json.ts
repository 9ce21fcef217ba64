/**
 * The auction's JSON face: decimals and identifiers in text, as people script against it.
 * Inside everything is integer; the conversions are here and nowhere else.
 */
import { formatMoney, formatPrice, parsePrice, type Ticks, UnitError } from '../../contracts/protocol/units.ts'
import type { AuctionInput, AuctionOrder, AuctionResult, Zone } from './auction.ts'
import { MarketError, type MarketErrorCode, quoted } from './errors.ts'
import type { Alternative, OrderOutcome } from './explain.ts'

/** One auction as read from JSON, with the number of decimals its prices have. */
export interface AuctionDocument {
  priceDecimals: number
  input: AuctionInput
}

/** The zone of an auction that names none. */
const onlyZone = 'market'
const mostDecimals = 18
const longestId = 256

type JsonObject = Record<string, unknown>

/**
 * Reads one auction (`{ priceDecimals, zones?, orders }`) or an array of them.
 * Throws `MarketError` naming the order or zone: `AUCTION_SHAPE`, `ZONE_SHAPE`, `ORDER_SHAPE` (not of this form),
 * `ZONE_FEE`, `ZONE_CAPACITY`, `ORDER_PRICE`, `ORDER_ENERGY`, `ORDER_SIDE`, `ORDER_ZONE`. Rules that need the whole
 * auction are `clearAuction`'s.
 */
export function readAuctions(json: unknown): AuctionDocument | AuctionDocument[] {
  if (!Array.isArray(json)) return readAuction(json, '')
  return json.map((each, i) => readAuction(each, `auction ${i + 1}: `))
}

function readAuction(json: unknown, where: string): AuctionDocument {
  const refuse: Refuse = (code, message, subject) => {
    throw new MarketError(code, where + message, { subject })
  }
  if (!isObject(json)) return refuse('AUCTION_SHAPE', 'an auction is an object with "orders"')
  refuseUnknownKeys(json, ['priceDecimals', 'zones', 'orders'], 'AUCTION_SHAPE', 'the auction', refuse)
  const { priceDecimals = 4, zones, orders } = json
  if (
    typeof priceDecimals !== 'number' ||
    !Number.isInteger(priceDecimals) ||
    priceDecimals < 0 ||
    priceDecimals > mostDecimals
  ) {
    return refuse('AUCTION_SHAPE', `"priceDecimals" is not a whole number from 0 to ${mostDecimals}`)
  }
  if (!Array.isArray(orders)) return refuse('AUCTION_SHAPE', '"orders" is not an array')
  if (zones !== undefined && !Array.isArray(zones)) return refuse('AUCTION_SHAPE', '"zones" is not an array')
  const edge = { decimals: priceDecimals, refuse }
  const input: AuctionInput = {
    zones: zones?.map((zone, i) => readZone(zone, i, edge)) ?? [{ id: onlyZone, feeTicksPerKwh: 0, capacityWh: null }],
    orders: orders.map((order, i) => readOrder(order, i, zones === undefined, edge)),
  }
  return { priceDecimals, input }
}

type Refuse = (code: MarketErrorCode, message: string, subject?: string) => never

interface Edge {
  decimals: number
  refuse: Refuse
}

function readZone(json: unknown, position: number, { decimals, refuse }: Edge): Zone {
  const { item, id, name } = readItem(json, { kind: 'zone', position, code: 'ZONE_SHAPE', refuse })
  refuseUnknownKeys(item, ['id', 'parent', 'feePerKwh', 'capacityWh'], 'ZONE_SHAPE', name, refuse)
  const { parent = null, feePerKwh = '0', capacityWh = null } = item
  if (parent !== null && typeof parent !== 'string')
    return refuse('ZONE_PARENT', `${name}: "parent" is not a string`, id)
  if (capacityWh !== null && typeof capacityWh !== 'number') {
    return refuse('ZONE_CAPACITY', `${name}: "capacityWh" is not a whole number`, id)
  }
  const feeTicksPerKwh = readTicks(feePerKwh, 'feePerKwh', decimals, (reason) =>
    refuse('ZONE_FEE', `${name}: ${reason}`, id),
  )
  return { id, ...(parent !== null && { parent }), feeTicksPerKwh, capacityWh }
}

function readOrder(json: unknown, position: number, oneZone: boolean, { decimals, refuse }: Edge): AuctionOrder {
  const { item, id, name } = readItem(json, { kind: 'order', position, code: 'ORDER_SHAPE', refuse })
  refuseUnknownKeys(item, ['id', 'side', 'zone', 'energyWh', 'limitPerKwh'], 'ORDER_SHAPE', name, refuse)
  const { side, zone = oneZone ? onlyZone : undefined, energyWh, limitPerKwh } = item
  if (side !== 'buy' && side !== 'sell') return refuse('ORDER_SIDE', `${name}: "side" is neither "buy" nor "sell"`, id)
  if (typeof zone !== 'string') return refuse('ORDER_ZONE', `${name}: it names no zone`, id)
  if (typeof energyWh !== 'number') return refuse('ORDER_ENERGY', `${name}: "energyWh" is not a whole number`, id)
  const limitTicks = readTicks(limitPerKwh, 'limitPerKwh', decimals, (reason) =>
    refuse('ORDER_PRICE', `${name}: ${reason}`, id),
  )
  return { id, side, zone, energyWh, limitTicks }
}

interface ItemKind {
  kind: 'zone' | 'order'
  position: number
  code: MarketErrorCode
  refuse: Refuse
}

/** An object with an id, and what to call it in messages. */
function readItem(
  json: unknown,
  { kind, position, code, refuse }: ItemKind,
): { item: JsonObject; id: string; name: string } {
  const place = `${kind} ${position + 1} of the list`
  if (!isObject(json)) return refuse(code, `${place}: it is not an object`)
  const { id } = json
  if (typeof id !== 'string' || id === '')
    return refuse(code, `${place}: "id" is not a string of at least one character`)
  if (id.length > longestId)
    return refuse(code, `${kind} ${quoted(id)}: its id is longer than ${longestId} characters`, id)
  return { item: json, id, name: `${kind} ${quoted(id)}` }
}

/** A misspelt optional field would change the result unseen, so unknown fields are refused. */
function refuseUnknownKeys(
  json: JsonObject,
  known: string[],
  code: MarketErrorCode,
  name: string,
  refuse: Refuse,
): void {
  for (const key of Object.keys(json)) {
    if (!known.includes(key))
      refuse(code, `${name}: unknown field ${quoted(key)}`, typeof json.id === 'string' ? json.id : undefined)
  }
}

function readTicks(json: unknown, field: string, decimals: number, refuse: (reason: string) => never): Ticks {
  if (typeof json !== 'string') return refuse(`"${field}" is not a decimal in quotes`)
  if (json.length > longestId) return refuse(`"${field}" is not a decimal of sensible length`)
  try {
    return parsePrice(json, decimals)
  } catch (error) {
    if (error instanceof UnitError) return refuse(error.message)
    throw error
  }
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** One auction's result in its JSON form; `JSON.stringify` of it has one byte form. */
export function resultToJson(result: AuctionResult, decimals: number) {
  const price = (ticks: Ticks) => formatPrice(ticks, decimals)
  const priceOrNull = (ticks: Ticks | null) => (ticks === null ? null : price(ticks))
  return {
    matchedWh: result.matchedWh,
    welfare: formatMoney(result.welfare, decimals),
    zones: result.zones.map((zone) => ({
      id: zone.zone,
      pricePerKwh: priceOrNull(zone.priceTicks),
      lowestPerKwh: priceOrNull(zone.lowestTicks),
      highestPerKwh: priceOrNull(zone.highestTicks),
      soldWh: zone.soldWh,
      boughtWh: zone.boughtWh,
    })),
    flows: result.flows.map((flow) => ({
      zone: flow.zone,
      exportWh: flow.exportWh,
      congestionPerKwh: price(flow.congestionTicks),
    })),
    fills: result.fills.map((fill) => ({
      order: fill.order,
      energyWh: fill.energyWh,
      pricePerKwh: price(fill.priceTicks),
    })),
    gridFees: formatMoney(result.gridFees, decimals),
    congestionRent: formatMoney(result.congestionRent, decimals),
  }
}

/** An explained order in its JSON form, with the sentence that says it and what other limits would have got. */
export function outcomeToJson(
  outcome: OrderOutcome,
  { message, alternatives, decimals }: { message: string; alternatives: Alternative[]; decimals: number },
) {
  const price = (ticks: Ticks) => formatPrice(ticks, decimals)
  const priceOrNull = (ticks: Ticks | null) => (ticks === null ? null : price(ticks))
  const { gapTicks, link } = outcome
  return {
    order: outcome.order,
    code: outcome.code,
    message,
    offeredWh: outcome.offeredWh,
    filledWh: outcome.filledWh,
    pricePerKwh: priceOrNull(outcome.priceTicks),
    limitPerKwh: price(outcome.limitTicks),
    ...(gapTicks !== undefined && { gapPerKwh: price(gapTicks) }),
    ...(link !== undefined && { link }),
    whatIf: alternatives.map((alternative) => ({
      limitPerKwh: price(alternative.limitTicks),
      filledWh: alternative.filledWh,
      pricePerKwh: priceOrNull(alternative.priceTicks),
    })),
  }
}
