/** Every code has a sentence in every language, with the numbers that matter; and sentences stay out of what is computed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import type { Outcome } from '../../server/market/area/area.ts'
import {
  cancelReasons,
  orderCodes,
  orderStatuses,
  outcomeCodes,
  readingCodes,
  type SeatOutcomeCode,
  type StageName,
  sides,
  stageNames,
} from '../../server/market/area/codes.ts'
import type { Side } from '../../server/market/auction.ts'
import { factsOf, orderDetails, readingDetails } from '../../server/words/details.ts'
import { languages } from '../../server/words/languages.ts'
import {
  agreementSentence,
  auctionSentence,
  orderSentence,
  outcomeSentence,
  readingSentence,
  tradeSentence,
} from '../../server/words/sentences.ts'

const measures = { priceDecimals: 4, currency: 'EUR' }
const context = { measures, zoneNames: ['The street', 'South feeder'] }
const plain = (sentence: string) => sentence.replaceAll('\u202f', ' ')

function outcomeOf(change: Partial<Outcome> = {}): Outcome {
  return {
    ...{ stage: 'spot', arrival: 7, side: 'sell', limitTicks: 1_165, offeredWh: 900, filledWh: 0 },
    ...{ priceTicks: 1_125, amount: 0n, code: 'price-too-high', details: [] },
    ...change,
  }
}

/** Numbers that no two kinds of detail write alike. */
const numbers = [1_803_513_600, 2_803_517_200, 3_803_520_800]

