/**
 * An interval's result without one seat, for an account that turns out unable to pay what it traded.
 *
 * What it traded becomes residual on both sides: its forward trades are void, and of the spot auction as much of the
 * others' energy is kept as still fits together, at the same prices, over no link more than before. It is what the auction
 * gives when everybody offers what it had been filled, at its zone's price: nobody trades more, nor at another price, and
 * what is lost is shared pro rata. Fees, rent and their refunds follow from the energy that is left.
 */
import { amountOf, type LedgerUnits, type Wh } from '../../../contracts/protocol/units.ts'
import { capGridTake, type OrderFill } from '../../settlement/grid-take.ts'
import { type AuctionOrder, type AuctionResult, clearAuction, type ZoneResult } from '../auction.ts'
import type { AreaConfig, ForwardTrade, IntervalRun, SeatInterval, SeatOutcome } from './area.ts'

const leftOutMessage = 'the account could not pay for the batch: what it had traded was taken over by its supplier'
const partnerMessage = 'of what was traded before, the part is lost that an account could not pay for'

/** What is left of an order's fill. */
interface Kept {
  energyWh: Wh
  amount: LedgerUnits
}

/** Whether a seat sold or bought anything. */
export function hasTraded({ seats }: IntervalRun, seat: number): boolean {
  return seats.some((own) => own.seat === seat && own.soldWh + own.boughtWh > 0)
}

/** A final result without `seat`, under the same number. `trades` are the interval's forward trades; `result` is not changed. */
export function withoutSeat(
  result: IntervalRun,
  { config, trades, seat: out }: { config: AreaConfig; trades: readonly ForwardTrade[]; seat: number },
): IntervalRun {
  const forward = keptForward(result, trades, out)
  const spot = keptSpot(result, config, { out, isForward: (order) => forward.kept.has(order) })
  const kept = new Map([...forward.kept, ...spot.kept])
  const seatResults = result.seats.map((seat) => keptSeat(seat, kept, { forward, isOut: seat.seat === out }))
  return {
    ...result,
    status: 'final',
    matchedWh: spot.matchedWh + forward.matchedWh,
    gridFees: spot.gridFees,
    congestionRent: spot.congestionRent,
    gridTake: spot.gridTake,
    zones: keptZones(result.zones, spot.cleared, seatResults),
    flows: result.flows.map((flow, index) => {
      const exportWh = spot.cleared?.flows[index]?.exportWh ?? 0
      return { zone: flow.zone, exportWh, congestionTicks: exportWh === 0 ? 0 : flow.congestionTicks }
    }),
    seats: seatResults,
    forward: result.forward.map(({ number, deliveredWh }) => ({
      number,
      deliveredWh: forward.voidWh.has(number) ? 0 : deliveredWh,
    })),
  }
}

interface KeptForward {
  /** What is kept of each order that had traded forward, by order. */
  kept: Map<string, Kept>
  /** Energy that had been delivered of trades that are void now, by their number. */
  voidWh: Map<number, Wh>
  /** Energy that a seat had delivered or taken in trades that are void now, by seat. */
  lostWh: Map<number, Wh>
  matchedWh: Wh
}

function keptForward(result: IntervalRun, trades: readonly ForwardTrade[], out: number): KeptForward {
  const delivered = new Map(result.forward.map(({ number, deliveredWh }) => [number, deliveredWh]))
  const found: KeptForward = { kept: new Map(), voidWh: new Map(), lostWh: new Map(), matchedWh: 0 }
  for (const { number, buyer, seller, buyOrder, sellOrder, priceTicks } of trades) {
    const deliveredWh = delivered.get(number) ?? 0
    const isVoid = buyer === out || seller === out
    const energyWh = isVoid ? 0 : deliveredWh
    found.matchedWh += energyWh
    for (const order of [buyOrder, sellOrder]) {
      const kept = found.kept.get(order) ?? { energyWh: 0, amount: 0n }
      kept.energyWh += energyWh
      kept.amount += amountOf(priceTicks, energyWh)
      found.kept.set(order, kept)
    }
    if (!isVoid) continue
    found.voidWh.set(number, deliveredWh)
    for (const seat of [buyer, seller]) found.lostWh.set(seat, (found.lostWh.get(seat) ?? 0) + deliveredWh)
  }
  return found
}

interface KeptSpot {
  kept: Map<string, Kept>
  matchedWh: Wh
  gridFees: LedgerUnits
  congestionRent: LedgerUnits
  gridTake: LedgerUnits
  /** Null where nothing is left. */
  cleared: AuctionResult | null
}

