/** One computation of an interval: metered energy and reservations in, fills, payments and explanations out. */
import { amountOf, formatPrice, type LedgerUnits, type Wh } from '../../../contracts/protocol/units.ts'
import { type IntervalEnergy, intervalEnergy } from '../../readings/admission.ts'
import { capGridTake } from '../../settlement/grid-take.ts'
import { type AuctionInput, type AuctionOrder, clearAuction, type ZoneResult } from '../auction.ts'
import { explainAuction } from '../explain.ts'
import type { AreaConfig, IntervalRun, Reservation, SeatInterval, SeatOutcome, Terms } from './area.ts'
import { type Deliverable, type HonouredTrade, honourTrades } from './forward.ts'
import { type AreaState, buyableWh, type IntervalState, type SeatState, sellableWh, termsAt } from './state.ts'

/** What one reservation brings to the auction, or the reason why it brings nothing. */
type Offer = { energyWh: Wh; zone: string } | { code: string; message: string }

/**
 * Clears an interval from its reservations and the readings at its two ends. The run's number is one above the last.
 * Metered = matched + residual for every seat; nothing that is not measured at both ends is traded.
 */
export function computeInterval(
  state: Pick<AreaState, 'seats' | 'forward'>,
  config: AreaConfig,
  interval: IntervalState,
): IntervalRun {
  const { start } = interval
  const end = start + config.rules.intervalSeconds
  const root = config.zones.find((zone) => zone.parent === undefined)!.id
  const zones = new Set(config.zones.map(({ id }) => id))
  const seats = new Map<number, SeatInterval>()
  const deliverable = new Map<number, Deliverable>()
  for (const seat of state.seats.values()) {
    const terms = termsAt(seat, start)
    if (terms === null) continue
    const metered: SeatInterval = {
      seat: seat.chain.seat,
      meter: seat.chain.meter,
      zone: terms.zone ?? root,
      ...energyOf(seat, start, end),
      boughtWh: 0,
      soldWh: 0,
      paid: 0n,
      received: 0n,
      deviationWh: 0,
      outcomes: [],
    }
    seats.set(metered.seat, metered)
    deliverable.set(metered.seat, deliverableOf(seat, { metered, terms, config, zones, end }))
  }
  const honoured = honourTrades(state.forward.get(start)?.trades ?? [], deliverable)
  const forwardWh = bookForward(honoured, seats)

  const orders: AuctionOrder[] = []
  const offers = interval.reservations.map((reservation) => {
    const offer = offerOf(reservation, seats.get(reservation.seat), deliverable.get(reservation.seat))
    if ('energyWh' in offer) {
      const limitTicks = limitNow(reservation, deliverable.get(reservation.seat)!.terms)
      orders.push({ id: reservation.order, side: reservation.side, limitTicks, ...offer })
    }
    return { reservation, offer }
  })
  const input: AuctionInput = { zones: config.zones, orders }
  const auction = clearAuction(input)
  const outcomes = new Map(explainAuction(input, auction).map((outcome) => [outcome.order, outcome]))
  const sideOf = new Map(orders.map(({ id, side }) => [id, side]))
  const { gridTake, refunds } = capGridTake({
    maxGridPerKwh: config.rules.maxGridPerKwh,
    matchedWh: auction.matchedWh,
    gridFees: auction.gridFees,
    congestionRent: auction.congestionRent,
    fills: auction.fills.map(({ order, energyWh, priceTicks }) => ({
      order,
      side: sideOf.get(order)!,
      energyWh,
      amount: amountOf(priceTicks, energyWh),
    })),
  })

  for (const { reservation, offer } of offers) {
    const result = seats.get(reservation.seat)
    if (result === undefined) continue
    const outcome = outcomes.get(reservation.order)
    if (outcome === undefined || !('energyWh' in offer)) {
      result.outcomes.push(untraded(reservation, offer as { code: string; message: string }))
      continue
    }
    const refund = refunds.get(reservation.order) ?? 0n
    const gross = outcome.filledWh === 0 ? 0n : amountOf(outcome.priceTicks!, outcome.filledWh)
    const amount: LedgerUnits = reservation.side === 'buy' ? gross - refund : gross + refund
    if (reservation.side === 'buy') {
      result.boughtWh += outcome.filledWh
      result.paid += amount
    } else {
      result.soldWh += outcome.filledWh
      result.received += amount
    }
    const cut = reservation.reservedWh < reservation.wantedWh && offer.energyWh === reservation.reservedWh
    result.outcomes.push({
      order: reservation.order,
      side: reservation.side,
      limitTicks: outcome.limitTicks,
      offeredWh: outcome.offeredWh,
      filledWh: outcome.filledWh,
      priceTicks: outcome.priceTicks,
      amount,
      code: cut && outcome.filledWh === outcome.offeredWh ? 'escrow-low' : outcome.code,
      message: cut ? `${outcome.message}; ${cutMessage(reservation)}` : outcome.message,
    })
  }

  return {
    start,
    run: (interval.result?.run ?? 0) + 1,
    status: 'provisional',
    matchedWh: auction.matchedWh + forwardWh,
    gridFees: auction.gridFees,
    congestionRent: auction.congestionRent,
    gridTake,
    zones: withForward(auction.zones, honoured),
    flows: auction.flows,
    seats: [...seats.values()],
    forward: honoured.map(({ trade, deliveredWh }) => ({ number: trade.number, deliveredWh })),
  }
}

