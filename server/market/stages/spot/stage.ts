/** The stage of the spot auction: standing orders, inside what is left of metered energy, mandates, funds and links. */
import { amountOf, type Ticks, type Wh } from '../../../../contracts/protocol/units.ts'
import { capGridTake, type OrderFill } from '../../../settlement/grid-take.ts'
import type { AreaConfig, Outcome } from '../../area/area.ts'
import { affordableWh } from '../../area/budgets.ts'
import { type SeatOutcomeCode, sides } from '../../area/codes.ts'
import type { Purse } from '../../area/funds.ts'
import type { ClearedSums, Fill, Interval, Reservation } from '../../area/interval.ts'
import { countingOrder, isSuspended, termsAt, tradableWh } from '../../area/state.ts'
import type { Side } from '../../auction.ts'
import { type AuctionOrder, type AuctionResult, clearAuction } from '../../auction.ts'
import type { OrderOutcome } from '../../explain.ts'
import { positionOf } from '../forward/positions.ts'
import { type Allocation, budgetDetails, type Pool, type PoolSeat } from '../pool.ts'
import type { Computed, PromiseState, Reduction, Stage } from '../stage.ts'
import { spotAuction, zonesWith } from './spot-auction.ts'

/** Sets each counting order's worst case aside: buying at most limit × energy, selling at a negative limit likewise. */
function promise(state: PromiseState, interval: Interval, config: AreaConfig, purse: Purse): void {
  for (const seat of state.seats.values()) {
    if (seat.orders.length === 0) continue
    const terms = termsAt(seat, interval.start)
    if (terms === null || terms.closed || isSuspended(state, seat)) continue
    const counting = sides.flatMap((side) => countingOrder(seat.orders, side, interval.start) ?? [])
    for (const { arrival, side, limitTicks: limit, maxWh } of counting.sort((a, b) => a.arrival - b.arrival)) {
      const limitTicks =
        side === 'buy'
          ? Math.min(limit, terms.buyCeiling, config.highestTicks)
          : Math.max(limit, terms.sellFloor, config.lowestTicks)
      const forwardWh = positionOf(state.forward.get(interval.start), seat.chain.seat).tradedWh[side]
      const wantedWh = Math.max(0, Math.min(maxWh, tradableWh(side, terms, config) - forwardWh))
      const stake = { seat: seat.chain.seat, side, priceTicks: limitTicks }
      const reservedWh = purse.cover(arrival, wantedWh, [stake])
      interval.reserve(seat.slot, side, { arrival, limitTicks, reservedWh, isCut: reservedWh < wantedWh })
    }
  }
}

/** A reservation that takes part, or the code that says why it does not. */
interface Offer {
  own: PoolSeat
  side: Side
  reservation: Reservation
  limitTicks: Ticks
  energyWh: Wh
  refusal: SeatOutcomeCode | null
  details: number[]
  /** Offers less than metered because the daily budget leaves no more. */
  isBudgeted: boolean
}

function allocate(pool: Pool): Allocation & { prices: Pick<ClearedSums, 'zones' | 'flows'> } {
  const { config, grid, flowWh } = pool
  const offers = offersOf(pool)
  const taking = offers.filter(({ refusal }) => refusal === null)
  const orders = taking.map(({ own, side, reservation, limitTicks, energyWh }): AuctionOrder => {
    return { id: String(reservation.arrival), side, zone: config.zones[own.zone]!.id, energyWh, limitTicks }
  })
  const room = (zone: number) => grid.capacityWh[zone]! - Math.abs(flowWh[zone]!)
  const { auction, explained, amounts, gridTake } = spotAuction(config, room, orders)
  const { matchedWh, gridFees, congestionRent, flows } = auction
  const fills: Fill[] = []
  for (const [index, offer] of taking.entries()) {
    const outcome = explained[index]!
    const { filledWh: energyWh } = outcome
    if (energyWh === 0) {
      offer.own.outcomes.push(outcomeOf(outcome, offer, { amount: 0n, zones: config.zones }))
      continue
    }
    const { own, side, reservation } = offer
    const amount = amounts[index]!
    own.outcomes.push(outcomeOf(outcome, offer, { amount, zones: config.zones }))
    if (side === 'buy') own.buyWh -= energyWh
    else own.sellWh -= energyWh
    const { arrival } = reservation
    fills.push({ stage: 'spot', arrival, slot: own.seat.slot, side, energyWh, amount: Number(amount) })
  }
  for (const { own, side, reservation, refusal, details } of offers) {
    if (refusal !== null) own.outcomes.push(untraded(reservation, side, refusal, details))
  }
  return { fills, matchedWh, gridFees, congestionRent, gridTake, prices: { zones: priced(auction), flows } }
}