function keptSpot(
  result: IntervalRun,
  config: AreaConfig,
  { out, isForward }: { out: number; isForward(order: string): boolean },
): KeptSpot {
  const priceOf = new Map(result.zones.map(({ zone, priceTicks }) => [zone, priceTicks]))
  const known = new Set(config.zones.map(({ id }) => id))
  const orders: AuctionOrder[] = []
  for (const { seat, zone, outcomes } of result.seats) {
    const limitTicks = priceOf.get(zone) ?? null
    if (seat === out || limitTicks === null) continue
    for (const { order: id, side, filledWh: energyWh } of outcomes) {
      if (energyWh > 0 && !isForward(id)) orders.push({ id, side, zone, energyWh, limitTicks })
    }
  }
  // An area whose grid was redrawn since cannot tell what still fits together: then nothing is kept.
  if (orders.length === 0 || orders.some(({ zone }) => !known.has(zone))) {
    return { kept: new Map(), matchedWh: 0, gridFees: 0n, congestionRent: 0n, gridTake: 0n, cleared: null }
  }
  const flowOf = new Map(result.flows.map(({ zone, exportWh }) => [zone, Math.abs(exportWh)]))
  const zones = config.zones.map((zone) => ({ ...zone, capacityWh: flowOf.get(zone.id) ?? 0 }))
  const cleared = clearAuction({ zones, orders })
  const energies = new Map(cleared.fills.map(({ order, energyWh }) => [order, energyWh]))
  const fills: OrderFill[] = orders.flatMap(({ id: order, side, limitTicks }) => {
    const energyWh = energies.get(order) ?? 0
    return energyWh === 0 ? [] : [{ order, side, energyWh, amount: amountOf(limitTicks, energyWh) }]
  })
  const take = fills.reduce((sum, { side, amount }) => (side === 'buy' ? sum + amount : sum - amount), 0n)
  const { gridFees, matchedWh } = cleared
  const congestionRent = take - gridFees
  const { maxGridPerKwh } = config.rules
  const { gridTake, refunds } = capGridTake({ maxGridPerKwh, matchedWh, gridFees, congestionRent, fills })
  const kept = new Map<string, Kept>()
  for (const { order, side, energyWh, amount } of fills) {
    const refund = refunds.get(order) ?? 0n
    kept.set(order, { energyWh, amount: side === 'buy' ? amount - refund : amount + refund })
  }
  return { kept, matchedWh, gridFees, congestionRent, gridTake, cleared }
}

function keptSeat(
  seat: SeatInterval,
  kept: ReadonlyMap<string, Kept>,
  { forward, isOut }: { forward: KeptForward; isOut: boolean },
): SeatInterval {
  const sums = { boughtWh: 0, soldWh: 0, paid: 0n, received: 0n }
  const outcomes = seat.outcomes.map((outcome) => {
    if (outcome.filledWh === 0) return outcome
    const { energyWh, amount } = kept.get(outcome.order) ?? { energyWh: 0, amount: 0n }
    if (outcome.side === 'buy') {
      sums.boughtWh += energyWh
      sums.paid += amount
    } else {
      sums.soldWh += energyWh
      sums.received += amount
    }
    return keptOutcome(outcome, { energyWh, amount }, { isOut, isForward: forward.kept.has(outcome.order) })
  })
  return { ...seat, ...sums, deviationWh: seat.deviationWh + (forward.lostWh.get(seat.seat) ?? 0), outcomes }
}

function keptOutcome(
  outcome: SeatOutcome,
  { energyWh, amount }: Kept,
  { isOut, isForward }: { isOut: boolean; isForward: boolean },
): SeatOutcome {
  if (energyWh === outcome.filledWh) return { ...outcome, amount }
  const [code, message] = isOut ? ['left-out', leftOutMessage] : ['partner-left-out', partnerMessage]
  const averageTicks = isForward && energyWh > 0 ? floorDivide(amount, BigInt(energyWh)) : outcome.priceTicks
  return { ...outcome, filledWh: energyWh, amount, priceTicks: energyWh === 0 ? null : averageTicks, code, message }
}

/** Rounds towards minus infinity; the divisor is positive. */
function floorDivide(dividend: bigint, divisor: bigint): number {
  const quotient = dividend / divisor
  return Number(dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient)
}

/** A zone keeps its price as long as spot energy is bought, sold or passes. */
function keptZones(
  zones: readonly ZoneResult[],
  cleared: AuctionResult | null,
  seats: readonly SeatInterval[],
): ZoneResult[] {
  const noPrices = { priceTicks: null, lowestTicks: null, highestTicks: null }
  const kept = zones.map((zone, index): ZoneResult => {
    const isPriced = (cleared?.zones[index]?.priceTicks ?? null) !== null
    return { ...zone, ...(!isPriced && noPrices), soldWh: 0, boughtWh: 0 }
  })
  const byId = new Map(kept.map((zone) => [zone.zone, zone]))
  for (const { zone: id, soldWh, boughtWh } of seats) {
    const zone = byId.get(id)
    if (zone === undefined) continue
    zone.soldWh += soldWh
    zone.boughtWh += boughtWh
  }
  return kept
}
