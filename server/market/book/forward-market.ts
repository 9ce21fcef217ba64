/**
 * The forward market: one order book per zone and interval, with named orders and accounts.
 * `(market, command) → events`; the same commands give the same events and the same resting state.
 */
import { createHash } from 'node:crypto'
import { priceBoundTicks, type Ticks, type Wh } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import { NameTable } from './name-table.ts'
import { buy, type Incoming, OrderBook, selfTrade, sell, tradedAway } from './order-book.ts'

/** `GTC`: good till gate closure; `IOC`: what is not filled at once is cancelled; `FOK`: filled wholly at once or not at all. */
export type TimeInForce = 'GTC' | 'IOC' | 'FOK'

/** Which book: the zone, and the start of the interval; either may be left out where there is only one. */
export interface BookName {
  zone?: string
  interval?: string
}

/** Values that may be wrong are as they came: a command with a wrong side, price, energy or time in force is rejected. */
export type BookCommand =
  | ({
      op: 'place'
      id: string
      account: string
      side: unknown
      ticks: unknown
      energyWh: unknown
      timeInForce?: unknown
    } & BookName)
  | { op: 'cancel'; id: string }
  | { op: 'amend'; id: string; energyWh?: unknown; ticks?: unknown }
  | ({ op: 'close-gate' } & BookName)

export type CancelReason = 'requested' | 'self-trade' | 'immediate-or-cancel' | 'fill-or-kill' | 'gate-closed'

export type RejectCode =
  | 'ORDER_DUPLICATE'
  | 'ORDER_UNKNOWN'
  | 'ORDER_SIDE'
  | 'ORDER_PRICE'
  | 'ORDER_ENERGY'
  | 'ORDER_TIME_IN_FORCE'
  | 'ORDER_GATE_CLOSED'

export type BookEvent =
  | { event: 'accepted'; id: string }
  | { event: 'trade'; maker: string; taker: string; ticks: Ticks; energyWh: Wh }
  | { event: 'cancelled'; id: string; energyWh: Wh; reason: CancelReason }
  | { event: 'amended'; id: string; energyWh: Wh; ticks: Ticks }
  | { event: 'rejected'; id: string; code: RejectCode }

/** All orders at one price: `energyWh` is their sum, exact at any size. */
export interface Level {
  ticks: Ticks
  energyWh: bigint
  orders: number
}

export interface BookState extends BookName {
  /** Levels of bids, the best price first. */
  bids: Level[]
  asks: Level[]
  /** SHA-256 over every resting order in queue order; differs whenever the resting state differs. */
  hash: string
}

interface NamedBook extends BookName {
  /** Its place in the order of first use. */
  index: number
  book: OrderBook
  /** Serial numbers of the resting orders by their number in the book. */
  serials: number[]
  closed: boolean
}

/** Where an order rests, as one number: book index × 2³² + its number in the book. */
const placesPerBook = 2 ** 32
/** The place of an order that does not rest. */
const nowhere = -1

type Place = Extract<BookCommand, { op: 'place' }>
type Amend = Extract<BookCommand, { op: 'amend' }>

export class ForwardMarket {
  private readonly books: NamedBook[] = []
  private readonly booksByZone = new Map<string | undefined, Map<string | undefined, NamedBook>>()
  private readonly accounts = new NameTable()
  /** Every order ever accepted has a serial number, since its name is never used again. */
  private readonly ids = new NameTable()
  private places = new Float64Array(16)

  /** Carries out one command and returns what happened, in order. */
  apply(command: BookCommand): BookEvent[] {
    switch (command.op) {
      case 'place':
        return this.place(command)
      case 'cancel':
        return this.cancel(command.id)
      case 'amend':
        return this.amend(command)
      case 'close-gate':
        return this.closeGate(command)
    }
  }

  /** The books in order of first use; for a market that was never used the state of its one, empty book. */
  states(): BookState[] {
    if (this.books.length === 0) this.bookOf({})
    return this.books.map((named) => this.stateOf(named))
  }

  private place(command: Place): BookEvent[] {
    const named = this.bookOf(command)
    const { id, side, ticks, energyWh, timeInForce = 'GTC' } = command
    const reject = (code: RejectCode): BookEvent[] => [{ event: 'rejected', id, code }]
    if (this.ids.find(id) >= 0) return reject('ORDER_DUPLICATE')
    if (side !== 'buy' && side !== 'sell') return reject('ORDER_SIDE')
    if (!isTicks(ticks)) return reject('ORDER_PRICE')
    if (!isEnergy(energyWh)) return reject('ORDER_ENERGY')
    if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK') return reject('ORDER_TIME_IN_FORCE')
    if (named.closed) return reject('ORDER_GATE_CLOSED')
    const incoming = { side: side === 'buy' ? buy : sell, ticks, energyWh, account: this.accounts.add(command.account) }
    const events: BookEvent[] = [{ event: 'accepted', id }]
    const serial = this.newSerial(id)
    if (timeInForce === 'GTC') {
      this.trade(named, serial, incoming, events)
    } else if (timeInForce === 'FOK' && !named.book.canFill(incoming)) {
      events.push({ event: 'cancelled', id, energyWh, reason: 'fill-or-kill' })
    } else {
      const leftWh = named.book.match(incoming.side, ticks, energyWh, incoming.account)
      this.report(named, id, events)
      if (leftWh > 0) events.push({ event: 'cancelled', id, energyWh: leftWh, reason: 'immediate-or-cancel' })
    }
    return events
  }

