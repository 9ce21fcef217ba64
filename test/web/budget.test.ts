/** The daily budget as a buyer types and reads it. */
import { describe, expect, it } from 'vitest'
import type { BudgetDayResource } from '../../server/api/budget-resources.ts'
import { budgetOf, readBudget, sentencesOfDay, stepped } from '../../web/budget/budget.ts'
import { area, intervalOf, outcomeOf, seatOf } from './resources.ts'

const dayStart = '2026-06-30T22:00:00.000Z'
const dayEnd = '2026-07-01T22:00:00.000Z'
const seat = seatOf('0xab')
const noon = Date.parse('2026-07-01T12:00:00.000Z')

function dayOf(change: Partial<BudgetDayResource>): BudgetDayResource {
  const newest = {
    budget: `0x${'1'.repeat(64)}`,
    seat: seat.seat,
    amount: '4',
    acceptedAt: dayStart,
    effectiveFrom: dayStart,
  }
  return { seat: seat.seat, dayStart, dayEnd, budget: '4', paid: '3.2', newest, ...change }
}
const said = (day: BudgetDayResource, newest = intervalOf({ start: '2026-07-01T11:59:00.000Z' })) =>
  sentencesOfDay(day, area, newest, noon).map((sentence) => sentence.replaceAll('\u202f', ' '))

it('is typed in the area’s money, with two decimals at most, and signed in ledger units', () => {
  expect(['4', '4.50', '4,5', '0', '-1', '4.505', 'four'].map(readBudget)).toEqual([
    ...['4', '4.5', '4.5', null, null, null, null],
  ])
  expect(budgetOf(area, seat, '4.5', noon)).toMatchObject({ amount: 45_000_000n, nonce: noon, meter: seat.meter })
  expect(budgetOf(area, seat, null, noon).amount).toBe(0n)
})

it('goes by steps, and never below one', () => {
  expect([stepped('4', 1), stepped('4', -1), stepped('0.7', -1), stepped('0.5', -1)]).toEqual([
    '4.5',
    '3.5',
    '0.5',
    '0.5',
  ])
})

describe('of the day', () => {
  it('says what is spent, and once it is reached until when', () => {
    expect(said(dayOf({}))).toEqual(['3.20 € of 4.00 € today.'])
    const reached = intervalOf({
      start: '2026-07-01T11:59:00.000Z',
      outcomes: [outcomeOf({ side: 'buy', code: 'budget-reached' })],
    })
    expect(said(dayOf({ paid: '3.999' }), reached)).toEqual([
      '4.00 € of 4.00 € today.',
      expect.stringMatching(/^Your budget is reached: buying goes on at midnight \(.*\)\.$/),
    ])
    // What was so yesterday is over.
    expect(said(dayOf({ dayStart: dayEnd, paid: '0' }), reached)).toEqual(['0.00 € of 4.00 € today.'])
  })

  it('says what was signed and does not count yet, and that there is none', () => {
    const newest = { ...dayOf({}).newest!, effectiveFrom: '2026-07-01T12:15:00.000Z' }
    expect(said(dayOf({ newest: { ...newest, amount: '5' } }))[1]).toMatch(/^Signed\. 5\.00 € a day counts from /)
    expect(said(dayOf({ newest: { ...newest, amount: null } }))[1]).toMatch(/ there is no daily budget\.$/)
    expect(said(dayOf({ budget: null, newest: null }))).toEqual(['You have no daily budget: your price alone decides.'])
  })
})
