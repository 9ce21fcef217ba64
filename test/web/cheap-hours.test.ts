/** The cheap hours of a day: when neighbours had something left over, and when they probably will. */
import { expect, it } from 'vitest'
import { cheapSpans } from '../../web/buyer/cheap-hours.ts'

const at = (quarter: number) => new Date(Date.UTC(2026, 6, 1, 10) + quarter * 900_000).toISOString()

const retail = '0.3000'

type Told = readonly ['neighbours' | 'supplier', string, ('past' | 'now' | 'expected')?]

const rates = (quarters: readonly (Told | null)[]) =>
  quarters.flatMap((told, quarter) => {
    if (told === null) return []
    const [source, pricePerKwh, kind = 'past'] = told
    return [{ start: at(quarter), end: at(quarter + 1), source, pricePerKwh, kind }]
  })

it('are the stretches of neighbours’ prices, with the lowest and the highest of each', () => {
  const told = rates([
    ['supplier', '0.3000'],
    ['neighbours', '0.1200'],
    ['neighbours', '0.0900'],
    ['neighbours', '0.1000'],
    ['supplier', '0.3000'],
    ['neighbours', '0.1100'],
  ])
  expect(cheapSpans(told, retail)).toEqual([
    { start: at(1), end: at(4), low: '0.0900', high: '0.1200', isExpected: false },
    { start: at(5), end: at(6), low: '0.1100', high: '0.1100', isExpected: false },
  ])
})

it('end where nothing is known, and where what is expected begins', () => {
  const told = rates([
    ['neighbours', '0.1000'],
    null,
    ['neighbours', '0.1000'],
    ['neighbours', '0.1000', 'now'],
    ['neighbours', '0.0800', 'expected'],
  ])
  expect(cheapSpans(told, retail)).toEqual([
    { start: at(0), end: at(1), low: '0.1000', high: '0.1000', isExpected: false },
    { start: at(2), end: at(4), low: '0.1000', high: '0.1000', isExpected: false },
    { start: at(4), end: at(5), low: '0.0800', high: '0.0800', isExpected: true },
  ])
})

it('are none while the supplier brings everything', () => {
  expect(cheapSpans(rates([['supplier', '0.3000']]), retail)).toEqual([])
})

it('hold nothing for which neighbours ask as much as the supplier, or more', () => {
  const told = rates([
    ['neighbours', '0.3000'],
    ['neighbours', '0.2999'],
    ['neighbours', '0.3100', 'now'],
    ['neighbours', '0.2800', 'expected'],
  ])
  expect(cheapSpans(told, retail)).toEqual([
    { start: at(1), end: at(2), low: '0.2999', high: '0.2999', isExpected: false },
    { start: at(3), end: at(4), low: '0.2800', high: '0.2800', isExpected: true },
  ])
})
