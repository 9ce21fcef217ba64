/** The spot auction's speed against a comparator sort and merge of the same orders as objects. */
import { clearColumns } from '../../server/market/clearing.ts'
import type { AuctionColumns } from '../../server/market/columns.ts'
import { plantZoneTree } from '../../server/market/zone-tree.ts'
import { seededDraws, type Timing, timeInTurns } from './measure.ts'

export interface AuctionRow extends Timing {
  name: string
  orders: number
  /** How many times as long as the one-zone market of 1,000 ticks, warm. */
  timesOneZone: number
}

const rounds = 25

/** Runs every workload once cold and then warm; the last row is the comparator sort. */
export function benchAuction(): { rows: AuctionRow[]; sortRatio: number; sortRatioCold: number } {
  const million = 1_000_000
  const oneZone = market([1], million, 1000)
  const workloads: [string, AuctionColumns][] = [
    ['one zone, 1,000 ticks', oneZone],
    ['one zone, 400,000 ticks', market([1], million, 400_000)],
    ['one zone, 100,000,000 ticks', market([1], million, 100_000_000)],
    ['1,000 zones on three levels', market([1, 31, 968], million, 1000)],
    ['10,000 zones of 20 orders', market([1, 99, 9900], 200_000, 1000)],
  ]
  const clearings = workloads.map(
    ([, columns]) =>
      () =>
      () =>
        clearColumns(columns),
  )
  const sorting = () => {
    const orders = asObjects(oneZone)
    return () => sortAndMerge(orders)
  }
  const timings = timeInTurns([...clearings, sorting], rounds)
  const first = timings[0]!
  const last = timings.at(-1)!
  const names = [...workloads.map(([name]) => name), 'comparator sort and merge, one zone, 1,000 ticks']
  const rows = timings.map((timing, i) => ({
    name: names[i]!,
    orders: workloads[i]?.[1].limitTicks.length ?? million,
    ...timing,
    timesOneZone: timing.warmMs / first.warmMs,
  }))
  return { rows, sortRatio: last.warmMs / first.warmMs, sortRatioCold: last.coldMs / first.coldMs }
}

/** A random market: `levels` says how many zones each level has, root first; fees and capacities on every link. */
function market(levels: number[], orderCount: number, ticks: number): AuctionColumns {
  const draw = seededDraws(1)
  const zoneCount = levels.reduce((sum, count) => sum + count, 0)
  const parent = new Int32Array(zoneCount).fill(-1)
  let levelStart = 0
  let zone = levels[0]!
  for (let level = 1; level < levels.length; level++) {
    for (let i = 0; i < levels[level]!; i++) parent[zone++] = levelStart + (i % levels[level - 1]!)
    levelStart += levels[level - 1]!
  }
  const columns: AuctionColumns = {
    tree: plantZoneTree(parent),
    feeTicks: Float64Array.from(parent, () => draw(20)),
    capacityWh: Float64Array.from(parent, () =>
      draw(3) === 0 ? Number.POSITIVE_INFINITY : draw((50 * 5000 * orderCount) / zoneCount / 100),
    ),
    zoneOfOrder: new Int32Array(orderCount),
    buys: new Uint8Array(orderCount),
    limitTicks: new Int32Array(orderCount),
    energyWh: new Float64Array(orderCount),
  }
  for (let i = 0; i < orderCount; i++) {
    columns.zoneOfOrder[i] = draw(zoneCount)
    columns.buys[i] = draw(2)
    columns.limitTicks[i] = draw(ticks)
    columns.energyWh[i] = 1 + draw(5000)
  }
  return columns
}

interface OrderObject {
  side: 'buy' | 'sell'
  limitTicks: number
  energyWh: number
  arrival: number
}

function asObjects({ buys, limitTicks, energyWh }: AuctionColumns): OrderObject[] {
  return Array.from(buys, (buy, i) => ({
    side: buy === 1 ? 'buy' : 'sell',
    limitTicks: limitTicks[i]!,
    energyWh: energyWh[i]!,
    arrival: i,
  }))
}

/** What one would write first: sort both sides by price and arrival, and walk them towards each other. */
function sortAndMerge(orders: OrderObject[]): Float64Array {
  const buys = orders.filter((order) => order.side === 'buy')
  const sells = orders.filter((order) => order.side === 'sell')
  buys.sort((a, b) => b.limitTicks - a.limitTicks || a.arrival - b.arrival)
  sells.sort((a, b) => a.limitTicks - b.limitTicks || a.arrival - b.arrival)
  const filled = new Float64Array(orders.length)
  let [buy, sell, boughtWh, soldWh] = [0, 0, 0, 0]
  while (buy < buys.length && sell < sells.length && buys[buy]!.limitTicks >= sells[sell]!.limitTicks) {
    const energyWh = Math.min(buys[buy]!.energyWh - boughtWh, sells[sell]!.energyWh - soldWh)
    boughtWh += energyWh
    soldWh += energyWh
    if (boughtWh === buys[buy]!.energyWh) {
      filled[buys[buy++]!.arrival] = boughtWh
      boughtWh = 0
    }
    if (soldWh === sells[sell]!.energyWh) {
      filled[sells[sell++]!.arrival] = soldWh
      soldWh = 0
    }
  }
  return filled
}
