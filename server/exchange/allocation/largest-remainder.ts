/** Whole parts of a whole number: pro rata, what is left over to the largest remainders. */

/**
 * Shares `total` pro rata to `weights`: each part is floored, and the units that are left go one each to the largest
 * remainders, the earlier first among equals. All are whole numbers, none negative, together below 2⁵³; where all weights are 0 nothing is
 * shared. The parts add up to `total`.
 */
export function shareWhole(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  if (sum === 0) return weights.map(() => 0)
  const parts: number[] = []
  const remainders: number[] = []
  let left = total
  for (const weight of weights) {
    const product = total * weight
    if (product <= Number.MAX_SAFE_INTEGER) {
      parts.push(Math.floor(product / sum))
      remainders.push(product % sum)
    } else {
      const exact = BigInt(total) * BigInt(weight)
      parts.push(Number(exact / BigInt(sum)))
      remainders.push(Number(exact % BigInt(sum)))
    }
    left -= parts.at(-1)!
  }
  if (left === 0) return parts
  const byRemainder = [...weights.keys()].sort((a, b) => remainders[b]! - remainders[a]! || a - b)
  for (const i of byRemainder.slice(0, left)) parts[i]!++
  return parts
}
