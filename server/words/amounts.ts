/** What every language says of quantities. */
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'

/** In what an area counts: decimals of its prices, and the currency that its token stands for, null for bare numbers. */
export interface Measures {
  priceDecimals: number
  currency: string | null
}

/** How quantities read. */
export interface Amounts {
  price(ticks: Ticks): string
  /** A difference of prices, never negative. */
  gap(ticks: Ticks): string
  energy(wh: Wh): string
  /** Ledger units. */
  money(units: number | bigint): string
  time(at: UtcSeconds): string
  length(seconds: number): string
  /** Hundredths of a percent. */
  share(hundredths: number): string
}
