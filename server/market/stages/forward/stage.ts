/** The stage that honours forward trades: in the order they were made, up to what was metered on both sides. */
import type { Wh } from '../../../../contracts/protocol/units.ts'
import type { AreaConfig, ForwardTrade, Outcome } from '../../area/area.ts'
import type { SeatOutcomeCode } from '../../area/codes.ts'
import { outcomeCodes, sides } from '../../area/codes.ts'
import type { Fill } from '../../area/interval.ts'
import type { Side } from '../../auction.ts'
import { floorDivide } from '../floor-divide.ts'
import type { Allocation, Pool, PoolSeat } from '../pool.ts'
import type { Computed, Reduction, Stage } from '../stage.ts'

/** What the trades of one order came to. */
interface Honoured {
  side: Side
  seat: number
  limitTicks: number
  promisedWh: Wh
  filledWh: Wh
  amount: number
  /** The first reason why not all was honoured. */
  shortfall: SeatOutcomeCode | null
  /** The reason of the other side that the shortfall names, or null. */
  because: SeatOutcomeCode | null
}

/**
 * A trade of a meter that is closed, revoked or suspended by then is void, and so is one whose price left the mandates or the
 * window that every batch fits, or between two that are no longer in one zone: it pays no grid fee.
 */
function honour(
  trade: ForwardTrade,
  { seller, buyer, config }: { seller: PoolSeat | undefined; buyer: PoolSeat | undefined; config: AreaConfig },
) {
  const none = (shortfall: SeatOutcomeCode, because: SeatOutcomeCode | null = null) => ({
    deliveredWh: 0,
    shortfall,
    because,
  })
  if (seller === undefined || seller.refusal !== null) return none('seller-side', seller?.refusal ?? 'seat-closed')
  if (buyer === undefined || buyer.refusal !== null) return none('buyer-side', buyer?.refusal ?? 'seat-closed')
  if (seller.zone !== buyer.zone) return none('zone-changed')
  const lowestTicks = Math.max(seller.terms.sellFloor, config.lowestTicks)
  const highestTicks = Math.min(buyer.terms.buyCeiling, config.highestTicks)
  if (trade.priceTicks < lowestTicks || trade.priceTicks > highestTicks) return none('outside-mandate')
  const deliveredWh = Math.min(trade.energyWh, seller.sellWh, buyer.buyWh)
  seller.sellWh -= deliveredWh
  buyer.buyWh -= deliveredWh
  const shortfall: SeatOutcomeCode | null =
    deliveredWh === trade.energyWh ? null : seller.sellWh === 0 ? 'less-delivered' : 'less-taken'
  return { deliveredWh, shortfall, because: null }
}

function allocate({ state, interval, start, seats, config }: Pool): Allocation {
  const trades = state.forward.get(start)?.trades ?? []
  const orders = new Map<number, Honoured>()
  let matchedWh = 0
  interval.deliveredWh = trades.map((trade) => {
    const parties = { seller: seats.get(trade.seller), buyer: seats.get(trade.buyer), config }
    const { deliveredWh, shortfall, because } = honour(trade, parties)
    matchedWh += deliveredWh
    for (const side of sides) {
      const seat = side === 'buy' ? trade.buyer : trade.seller
      const arrival = side === 'buy' ? trade.buyOrder : trade.sellOrder
      const known = orders.get(arrival)
      const order = known ?? { ...emptyOrder(side, seat), limitTicks: trade.priceTicks }
      if (known === undefined) orders.set(arrival, order)
      const worse = side === 'buy' ? Math.max : Math.min
      order.limitTicks = worse(order.limitTicks, trade.priceTicks)
      order.promisedWh += trade.energyWh
      order.filledWh += deliveredWh
      order.amount += trade.priceTicks * deliveredWh
      if (shortfall !== null && order.shortfall === null) {
        order.shortfall = shortfall
        order.because = because
      }
      const own = seats.get(seat)
      if (own !== undefined) own.deviationWh += trade.energyWh - deliveredWh
    }
    return deliveredWh
  })
  const fills: Fill[] = []
  for (const [arrival, order] of orders) {
    const own = seats.get(order.seat)
    if (own === undefined) continue
    own.outcomes.push(outcomeOf(arrival, order))
    const { side, filledWh: energyWh, amount } = order
    fills.push({ stage: 'forward', arrival, slot: own.seat.slot, side, energyWh, amount })
  }
  return { fills, matchedWh, gridFees: 0n, congestionRent: 0n, gridTake: 0n }
}

function emptyOrder(side: Side, seat: number): Honoured {
  return { side, seat, limitTicks: 0, promisedWh: 0, filledWh: 0, amount: 0, shortfall: null, because: null }
}

/** The average price is rounded down to the tick; the amount is exact. */
function outcomeOf(arrival: number, order: Honoured): Outcome {
  const { side, limitTicks, promisedWh, filledWh, amount, shortfall, because } = order
  return {
    ...{ stage: 'forward', arrival, side, limitTicks, offeredWh: promisedWh, filledWh },
    priceTicks: filledWh === 0 ? null : floorDivide(BigInt(amount), BigInt(filledWh)),
    amount: BigInt(amount),
    code: shortfall ?? 'honoured',
    details: because === null ? [] : [outcomeCodes.indexOf(because)],
  }
}

/** Without some seats their trades are void on both sides; the others stay. */
function without({ state, interval }: Computed, out: ReadonlySet<number>): Reduction {
  const trades = state.forward.get(interval.start)?.trades ?? []
  const kept = new Map<number, { side: Side; seat: number; energyWh: Wh; amount: number }>()
  const lostWh = new Map<number, Wh>()
  const before = interval.deliveredWh
  const deliveredWh = trades.map((trade, index) => {
    const isVoid = out.has(trade.buyer) || out.has(trade.seller)
    const energyWh = isVoid ? 0 : before[index]!
    for (const side of sides) {
      const seat = side === 'buy' ? trade.buyer : trade.seller
      const arrival = side === 'buy' ? trade.buyOrder : trade.sellOrder
      const order = kept.get(arrival) ?? { side, seat, energyWh: 0, amount: 0 }
      order.energyWh += energyWh
      order.amount += energyWh * trade.priceTicks
      kept.set(arrival, order)
      if (isVoid) lostWh.set(seat, (lostWh.get(seat) ?? 0) + before[index]!)
    }
    return energyWh
  })
  const fills = [...kept].map(([arrival, { side, seat, energyWh, amount }]): Fill => {
    return { stage: 'forward', arrival, slot: state.seats.get(seat)!.slot, side, energyWh, amount }
  })
  const matchedWh = deliveredWh.reduce((sum, energyWh) => sum + energyWh, 0)
  return { fills, matchedWh, gridFees: 0n, congestionRent: 0n, gridTake: 0n, deliveredWh, lostWh }
}

export const forwardStage: Stage = { name: 'forward', promise() {}, allocate, without }
