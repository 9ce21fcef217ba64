/** Exact decimals: against big fractions, and at the edges. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  commaForm,
  floatForm,
  formatMicroWh,
  pointForm,
  readEnergy,
  unitPowers,
} from '../../server/exchange/decimal.ts'

const place = () => 'here'

/** The same by the book: the number as a fraction of whole numbers, rounded half to even. */
function slowly(whole: string, fraction: string, unitPower: number): bigint {
  const [numerator, denominator] = [
    BigInt(whole + fraction) * 10n ** BigInt(unitPower + 6),
    10n ** BigInt(fraction.length),
  ]
  const [quotient, rest] = [numerator / denominator, numerator % denominator]
  if (2n * rest === denominator) return quotient + (quotient % 2n)
  return 2n * rest > denominator ? quotient + 1n : quotient
}

const digits = (least: number, most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most }).map((all) => all.join(''))

describe('an energy', () => {
  test('is what exact fractions say, in every unit and with every sign', () => {
    fc.assert(
      fc.property(digits(1, 6), digits(0, 20), fc.constantFrom(0, 3, 6), (whole, fraction, unitPower) => {
        const expected = slowly(whole, fraction, unitPower)
        for (const form of [pointForm, commaForm, floatForm]) {
          const text = fraction === '' ? whole : `${whole}${form.sign}${fraction}`
          const read = () => readEnergy(text, unitPower, form, place)
          if (expected > 10n ** 15n) expect(read).toThrow('more than')
          else expect(BigInt(read())).toBe(expected)
        }
      }),
      { numRuns: 2000, seed: 20261110 },
    )
  })

  test('is printed so that it is read as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (microWh) => {
        const text = formatMicroWh(microWh)
        expect(text).toMatch(/^(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/)
        expect(readEnergy(text, unitPowers.Wh, pointForm, place)).toBe(microWh)
      }),
      { numRuns: 2000, seed: 20261111 },
    )
  })

  test.each([
    ['0.0000005', 0],
    ['0.0000015', 2],
    ['0.0000025', 2],
    ['0.00000250000000000000000000000000000000001', 3],
    ['1000000000', 1e15],
    ['000', 0],
  ])('of %s Wh is %d millionths', (text, microWh) => {
    expect(readEnergy(text, unitPowers.Wh, pointForm, place)).toBe(microWh)
  })

  test.each([
    ['-1', 'here: "-1" is negative'],
    ['1,5', 'no number with a decimal point'],
    ['1.234,5', 'no number with a decimal point'],
    ["1'234", 'no number with a decimal point'],
    ['1e3', 'no number'],
    ['', 'no number'],
    ['.5', 'no number'],
    ['5.', 'no number'],
    ['+5', 'no number'],
    [' 5', 'no number'],
    ['NaN', 'no number'],
    ['٣', 'no number'],
    ['1000000000.000001', 'more than 1000000000 Wh in one interval'],
    ['9'.repeat(61), 'no number'],
  ])('is refused for %s', (text, reason) => {
    expect(() => readEnergy(text, unitPowers.Wh, pointForm, place)).toThrow(reason)
  })

  test('may have an exponent where the format says so', () => {
    expect(readEnergy('1.2E-5', unitPowers.kWh, floatForm, place)).toBe(12_000)
    expect(() => readEnergy('1e999', unitPowers.Wh, floatForm, place)).toThrow('beyond any energy')
  })
})
