/**
 * How quantities are written on the page. Money and prices arrive as exact decimal strings and are never turned into floating
 * point. A shortened figure is rounded half away from zero, and `exactMoney` writes the whole figure beside it.
 */
import { BigNumber } from 'bignumber.js'
import { language, type PageLanguage } from '../words/language.ts'

/** The thin space between a number and its unit, at which a line never breaks. */
const gap = '\u202f'
const minus = '\u2212'

const separators = {
  en: { decimalSeparator: '.', groupSeparator: ',', groupSize: 3 },
  de: { decimalSeparator: ',', groupSeparator: '.', groupSize: 3 },
} as const satisfies Record<PageLanguage, BigNumber.Format>

function print(value: BigNumber, decimals: number): string {
  const rounded = value.decimalPlaces(decimals, BigNumber.ROUND_HALF_UP)
  const text = rounded.abs().toFormat(decimals, separators[language()])
  return rounded.isNegative() && !rounded.isZero() ? `${minus}${text}` : text
}

/** A price in tokens per kWh as cents per kWh, exact, with at least one decimal: "0.1750" → "17.5", "0.1234" → "12.34". */
export function cents(pricePerKwh: string): string {
  const value = new BigNumber(pricePerKwh).shiftedBy(2)
  return print(value, Math.max(1, value.decimalPlaces() ?? 1))
}

/** A price in cents per kWh as somebody would type it into a field, without signs that only printing has. */
export function typedCents(pricePerKwh: string): string {
  const { groupSeparator } = separators[language()]
  return cents(pricePerKwh).replaceAll(groupSeparator, '').replace(minus, '-')
}

/** A whole number, with its thousands set apart. */
export function count(value: number): string {
  return print(new BigNumber(value), 0)
}

/** A price in words: "17.5 ct/kWh"; an en dash where there is no price. */
export function priceWords(pricePerKwh: string | null): string {
  return pricePerKwh === null ? '–' : `${cents(pricePerKwh)}${gap}ct/kWh`
}

/** Money split into number and unit: euros from one euro on, cents below with as many decimals as make three digits. */
export function moneyParts(tokens: string, currency: string): { number: string; unit: string } {
  const value = new BigNumber(tokens)
  if (value.abs().gte(1) || value.isZero()) return { number: print(value, 2), unit: currencySign(currency) }
  const inCents = value.shiftedBy(2)
  const decimals = inCents.abs().gte(10) ? 1 : inCents.abs().gte(1) ? 2 : 3
  return { number: print(inCents, decimals), unit: 'ct' }
}

/** Money in words, shortened for reading: "12.34 €", "2.41 ct", "0.024 ct". */
export function moneyWords(tokens: string, currency: string): string {
  const { number, unit } = moneyParts(tokens, currency)
  return `${number}${gap}${unit}`
}

/** Money with all its digits: "0.0024135 €". */
export function exactMoney(tokens: string, currency: string): string {
  const value = new BigNumber(tokens)
  return `${print(value, Math.max(2, value.decimalPlaces() ?? 2))}${gap}${currencySign(currency)}`
}

/** How a currency is written beside a number: "€", or its code. */
export function currencySign(currency: string): string {
  return currency === 'EUR' ? '€' : currency
}

/** Energy split into number and unit: whole Wh below 1 kWh, otherwise kWh with two decimals (one from 100 kWh on). */
export function energyParts(energyWh: number): { number: string; unit: string } {
  const value = new BigNumber(energyWh)
  if (value.abs().lt(1000)) return { number: print(value, 0), unit: 'Wh' }
  return { number: print(value.shiftedBy(-3), value.abs().gte(100_000) ? 1 : 2), unit: 'kWh' }
}

/** Energy to the watt-hour, always in kWh with three decimals: "1.240 kWh". */
export function exactEnergy(energyWh: number): string {
  return `${print(new BigNumber(energyWh).shiftedBy(-3), 3)}${gap}kWh`
}

