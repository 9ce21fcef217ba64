/** Cents from ledger units: where documents round, and what of it remains. */
import type { LedgerUnits } from '../../contracts/protocol/units.ts'

/** Hundredths of the currency. */
export type Cents = bigint

/** Ledger units of a cent, where prices have so many decimals (2 at least): a ledger unit is 10^-(decimals + 3) of the currency. */
export function unitsPerCent(priceDecimals: number): bigint {
  return 10n ** BigInt(priceDecimals + 1)
}

/** Rounded to the cent, half away from zero; what is not rounded remains with whoever issues. */
export function roundedToCents(units: LedgerUnits, priceDecimals: number): Cents {
  return halfAwayFromZero(units, unitsPerCent(priceDecimals))
}

/** A quotient rounded to a whole number, half away from zero; the divisor is positive. */
export function halfAwayFromZero(dividend: bigint, divisor: bigint): bigint {
  const magnitude = ((dividend < 0n ? -dividend : dividend) * 2n + divisor) / (2n * divisor)
  return dividend < 0n ? -magnitude : magnitude
}

/**
 * Of a total with tax in it: net and tax, where tax is the rate (hundredths of a percent) of net, rounded. `rounding` is what
 * the total is more than both together: a cent at most, where no net amount gives the total.
 */
export function splitTax(total: Cents, rateHundredths: bigint): { net: Cents; tax: Cents; rounding: Cents } {
  const guess = halfAwayFromZero(total * 10_000n, 10_000n + rateHundredths)
  const taxOf = (net: Cents) => halfAwayFromZero(net * rateHundredths, 10_000n)
  const net = [guess, guess - 1n, guess + 1n].find((each) => each + taxOf(each) === total) ?? guess
  return { net, tax: taxOf(net), rounding: total - net - taxOf(net) }
}

/** `1234.05`. */
export function centsText(cents: Cents): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0')
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
