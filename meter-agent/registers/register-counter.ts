/** Exact counters from the registers that hold them. */
import type { Counter } from './device-sample.ts'

/**
 * Σ raw × 10^exponent milli-Wh, rounded down to whole milli-Wh where a raw value is finer.
 * Exponents are powers of ten: 3 for a register in Wh, 6 for kWh, 5 for 0.1 kWh.
 */
function milliWhOf(raw: bigint | number, exponent: number): bigint {
  if (typeof raw === 'bigint') return exponent >= 0 ? raw * 10n ** BigInt(exponent) : raw / 10n ** BigInt(-exponent)
  const { mantissa, power } = exactParts(raw)
  let numerator = mantissa
  let denominator = 1n
  if (power >= 0) numerator <<= BigInt(power)
  else denominator <<= BigInt(-power)
  if (exponent >= 0) numerator *= 10n ** BigInt(exponent)
  else denominator *= 10n ** BigInt(-exponent)
  return numerator / denominator
}

/** value = mantissa × 2^power, exactly. */
function exactParts(value: number): { mantissa: bigint; power: number } {
  let power = 0
  let scaledValue = value
  while (!Number.isInteger(scaledValue)) {
    scaledValue *= 2
    power -= 1
  }
  return { mantissa: BigInt(scaledValue), power }
}

/** The step between a positive float32 and the next larger one. */
function float32Step(value: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  view.setUint32(0, view.getUint32(0) + 1)
  return view.getFloat32(0) - Math.fround(value)
}

const oneWh = 1000n

/**
 * The counter in a float32 register. It shows steps of its own last digit, and never finer ones than 1 Wh: devices count so.
 * @param exponent 3 for Wh, 6 for kWh
 */
export function float32Counter(value: number, exponent: number, verified: boolean): Counter {
  const step = milliWhOf(float32Step(value), exponent) + 1n
  const resolutionMilliWh = step > oneWh ? step : oneWh
  return { milliWh: milliWhOf(value, exponent), resolutionMilliWh, maxMilliWh: null, verified }
}

/** The counter in a float64 register, whose last digit is far finer than what devices count in: 1 Wh. */
export function float64Counter(value: number, exponent: number, verified: boolean): Counter {
  return { milliWh: milliWhOf(value, exponent), resolutionMilliWh: oneWh, maxMilliWh: null, verified }
}

/** The counter in an integer register of `bits` bits whose last digit is 10^exponent milli-Wh. */
export function integerCounter(raw: bigint, exponent: number, bits: number, verified: boolean): Counter {
  const resolution = milliWhOf(1n, exponent)
  return {
    milliWh: milliWhOf(raw, exponent),
    resolutionMilliWh: resolution > 0n ? resolution : 1n,
    maxMilliWh: milliWhOf((1n << BigInt(bits)) - 1n, exponent),
    verified,
  }
}

/** The counter rounded to the nearest Wh, halves up. */
export function roundedWh(counter: Counter | null): number | null {
  return counter === null ? null : Number((counter.milliWh + oneWh / 2n) / oneWh)
}

/**
 * The counter in a register of decimal digits, raw × 10^exponent milli-Wh. @param digits how many it has in all; `null` where that is
 * not known
 */
export function decimalCounter(raw: bigint, exponent: number, digits: number | null): Counter {
  const resolution = milliWhOf(1n, exponent)
  return {
    milliWh: milliWhOf(raw, exponent),
    resolutionMilliWh: resolution > 0n ? resolution : 1n,
    maxMilliWh: digits === null ? null : milliWhOf(10n ** BigInt(digits) - 1n, exponent),
    verified: true,
  }
}

/** One counter for several registers that count in turn, as those of a meter's tariffs do. */
export function sumOfCounters(counters: readonly Counter[]): Counter {
  const [first] = counters
  if (first && counters.length === 1) return first
  const resolutions = counters.map(({ resolutionMilliWh }) => resolutionMilliWh)
  return {
    milliWh: counters.reduce((sum, { milliWh }) => sum + milliWh, 0n),
    resolutionMilliWh: resolutions.reduce((coarsest, one) => (one > coarsest ? one : coarsest), 1n),
    // They do not wrap together.
    maxMilliWh: null,
    verified: counters.every(({ verified }) => verified),
  }
}
