/** What the list of results tells a home. */
import { describe, expect, it } from 'vitest'
import type { SeatIntervalResource } from '../../server/api/resources.ts'
import { reasonsOf, resultRows } from '../../web/market/telling.ts'
import { intervalOf, outcomeOf } from './resources.ts'

const both = { sells: true, buys: true }

/** Ten-second intervals, the one with number 0 the newest. */
function at(number: number, change: Partial<SeatIntervalResource> = {}): SeatIntervalResource {
  const start = Date.parse('2026-07-01T12:00:00.000Z') - number * 10_000
  return intervalOf({
    start: new Date(start).toISOString(),
    end: new Date(start + 10_000).toISOString(),
    ...change,
  })
}

describe('the reasons of a result', () => {
  const idle = outcomeOf({ code: 'nothing-to-buy', side: 'buy' })

  it('leave out a side that had nothing to trade while the other has something to say', () => {
    const sold = outcomeOf({ code: 'filled', filledWh: 9 })
    expect(reasonsOf(at(0, { outcomes: [idle, sold] }), both, '€')).toEqual([expect.stringMatching(/^Selling: all of/)])
    expect(reasonsOf(at(0, { outcomes: [idle] }), both, '€')).toEqual([
      expect.stringMatching(/^Buying: nothing was needed/),
    ])
    expect(reasonsOf(at(0), both, '€')).toEqual([])
  })

  it('answer a sunny roof that has paused, and not with what it did not have to buy', () => {
    expect(reasonsOf(at(0, { outcomes: [idle], residualExportWh: 20 }), both, '€')).toEqual([
      'Selling: paused, so what was left over went to the supplier.',
    ])
    expect(reasonsOf(at(0, { residualImportWh: 20 }), { sells: false, buys: true }, '€')).toEqual([
      'Buying: paused, so the supplier brought what was needed.',
    ])
  })

  it('say what would have brought the rest from neighbours too', () => {
    const flat = { sells: false, buys: true }
    const bought = { side: 'buy', limitPerKwh: '0.2500', pricePerKwh: '0.2000', offeredWh: 30, filledWh: 30 } as const
    const all = outcomeOf({ ...bought, code: 'filled' })
    const short = outcomeOf({ ...bought, code: 'escrow-low', coveredWh: 30 })
    const reasons = (outcome: typeof all, residualImportWh: number) =>
      reasonsOf(at(0, { outcomes: [outcome], boughtWh: 30, residualImportWh }), flat, '€').map((each) =>
        each.replaceAll('\u202f', ' '),
      )
    expect(reasons(all, 0)).toEqual(['Buying: all of 30 Wh at 20.0 ct/kWh.'])
    expect(reasons(all, 12)[1]).toBe('The other 12 Wh came from the supplier: you ask for at most 30 Wh at a time.')
    expect(reasons(short, 12)).toEqual([
      'Buying: 30 Wh at 20.0 ct/kWh: your purse held enough for 30 Wh only.',
      'Another 0.300 ct in your purse would have paid for the other 12 Wh too.',
    ])
  })

  it('speak of the side that the home has, where neither had anything', () => {
    const outcomes = [idle, outcomeOf({ code: 'nothing-to-sell' })]
    expect(reasonsOf(at(0, { outcomes }), both, '€')).toEqual([expect.stringMatching(/^Selling:/)])
    expect(reasonsOf(at(0, { outcomes }), { sells: false, buys: true }, '€')).toEqual([
      expect.stringMatching(/^Buying:/),
    ])
  })
})

describe('the rows of the list', () => {
  const nothing = { outcomes: [outcomeOf({ code: 'nothing-to-sell' })] }

  it('put results together that follow each other without a trade and say the same', () => {
    const rows = resultRows(
      [at(0, nothing), at(1, nothing), at(2, { soldWh: 9, received: '0.001' }), at(3, nothing)],
      both,
      '€',
    )
    expect(rows.map(({ intervals }) => intervals.length)).toEqual([2, 1, 1])
  })

  it('keep apart what lies apart, is not final alike, or says something else', () => {
    const rows = resultRows(
      [
        at(0, { ...nothing, status: 'provisional' }),
        at(1, nothing),
        at(3, nothing),
        at(4, { outcomes: [outcomeOf({ code: 'no-counterparty' })] }),
      ],
      both,
      '€',
    )
    expect(rows).toHaveLength(4)
  })

  it('tell a correction of final results alone', () => {
    const lengths = (status: 'provisional' | 'final') =>
      resultRows([at(0, { ...nothing, status, run: 2 }), at(1, { ...nothing, status })], both, '€').map(
        ({ intervals }) => intervals.length,
      )
    expect([lengths('provisional'), lengths('final')]).toEqual([[2], [1, 1]])
  })

  it('lose no interval and change no order', () => {
    const intervals = Array.from({ length: 30 }, (_, number) => at(number, number % 7 === 0 ? { soldWh: 1 } : nothing))
    expect(resultRows(intervals, both, '€').flatMap((row) => row.intervals)).toEqual(intervals)
  })
})
