/** The brute-force twin of the auction: tries every whole-Wh fill and every price vector of a tiny market. */
import type { AuctionInput } from '../../server/market/auction.ts'

export interface TinyOptimum {
  welfare: number
  matchedWh: number
}

/** The most welfare, and the most energy at it, over all fills whose flows respect the links. */
export function tryEveryFill(input: AuctionInput): TinyOptimum {
  let best: TinyOptimum = { welfare: 0, matchedWh: 0 }
  const fills = input.orders.map(() => 0)
  const visit = (order: number) => {
    if (order < input.orders.length) {
      for (let energy = 0; energy <= input.orders[order]!.energyWh; energy++) {
        fills[order] = energy
        visit(order + 1)
      }
      return
    }
    const flows = flowsOf(input, fills)
    if (!flows) return
    const fees = input.zones.reduce((sum, zone, i) => sum + zone.feeTicksPerKwh * Math.abs(flows[i]!), 0)
    let welfare = -fees
    let matchedWh = 0
    for (const [i, { side, limitTicks }] of input.orders.entries()) {
      welfare += (side === 'buy' ? limitTicks : -limitTicks) * fills[i]!
      if (side === 'buy') matchedWh += fills[i]!
    }
    if (welfare > best.welfare || (welfare === best.welfare && matchedWh > best.matchedWh))
      best = { welfare, matchedWh }
  }
  visit(0)
  return best
}

/** The flow to the parent of every zone (0 for the root) that the fills need, or `null` where they cannot be carried. */
function flowsOf({ zones, orders }: AuctionInput, fills: number[]): number[] | null {
  const netOf = (id: string): number => {
    const own = orders.reduce((sum, order, i) => {
      if (order.zone !== id) return sum
      return sum + (order.side === 'sell' ? fills[i]! : -fills[i]!)
    }, 0)
    return zones.reduce((sum, zone) => (zone.parent === id ? sum + netOf(zone.id) : sum), own)
  }
  const flows = zones.map((zone) => netOf(zone.id))
  const carried = zones.every(({ parent, capacityWh }, i) => {
    if (parent === undefined) return flows[i] === 0
    return capacityWh === null || Math.abs(flows[i]!) <= capacityWh
  })
  return carried ? flows.map((flow, i) => (zones[i]!.parent === undefined ? 0 : flow)) : null
}

/** Lowest and highest price of each zone among all supporting price vectors with prices in `from…to`. */
export function tryEveryPrice(input: AuctionInput, fills: number[], from: number, to: number): [number, number][] {
  const flows = flowsOf(input, fills)!
  const { zones, orders } = input
  const indexOf = new Map(zones.map((zone, i) => [zone.id, i]))
  const found = zones.map((): [number, number] => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
  const prices = zones.map(() => 0)
  const supported = () =>
    orders.every(({ side, zone, limitTicks, energyWh }, i) => {
      const gain = (side === 'buy' ? 1 : -1) * (limitTicks - prices[indexOf.get(zone)!]!)
      return (gain <= 0 || fills[i] === energyWh) && (gain >= 0 || fills[i] === 0)
    }) &&
    zones.every(({ parent, feeTicksPerKwh: fee, capacityWh }, i) => {
      if (parent === undefined) return true
      const rise = prices[indexOf.get(parent)!]! - prices[i]!
      const flow = flows[i]!
      if (flow === 0) return capacityWh === 0 || Math.abs(rise) <= fee
      const along = Math.sign(flow) * rise
      return Math.abs(flow) === capacityWh ? along >= fee : along === fee
    })
  const visit = (zone: number) => {
    if (zone < zones.length) {
      for (let price = from; price <= to; price++) {
        prices[zone] = price
        visit(zone + 1)
      }
    } else if (supported()) {
      for (const [i, price] of prices.entries())
        found[i] = [Math.min(found[i]![0], price), Math.max(found[i]![1], price)]
    }
  }
  visit(0)
  return found
}