describe.each(Object.entries(languages))('in %s', (_name, language) => {
  const amounts = language.amounts(measures)

  test.each(orderCodes)('%s has a sentence with its numbers', (code) => {
    expectNumbers(orderSentence(language, { code, details: numbers }, measures), orderDetails[code])
  })

  test.each(readingCodes)('%s has a sentence with its numbers', (code) => {
    expectNumbers(readingSentence(language, { code, details: numbers }, measures), readingDetails[code])
  })

  /** Sides and kinds are said in words, everything else as it is written. */
  function expectNumbers(sentence: string, details: Readonly<Record<string, string>>): void {
    expect(sentence.length).toBeGreaterThan(10)
    expect(sentence).not.toMatch(/undefined|null|NaN|\[object/)
    const facts = factsOf(details as Parameters<typeof factsOf>[0], numbers, amounts) as Record<string, unknown>
    for (const [name, kind] of Object.entries(details)) {
      if (kind !== 'side' && kind !== 'agreementKind') expect(sentence).toContain(String(facts[name]))
    }
  }

  const outcomes = stageNames.flatMap((stage) =>
    sides.flatMap((side) => outcomeCodes.map((code): [StageName, Side, SeatOutcomeCode] => [stage, side, code])),
  )
  test.each(outcomes)('an outcome of %s, %s: %s', (stage, side, code) => {
    for (const [priceTicks, details] of [
      [1_125, [1, 1_300]],
      [null, [1, 1_300]],
      [null, []],
    ] as const) {
      const sentence = outcomeSentence(
        language,
        outcomeOf({ stage, side, code, priceTicks, details: [...details] }),
        context,
      )
      expect(sentence.startsWith(`${language.outcomeOf(stage, side)}: `)).toBe(true)
      expect(sentence).toMatch(/[^.]\.$/)
      expect(sentence).not.toMatch(/undefined|NaN|\[object/)
      if (details.length > 0) expect(sentence).not.toMatch(/null/)
    }
  })

  it('says every status and reason, and what became of a trade', () => {
    for (const status of ['active', ...orderStatuses] as const) expect(language.orderStatuses[status]).toMatch(/\w/)
    for (const reason of cancelReasons) expect(language.cancelReasons[reason]).toMatch(/\w/)
    for (const side of sides) {
      for (const deliveredWh of [null, 0, 120, 200]) {
        for (const code of outcomeCodes) {
          const trade = { side, energyWh: 200, deliveredWh, outcome: { code, details: [13] } }
          expect(tradeSentence(language, trade, measures)).toMatch(/^[A-Z].*\.$/)
        }
      }
    }
  })
})

describe('in English', () => {
  const { en } = languages
  const said = (change: Partial<Outcome>) => plain(outcomeSentence(en, outcomeOf(change), context))

  it('a price that missed says by how much, and what it missed', () => {
    expect(said({})).toBe('Selling: your price of 11.65 ct/kWh was 0.4 ct above the clearing price of 11.25 ct/kWh.')
    expect(said({ side: 'buy', code: 'price-too-low', limitTicks: 1_000 })).toBe(
      'Buying: your price of 10.0 ct/kWh was 1.25 ct below the clearing price of 11.25 ct/kWh.',
    )
    expect(said({ priceTicks: null, details: [1_100] })).toBe(
      'Selling: your price of 11.65 ct/kWh was 0.65 ct above the best price in reach, which was 11.0 ct/kWh after fees.',
    )
    expect(said({ priceTicks: null })).toBe('Selling: nobody in reach paid as much as 11.65 ct/kWh.')
  })

  it('a full line is named, with the price that would have suited beyond it', () => {
    expect(said({ code: 'link-full', filledWh: 400, details: [1, 2_500] })).toBe(
      'Selling: 400 Wh of 900 Wh at 11.25 ct/kWh: the line of South feeder was full; beyond it 25.0 ct/kWh after fees would have suited your price of 11.65 ct/kWh.',
    )
  })

  it('funds that did not reach say how far they did', () => {
    const details = [80, 200_000, 40_000_000]
    expect(said({ code: 'budget-reached', side: 'buy', offeredWh: 80, filledWh: 80, details })).toBe(
      'Buying: 80 Wh at 11.25 ct/kWh: the daily budget of 4 € had 0.02 € left, enough for 80 Wh only.',
    )
    expect(said({ code: 'escrow-low', side: 'buy', offeredWh: 120, filledWh: 120, details: [120] })).toBe(
      'Buying: 120 Wh at 11.25 ct/kWh: the money in the escrow reached for 120 Wh only.',
    )
  })

  it('what was agreed says whose side it failed on', () => {
    const estimated = { code: 'seller-side', details: [outcomeCodes.indexOf('estimated')] } as const
    expect(said({ stage: 'agreements', ...estimated, details: [...estimated.details] })).toBe(
      'Agreed sale: nothing of 900 Wh: on your own side the reading of the meter was estimated, and only measured energy is traded.',
    )
    expect(said({ stage: 'forward', side: 'buy', ...estimated, details: [...estimated.details] })).toBe(
      'Bought ahead: nothing of 900 Wh: on the seller’s side the reading of the meter was estimated, and only measured energy is traded.',
    )
  })

  it('a trade made ahead is agreed, kept or not, with the reason', () => {
    const trade = (deliveredWh: number | null, code: SeatOutcomeCode = 'honoured') =>
      plain(
        tradeSentence(
          en,
          {
            side: 'sell',
            energyWh: 200,
            deliveredWh,
            outcome: { code, details: [outcomeCodes.indexOf('no-reading')] },
          },
          measures,
        ),
      )
    expect(trade(null)).toMatch(/^Agreed\./)
    expect(trade(200)).toBe('Delivered as agreed.')
    expect(trade(120, 'less-delivered')).toBe(
      'Only 120 Wh of 200 Wh: less was left over than had been agreed. The other 80 Wh were not charged.',
    )
    expect(trade(0, 'buyer-side')).toBe(
      'Fell through: on the buyer’s side there was no reading of the meter. Nothing was charged.',
    )
  })

  it('agreements, prices below zero and other currencies read as people write them', () => {
    const agreed = (kind: number, amount: number, priceTicks: number) =>
      plain(agreementSentence(en, { kind, amount, priceTicks }, measures))
    expect(agreed(0, 300, 1_500)).toBe('300 Wh an interval at 15.0 ct/kWh')
    expect(agreed(1, 2_550, 1_500)).toBe('25.5 % of the surplus at 15.0 ct/kWh')
    expect(agreed(2, 0, -150)).toBe('all of the surplus at −1.5 ct/kWh')
    const funds = { code: 'ORDER_FUNDS', details: [12_345_678, 0] } as const
    expect(plain(orderSentence(en, funds, measures))).toContain('1.2345678 €')
    expect(plain(orderSentence(en, funds, { priceDecimals: 3, currency: 'LEUR' }))).toContain('12.345678 LEUR')
  })

  it('an auction from a file has bare numbers', () => {
    const order = { order: 's2', offeredWh: 5, filledWh: 0, priceTicks: 1_450, limitTicks: 1_500, bestTicks: 1_450 }
    expect(auctionSentence(en, 'sell', { ...order, code: 'price-too-high', gapTicks: 50 }, 4)).toBe(
      'your price of 0.1500 was 0.0050 above the clearing price of 0.1450',
    )
    expect(auctionSentence(en, 'sell', { ...order, code: 'link-full', link: 'mid', filledWh: 2 }, 4)).toContain(
      'the line of "mid" was full',
    )
  })
})

test('what is computed, stored and settled knows no sentences', () => {
  const rooms = ['market', 'readings', 'settlement', 'store', 'areas'].map((room) => join('server', room))
  const files = rooms.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(room, name)),
  )
  expect(files.length).toBeGreaterThan(60)
  expect(files.filter((file) => /from '[^']*\/words\//.test(readFileSync(file, 'utf8')))).toEqual([])
})