/** Energies of zones are summed when all stages are through. */
function priced({ zones }: AuctionResult): ClearedSums['zones'] {
  return zones.map((zone) => ({ ...zone, soldWh: 0, boughtWh: 0, importWh: 0, exportWh: 0 }))
}

/** In order of arrival, as the auction breaks ties. */
function offersOf({ interval, state, seats, config }: Pool): Offer[] {
  const offers: Offer[] = []
  for (const side of sides) {
    const columns = interval.reserved?.[side]
    if (columns === undefined) continue
    for (let slot = 0; slot < columns.arrival.length; slot += 1) {
      const reservation = interval.reservation(slot, side)
      const number = reservation === null ? null : state.slots[slot]!
      const own = number === null ? undefined : seats.get(number)
      if (reservation !== null && own !== undefined) offers.push(offerOf(own, side, reservation, config))
    }
  }
  return offers.sort((a, b) => a.reservation.arrival - b.reservation.arrival)
}

function offerOf(own: PoolSeat, side: Side, reservation: Reservation, config: AreaConfig): Offer {
  const { terms } = own
  // A mandate that was tightened too late to be known when the interval started still binds: the chain holds us to it.
  const limitTicks =
    side === 'buy'
      ? Math.min(reservation.limitTicks, terms.buyCeiling)
      : Math.max(reservation.limitTicks, terms.sellFloor)
  const leftWh = side === 'sell' ? own.sellWh : own.buyWh
  const coveredWh = Math.min(leftWh, reservation.reservedWh)
  const energyWh = side === 'buy' ? affordableWh(own.budget, limitTicks, coveredWh) : coveredWh
  const isBudgeted = energyWh < coveredWh
  const refusal = energyWh > 0 ? null : isBudgeted ? 'budget-reached' : reasonNotToOffer(own, side, reservation, config)
  const details = isBudgeted ? budgetDetails(own, energyWh) : refusal === 'escrow-low' ? [reservation.reservedWh] : []
  return { own, side, reservation, limitTicks, energyWh, refusal, details, isBudgeted }
}

function reasonNotToOffer(own: PoolSeat, side: Side, reservation: Reservation, config: AreaConfig): SeatOutcomeCode {
  const { refusal, terms, ownUseWh } = own
  if (refusal !== null) return refusal
  const meteredWh = side === 'sell' ? own.exportWh : own.importWh
  if (meteredWh === 0) return side === 'sell' ? 'nothing-to-sell' : 'nothing-to-buy'
  if (meteredWh === ownUseWh) return 'used-at-home'
  if (reservation.reservedWh === 0 && reservation.isCut) return 'escrow-low'
  if (tradableWh(side, terms, config) > 0) return 'traded-before'
  const mandatedWh = side === 'sell' ? terms.maxSellWh : terms.maxBuyWh
  return mandatedWh > 0 && terms.nameplateWh === null ? 'meter-not-confirmed' : 'mandate-zero'
}

function outcomeOf(
  explained: OrderOutcome,
  { side, reservation, isBudgeted, details }: Offer,
  { amount, zones }: { amount: bigint; zones: AreaConfig['zones'] },
): Outcome {
  const { limitTicks, offeredWh, filledWh, priceTicks } = explained
  // Where all that was offered was filled, what held it back is that the budget or funds covered no more.
  const isHeldBack =
    filledWh === offeredWh && (isBudgeted || (reservation.isCut && offeredWh === reservation.reservedWh))
  return {
    stage: 'spot',
    arrival: reservation.arrival,
    side,
    limitTicks,
    offeredWh,
    filledWh,
    priceTicks,
    amount,
    code: isHeldBack ? (isBudgeted ? 'budget-reached' : 'escrow-low') : explained.code,
    details: isHeldBack ? (isBudgeted ? details : [reservation.reservedWh]) : detailsOf(explained, zones),
  }
}

