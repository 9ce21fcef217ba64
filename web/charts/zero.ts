/** Two scales of one chart that share their zero line. */

/** The lowest and the highest value that a scale has to hold. */
export interface ValueSpan {
  low: number
  high: number
}

/** Of the height above zero at least so much stays for prices, where energy only goes down. */
const leastAbove = 0.3

/**
 * Both extents widened so that zero lies at the same height in each: as much of the height lies below it as the one needs that needs
 * more. Zero and both extents are within; a scale is never without height.
 */
export function aroundOneZero(first: ValueSpan, second: ValueSpan): [ValueSpan, ValueSpan] {
  const both = [first, second].map(({ low, high }) => ({ below: Math.max(0, -low), above: Math.max(0, high) }))
  const share = Math.max(...both.map(({ below, above }) => (below === 0 ? 0 : below / (below + above))))
  const below = Math.min(share, 1 - leastAbove)
  const [one, other] = both.map((each): ValueSpan => {
    const above = Math.max(each.above, below === 0 ? 0 : (each.below * (1 - below)) / below) || 1
    return { low: below === 0 ? 0 : -(above * below) / (1 - below), high: above }
  })
  return [one!, other!]
}
