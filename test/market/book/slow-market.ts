/** The slow, obvious twin of the forward market: one list of orders, searched and sorted anew for every command. */
import type {
  BookCommand,
  BookEvent,
  CancelReason,
  Level,
  RejectCode,
} from '../../../server/market/book/forward-market.ts'

interface SlowOrder {
  id: string
  account: string
  side: 'buy' | 'sell'
  ticks: number
  energyWh: number
  book: string
  /** Later numbers stand behind earlier ones at the same price. */
  turn: number
}

type Place = Extract<BookCommand, { op: 'place' }>
type Amend = Extract<BookCommand, { op: 'amend' }>

export class SlowMarket {
  private resting: SlowOrder[] = []
  private readonly usedIds = new Set<string>()
  private readonly closed = new Set<string>()
  private turns = 0

  apply(command: BookCommand): BookEvent[] {
    if (command.op === 'place') return this.place(command)
    if (command.op === 'amend') return this.amend(command)
    if (command.op === 'cancel') {
      const order = this.resting.find((each) => each.id === command.id)
      return order ? [this.cancel(order, 'requested')] : [rejected(command.id, 'ORDER_UNKNOWN')]
    }
    const book = bookName(command)
    this.closed.add(book)
    const left = [...this.queue(book, 'buy'), ...this.queue(book, 'sell')]
    return left.map((order) => this.cancel(order, 'gate-closed'))
  }

  /** Price levels of one side, best first. */
  levels(name: { zone?: string; interval?: string }, side: 'buy' | 'sell'): Level[] {
    const queue = this.queue(bookName(name), side)
    return [...new Set(queue.map((order) => order.ticks))].map((ticks) => {
      const orders = queue.filter((order) => order.ticks === ticks)
      return { ticks, energyWh: orders.reduce((sum, order) => sum + BigInt(order.energyWh), 0n), orders: orders.length }
    })
  }

  /** The resting orders of one side in the order in which they would trade. */
  queue(book: string, side: 'buy' | 'sell'): SlowOrder[] {
    const better = side === 'buy' ? -1 : 1
    return this.resting
      .filter((order) => order.book === book && order.side === side)
      .sort((a, b) => better * (a.ticks - b.ticks) || a.turn - b.turn)
  }

  private place(command: Place): BookEvent[] {
    const { id, account, side, ticks, energyWh, timeInForce = 'GTC' } = command
    const book = bookName(command)
    if (this.usedIds.has(id)) return [rejected(id, 'ORDER_DUPLICATE')]
    if (side !== 'buy' && side !== 'sell') return [rejected(id, 'ORDER_SIDE')]
    if (typeof ticks !== 'number' || !Number.isInteger(ticks) || Math.abs(ticks) >= 2 ** 30)
      return [rejected(id, 'ORDER_PRICE')]
    if (typeof energyWh !== 'number' || !Number.isSafeInteger(energyWh) || energyWh <= 0)
      return [rejected(id, 'ORDER_ENERGY')]
    if (!['GTC', 'IOC', 'FOK'].includes(timeInForce as string)) return [rejected(id, 'ORDER_TIME_IN_FORCE')]
    if (this.closed.has(book)) return [rejected(id, 'ORDER_GATE_CLOSED')]
    this.usedIds.add(id)
    const order: SlowOrder = { id, account, side, ticks, energyWh, book, turn: this.turns++ }
    const events: BookEvent[] = [{ event: 'accepted', id }]
    if (timeInForce === 'FOK') {
      const others = this.counterparties(order).filter((maker) => maker.account !== account)
      const available = others.reduce((sum, maker) => sum + maker.energyWh, 0)
      if (available < energyWh) return [...events, { event: 'cancelled', id, energyWh, reason: 'fill-or-kill' }]
    }
    events.push(...this.match(order))
    if (order.energyWh > 0 && timeInForce === 'GTC') this.resting.push(order)
    if (order.energyWh > 0 && timeInForce === 'IOC') {
      events.push({ event: 'cancelled', id, energyWh: order.energyWh, reason: 'immediate-or-cancel' })
    }
    return events
  }

  private amend({ id, energyWh, ticks }: Amend): BookEvent[] {
    const order = this.resting.find((each) => each.id === id)
    if (!order) return [rejected(id, 'ORDER_UNKNOWN')]
    const changed = { ...order, energyWh: energyWh ?? order.energyWh, ticks: ticks ?? order.ticks } as SlowOrder
    if (!Number.isInteger(changed.ticks) || ticks === null) return [rejected(id, 'ORDER_PRICE')]
    if (!Number.isSafeInteger(changed.energyWh) || changed.energyWh <= 0) return [rejected(id, 'ORDER_ENERGY')]
    const amended: BookEvent = { event: 'amended', id, energyWh: changed.energyWh, ticks: changed.ticks }
    if (changed.ticks === order.ticks && changed.energyWh < order.energyWh) {
      order.energyWh = changed.energyWh
      return [amended]
    }
    this.resting = this.resting.filter((each) => each !== order)
    changed.turn = this.turns++
    const events = [amended, ...this.match(changed)]
    if (changed.energyWh > 0) this.resting.push(changed)
    return events
  }

  private counterparties(taker: SlowOrder): SlowOrder[] {
    const makers = this.queue(taker.book, taker.side === 'buy' ? 'sell' : 'buy')
    return makers.filter((maker) => (taker.side === 'buy' ? maker.ticks <= taker.ticks : maker.ticks >= taker.ticks))
  }

  private match(taker: SlowOrder): BookEvent[] {
    const events: BookEvent[] = []
    for (const maker of this.counterparties(taker)) {
      if (taker.energyWh === 0) break
      if (maker.account === taker.account) {
        events.push(this.cancel(maker, 'self-trade'))
        continue
      }
      const energyWh = Math.min(maker.energyWh, taker.energyWh)
      maker.energyWh -= energyWh
      taker.energyWh -= energyWh
      events.push({ event: 'trade', maker: maker.id, taker: taker.id, ticks: maker.ticks, energyWh })
      if (maker.energyWh === 0) this.resting = this.resting.filter((each) => each !== maker)
    }
    return events
  }

  private cancel(order: SlowOrder, reason: CancelReason): BookEvent {
    this.resting = this.resting.filter((each) => each !== order)
    return { event: 'cancelled', id: order.id, energyWh: order.energyWh, reason }
  }
}

function bookName({ zone, interval }: { zone?: string; interval?: string }): string {
  return `${zone} ${interval}`
}

function rejected(id: string, code: RejectCode): BookEvent {
  return { event: 'rejected', id, code }
}