/** The numbers that a verdict's sentence needs beside price and limit. */
function detailsOf({ code, bestTicks, priceTicks, link }: OrderOutcome, zones: AreaConfig['zones']): number[] {
  if (code === 'link-full') return [zones.findIndex(({ id }) => id === link), bestTicks]
  const needsBest = code === 'price-too-high' || code === 'price-too-low'
  return needsBest && priceTicks === null && Number.isFinite(bestTicks) ? [bestTicks] : []
}

/** Why the orders of a seat got nothing for which nothing was set aside. */
export function idleOutcomes(own: PoolSeat, interval: Interval, config: AreaConfig): Outcome[] {
  return sides.flatMap((side) => {
    const reservation = interval.reservation(own.seat.slot, side)
    if (reservation === null) return []
    const { refusal, details } = offerOf(own, side, reservation, config)
    return refusal === null ? [] : [untraded(reservation, side, refusal, details)]
  })
}

function untraded({ arrival, limitTicks }: Reservation, side: Side, code: SeatOutcomeCode, details: number[]): Outcome {
  return {
    stage: 'spot',
    arrival,
    side,
    limitTicks,
    offeredWh: 0,
    filledWh: 0,
    priceTicks: null,
    amount: 0n,
    code,
    details,
  }
}

/**
 * Without some seats, of the others' energy as much is kept as still fits together, at the same prices, over no link more than
 * before: what the auction gives when everybody offers what it had been filled, at its zone's price.
 */
function without({ interval, state, config, zoneOf }: Computed, out: ReadonlySet<number>): Reduction {
  const cleared = interval.cleared!
  const before = [...interval.fills].filter(({ stage, slot }) => stage === 'spot' && !out.has(state.slots[slot]!))
  const orders = before.map(({ arrival, side, slot, energyWh }): AuctionOrder => {
    const zone = zoneOf(slot)
    return {
      ...{ id: String(arrival), side, zone: config.zones[zone]!.id, energyWh },
      limitTicks: cleared.zones[zone]!.priceTicks!,
    }
  })
  const flowOf = new Map(cleared.flows.map(({ zone, exportWh }) => [zone, Math.abs(exportWh)]))
  const auction = clearAuction({ zones: zonesWith(config, (zone) => flowOf.get(config.zones[zone]!.id) ?? 0), orders })
  const energyOf = new Map(auction.fills.map(({ order, energyWh }) => [order, energyWh]))
  const kept: OrderFill[] = orders.flatMap(({ id: order, side, limitTicks }) => {
    const energyWh = energyOf.get(order) ?? 0
    return energyWh === 0 ? [] : [{ order, side, energyWh, amount: amountOf(limitTicks, energyWh) }]
  })
  const take = kept.reduce((sum, { side, amount }) => (side === 'buy' ? sum + amount : sum - amount), 0n)
  const { gridFees, matchedWh } = auction
  const congestionRent = take - gridFees
  const { maxGridPerKwh } = config.rules
  const { gridTake, refunds } = capGridTake({ maxGridPerKwh, matchedWh, gridFees, congestionRent, fills: kept })
  const amounts = new Map(
    kept.map(({ order, side, amount }) => {
      const refund = refunds.get(order) ?? 0n
      return [order, Number(side === 'buy' ? amount - refund : amount + refund)]
    }),
  )
  const fills = before.map((fill): Fill => {
    const order = String(fill.arrival)
    return { ...fill, energyWh: energyOf.get(order) ?? 0, amount: amounts.get(order) ?? 0 }
  })
  const noPrices = { priceTicks: null, lowestTicks: null, highestTicks: null }
  const zones = cleared.zones.map((zone, index) => {
    return auction.zones[index]!.priceTicks === null ? { ...zone, ...noPrices } : zone
  })
  const flows = cleared.flows.map(({ zone, congestionTicks }, index) => {
    const { exportWh } = auction.flows[index]!
    return { zone, exportWh, congestionTicks: exportWh === 0 ? 0 : congestionTicks }
  })
  return { fills, matchedWh, gridFees, congestionRent, gridTake, prices: { zones, flows } }
}

export const spotStage: Stage = { name: 'spot', promise, allocate, without }
