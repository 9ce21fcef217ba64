/** What would have traded more, in sentences with the price and the energy. */
import { describe, expect, it } from 'vitest'
import type { BetterLimitsResource } from '../../server/api/totals-resources.ts'
import { sentencesOf } from '../../web/orders/why-not-more.tsx'

const tariffs = { feedInPerKwh: '0.0800', retailPerKwh: '0.3000' }

function told(side: 'sell' | 'buy', better: { limitPerKwh: string; tradedWh: number }[]): string[] {
  const found = { limitPerKwh: '0.2000', offeredWh: 40, tradedWh: 12, better }
  const answer: BetterLimitsResource = { seat: '1', side, start: '2026-07-01T12:00:00Z', found }
  return sentencesOf(answer, tariffs).map((sentence) => sentence.replaceAll('\u202f', ' '))
}

describe('why not more', () => {
  it('names the first price that helps and the first that suffices', () => {
    const better = [
      { limitPerKwh: '0.2001', tradedWh: 20 },
      { limitPerKwh: '0.2510', tradedWh: 40 },
    ]
    expect(told('buy', better)).toEqual([
      'At 20.01 ct/kWh you would have bought 20 Wh.',
      'At 25.1 ct/kWh you would have bought 40 Wh.',
    ])
  })

  it('says where the supplier does better, and where no price brings all', () => {
    expect(told('buy', [{ limitPerKwh: '0.3100', tradedWh: 30 }])).toEqual([
      'At 31.0 ct/kWh you would have bought 30 Wh.',
      'With the supplier it is cheaper.',
      'No price would have traded more than that.',
    ])
    expect(told('sell', [{ limitPerKwh: '0.0700', tradedWh: 40 }])).toEqual([
      'At 7.0 ct/kWh you would have sold 40 Wh.',
      'The supplier pays more.',
    ])
  })

  it('says that nobody had more, or that prices did not decide', () => {
    expect(told('buy', [])).toEqual([
      'No price would have bought more than 12 Wh of 40 Wh: there was no more to be had.',
    ])
    expect(sentencesOf({ seat: '1', side: 'buy', start: '2026-07-01T12:00:00Z', found: null }, tariffs)).toHaveLength(1)
  })
})
