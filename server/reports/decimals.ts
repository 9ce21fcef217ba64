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
  const magnitude = units < 0n ? -units : units
  const hundredths =
    magnitude < mostOfNumbers ? quotient(Number(magnitude), energyWh) : bigQuotient(magnitude, energyWh)
  return fixedDecimal(units < 0n ? -hundredths : hundredths, priceDecimals + 2)
}

/** Below this, 200 times as much and an energy are whole numbers that a `number` holds exactly, as nearly every row's are. */
const mostOfNumbers = 2n ** 44n

/** A hundred times the quotient, rounded half up. */
function quotient(magnitude: number, energyWh: Wh): number {
  const dividend = magnitude * 200 + energyWh
  return (dividend - (dividend % (2 * energyWh))) / (2 * energyWh)
}

function bigQuotient(magnitude: bigint, energyWh: Wh): bigint {
  const wh = BigInt(energyWh)
  return (magnitude * 200n + wh) / (2n * wh)
}

/** kWh with three decimals, which is exact. */
export function kilowattHours(energyWh: Wh): string {
  if (energyWh < 0) return fixedDecimal(energyWh, 3)
  const rest = energyWh % 1000
  return `${(energyWh - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}
