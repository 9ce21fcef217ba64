/** Whole parts of a whole number: pro rata, what is left over to the largest remainders. */

/**
 * Shares `total` pro rata to `weights`: each part is floored, and the units that are left go one each to the largest
 * remainders, the earlier first among equals. All are whole numbers, none negative; where all weights are 0 nothing is
 * shared. The parts add up to `total`.
 */
export function shareWhole(total: number, weights: readonly number[]): number[] {
  let sum = 0n
  for (const weight of weights) sum += BigInt(weight)
  if (sum === 0n) return weights.map(() => 0)
  const parts: number[] = []
  const remainders: bigint[] = []
  let left = total
  for (const weight of weights) {
    const product = BigInt(total) * BigInt(weight)
    const part = Number(product / sum)
    parts.push(part)
    remainders.push(product % sum)
    left -= part
  }
  const byRemainder = [...weights.keys()].sort((a, b) =>
    remainders[a] === remainders[b] ? a - b : remainders[a]! > remainders[b]! ? -1 : 1,
  )
  for (const i of byRemainder.slice(0, left)) parts[i]!++
  return parts
}
