/** How the page shows prices, money and energy. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatMoney, formatPrice } from '../../contracts/protocol/units.ts'
import {
  averagePrice,
  cents,
  difference,
  energy,
  exactMoney,
  mass,
  moneyColumn,
  moneyScale,
  moneyWords,
  negated,
  position,
  power,
  pricesBetween,
  priceWords,
  readAmount,
  sum,
  typedAmount,
} from '../../web/money/format.ts'
import { chooseLanguage } from '../../web/words/language.ts'

describe('prices', () => {
  it('read as cents, exact, with at least one decimal', () => {
    expect(cents('0.1750')).toBe('17.5')
    expect(cents('0.1234')).toBe('12.34')
    expect(cents('0.3000')).toBe('30.0')
    expect(cents('-0.0150')).toBe('−1.5')
    expect(priceWords('0.1750')).toBe('17.5\u202fct/kWh')
    expect(priceWords(null)).toBe('–')
  })

  it('lose no digit, whatever the price', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 30) + 1, max: 2 ** 30 - 1 }), (ticks) => {
        const read = cents(formatPrice(ticks)).replaceAll(',', '').replace('−', '-')
        expect(Math.round(Number(read) * 100)).toBe(ticks)
      }),
      { seed: 1 },
    )
  })
})

it('what energy emits is told in grams and kilograms', () => {
  expect([mass(500, 380), mass(12_345, 380), mass(0, 380)].map((text) => text.replaceAll('\u202f', ' '))).toEqual([
    '190 g',
    '4.69 kg',
    '0 g',
  ])
})

it('prices between two others are evenly apart, in ticks of the area', () => {
  expect(pricesBetween('0.0800', '0.3000', 5, 4)).toEqual(['0.0800', '0.1350', '0.1900', '0.2450', '0.3000'])
  expect(pricesBetween('0.08', '0.3', 3, 2)).toEqual(['0.08', '0.19', '0.30'])
})

describe('money', () => {
  it('is euros from one euro on and cents below, in three digits', () => {
    expect(moneyWords('12.345', 'EUR')).toBe('12.35\u202f€')
    expect(moneyWords('0.0241', 'EUR')).toBe('2.41\u202fct')
    expect(moneyWords('0.2413', 'EUR')).toBe('24.1\u202fct')
    expect(moneyWords('0.00024', 'EUR')).toBe('0.024\u202fct')
    expect(moneyWords('-0.02', 'EUR')).toBe('−2.00\u202fct')
    expect(moneyWords('0', 'EUR')).toBe('0.00\u202f€')
    expect(moneyWords('1234567.891', 'EUR')).toBe('1,234,567.89\u202f€')
  })

  it('keeps every digit where it must be exact', () => {
    expect(exactMoney('0.0024135', 'EUR')).toBe('0.0024135\u202f€')
    expect(exactMoney('3', 'LEUR')).toBe('3.00\u202fLEUR')
  })

  it('adds up exactly, also beyond what floating point can', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n })), (units) => {
        const total = units.reduce((all, each) => all + each, 0n)
        expect(sum(units.map((each) => formatMoney(each)))).toBe(formatMoney(total))
      }),
      { seed: 2 },
    )
    expect(difference('0.3', '0.1')).toBe('0.2')
    expect(negated('0.5')).toBe('-0.5')
  })

  it('is read as people type it, and not beyond the token’s decimals', () => {
    expect(readAmount('12,5', 6)).toBe('12.5')
    expect(readAmount(' 0.000001 ', 6)).toBe('0.000001')
    expect(readAmount('1,000.5', 6)).toBe('1000.5')
    expect(readAmount('99,999', 6)).toBe('99999')
    for (const wrong of ['', '0', '-1', '1e3', '1.2.3', '0.0000001', 'ten', '1,00.5'])
      expect(readAmount(wrong, 6)).toBeNull()
  })
})

describe('amounts that are read together', () => {
  it('have one unit and the same decimals, and differ by what is shown', () => {
    const scale = moneyScale(['3.2249', '1.0951', '0.004'], 'EUR')
    expect(['3.2249', '1.0951', '0.004'].map(scale.words)).toEqual(['3.22\u202f€', '1.10\u202f€', '0.00\u202f€'])
    expect(scale.difference('3.2249', '1.0951')).toBe('2.12\u202f€')
    expect(scale.signedDifference('3.2249', '1.0951')).toBe('+2.12')
    expect(scale.signedDifference('1.0951', '3.2249')).toBe('−2.12')
    const small = moneyScale(['0.00471', '0.001'], 'EUR')
    expect(small.words('0.001')).toBe('0.100\u202fct')
    expect(small.difference('0.001', '0.00471')).toBe('0.371\u202fct')
    expect([small.sign('0.001', '0.00471'), small.sign('0.0010004', '0.001')]).toEqual([-1, 0])
  })

  it('add up to the reader whatever they are', () => {
    const cents = fc.integer({ min: 0, max: 10 ** 9 })
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const [one, other] = [a, b].map((each) => formatMoney(BigInt(each)))
        const { number, difference: left } = moneyScale([one!, other!], 'EUR')
        const [x, y, z] = [number(one!), number(other!), left(one!, other!)].map((text) =>
          Number(text.replace(/[^\d.]/g, '')),
        )
        expect(Math.abs(x! - y!)).toBeCloseTo(z!, 6)
      }),
      { seed: 3 },
    )
  })

  it('stand in a column with as many decimals as one of them needs', () => {
    expect(['0.00065', '0.0006', '0'].map(moneyColumn(['0.00065', '0.0006', '0'], 'EUR'))).toEqual([
      '0.00065\u202f€',
      '0.00060\u202f€',
      '0.00000\u202f€',
    ])
  })
})

describe('in German', () => {
  beforeAll(() => chooseLanguage('de'))
  afterAll(() => chooseLanguage('en'))

  it('numbers have a comma, and a point between thousands', () => {
    expect(cents('0.1750')).toBe('17,5')
    expect(exactMoney('1234567.891', 'EUR')).toBe('1.234.567,891\u202f€')
    expect(power(3421)).toBe('3,42\u202fkW')
    expect(typedAmount('1234.5')).toBe('1234,5')
  })

  it('are read as they are written, so that a thousand is no one', () => {
    expect(readAmount('1.000', 6)).toBe('1000')
    expect(readAmount('1.234,5', 6)).toBe('1234.5')
    expect(readAmount('12.5', 6)).toBe('12.5')
    expect(readAmount('0.500', 6)).toBe('0.5')
  })
})

it('shows energy in Wh up to one kWh and power likewise', () => {
  expect(energy(840)).toBe('840\u202fWh')
  expect(energy(1240)).toBe('1.24\u202fkWh')
  expect(energy(123_456)).toBe('123.5\u202fkWh')
  expect(power(-819.6)).toBe('820\u202fW')
  expect(power(3421)).toBe('3.42\u202fkW')
})

it('averages a price over energy, and has none without energy', () => {
  expect(averagePrice('0.0024', 12)).toBe('0.2000')
  expect(averagePrice('0', 0)).toBeNull()
})

it('places a price between two others, never outside them', () => {
  expect(position('0.1900', '0.0800', '0.3000')).toBe(0.5)
  expect(position('0.0100', '0.0800', '0.3000')).toBe(0)
  expect(position('0.9', '0.0800', '0.3000')).toBe(1)
})