/** Energy in words: "840 Wh", "1.24 kWh". */
export function energy(energyWh: number): string {
  const { number, unit } = energyParts(energyWh)
  return `${number}${gap}${unit}`
}

/** The emissions of an energy, at `gramsPerKwh` grams per kWh: "840 g", "1.24 kg". */
export function mass(energyWh: number, gramsPerKwh: number): string {
  const grams = new BigNumber(energyWh).times(gramsPerKwh).shiftedBy(-3)
  return grams.lt(1000) ? `${print(grams, 0)}${gap}g` : `${print(grams.shiftedBy(-3), 2)}${gap}kg`
}

/** Power in words without its sign: "820 W", "3.42 kW". It serves telemetry only and never money. */
export function power(powerW: number): string {
  const magnitude = Math.abs(powerW)
  return magnitude < 1000
    ? `${count(Math.round(magnitude))}${gap}W`
    : `${print(new BigNumber(magnitude).shiftedBy(-3), 2)}${gap}kW`
}

/** A number of hundredths of a percent as a percentage: "25 %", "12.5 %". */
export function percentWords(hundredths: number): string {
  return percentage(new BigNumber(hundredths).shiftedBy(-2).toFixed())
}

/** A percentage with all its digits: "33.333" is "33.333 %". */
export function percentage(percent: string): string {
  return `${allDigits(percent)}${gap}%`
}

/** The share of an energy in the whole in whole percent; an en dash where the whole is nothing. */
export function shareWords(energyWh: number, allWh: number): string {
  return allWh === 0 ? '–' : percentWords(Math.round((energyWh / allWh) * 100) * 100)
}

/** An exact number with all its digits. */
export function allDigits(number: string): string {
  const value = new BigNumber(number)
  return print(value, value.decimalPlaces() ?? 0)
}

/** The amount with its sign turned. */
export function negated(amount: string): string {
  return new BigNumber(amount).negated().toFixed()
}

/** a − b, exact. */
export function difference(a: string, b: string): string {
  return new BigNumber(a).minus(b).toFixed()
}

/** The exact sum of amounts. */
export function sum(amounts: readonly string[]): string {
  return amounts.reduce((total, amount) => total.plus(amount), new BigNumber(0)).toFixed()
}

/** -1, 0 or 1: the sign of a decimal string. */
export function signOf(amount: string): number {
  return new BigNumber(amount).comparedTo(0) ?? 0
}

/** Whether amount a is more than b. */
export function exceeds(a: string, b: string): boolean {
  return new BigNumber(a).gt(b)
}

/** The exact cost of an energy at a price. */
export function energyCost(pricePerKwh: string, energyWh: number): string {
  return new BigNumber(pricePerKwh).times(energyWh).shiftedBy(-3).toFixed()
}

/** How often one amount fits into another, for estimates; 0 where the first amount is nothing. */
export function timesIn(amount: string, into: string): number {
  return signOf(amount) === 0 ? 0 : new BigNumber(into).dividedBy(amount).toNumber()
}

/** The average price of an energy that cost this amount, in tokens per kWh to the hundredth of a cent; null without energy. */
export function averagePrice(amount: string, energyWh: number): string | null {
  if (energyWh === 0) return null
  return new BigNumber(amount).shiftedBy(3).dividedBy(energyWh).toFixed(4, BigNumber.ROUND_HALF_UP)
}

/**
 * A number of prices from one to another, both included, evenly apart, and in whole tenths of a cent where the area's ticks
 * allow.
 */
export function pricesBetween(low: string, high: string, count: number, decimals: number): string[] {
  const step = new BigNumber(high).minus(low).dividedBy(count - 1)
  return Array.from({ length: count }, (_, place) => {
    const price = place === count - 1 ? new BigNumber(high) : new BigNumber(low).plus(step.times(place))
    return price.decimalPlaces(Math.min(3, decimals), BigNumber.ROUND_HALF_UP).toFixed(decimals)
  })
}

