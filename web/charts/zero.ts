/** Two scales of one chart that share their zero line. */

/** The lowest and the highest value that a scale has to hold. */
export interface ValueSpan {
  low: number
  high: number
}

/** The least share of the height above zero. It leaves room for prices where all energy lies below zero. */
const leastAbove = 0.3

/**
 * Both extents, widened so that zero lies at the same height in each. The extent that needs the larger share below zero decides
 * that height. Each result holds zero and its extent, and always has a height.
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
