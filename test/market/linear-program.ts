/** The auction as a linear program in the words of an independent solver (HiGHS), as a second opinion on the optimum. */
import loadHighs from 'highs'
import type { AuctionInput } from '../../server/market/auction.ts'

const highs = await loadHighs()

interface Optimum {
  welfare: number
  /** The most energy that is bought at that welfare. */
  matchedWh: number
}

/** Solves for the most welfare, then for the most energy at that welfare. Only for sums that a double holds exactly. */
export function solveAsLinearProgram(input: AuctionInput): Optimum {
  if (input.orders.length === 0) return { welfare: 0, matchedWh: 0 }
  const welfare = objectiveOf(input, welfareTerms(input), [])
  const matched = input.orders.flatMap((order, i) => (order.side === 'buy' ? [`+ 1 x${i}`] : []))
  if (matched.length === 0) return { welfare, matchedWh: 0 }
  const atBest = `best: ${welfareTerms(input).join(' ')} >= ${welfare}`
  return { welfare, matchedWh: objectiveOf(input, matched, [atBest]) }
}

function welfareTerms({ zones, orders }: AuctionInput): string[] {
  const bids = orders.map((order, i) => `${signed(order.side === 'buy' ? order.limitTicks : -order.limitTicks)} x${i}`)
  const fees = zones.flatMap((zone, i) =>
    zone.parent === undefined
      ? []
      : [`${signed(-zone.feeTicksPerKwh)} up${i}`, `${signed(-zone.feeTicksPerKwh)} down${i}`],
  )
  return [...bids, ...fees]
}

function objectiveOf(input: AuctionInput, terms: string[], extra: string[]): number {
  const { zones, orders } = input
  const balances = zones.flatMap((zone, i) => {
    const own = orders.flatMap((order, k) =>
      order.zone === zone.id ? [`${order.side === 'sell' ? '+' : '-'} 1 x${k}`] : [],
    )
    const link = zone.parent === undefined ? [] : [`- 1 up${i}`, `+ 1 down${i}`]
    const children = zones.flatMap((child, k) => (child.parent === zone.id ? [`+ 1 up${k}`, `- 1 down${k}`] : []))
    const sum = [...own, ...link, ...children]
    return sum.length === 0 ? [] : [`zone${i}: ${sum.join(' ')} = 0`]
  })
  const bounds = orders.map((order, i) => `0 <= x${i} <= ${order.energyWh}`)
  for (const [i, zone] of zones.entries()) {
    if (zone.parent === undefined || zone.capacityWh === null) continue
    bounds.push(`0 <= up${i} <= ${zone.capacityWh}`, `0 <= down${i} <= ${zone.capacityWh}`)
  }
  const model = `Maximize\n obj: ${terms.join('\n ')}\nSubject To\n ${[...balances, ...extra].join('\n ')}\nBounds\n ${bounds.join('\n ')}\nEnd\n`
  const solution = highs.solve(model, { output_flag: false })
  if (solution.Status !== 'Optimal') throw new Error(`the linear program ended with ${solution.Status}`)
  return Math.round(solution.ObjectiveValue)
}

function signed(value: number): string {
  return value < 0 ? `- ${-value}` : `+ ${value}`
}