/** Energy traded forward counts in its zone, which passes it through no link. */
function withForward(zones: readonly ZoneResult[], honoured: readonly HonouredTrade[]): ZoneResult[] {
  const energyOfZone = new Map<string, Wh>()
  for (const { trade, deliveredWh } of honoured) {
    energyOfZone.set(trade.zone, (energyOfZone.get(trade.zone) ?? 0) + deliveredWh)
  }
  return zones.map((zone) => {
    const energyWh = energyOfZone.get(zone.zone) ?? 0
    return { ...zone, soldWh: zone.soldWh + energyWh, boughtWh: zone.boughtWh + energyWh }
  })
}

function energyOf(seat: SeatState, start: number, end: number): IntervalEnergy {
  return intervalEnergy(
    seat.readings.findLast(({ time }) => time === start),
    seat.readings.findLast(({ time }) => time === end),
  )
}

/** What a seat may trade in the interval, and why where that is nothing. */
function deliverableOf(
  seat: SeatState,
  {
    metered,
    terms,
    config,
    zones,
    end,
  }: { metered: SeatInterval; terms: Terms; config: AreaConfig; zones: ReadonlySet<string>; end: number },
): Deliverable {
  const no = (code: string, message: string): Deliverable => ({
    sellWh: 0,
    buyWh: 0,
    terms,
    refusal: { code, message },
  })
  if (terms.closed || seat.suspended) return no('seat-closed', 'the seat was closed or suspended in this interval')
  if (end > terms.validUntil) return no('mandate-expired', 'the mandate had expired')
  if (!zones.has(metered.zone)) {
    return no('zone-unknown', `the meter's zone ${metered.zone} is not in this area`)
  }
  if (metered.quality === 'missing') return no('no-reading', 'no reading from the meter')
  if (metered.quality !== 'measured') {
    return no('not-measured', `the meter's reading was ${metered.quality}; only measured energy is traded`)
  }
  const sellWh = Math.min(metered.exportWh, sellableWh(terms, config))
  return { sellWh, buyWh: Math.min(metered.importWh, buyableWh(terms, config)), terms, refusal: null }
}

/** A mandate that was tightened too late to be known when the interval started still binds: the chain will hold us to it. */
function limitNow({ side, limitTicks }: Reservation, terms: Terms): number {
  return side === 'buy' ? Math.min(limitTicks, terms.buyCeiling) : Math.max(limitTicks, terms.sellFloor)
}

