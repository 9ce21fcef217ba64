/** How much a book holds at a price or better: the two stairs of a depth chart. */
import type { ForwardLevel } from '../../server/api/resources.ts'

export interface DepthStep {
  pricePerKwh: string
  energyWh: number
  /** With everything at better prices. */
  inAllWh: number
}

/** The levels of one side, the best first, each with the sum of those up to it. */
export function depthOf(levels: readonly ForwardLevel[]): DepthStep[] {
  let inAllWh = 0
  return levels.map(({ pricePerKwh, energyWh }) => {
    inAllWh += energyWh
    return { pricePerKwh, energyWh, inAllWh }
  })
}

/** Where the chart's edges lie: prices in tokens per kWh, energy from 0 on. */
export interface DepthSpan {
  low: number
  high: number
  mostWh: number
}

/** Room on both sides of the prices that are there, so that a single one is seen as a step too. */
export function spanOf(sides: readonly (readonly DepthStep[])[]): DepthSpan {
  const steps = sides.flat()
  const prices = steps.map(({ pricePerKwh }) => Number(pricePerKwh))
  const [low, high] = [Math.min(...prices), Math.max(...prices)]
  const room = Math.max((high - low) * 0.1, 0.005)
  return { low: low - room, high: high + room, mostWh: Math.max(...steps.map(({ inAllWh }) => inAllWh)) }
}

/** The outline of one side's area in a box of `width` × `height`: from its best price to the edge behind its worst. */
export function depthPath(
  steps: readonly DepthStep[],
  { low, high, mostWh }: DepthSpan,
  box: { width: number; height: number; towards: 'low' | 'high' },
): string {
  const first = steps[0]
  if (first === undefined) return ''
  const x = (price: number) => (((price - low) / (high - low)) * box.width).toFixed(1)
  const y = (wh: number) => (box.height - (wh / mostWh) * (box.height - 4)).toFixed(1)
  const stairs = steps.map(({ pricePerKwh, inAllWh }) => `H${x(Number(pricePerKwh))}V${y(inAllWh)}`).join('')
  return `M${x(Number(first.pricePerKwh))} ${y(0)}${stairs}H${x(box.towards === 'low' ? low : high)}V${y(0)}Z`
}
