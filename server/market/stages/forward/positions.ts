/**
 * The only writer of forward orders and trades, and what follows from them: what each seat has open and has traded for an
 * interval, where an order rests, and what both commit. All of it is derived from the state, so that nobody has to search it.
 */
import type { Hex } from '../../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../../../contracts/protocol/units.ts'
import type { ForwardOrder, ForwardTrade } from '../../area/area.ts'
import { bind, costOf, release, worstOf } from '../../area/funds.ts'
import type { AreaState, ForwardInterval } from '../../area/state.ts'
import type { Side } from '../../auction.ts'

/** One seat in one interval. */
interface Position {
  /** The orders that rest, in order of arrival. */
  orders: Set<ForwardOrder>
  openWh: Record<Side, Wh>
  tradedWh: Record<Side, Wh>
}

const positionsOf = new WeakMap<ForwardInterval, Map<number, Position>>()
const startsOf = new WeakMap<AreaState['forward'], Map<Hex, UtcSeconds>>()

const flat: Readonly<Position> = emptyPosition()

/** What a seat has open and has traded for an interval. */
export function positionOf(forward: ForwardInterval | undefined, seat: number): Readonly<Position> {
  return forward === undefined ? flat : (positions(forward).get(seat) ?? flat)
}

/** The interval for which an order rests, if one of that identifier does. */
export function startOf(state: AreaState, id: Hex): UtcSeconds | undefined {
  return starts(state).get(id)
}

/** Notes an order with all of its energy open. */
export function addOrder(state: AreaState, forward: ForwardInterval, order: ForwardOrder): void {
  const position = ownPosition(forward, order.seat)
  position.orders.add(order)
  position.openWh[order.side] += order.openWh
  starts(state).set(order.id, order.start)
  forward.orders.set(order.id, order)
  bind(state, worstOf(order, order.openWh))
}

/** Takes energy off what is open of an order; one with nothing open is forgotten. */
export function lowerOrder(state: AreaState, forward: ForwardInterval, order: ForwardOrder, energyWh: Wh): void {
  const position = ownPosition(forward, order.seat)
  order.openWh -= energyWh
  position.openWh[order.side] -= energyWh
  release(state, worstOf(order, energyWh))
  if (order.openWh > 0) return
  position.orders.delete(order)
  starts(state).delete(order.id)
  forward.orders.delete(order.id)
}

/** Notes a trade; what it takes off the orders is `lowerOrder`'s. */
export function addTrade(state: AreaState, forward: ForwardInterval, trade: ForwardTrade): void {
  ownPosition(forward, trade.buyer).tradedWh.buy += trade.energyWh
  ownPosition(forward, trade.seller).tradedWh.sell += trade.energyWh
  forward.trades.push(trade)
  bind(state, costOf(trade))
}

function positions(forward: ForwardInterval): Map<number, Position> {
  let known = positionsOf.get(forward)
  if (known === undefined) {
    known = new Map()
    positionsOf.set(forward, known)
    for (const order of forward.orders.values()) {
      const position = ownPosition(forward, order.seat)
      position.orders.add(order)
      position.openWh[order.side] += order.openWh
    }
    for (const { buyer, seller, energyWh } of forward.trades) {
      ownPosition(forward, buyer).tradedWh.buy += energyWh
      ownPosition(forward, seller).tradedWh.sell += energyWh
    }
  }
  return known
}

function ownPosition(forward: ForwardInterval, seat: number): Position {
  const known = positions(forward)
  let position = known.get(seat)
  if (position === undefined) {
    position = emptyPosition()
    known.set(seat, position)
  }
  return position
}

function emptyPosition(): Position {
  return { orders: new Set(), openWh: { buy: 0, sell: 0 }, tradedWh: { buy: 0, sell: 0 } }
}

function starts({ forward }: AreaState): Map<Hex, UtcSeconds> {
  let known = startsOf.get(forward)
  if (known === undefined) {
    known = new Map()
    startsOf.set(forward, known)
    for (const [start, { orders }] of forward) for (const id of orders.keys()) known.set(id, start)
  }
  return known
}
