/**
 * Shares `total` pro rata to `weights`, floored to whole units, the remainder one unit each by largest remainder, ties
 * in list order. All are integers, 0 ≤ total ≤ sum of weights < 2⁵³, the sum not 0. No share is above its weight.
 */
export function shareProRata(total: number, weights: Float64Array): Float64Array {
  let sum = 0
  for (const weight of weights) sum += weight
  if (total === sum) return weights
  const shares = new Float64Array(weights.length)
  const remainders = new Float64Array(weights.length)
  let left = total
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!
    const product = total * weight
    if (product <= Number.MAX_SAFE_INTEGER) {
      const share = Math.floor(product / sum)
      shares[i] = share
      remainders[i] = product - share * sum
    } else {
      const exact = BigInt(total) * BigInt(weight)
      shares[i] = Number(exact / BigInt(sum))
      remainders[i] = Number(exact % BigInt(sum))
    }
    left -= shares[i]!
  }
  if (left > 0) handOutRemainder(left, remainders, shares)
  return shares
}

/** Gives one unit to each of the `left` largest remainders, the earlier first among equals. */
function handOutRemainder(left: number, remainders: Float64Array, shares: Float64Array): void {
  const ascending = remainders.slice().sort()
  const smallestServed = ascending[ascending.length - left]!
  let atThreshold = left
  for (const remainder of remainders) if (remainder > smallestServed) atThreshold--
  for (let i = 0; i < shares.length; i++) {
    const remainder = remainders[i]!
    if (remainder > smallestServed) {
      shares[i] = shares[i]! + 1
    } else if (remainder === smallestServed && atThreshold > 0) {
      shares[i] = shares[i]! + 1
      atThreshold--
    }
  }
}