function offerOf(reservation: Reservation, metered: SeatInterval | undefined, left: Deliverable | undefined): Offer {
  if (metered === undefined || left === undefined) {
    return { code: 'seat-closed', message: 'the seat had no mandate in this interval' }
  }
  if (left.refusal !== null) return left.refusal
  if (reservation.side === 'sell' && left.terms.nameplateWh === null && reservation.wantedWh === 0) {
    return { code: 'meter-not-confirmed', message: 'the grid operator has not confirmed the meter' }
  }
  if ((reservation.side === 'sell' ? metered.exportWh : metered.importWh) === 0) {
    return reservation.side === 'sell'
      ? { code: 'nothing-to-sell', message: 'your meter exported nothing' }
      : { code: 'nothing-to-buy', message: 'your meter imported nothing' }
  }
  if (reservation.wantedWh === 0) {
    return { code: 'mandate-zero', message: 'the mandate leaves no energy on this side' }
  }
  if (reservation.reservedWh === 0) return { code: 'escrow-low', message: cutMessage(reservation) }
  const energyWh = Math.min(reservation.side === 'sell' ? left.sellWh : left.buyWh, reservation.reservedWh)
  if (energyWh === 0) return { code: 'traded-forward', message: 'all of it was traded forward' }
  return { energyWh, zone: metered.zone }
}

/** Books honoured forward trades to their seats: energy, money, deviations and an explanation for each order. */
function bookForward(honoured: readonly HonouredTrade[], seats: ReadonlyMap<number, SeatInterval>): Wh {
  let matchedWh = 0
  const ordersOf = new Map<string, SeatOutcome & { shortfalls: string[] }>()
  for (const { trade, deliveredWh, amount, shortfall } of honoured) {
    matchedWh += deliveredWh
    const missingWh = trade.energyWh - deliveredWh
    for (const side of ['buy', 'sell'] as const) {
      const seat = seats.get(side === 'buy' ? trade.buyer : trade.seller)
      if (seat === undefined) continue
      seat.deviationWh += missingWh
      if (side === 'buy') {
        seat.boughtWh += deliveredWh
        seat.paid += amount
      } else {
        seat.soldWh += deliveredWh
        seat.received += amount
      }
      const order = side === 'buy' ? trade.buyOrder : trade.sellOrder
      let outcome = ordersOf.get(order)
      if (outcome === undefined) {
        const zero = { offeredWh: 0, filledWh: 0, priceTicks: null, amount: 0n, code: '', message: '' }
        outcome = { order, side, limitTicks: trade.priceTicks, ...zero, shortfalls: [] }
        ordersOf.set(order, outcome)
        seat.outcomes.push(outcome)
      }
      outcome.limitTicks =
        side === 'buy' ? Math.max(outcome.limitTicks, trade.priceTicks) : Math.min(outcome.limitTicks, trade.priceTicks)
      outcome.offeredWh += trade.energyWh
      outcome.filledWh += deliveredWh
      outcome.amount += amount
      if (shortfall !== null && !outcome.shortfalls.includes(shortfall)) outcome.shortfalls.push(shortfall)
    }
  }
  for (const seat of seats.values()) {
    seat.outcomes = seat.outcomes.map((outcome) => {
      const { shortfalls, ...forward } = outcome as SeatOutcome & { shortfalls: string[] }
      return explained(forward, shortfalls)
    })
  }
  return matchedWh
}

/** The average price is rounded down to the tick; the amount is exact. */
function explained(forward: SeatOutcome, shortfalls: readonly string[]): SeatOutcome {
  const { offeredWh, filledWh, amount } = forward
  const traded = `traded forward: ${filledWh} of ${offeredWh} Wh honoured`
  return {
    ...forward,
    priceTicks: filledWh === 0 ? null : floorDiv(amount, BigInt(filledWh)),
    code: filledWh === offeredWh ? 'forward-delivered' : filledWh === 0 ? 'forward-void' : 'forward-short',
    message: shortfalls.length === 0 ? traded : `${traded}; ${shortfalls.join('; ')}`,
  }
}

function floorDiv(amount: LedgerUnits, by: bigint): number {
  const quotient = amount / by
  return Number(amount < 0n && quotient * by !== amount ? quotient - 1n : quotient)
}

function cutMessage(reservation: Reservation): string {
  return `escrow too low: it covered ${reservation.reservedWh} of ${reservation.wantedWh} Wh at ${formatPrice(reservation.limitTicks)}`
}

function untraded(reservation: Reservation, reason: { code: string; message: string }): SeatOutcome {
  return {
    order: reservation.order,
    side: reservation.side,
    limitTicks: reservation.limitTicks,
    offeredWh: 0,
    filledWh: 0,
    priceTicks: null,
    amount: 0n,
    ...reason,
  }
}
