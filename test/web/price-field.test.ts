/** A price that somebody types is checked in cents, in the page's words. */
import { expect, it } from 'vitest'
import { priceRange } from '../../web/orders/order.ts'
import { checkPrice } from '../../web/orders/price-field.ts'
import { area, seatOf } from './resources.ts'

const seat = seatOf(`0x${'1'.repeat(40)}`)
const check = (text: string, side: 'buy' | 'sell') => {
  const { ticks, problem } = checkPrice(text, { area, side, range: priceRange(area, seat, side, null) })
  return problem?.replaceAll('\u202f', ' ') ?? ticks
}

it('takes a price within what was signed, as people type it', () => {
  expect(check('12.5', 'sell')).toBe(1250)
  expect(check('12,55', 'buy')).toBe(1255)
})

it('says in the unit of the field what is wrong', () => {
  expect(check('many', 'sell')).toBe('A price is a number of cents with at most 2 decimals, such as 12.5.')
  expect(check('', 'sell')).toMatch(/^A price is/)
  expect(check('12.555', 'sell')).toMatch(/^A price is/)
  expect(check('5', 'sell')).toBe('Your signed limit goes down to 6.0 ct/kWh.')
  expect(check('99', 'sell')).toBe('Above 30.0 ct/kWh no neighbour buys: that is what the supplier asks.')
  expect(check('99', 'buy')).toBe('Your signed limit goes up to 28.0 ct/kWh.')
  expect(check('1', 'buy')).toBe('Below 8.0 ct/kWh no neighbour sells: that is what the supplier pays.')
})
