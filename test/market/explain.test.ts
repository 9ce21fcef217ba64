/** Why an order got what it got, in words. */
import { describe, expect, test } from 'vitest'
import { type AuctionInput, type AuctionOrder, clearAuction, type Zone } from '../../server/market/auction.ts'
import { betterLimits, explainAuction, type OrderOutcome, whatIf } from '../../server/market/explain.ts'
import { languages } from '../../server/words/languages.ts'
import { auctionSentence } from '../../server/words/sentences.ts'
import { Dice, randomAuction, smallTrees } from './random-auctions.ts'

describe('an order is told', () => {
  test('how far its floor lay above the clearing price', () => {
    const outcome = outcomesOf(one([sell('s', 5, 1400), sell('dear', 5, 1500), buy('b', 5, 1500)])).dear
    expect(outcome).toMatchObject({ code: 'price-too-high', gapTicks: 50, filledWh: 0 })
    expect(sentenceOf('sell', outcome!)).toBe('your price of 0.1500 was 0.0050 above the clearing price of 0.1450')
  })

  test('how far its ceiling lay below the clearing price', () => {
    const outcome = outcomesOf(one([sell('s', 5, 1400), buy('cheap', 5, 1300), buy('b', 5, 1500)])).cheap
    expect(outcome).toMatchObject({ code: 'price-too-low', gapTicks: 150 })
    expect(sentenceOf('buy', outcome!)).toBe('your price of 0.1300 was 0.0150 below the clearing price of 0.1450')
  })

  test('that it was filled', () => {
    const { s } = outcomesOf(one([sell('s', 5, 1400), buy('b', 5, 1500)]))
    expect(s).toMatchObject({ code: 'filled', filledWh: 5, priceTicks: 1450 })
    expect(sentenceOf('sell', s!)).toBe('all of 5 Wh at 0.1450')
  })

  test('that it shared the margin, with or without getting anything', () => {
    const outcomes = outcomesOf(one([sell('s1', 9, 1400), sell('s2', 1, 1400), buy('b', 5, 1500)]))
    expect(outcomes.s1).toMatchObject({ code: 'partly-filled-at-margin', filledWh: 5 })
    expect(outcomes.s2).toMatchObject({ code: 'not-filled-at-margin', filledWh: 0 })
  })

  test('which link was full', () => {
    const outcomes = outcomesOf({
      zones: [
        zone('top'),
        zone('mid', { parent: 'top', capacityWh: 4 }),
        zone('f', { parent: 'mid', feeTicksPerKwh: 10 }),
      ],
      orders: [buy('b', 20, 2000, 'top'), sell('s1', 4, 1000, 'f'), sell('s2', 4, 1500, 'f')],
    })
    expect(outcomes.s2).toMatchObject({ code: 'link-full', link: 'mid', gapTicks: 250 })
    expect(sentenceOf('sell', outcomes.s2!)).toContain('the line of "mid" was full')
    expect(outcomes.b).toMatchObject({ code: 'link-full', link: 'mid', filledWh: 4 })
  })

  test('that a shut link stood between, even where nothing was traded', () => {
    const outcomes = outcomesOf({
      zones: [zone('top'), zone('f', { parent: 'top', capacityWh: 0 })],
      orders: [buy('b', 20, 2000, 'top'), sell('s', 4, 1000, 'f')],
    })
    expect(outcomes.b).toMatchObject({ code: 'link-full', link: 'f', priceTicks: null })
    expect(outcomes.s).toMatchObject({ code: 'link-full', link: 'f', priceTicks: null })
  })

  test('the best price in reach where its zone has no price', () => {
    const outcomes = outcomesOf({
      zones: [zone('top'), zone('f', { parent: 'top', feeTicksPerKwh: 100 })],
      orders: [buy('b', 20, 2000, 'top'), sell('s', 4, 1950, 'f')],
    })
    expect(outcomes.s).toMatchObject({ code: 'price-too-high', gapTicks: 50, priceTicks: null })
    expect(outcomes.b).toMatchObject({ code: 'price-too-low', gapTicks: 50 })
  })

  test('that nobody is on the other side', () => {
    expect(outcomesOf(one([sell('s', 5, 1400)])).s).toMatchObject({ code: 'no-counterparty' })
  })
})

