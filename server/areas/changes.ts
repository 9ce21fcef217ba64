/** What an area tells the others after a commit: which rows changed, and the seats as they stand. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
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

/** What a commit has changed of seats, for whoever keeps their summaries. */
export interface SeatChanges {
  /** As they stand; null for one that is forgotten. */
  seats: [number, SeatSummary | null][]
  /** Of all others nothing has changed but the newest reading. */
  newest: NewestReadings
}

/** Seats' newest readings, in columns: most commits are readings, and so little crosses to another thread. */
export interface NewestReadings {
  seats: number[]
  epochs: number[]
  times: UtcSeconds[]
}

/** What those outside have been told of the seats, as far as it says who has to be told of again. */
export class ToldSeats {
  private readonly told = new Map<number, Pick<SeatSummary, 'newest'> & { hasGaps: boolean }>()

  /** All seats as they stand. */
  all(state: AreaState): SeatSummary[] {
    this.told.clear()
    return [...state.seats.values()].map((seat) => this.note(summaryOf(state, seat)))
  }

  /** What these events have changed of the summaries. */
  changedBy(state: AreaState, events: readonly Event[]): SeatChanges {
    const numbers = new Set<number>()
    const read = new Set<number>()
    for (const event of events) {
      switch (event.type) {
        case 'seat-changed':
          numbers.add(event.seat.seat)
          break
        case 'seat-forgotten':
          numbers.add(event.seat)
          break
        // A reading at a boundary at which the meter changes its seat is both seats'.
        case 'reading':
          if (event.status !== 'stored') break
          read.add(event.seat)
          for (const seat of state.seatsOfMeter.get(event.meter) ?? []) read.add(seat)
          break
        case 'meter-suspended':
        case 'suspension-lifted':
          for (const seat of state.seatsOfMeter.get(event.meter) ?? []) numbers.add(seat)
          break
        case 'interval-started':
          for (const seat of seatsWithNewTerms(state, event.start)) numbers.add(seat)
      }
    }
    // Time that starts, is cut and forgotten closes gaps. Of most of the ten thousand seats of a large area it says nothing new.
    if (events.some(({ type }) => passesTime.has(type))) for (const seat of this.outOfDate(state)) numbers.add(seat)
    const newest: NewestReadings = { seats: [], epochs: [], times: [] }
    for (const number of read) {
      if (numbers.has(number)) continue
      const next = this.nextReading(state, number)
      if (next === null) {
        numbers.add(number)
        continue
      }
      newest.seats.push(number)
      newest.epochs.push(next.epoch)
      newest.times.push(next.time)
    }
    return { seats: [...numbers].map((number) => [number, this.standing(state, number)]), newest }
  }

  /** The newest reading where it follows the one that was told, so that there are still no gaps before it; else null. */
  private nextReading(state: AreaState, number: number): SeatSummary['newest'] | null {
    const told = this.told.get(number)
    const seat = state.seats.get(number)
    if (told === undefined || seat === undefined || told.hasGaps) return null
    const { epoch, time } = seat.newest
    if (epoch !== told.newest.epoch || time !== told.newest.time + lengthOf(state)) return null
    told.newest = { epoch, time }
    return told.newest
  }

  private *outOfDate(state: AreaState): Iterable<number> {
    for (const [number, { newest, hasGaps }] of this.told) {
      const seat = state.seats.get(number)
      const isNew = seat === undefined || seat.newest.time !== newest.time || seat.newest.epoch !== newest.epoch
      if (hasGaps || isNew) yield number
    }
  }

  private standing(state: AreaState, number: number): SeatSummary | null {
    const seat = state.seats.get(number)
    if (seat !== undefined) return this.note(summaryOf(state, seat))
    this.told.delete(number)
    return null
  }

  private note(summary: SeatSummary): SeatSummary {
    this.told.set(summary.seat, { newest: summary.newest, hasGaps: summary.gaps.length > 0 })
    return summary
  }
}

const passesTime: ReadonlySet<Event['type']> = new Set([
  'interval-started',
  'interval-final',
  'batch-cut',
  'batch-missed',
])

/** Those whose terms began since the interval before this one had begun. */
function seatsWithNewTerms(state: AreaState, start: UtcSeconds): number[] {
  const numbers: number[] = []
  for (const [number, { chain }] of state.seats) {
    if (chain.terms.some(({ from }) => from > start - lengthOf(state) && from <= start)) numbers.push(number)
  }
  return numbers
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