/** The place of a price between two others, as a share from 0 to 1, for drawing. */
export function position(pricePerKwh: string, low: string, high: string): number {
  const span = new BigNumber(high).minus(low)
  if (span.lte(0)) return 0.5
  return Math.min(1, Math.max(0, new BigNumber(pricePerKwh).minus(low).dividedBy(span).toNumber()))
}

/** A number that somebody typed, with a point before its decimals and without the signs that set thousands apart. */
export function plainNumber(text: string): string {
  const typed = text.trim()
  const { groupSeparator } = separators[language()]
  const groups = groupSeparator === ',' ? /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/ : /^[1-9]\d{0,2}(\.\d{3})+(,\d+)?$/
  return (groups.test(typed) ? typed.replaceAll(groupSeparator, '') : typed).replace(',', '.')
}

/** An amount as somebody would type it into a field, with all its digits. */
export function typedAmount(tokens: string): string {
  const { decimalSeparator } = separators[language()]
  return new BigNumber(tokens).toFixed().replace('.', decimalSeparator)
}

/**
 * How amounts that are read together are written: in one unit and with the same number of decimals, which the largest amount
 * decides.
 */
export interface MoneyScale {
  words: (tokens: string) => string
  number: (tokens: string) => string
  unit: string
  /** The amount without the digits that are not shown, towards nothing. */
  whole: (tokens: string) => string
  /** a − b as the reader sees it: the difference of the two shown amounts. */
  difference: (a: string, b: string) => string
  /** The same difference with its sign, but without the unit, which stands beside it. */
  signedDifference: (a: string, b: string) => string
  /** Whether a − b is shown as more than nothing (1), as nothing (0), or less (−1). */
  sign: (a: string, b: string) => number
}

export function moneyScale(amounts: readonly string[], currency: string): MoneyScale {
  const most = BigNumber.max(0, ...amounts.map((amount) => new BigNumber(amount).abs()))
  const isWhole = most.gte(1) || most.isZero()
  const shift = isWhole ? 0 : 2
  const decimals = isWhole ? 2 : most.gte('0.1') ? 1 : most.gte('0.01') ? 2 : 3
  const unit = isWhole ? currencySign(currency) : 'ct'
  const shown = (tokens: string) =>
    new BigNumber(tokens).shiftedBy(shift).decimalPlaces(decimals, BigNumber.ROUND_HALF_UP)
  const left = (a: string, b: string) => shown(a).minus(shown(b))
  const number = (tokens: string) => print(shown(tokens), decimals)
  return {
    ...{ unit, number },
    whole: (tokens) => new BigNumber(tokens).decimalPlaces(decimals + shift, BigNumber.ROUND_DOWN).toFixed(),
    words: (tokens) => `${number(tokens)}${gap}${unit}`,
    difference: (a, b) => `${print(left(a, b).abs(), decimals)}${gap}${unit}`,
    signedDifference: (a, b) => `${left(a, b).isNegative() ? '−' : '+'}${print(left(a, b).abs(), decimals)}`,
    sign: (a, b) => left(a, b).comparedTo(0) ?? 0,
  }
}

/** The format for a column of exact amounts: all have as many decimals as the amount that needs most, and at least two. */
export function moneyColumn(amounts: readonly string[], currency: string): (tokens: string) => string {
  const decimals = amounts.reduce((most, amount) => Math.max(most, new BigNumber(amount).decimalPlaces() ?? 0), 2)
  return (tokens) => `${print(new BigNumber(tokens), decimals)}${gap}${currencySign(currency)}`
}

/**
 * Reads what a person typed as an amount of tokens: "12", "12.5", "12,5", at most `decimals` decimals, more than zero.
 * Anything else is null.
 */
export function readAmount(text: string, decimals: number): string | null {
  const plain = plainNumber(text)
  if (!/^\d{1,12}(\.\d+)?$/.test(plain)) return null
  const value = new BigNumber(plain)
  if (value.lte(0) || (value.decimalPlaces() ?? 0) > decimals) return null
  return value.toFixed()
}
