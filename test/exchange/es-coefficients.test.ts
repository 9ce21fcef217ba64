/** The Spanish file of coefficients: exact layout, exact sums, read back as written. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  coefficientsOf,
  esCoefficientsName,
  readEsCoefficients,
  writeEsCoefficients,
} from '../../server/exchange/write/es-coefficients.ts'
import { cupsOf } from './writers/spanish.ts'

const cups = [1, 2, 3].map((number) => `${cupsOf(21_990_000_000_000 + number)}0F`)

describe('a file of coefficients', () => {
  test('has a line each, six decimals, CRLF between lines and none at the end', () => {
    const { millionths, rest } = coefficientsOf([1, 1, 1], 2)
    expect([millionths, rest]).toEqual([[333_333, 333_333, 333_334], 1])
    const text = writeEsCoefficients({ cups, millionths: [millionths] }, 2026)
    expect(text).toBe(`${cups[0]};0,333333\r\n${cups[1]};0,333333\r\n${cups[2]};0,333334`)
    expect(writeEsCoefficients({ cups: [cups[0]!], millionths: [[1_000_000]] }, 2026)).toBe(`${cups[0]};1,000000`)
  })

  test.each([2026, 2028])('has every hour of %d and is read as it was written', (year) => {
    const hours = year === 2028 ? 8784 : 8760
    fc.assert(
      fc.property(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.nat({ max: 999 }), fc.nat({ max: 999 })), (weights) => {
        const millionths = Array.from(
          { length: hours },
          (_, hour) =>
            coefficientsOf(
              weights.map((each) => each + (hour % 7)),
              0,
            ).millionths,
        )
        const text = writeEsCoefficients({ cups, millionths }, year)
        expect(text.split('\r\n')).toHaveLength(3 * hours)
        expect(readEsCoefficients(text, year)).toEqual({ cups, millionths })
      }),
      { numRuns: 5, seed: 20261118 },
    )
  })

  test('is named after the installation', () => {
    expect(esCoefficientsName(`${cups[0]}A001`, 2026)).toBe(`${cups[0]}A001_2026.txt`)
    expect(() => esCoefficientsName(`${cups[0]}B001`, 2026)).toThrow('CAU')
  })

  test.each<[string, string[], number[][], string]>([
    ['a sum that is not one', cups, [[333_333, 333_333, 333_333]], 'add up to 999999 millionths'],
    ['a coefficient less', cups, [[500_000, 500_000]], '2 coefficients for 3 CUPS'],
    ['a negative one', cups, [[-1, 500_000, 500_001]], 'add up to'],
    ['hours that no year has', cups, Array(8000).fill([1_000_000, 0, 0]), '8000 hours'],
    ['a CUPS twice', [cups[0]!, cups[0]!], [[500_000, 500_000]], 'stands twice'],
    ['a CUPS of 20 characters', [cups[0]!.slice(0, 20)], [[1_000_000]], 'no CUPS of 22 characters'],
  ])('is never written with %s', (_name, names, millionths, reason) => {
    expect(() => writeEsCoefficients({ cups: names, millionths }, 2026)).toThrow(reason)
  })

  test.each([
    [`${cups[0]};0,5\r\n${cups[1]};0,500000`, 'six decimals'],
    [`${cups[0]};1;0,500000\r\n${cups[0]};1;0,500000`, 'hour "1", expected 2'],
    [`${cups[0]};1,000000\r\n`, 'no line of coefficients'],
    [`${cups[0]};0.500000\r\n${cups[1]};0.500000`, 'six decimals'],
  ])('is refused as %j', (text, reason) => {
    expect(() => readEsCoefficients(text, 2026)).toThrow(reason)
  })
})