test('every outcome on random trees agrees with the result', () => {
  for (let seed = 60_001; seed <= 60_600; seed++) {
    const input = randomAuction(seed, smallTrees)
    const result = clearAuction(input)
    for (const outcome of explainAuction(input, result)) {
      const order = input.orders.find((each) => each.id === outcome.order)!
      const { code, filledWh, offeredWh, gapTicks, link } = outcome
      expect(code === 'filled').toBe(filledWh === offeredWh)
      if (code.endsWith('at-margin') && outcome.priceTicks !== null) {
        expect({ seed, limit: outcome.limitTicks }).toEqual({ seed, limit: outcome.priceTicks })
      }
      if (code === 'price-too-high')
        expect({ seed, side: order.side, gap: gapTicks! > 0 }).toEqual({ seed, side: 'sell', gap: true })
      if (code === 'price-too-low')
        expect({ seed, side: order.side, gap: gapTicks! > 0 }).toEqual({ seed, side: 'buy', gap: true })
      if (code === 'link-full') {
        const flow = result.flows.find((each) => each.zone === link)!
        const capacity = input.zones.find((each) => each.id === link)!.capacityWh
        expect({ seed, carried: Math.abs(flow.exportWh) }).toEqual({ seed, carried: capacity })
      }
    }
  }
})

describe('another limit', () => {
  test('is answered by clearing again', () => {
    const input = one([sell('s', 5, 1400), sell('dear', 5, 1600), buy('b', 5, 1500)])
    expect(whatIf(input, 'dear', 1300)).toEqual({ limitTicks: 1300, filledWh: 5, priceTicks: 1350 })
    expect(() => whatIf(input, 'nobody', 1)).toThrow(
      expect.objectContaining({ code: 'ORDER_UNKNOWN', subject: 'nobody' }),
    )
  })

  test('is found where it first helps and where it first suffices', () => {
    const input = one([sell('s', 5, 1400), sell('dear', 5, 1600), buy('b', 5, 1500)])
    expect(betterLimits(input, 'dear')).toEqual([
      { limitTicks: 1400, filledWh: 2, priceTicks: 1400 },
      { limitTicks: 1399, filledWh: 5, priceTicks: 1399 },
    ])
    expect(betterLimits(input, 's')).toEqual([])
    expect(betterLimits(one([sell('s', 5, 1)]), 's')).toEqual([])
  })

  test('never gets less by being better, and one tick less than a better limit gets less', () => {
    for (let seed = 70_001; seed <= 70_080; seed++) {
      const input = randomAuction(seed, smallTrees)
      if (input.orders.length === 0) continue
      const dice = new Dice(seed)
      const order = dice.oneOf(input.orders)
      const worse = order.side === 'sell' ? 1 : -1
      let last = 0
      for (let ticks = 6; ticks >= -6; ticks--) {
        const { filledWh } = whatIf(input, order.id, order.limitTicks + worse * ticks)
        expect({ seed, grows: filledWh >= last }).toEqual({ seed, grows: true })
        last = filledWh
      }
      for (const better of betterLimits(input, order.id)) {
        const { filledWh } = whatIf(input, order.id, better.limitTicks + worse)
        expect({ seed, less: filledWh < better.filledWh }).toEqual({ seed, less: true })
      }
    }
  })
})

function outcomesOf(input: AuctionInput): Record<string, OrderOutcome> {
  return Object.fromEntries(explainAuction(input, clearAuction(input)).map((outcome) => [outcome.order, outcome]))
}

function sentenceOf(side: 'buy' | 'sell', outcome: OrderOutcome): string {
  return auctionSentence(languages.en, side, outcome, 4)
}

function zone(id: string, rest: Partial<Zone> = {}): Zone {
  return { id, feeTicksPerKwh: 0, capacityWh: null, ...rest }
}

function one(orders: AuctionOrder[]): AuctionInput {
  return { zones: [zone('market')], orders }
}

function sell(id: string, energyWh: number, limitTicks: number, zone = 'market'): AuctionOrder {
  return { id, side: 'sell', zone, energyWh, limitTicks }
}

function buy(id: string, energyWh: number, limitTicks: number, zone = 'market'): AuctionOrder {
  return { id, side: 'buy', zone, energyWh, limitTicks }
}
