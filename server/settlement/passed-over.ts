/**
 * Counts in how many intervals of a batch a seat was kept from trading although it wanted to, from what the batch rests on.
 *
 * An operator can move a seat's base every day and never let it trade: it says that a reading was not in, that funds were short, or
 * that the account could not pay. No signature forbids that, and a failed network connection has the same effect. So such intervals are
 * counted, and a watcher does not sign a batch that keeps a seat out for more than `mostInARow` batches in a row.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { sharingKeyAt, sideNumber } from '../market/area/declarations.ts'
import type { AreaFile } from './area-file.ts'
import { declaredIn } from './declared.ts'

/** A seat may be kept out of at most so many batches in a row. */
export const mostInARow = 3

/** Numbers of intervals of a batch. */
export interface Chances {
  /** Intervals in which an order or agreement of the seat counted, or energy was shared with it. */
  wanted: number
  /**
   * Those of them in which it could trade nothing, whatever the market: a reading at one end was not in, its funds were said to
   * cover nothing, or it was left out of the batch. What its meter itself called estimated or doubtful is not counted.
   */
  passedOver: number
}

type Grounds = Pick<
  AreaFile,
  | 'start'
  | 'end'
  | 'orders'
  | 'forwardOrders'
  | 'forwardTrades'
  | 'agreements'
  | 'declarations'
  | 'intervals'
  | 'leftOut'
> & { seats: readonly Pick<AreaFile['seats'][number], 'seat' | 'readings' | 'fills'>[] }

/** The chances of each seat; seats that wanted nothing are missing. */
export function chancesOf(file: Grounds, intervalSeconds: number): Map<number, Chances> {
  const wishes = new Wishes()
  // Where energy is shared an order only limits what its seat takes.
  for (const { arrival, seat, activeFrom, activeUntil } of file.declarations.length > 0 ? [] : file.orders) {
    for (const start of startsIn(activeFrom, activeUntil, intervalSeconds)) wishes.add(seat, start, arrival)
  }
  const seatOfOrder = new Map(file.forwardOrders.map(({ arrival, seat }) => [arrival, seat]))
  for (const { start, buyOrder, sellOrder } of file.forwardTrades) {
    for (const arrival of [buyOrder, sellOrder]) wishes.add(seatOfOrder.get(arrival)!, start, arrival)
  }
  for (const { arrival, sellerSeat, buyerSeat, activeFrom, activeUntil } of file.agreements) {
    for (const start of startsIn(activeFrom, activeUntil, intervalSeconds)) {
      for (const seat of [sellerSeat, buyerSeat]) wishes.add(seat, start, arrival)
    }
  }
  addShared(wishes, file, intervalSeconds)
  const uncovered = new Map(
    file.intervals.map(({ start, cut }) => {
      return [start, new Set(cut.filter(({ energyWh }) => energyWh === 0).map(({ arrival }) => arrival))] as const
    }),
  )
  const leftOut = new Set(file.leftOut.flat())
  const read = new Map(file.seats.map(({ seat, readings }) => [seat, new Set(readings.map(([, time]) => time))]))
  // The reading at which a meter passes from one seat to another is booked to one of them: a seat that traded was not passed over.
  const traded = new Map(file.seats.map(({ seat, fills }) => [seat, new Set(fills.map(([start]) => start))]))
  return new Map(
    [...wishes.bySeat].map(([seat, byStart]) => {
      const times = read.get(seat)
      const passedOver = [...byStart].filter(([start, arrivals]) => {
        const isRead = (times?.has(start) && times.has(start + intervalSeconds)) ?? false
        if (traded.get(seat)?.has(start)) return false
        return leftOut.has(seat) || !isRead || arrivals.every((arrival) => uncovered.get(start)?.has(arrival) ?? false)
      })
      return [seat, { wanted: byStart.size, passedOver: passedOver.length }]
    }),
  )
}

/** The seats of a batch that were kept out of all of it, though an entry moves their base. */
export function keptOut(chances: ReadonlyMap<number, Chances>, entries: readonly { number: number }[]): number[] {
  const moved = new Set(entries.map(({ number }) => number))
  return [...chances]
    .filter(([seat, { wanted, passedOver }]) => wanted === passedOver && moved.has(seat))
    .map(([seat]) => seat)
    .sort((a, b) => a - b)
}

/** Arrivals of what counted, by seat and interval. */
class Wishes {
  readonly bySeat = new Map<number, Map<UtcSeconds, number[]>>()

  add(seat: number, start: UtcSeconds, arrival: number): void {
    const byStart = this.bySeat.get(seat) ?? new Map<UtcSeconds, number[]>()
    this.bySeat.set(seat, byStart)
    byStart.set(start, [...(byStart.get(start) ?? []), arrival])
  }
}

/** In areas that share energy, the seats count to which the grid operator allocated something, and the members of the key. */
function addShared(wishes: Wishes, file: Grounds, intervalSeconds: number): void {
  const { declared, keys } = declaredIn(file)
  for (const start of startsIn(file.start, file.end, intervalSeconds)) {
    const own = declared.get(start)
    for (const [place, seat] of (own?.seats ?? []).entries()) {
      if (own!.allocatedWh[place]! > 0) wishes.add(seat, start, sideNumber(seat, 'buy'))
      if (own!.sharedWh[place]! > 0) wishes.add(seat, start, sideNumber(seat, 'sell'))
    }
    const key = sharingKeyAt(keys, start)
    for (const seat of key?.consumers ?? []) wishes.add(seat, start, sideNumber(seat, 'buy'))
    for (const seat of key?.producers ?? []) wishes.add(seat, start, sideNumber(seat, 'sell'))
  }
}

function* startsIn(from: UtcSeconds, until: UtcSeconds, length: number): Generator<UtcSeconds> {
  for (let start = from; start < until; start += length) yield start
}
