/** Division that says how it rounds. */

/** The quotient, rounded towards minus infinity; the divisor is positive. */
export function floorDivide(dividend: bigint, divisor: bigint): number {
  const quotient = dividend / divisor
  return Number(dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient)
}
