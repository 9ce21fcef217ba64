/** One computation of an interval: metered energy and reservations in, fills, payments and explanations out. */
import { amountOf, formatPrice, type LedgerUnits, type Wh } from '../../../contracts/units.ts'
import { type IntervalEnergy, intervalEnergy } from '../../readings/admission.ts'
import { capGridTake } from '../../settlement/grid-take.ts'
import { type AuctionInput, type AuctionOrder, clearAuction } from '../auction.ts'
import { explainAuction } from '../explain.ts'
import type { AreaConfig, IntervalRun, Reservation, SeatInterval, SeatOutcome, Terms } from './area.ts'
import { type AreaState, type IntervalState, type SeatState, sellableWh, termsAt } from './state.ts'

/** What one reservation brings to the auction, or the reason why it brings nothing. */
type Offer = { energyWh: Wh; zone: string } | { code: string; message: string }

/**
 * Clears an interval from its reservations and the readings at its two ends. The run's number is one above the last.
 * Metered = matched + residual for every seat; nothing that is not measured at both ends is traded.
 */
export function computeInterval(state: AreaState, config: AreaConfig, interval: IntervalState): IntervalRun {
  const { start } = interval
  const end = start + config.rules.intervalSeconds
  const root = config.zones.find((zone) => zone.parent === undefined)!.id
  const seats = new Map<number, SeatInterval>()
  for (const seat of state.seats.values()) {
    const terms = termsAt(seat, start)
    if (terms === null) continue
    seats.set(seat.chain.seat, {
      seat: seat.chain.seat,
      meter: seat.chain.meter,
      zone: terms.zone ?? root,
      ...energyOf(seat, start, end),
      boughtWh: 0,
      soldWh: 0,
      paid: 0n,
      received: 0n,
      outcomes: [],
    })
  }

  const orders: AuctionOrder[] = []
  const offers = interval.reservations.map((reservation) => {
    const seat = state.seats.get(reservation.seat)!
    const offer = offerOf(reservation, seat, seats.get(reservation.seat), termsAt(seat, start), config, end)
    if ('energyWh' in offer) {
      orders.push({ id: reservation.order, side: reservation.side, limitTicks: reservation.limitTicks, ...offer })
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
      limitTicks: reservation.limitTicks,
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
    matchedWh: auction.matchedWh,
    gridFees: auction.gridFees,
    congestionRent: auction.congestionRent,
    gridTake,
    zones: auction.zones,
    flows: auction.flows,
    seats: [...seats.values()],
  }
}

function energyOf(seat: SeatState, start: number, end: number): IntervalEnergy {
  return intervalEnergy(
    seat.readings.find(({ time }) => time === start),
    seat.readings.find(({ time }) => time === end),
  )
}

function offerOf(
  reservation: Reservation,
  seat: SeatState,
  metered: SeatInterval | undefined,
  terms: Terms | null,
  config: AreaConfig,
  end: number,
): Offer {
  if (terms === null || metered === undefined || terms.closed || seat.suspended) {
    return { code: 'seat-closed', message: 'the seat was closed or suspended in this interval' }
  }
  if (end > terms.validUntil) return { code: 'mandate-expired', message: 'the mandate had expired' }
  if (!config.zones.some(({ id }) => id === metered.zone)) {
    return { code: 'zone-unknown', message: `the meter's zone ${metered.zone} is not in this area` }
  }
  if (metered.quality === 'missing') return { code: 'no-reading', message: 'no reading from your meter' }
  if (metered.quality !== 'measured') {
    return {
      code: 'not-measured',
      message: `the meter's reading was ${metered.quality}; only measured energy is traded`,
    }
  }
  if (reservation.side === 'sell' && sellableWh(terms, config) === 0 && terms.nameplateWh === null) {
    return { code: 'meter-not-confirmed', message: 'the grid operator has not confirmed the meter' }
  }
  const available = reservation.side === 'sell' ? metered.exportWh : metered.importWh
  if (available === 0) {
    return reservation.side === 'sell'
      ? { code: 'nothing-to-sell', message: 'your meter exported nothing' }
      : { code: 'nothing-to-buy', message: 'your meter imported nothing' }
  }
  if (reservation.reservedWh === 0) {
    return reservation.wantedWh === 0
      ? { code: 'mandate-zero', message: 'the mandate allows no energy on this side' }
      : { code: 'escrow-low', message: cutMessage(reservation) }
  }
  return { energyWh: Math.min(available, reservation.reservedWh), zone: metered.zone }
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
