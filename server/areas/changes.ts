/** What an area tells the others after a commit: which rows changed, and the seats as they stand. */
import type { Gap } from '../../contracts/protocol/wire.ts'
import type { Event } from '../market/area/area.ts'
import { registersOf } from '../market/area/registers.ts'
import { type AreaState, isSuspended, lengthOf, type SeatState, termsAt } from '../market/area/state.ts'
import type { AreaChanges, SeatSummary } from './area-handle.ts'

/** The rows that these events change. */
export function changesOf(state: AreaState, sequence: number, events: readonly Event[]): AreaChanges {
  const intervals = new Set<number>()
  const seats = new Set<number>()
  const forwardOrders = new Set<number>()
  const agreements = new Set<number>()
  const batches = new Set<number>()
  const forwardTrades: AreaChanges['forwardTrades'] = []
  let all = false
  let hasNewSettings = false
  for (const event of events) {
    switch (event.type) {
      case 'configured':
        hasNewSettings = true
        break
      case 'seat-changed':
        seats.add(event.seat.seat)
        break
      case 'seat-forgotten':
        seats.add(event.seat)
        break
      case 'order-accepted':
        seats.add(event.order.seat)
        break
      case 'order-ended':
        seats.add(event.seat)
        break
      case 'forward-accepted':
        seats.add(event.order.seat)
        forwardOrders.add(event.order.arrival)
        break
      case 'forward-trade':
        for (const seat of [event.trade.buyer, event.trade.seller]) seats.add(seat)
        for (const order of [event.trade.buyOrder, event.trade.sellOrder]) forwardOrders.add(order)
        forwardTrades.push({ start: event.trade.start, number: event.trade.number })
        break
      case 'forward-cancelled':
        seats.add(event.seat)
        forwardOrders.add(event.arrival)
        break
      case 'agreement-accepted':
        for (const seat of [event.agreement.buyer, event.agreement.seller]) seats.add(seat)
        agreements.add(event.agreement.arrival)
        break
      case 'agreement-ended':
        for (const seat of [event.buyer, event.seller]) seats.add(seat)
        agreements.add(event.arrival)
        break
      case 'reading':
        if (event.status === 'stored') seats.add(event.seat)
        break
      case 'meter-suspended':
      case 'suspension-lifted':
        for (const seat of state.seatsOfMeter.get(event.meter) ?? []) seats.add(seat)
        break
      case 'interval-cleared':
        intervals.add(event.result.start)
        all = true
        break
      case 'interval-final':
      case 'interval-reduced':
        intervals.add(event.start)
        all = true
        break
      case 'interval-redeclared':
        intervals.add(event.start)
        for (const { seat } of event.changes) seats.add(seat)
        break
      case 'interval-amended':
      case 'interval-corrected':
        intervals.add(event.start)
        seats.add(event.seat)
        break
      case 'batch-cut':
        batches.add(event.batch.end)
        all = true
        break
      case 'batch-missed':
        batches.add(event.end)
        all = true
        break
      case 'interval-started':
        all = true
        break
      default:
    }
  }
  return {
    ...{ sequence, intervals: [...intervals], seats: all ? 'all' : [...seats], forwardOrders: [...forwardOrders] },
    ...{ forwardTrades, agreements: [...agreements], batches: [...batches], hasNewSettings },
  }
}

/** Seats whose summary these events change, as they stand; null for one that is forgotten. */
export function changedSeats(state: AreaState, events: readonly Event[]): Map<number, SeatSummary | null> {
  const changed = new Map<number, SeatSummary | null>()
  const note = (number: number) => {
    const seat = state.seats.get(number)
    changed.set(number, seat === undefined ? null : summaryOf(state, seat))
  }
  for (const event of events) {
    if (event.type === 'seat-changed') note(event.seat.seat)
    else if (event.type === 'seat-forgotten') note(event.seat)
    else if (event.type === 'reading' && event.status === 'stored') note(event.seat)
    else if (event.type === 'meter-suspended' || event.type === 'suspension-lifted') {
      for (const seat of state.seatsOfMeter.get(event.meter) ?? []) note(seat)
    } else if (event.type === 'batch-cut') for (const { seat } of event.batch.entries) note(seat)
  }
  return changed
}

export function summaryOf(state: AreaState, seat: SeatState): SeatSummary {
  const { chain, newest } = seat
  const [first] = chain.terms
  const terms = termsAt(seat, Math.floor(state.nowMs / 1000)) ?? first
  const { epoch, time } = chain.epochStart
  return {
    ...{ seat: chain.seat, account: chain.account, meter: chain.meter, keys: chain.keys, openedAt: chain.openedAt },
    epochStart: { epoch, time },
    closed: terms?.closed ?? true,
    neverServed: first?.closed === true && first.from <= chain.openedAt,
    zone: terms?.zone ?? null,
    confirmed: terms !== undefined && terms.nameplateWh !== null,
    suspended: isSuspended(state, seat),
    newest: { epoch: newest.epoch, time: newest.time },
    gaps: gapsOf(state, seat),
    settledTo: chain.base.time,
  }
}

/**
 * What is not stored between the last cut and the newest reading. What was cut needs no look: a journal that holds the cut holds
 * everything before it.
 */
function gapsOf(state: AreaState, seat: SeatState): Gap[] {
  const { base, newest, chain } = seat
  const length = lengthOf(state)
  const from = Math.max(base.epoch === newest.epoch ? base.time : chain.epochStart.time, state.firstStart)
  const gaps: Gap[] = []
  for (let time = from + length; time < newest.time; time += length) {
    if (registersOf(state, seat, time, newest.epoch) !== null) continue
    const last = gaps.at(-1)
    if (last?.to === time - length) last.to = time
    else gaps.push({ from: time, to: time })
  }
  return gaps
}
