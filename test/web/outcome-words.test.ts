/** Why a home sold or bought what it did: a sentence for every code of the market, in every language, with the numbers in it. */
import { describe, expect, it } from 'vitest'
import { outcomeSchema } from '../../server/api/resources.ts'
import { outcomeWords, resultSentence } from '../../web/market/outcome-words.ts'
import { outcomeOf } from './resources.ts'

const codes = outcomeSchema.shape.code.options
const stages = outcomeSchema.shape.stage.options

describe.each(Object.entries(outcomeWords.texts))('in %s', (_language, { codes: sentences, seat }) => {
  it('every code has its sentence', () => {
    expect(Object.keys({ ...sentences, ...seat }).sort()).toEqual([...codes].sort())
  })

  it('names what is missing nowhere', () => {
    const facts = {
      limit: 'L',
      offered: 'O',
      filled: 'F',
      zone: 'Z',
      covered: 'C',
      because: 'B',
      metered: 'M',
      together: 'T',
      budget: 'D',
      budgetLeft: 'E',
    }
    for (const sentence of Object.values(sentences)) {
      for (const sells of [true, false]) {
        for (const price of ['P', null]) {
          for (const best of ['X', null]) {
            const text = sentence({ ...facts, sells, price, best, gap: best === null ? null : 'G', isOwn: sells })
            expect(text).toMatch(/\p{L}{3}/u)
            expect(text).not.toMatch(/undefined|null|NaN|\[object/)
          }
        }
      }
    }
  })
})

const sentence = (change: Parameters<typeof outcomeOf>[0]) =>
  resultSentence(outcomeOf(change), 'EUR').replaceAll('\u202f', ' ')

it('says the side first and the number that would have changed the result', () => {
  expect(sentence({})).toBe(
    'Selling: your price of 15.0 ct/kWh was 0.4 ct/kWh above the neighbours’ price of 14.6 ct/kWh.',
  )
  expect(
    sentence({ side: 'buy', code: 'price-too-low', limitPerKwh: '0.1000', pricePerKwh: null, bestPerKwh: '0.1250' }),
  ).toBe('Buying: your price of 10.0 ct/kWh was 2.5 ct/kWh below the best offer, which was 12.5 ct/kWh after fees.')
  expect(sentence({ side: 'buy', code: 'escrow-low', filledWh: 4, coveredWh: 4 })).toBe(
    'Buying: 4 Wh at 14.6 ct/kWh: your purse held enough for 4 Wh only.',
  )
  const budget = { dailyBudget: '4', budgetLeft: '0.02', coveredWh: 80, filledWh: 80, pricePerKwh: '0.2100' }
  expect(sentence({ side: 'buy', code: 'budget-reached', ...budget })).toBe(
    'Buying: 80 Wh at 21.0 ct/kWh: of your daily budget of 4.00 € there was 2.00 ct left, enough for 80 Wh only.',
  )
  expect(sentence({ code: 'buyer-side', because: 'no-reading', stage: 'forward' })).toBe(
    'Sold ahead: nothing of 9 Wh: on the buyer’s side no value has come from the meter.',
  )
  expect(sentence({ code: 'estimated' })).toMatch(/^Selling: the meter’s value was estimated/)
})

it('begins with the side in every stage', () => {
  for (const stage of stages)
    expect(sentence({ stage, side: 'buy' })).toMatch(/^(Buying|Bought ahead|Agreed purchase|From the community): /)
})
