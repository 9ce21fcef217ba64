/**
 * Exact decimals of files. A number is read as text into digits and a power of ten and only then scaled, so that no binary
 * fraction comes between the file and the watt-hours.
 */
import { ExchangeError } from './error.ts'
import { inQuotes } from './quote.ts'

/** More than this in one interval is no household, street or park but a mistake. */
const mostWh = 1_000_000_000
const mostMicroWh = mostWh * 1e6
const mostDigits = 60
const mostExponent = 60

/** How a format writes numbers. */
export interface DecimalForm {
  sign: '.' | ','
  /** Whether `1.2E-5` may occur. */
  exponent: boolean
}

export const pointForm: DecimalForm = { sign: '.', exponent: false }
export const commaForm: DecimalForm = { sign: ',', exponent: false }
/** How workbooks and JSON write numbers. */
export const floatForm: DecimalForm = { sign: '.', exponent: true }

const plainForms = { '.': /^(\d+)(?:\.(\d+))?$/, ',': /^(\d+)(?:,(\d+))?$/ }
const floatPattern = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** `digits` × 10^`power`; never negative. */
export interface Decimal {
  digits: bigint
  power: number
}

/** Reads a number that is not negative. Throws `VALUES_NUMBER` at `place()`. */
export function readDecimal(text: string, form: DecimalForm, place: () => string): Decimal {
  const match = text.length <= mostDigits ? (form.exponent ? floatPattern : plainForms[form.sign]).exec(text) : null
  if (match === null) throw new ExchangeError('VALUES_NUMBER', place(), whyNoDecimal(text, form))
  const [, whole, fraction = '', exponent = '0'] = match
  const power = Number(exponent) - fraction.length
  if (Math.abs(power) > mostExponent) {
    throw new ExchangeError('VALUES_NUMBER', place(), `${inQuotes(text)} is beyond any energy`)
  }
  return { digits: BigInt(whole + fraction), power }
}

function whyNoDecimal(text: string, form: DecimalForm): string {
  if (/^-\d/.test(text)) return `${inQuotes(text)} is negative`
  if (/^\d[\d.,' ]*$/.test(text)) {
    return `${inQuotes(text)} is no number with ${form.sign === '.' ? 'a decimal point' : 'a decimal comma'} and without thousands signs`
  }
  return `${inQuotes(text)} is no number`
}

/** `dividend ÷ divisor`, rounded to a whole number, half to even. Neither is negative. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  const twice = (dividend % divisor) * 2n
  return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient
}

/** The number × 10^`shift`, rounded to a whole number, half to even. */
export function scaledToWhole({ digits, power }: Decimal, shift: number): bigint {
  const to = power + shift
  return to >= 0 ? digits * 10n ** BigInt(to) : divideHalfEven(digits, 10n ** BigInt(-to))
}

/** What a unit of energy is in Wh, as a power of ten. */
export const unitPowers = { Wh: 0, kWh: 3, MWh: 6 } as const

/**
 * Reads the energy of one interval in millionths of a Wh; what lies beyond six decimals of a Wh is rounded half to even.
 * Throws `VALUES_NUMBER` at `place()` where the text is no number of this form, negative, or more than 10⁹ Wh.
 */
export function readEnergy(text: string, unitPower: number, form: DecimalForm, place: () => string): number {
  const quick = quickEnergy(text, unitPower + 6, form)
  return quick ?? withinBound(scaledToWhole(readDecimal(text, form, place), unitPower + 6), place)
}

/** Refuses what no interval can hold. Throws `VALUES_NUMBER` at `place()`. */
export function withinBound(microWh: bigint, place: () => string): number {
  if (microWh > mostMicroWh) {
    throw new ExchangeError('VALUES_NUMBER', place(), `more than ${mostWh} Wh in one interval`)
  }
  return Number(microWh)
}

/** The same for short numbers, which are nearly all, without big integers; null leaves it to them. */
function quickEnergy(text: string, shift: number, form: DecimalForm): number | null {
  if (text.length > 15 || !plainForms[form.sign].test(text)) return null
  const at = text.indexOf(form.sign)
  const power = shift - (at < 0 ? 0 : text.length - at - 1)
  const digits = Number(at < 0 ? text : text.slice(0, at) + text.slice(at + 1))
  if (power < 0) return null
  const microWh = digits * 10 ** power
  return microWh <= mostMicroWh ? microWh : null
}

/** Prints millionths of a Wh as a decimal number of Wh without trailing zeros ("0", "125.25"). */
export function formatMicroWh(microWh: number): string {
  const fraction = microWh % 1e6
  const whole = String((microWh - fraction) / 1e6)
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
}
