/**
 * The forward market: one order book per zone and interval, with named orders and accounts.
 * `(market, command) → events`; the same commands give the same events and the same resting state.
 */
import { createHash } from 'node:crypto'
import { priceBoundTicks, type Ticks, type Wh } from '../../../contracts/units.ts'
import type { Side } from '../auction.ts'
import { buy, OrderBook, selfTrade, sell, tradedAway } from './order-book.ts'

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
  /** Best price first. */
  bids: Level[]
  asks: Level[]
  /** SHA-256 over every resting order in queue order; differs whenever the resting state differs. */
  hash: string
}

interface NamedBook extends BookName {
  book: OrderBook
  /** Names of the resting orders by their number. */
  ids: string[]
  closed: boolean
}

interface RestingOrder {
  named: NamedBook
  order: number
}

type Place = Extract<BookCommand, { op: 'place' }>
type Amend = Extract<BookCommand, { op: 'amend' }>

export class ForwardMarket {
  private readonly books = new Map<string, NamedBook>()
  private readonly accounts = new Map<string, number>()
  private readonly accountNames: string[] = []
  /** Every order ever accepted; `null` once it no longer rests, since its name is never used again. */
  private readonly orders = new Map<string, RestingOrder | null>()

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
    if (this.books.size === 0) this.bookOf({})
    return Array.from(this.books.values(), (named) => this.stateOf(named))
  }

  private place(command: Place): BookEvent[] {
    const named = this.bookOf(command)
    const { id, side, ticks, energyWh, timeInForce = 'GTC' } = command
    const reject = (code: RejectCode): BookEvent[] => [{ event: 'rejected', id, code }]
    if (this.orders.has(id)) return reject('ORDER_DUPLICATE')
    if (side !== 'buy' && side !== 'sell') return reject('ORDER_SIDE')
    if (!isTicks(ticks)) return reject('ORDER_PRICE')
    if (!isEnergy(energyWh)) return reject('ORDER_ENERGY')
    if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK') return reject('ORDER_TIME_IN_FORCE')
    if (named.closed) return reject('ORDER_GATE_CLOSED')
    this.orders.set(id, null)
    const incoming = { side: side === 'buy' ? buy : sell, ticks, energyWh, account: this.accountOf(command.account) }
    const events: BookEvent[] = [{ event: 'accepted', id }]
    if (timeInForce === 'GTC') {
      this.trade(named, id, incoming, events)
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
    const resting = this.orders.get(id)
    if (!resting) return [{ event: 'rejected', id, code: 'ORDER_UNKNOWN' }]
    this.orders.set(id, null)
    return [{ event: 'cancelled', id, energyWh: resting.named.book.cancel(resting.order), reason: 'requested' }]
  }

  private amend({ id, energyWh: newWh, ticks: newTicks }: Amend): BookEvent[] {
    const reject = (code: RejectCode): BookEvent[] => [{ event: 'rejected', id, code }]
    const resting = this.orders.get(id)
    if (!resting) return reject('ORDER_UNKNOWN')
    const { named, order } = resting
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
    book.cancel(order)
    this.orders.set(id, null)
    this.trade(named, id, incoming, events)
    return events
  }

  private closeGate(name: BookName): BookEvent[] {
    const named = this.bookOf(name)
    named.closed = true
    const events: BookEvent[] = []
    for (const order of [...named.book.resting(buy), ...named.book.resting(sell)]) {
      const id = named.ids[order]!
      this.orders.set(id, null)
      events.push({ event: 'cancelled', id, energyWh: named.book.cancel(order), reason: 'gate-closed' })
    }
    return events
  }

  /** Matches an order and lets the rest of it rest under its name. */
  private trade(named: NamedBook, id: string, incoming: IncomingOrder, events: BookEvent[]): void {
    const { side, ticks, energyWh, account } = incoming
    const order = named.book.place(side, ticks, energyWh, account)
    this.report(named, id, events)
    if (order < 0) return
    named.ids[order] = id
    this.orders.set(id, { named, order })
  }

  /** Turns what the last order did to resting ones into events. */
  private report({ book, ids }: NamedBook, taker: string, events: BookEvent[]): void {
    const { count, kinds, orders, energiesWh, ticks } = book.effects
    for (let i = 0; i < count; i++) {
      const maker = ids[orders[i]!]!
      const energyWh = energiesWh[i]!
      if (kinds[i] === selfTrade) events.push({ event: 'cancelled', id: maker, energyWh, reason: 'self-trade' })
      else events.push({ event: 'trade', maker, taker, ticks: ticks[i]!, energyWh })
      if (kinds[i] === selfTrade || kinds[i] === tradedAway) this.orders.set(maker, null)
    }
  }

  private bookOf({ zone, interval }: BookName): NamedBook {
    const key = JSON.stringify([zone, interval])
    let named = this.books.get(key)
    if (!named) {
      named = { zone, interval, book: new OrderBook(), ids: [], closed: false }
      this.books.set(key, named)
    }
    return named
  }

  private accountOf(name: string): number {
    let account = this.accounts.get(name)
    if (account === undefined) {
      account = this.accountNames.push(name) - 1
      this.accounts.set(name, account)
    }
    return account
  }

  private stateOf({ zone, interval, book, ids }: NamedBook): BookState {
    const hash = createHash('sha256')
    const levelsOf = (side: Side): Level[] => {
      const levels: Level[] = []
      for (const order of book.resting(side === 'buy' ? buy : sell)) {
        const ticks = book.ticks(order)
        const openWh = book.openWh(order)
        hash.update(`${JSON.stringify([side, ticks, ids[order], this.accountNames[book.account(order)], openWh])}\n`)
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

interface IncomingOrder {
  side: number
  ticks: number
  energyWh: number
  account: number
}

function isTicks(value: unknown): value is Ticks {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < priceBoundTicks
}

function isEnergy(value: unknown): value is Wh {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
