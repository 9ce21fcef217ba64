/** Exact sums of money that are fast as long as the sums are small. */
import type { LedgerUnits } from '../../contracts/protocol/units.ts'

/** A running sum of price × energy that stays exact and keeps to plain numbers while they are exact. */
export class MoneySum {
  private small = 0
  private large = 0n

  /** Adds `ticks` × `wh`: |ticks| below 2⁵³ and Wh below 2⁵³, both integers. */
  add(ticks: number, wh: number): void {
    const product = ticks * wh
    const sum = this.small + product
    if (Math.abs(product) <= Number.MAX_SAFE_INTEGER && Math.abs(sum) <= Number.MAX_SAFE_INTEGER) {
      this.small = sum
    } else {
      this.large += BigInt(this.small) + BigInt(ticks) * BigInt(wh)
      this.small = 0
    }
  }

  /** Adds a safe integer of ledger units. */
  addUnits(units: number): void {
    this.large += BigInt(units)
  }

  total(): LedgerUnits {
    return this.large + BigInt(this.small)
  }
}
