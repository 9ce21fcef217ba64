/** Prices and energies of a report as decimals, exact or rounded as is said. */
import type { LedgerUnits, Wh } from '../../contracts/protocol/units.ts'

/** A whole number of 10^-`places` with that many decimals. */
function fixedDecimal(units: bigint | number, places: number): string {
  const digits = String(units)
    .replace('-', '')
    .padStart(places + 1, '0')
  return `${units < 0 ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** Money by energy in tokens per kWh, rounded to a hundredth of a tick, half away from zero; empty without energy. */
export function pricePerKwh(units: LedgerUnits, energyWh: Wh, priceDecimals: number): string {
  if (energyWh === 0) return ''
  const wh = BigInt(energyWh)
  const hundredths = ((units < 0n ? -units : units) * 200n + wh) / (2n * wh)
  return fixedDecimal(units < 0n ? -hundredths : hundredths, priceDecimals + 2)
}

/** kWh with three decimals, which is exact. */
export function kilowattHours(energyWh: Wh): string {
  return fixedDecimal(energyWh, 3)
}