  private cancel(id: string): BookEvent[] {
    const resting = this.find(id)
    if (!resting) return [{ event: 'rejected', id, code: 'ORDER_UNKNOWN' }]
    return [{ event: 'cancelled', id, energyWh: this.takeOut(resting), reason: 'requested' }]
  }

  private amend({ id, energyWh: newWh, ticks: newTicks }: Amend): BookEvent[] {
    const reject = (code: RejectCode): BookEvent[] => [{ event: 'rejected', id, code }]
    const resting = this.find(id)
    if (!resting) return reject('ORDER_UNKNOWN')
    const { named, order, serial } = resting
    const { book } = named
    const openWh = book.openWh(order)
    const ticks = newTicks === undefined ? book.ticks(order) : newTicks
    const energyWh = newWh === undefined ? openWh : newWh
    if (!isTicks(ticks)) return reject('ORDER_PRICE')
    if (!isEnergy(energyWh)) return reject('ORDER_ENERGY')
    const events: BookEvent[] = [{ event: 'amended', id, energyWh, ticks }]
    if (ticks === book.ticks(order) && energyWh < openWh) {
      book.lower(order, energyWh)
      return events
    }
    const incoming = { side: book.side(order), ticks, energyWh, account: book.account(order) }
    this.takeOut(resting)
    this.trade(named, serial, incoming, events)
    return events
  }

  private closeGate(name: BookName): BookEvent[] {
    const named = this.bookOf(name)
    named.closed = true
    const events: BookEvent[] = []
    for (const order of [...named.book.resting(buy), ...named.book.resting(sell)]) {
      const serial = named.serials[order]!
      const energyWh = this.takeOut({ named, order, serial })
      events.push({ event: 'cancelled', id: this.ids.name(serial), energyWh, reason: 'gate-closed' })
    }
    return events
  }

  /** Matches an order and lets what is left of it rest. */
  private trade(named: NamedBook, serial: number, incoming: Incoming, events: BookEvent[]): void {
    const { side, ticks, energyWh, account } = incoming
    const order = named.book.place(side, ticks, energyWh, account)
    this.report(named, this.ids.name(serial), events)
    if (order < 0) return
    named.serials[order] = serial
    this.places[serial] = named.index * placesPerBook + order
  }

  /** Turns what the last order did to resting ones into events. */
  private report({ book, serials }: NamedBook, taker: string, events: BookEvent[]): void {
    const { count, kinds, orders, energiesWh, ticks } = book.effects
    for (let i = 0; i < count; i++) {
      const serial = serials[orders[i]!]!
      const maker = this.ids.name(serial)
      const energyWh = energiesWh[i]!
      if (kinds[i] === selfTrade) events.push({ event: 'cancelled', id: maker, energyWh, reason: 'self-trade' })
      else events.push({ event: 'trade', maker, taker, ticks: ticks[i]!, energyWh })
      if (kinds[i] === selfTrade || kinds[i] === tradedAway) this.places[serial] = nowhere
    }
  }

  private newSerial(id: string): number {
    const serial = this.ids.add(id)
    if (serial === this.places.length) {
      const grown = new Float64Array(2 * serial)
      grown.set(this.places)
      this.places = grown
    }
    this.places[serial] = nowhere
    return serial
  }

  private find(id: string): RestingOrder | null {
    const serial = this.ids.find(id)
    if (serial < 0) return null
    const place = this.places[serial]!
    if (place === nowhere) return null
    const order = place % placesPerBook
    return { named: this.books[(place - order) / placesPerBook]!, order, serial }
  }

  /** Takes a resting order out of its book and returns the energy that was open. */
  private takeOut({ named, order, serial }: RestingOrder): number {
    this.places[serial] = nowhere
    return named.book.cancel(order)
  }

  private bookOf({ zone, interval }: BookName): NamedBook {
    let intervals = this.booksByZone.get(zone)
    if (!intervals) {
      intervals = new Map()
      this.booksByZone.set(zone, intervals)
    }
    let named = intervals.get(interval)
    if (!named) {
      named = { zone, interval, index: this.books.length, book: new OrderBook(), serials: [], closed: false }
      intervals.set(interval, named)
      this.books.push(named)
    }
    return named
  }

  private stateOf({ zone, interval, book, serials }: NamedBook): BookState {
    const hash = createHash('sha256')
    const levelsOf = (side: Side): Level[] => {
      const levels: Level[] = []
      for (const order of book.resting(side === 'buy' ? buy : sell)) {
        const ticks = book.ticks(order)
        const openWh = book.openWh(order)
        hash.update(
          `${JSON.stringify([side, ticks, this.ids.name(serials[order]!), this.accounts.name(book.account(order)), openWh])}\n`,
        )
        if (levels.at(-1)?.ticks !== ticks) levels.push({ ticks, energyWh: 0n, orders: 0 })
        const level = levels.at(-1)!
        level.energyWh += BigInt(openWh)
        level.orders++
      }
      return levels
    }
    const bids = levelsOf('buy')
    const asks = levelsOf('sell')
    return {
      ...(zone !== undefined && { zone }),
      ...(interval !== undefined && { interval }),
      bids,
      asks,
      hash: hash.digest('hex'),
    }
  }
}

interface RestingOrder {
  named: NamedBook
  order: number
  serial: number
}

function isTicks(value: unknown): value is Ticks {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < priceBoundTicks
}

function isEnergy(value: unknown): value is Wh {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
