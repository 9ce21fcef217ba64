/**
 * Quantities and their one decimal form.
 *
 * Inside, energy is an integer number of Wh, a price an integer number of ticks per kWh and money an integer number of
 * ledger units (tick × Wh, held in a bigint), so price × energy is exact. Decimals exist only at the edge and pass
 * through the functions here.
 *
 * One ledger unit is 1 tick per kWh × 1 Wh = tick / 1000 tokens: with the default tick of 0.0001 token it is 10⁻⁷ token.
 */

import { BigNumber } from 'bignumber.js'
import { CodedError } from './error.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]?: Name }

/** Energy in watt-hours, an integer. */
export type Wh = Brand<number, 'Wh'>
/** A price in ticks per kWh, an integer; negative prices are legal. */
export type Ticks = Brand<number, 'Ticks'>
/** Money in ledger units (tick × Wh). */
export type LedgerUnits = Brand<bigint, 'LedgerUnits'>
/** UTC seconds since 1970; interval starts and boundaries are aligned to the area's interval. */
export type UtcSeconds = Brand<number, 'UtcSeconds'>

/** Decimals of a price when the tick is the default, 0.0001 token per kWh. */
export const defaultPriceDecimals = 4
/** Prices lie strictly inside ±2³⁰ ticks. */
export const priceBoundTicks = 2 ** 30

export class UnitError extends CodedError<'UNIT_NOT_DECIMAL' | 'UNIT_OFF_TICK' | 'UNIT_OUT_OF_RANGE'> {
  override readonly name = 'UnitError'
}

const plainDecimal = /^-?\d{1,30}(\.\d{1,30})?$/

/** Reads a plain decimal ("0.24", "-3", no exponent, no blanks). Throws `UNIT_NOT_DECIMAL`. */
function parseDecimal(text: string): BigNumber {
  if (!plainDecimal.test(text))
    throw new UnitError('UNIT_NOT_DECIMAL', `${JSON.stringify(text)} is not a decimal number`)
  return new BigNumber(text)
}

/**
 * Reads a price in tokens per kWh as ticks of 10^-decimals token.
 * Throws `UNIT_NOT_DECIMAL`, `UNIT_OFF_TICK` (more digits than the tick has) or `UNIT_OUT_OF_RANGE` (|price| ≥ 2³⁰ ticks).
 */
export function parsePrice(text: string, decimals: number = defaultPriceDecimals): Ticks {
  const ticks = parseDecimal(text).shiftedBy(decimals)
  if (!ticks.isInteger()) {
    throw new UnitError(
      'UNIT_OFF_TICK',
      `price ${text} is off the tick of ${new BigNumber(1).shiftedBy(-decimals).toFixed()}`,
    )
  }
  if (ticks.abs().gte(priceBoundTicks)) {
    throw new UnitError('UNIT_OUT_OF_RANGE', `price ${text} is beyond ±${formatPrice(priceBoundTicks, decimals)}`)
  }
  return ticks.toNumber() + 0
}

/** Prints a price of `ticks` with exactly `decimals` decimals ("0.1750"). */
export function formatPrice(ticks: Ticks, decimals: number = defaultPriceDecimals): string {
  return new BigNumber(ticks).shiftedBy(-decimals).toFixed(decimals)
}

const digitZero = 48

/** Prints money exactly, in tokens without trailing zeros; `decimals` are those of the price ("0.156"). */
export function formatMoney(units: LedgerUnits, decimals: number = defaultPriceDecimals): string {
  if (units === 0n) return '0'
  const places = decimals + 3
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0')
  const point = digits.length - places
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === digitZero) end--
  const text = end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
  return units < 0n ? `-${text}` : text
}

/** Reads an amount of tokens as ledger units. Throws `UNIT_NOT_DECIMAL` or `UNIT_OFF_TICK` (finer than a ledger unit). */
export function parseMoney(text: string, decimals: number = defaultPriceDecimals): LedgerUnits {
  const units = parseDecimal(text).shiftedBy(decimals + 3)
  if (!units.isInteger()) throw new UnitError('UNIT_OFF_TICK', `amount ${text} is finer than the ledger unit`)
  return BigInt(units.toFixed())
}

/** Price × energy, exact. */
export function amountOf(priceTicks: Ticks, energyWh: Wh): LedgerUnits {
  return BigInt(priceTicks) * BigInt(energyWh)
}
