/** What a home that joins signs: what its owner chose and nothing beyond. */
import fc from 'fast-check'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { formatPrice } from '../../contracts/protocol/units.ts'
import { readCents } from '../../web/forward/forward.ts'
import { LimitsFields, useLimits } from '../../web/joining/limits-fields.tsx'
import { type Limits, mandateOf, mandateSentences } from '../../web/joining/mandate.ts'
import { proposedLimits } from '../../web/joining/proposal.ts'
import { joiningWords } from '../../web/joining/words.tsx'
import { chooseLanguage, type PageLanguage, pageLanguages } from '../../web/words/language.ts'
import { area } from './resources.ts'

const home = { account: `0x${'1'.repeat(40)}`, meter: `0x${'2'.repeat(40)}`, startsAt: 1_764_288_900, version: 1 }
const nowMs = 1_764_288_000_000
const limits = { sellFloorTicks: 800, buyCeilingTicks: 3_000, connectionW: 25_000 }

test('a year of whole days from the boundary at which the meter begins', () => {
  const mandate = mandateOf(area, home, limits, nowMs)
  expect(mandate).toMatchObject({ ...{ account: home.account, meter: home.meter }, rules: area.rules.hash, version: 1 })
  expect(mandate.validFrom).toBe(home.startsAt)
  expect(mandate.validUntil % 86_400).toBe(0)
  const days = (mandate.validUntil - home.startsAt) / 86_400
  expect(days).toBeGreaterThan(364)
  expect(days).toBeLessThanOrEqual(365)
  expect(mandate.deadline).toBe(nowMs / 1000 + 3_600)
})

test('the words say every limit that is signed', () => {
  const words = mandateSentences(area, mandateOf(area, home, limits, nowMs)).join(' ')
  expect(words).toMatch(/never get less than 8\.0\s?ct/)
  expect(words).toMatch(/never pay more than 30\.0\s?ct/)
  const buyer = mandateSentences(area, mandateOf(area, home, { ...limits, sellFloorTicks: null }, nowMs)).join(' ')
  expect(buyer).toContain('You sell nothing')
})

test('a side that is not wanted moves nothing, the other no more than the connection and what the escrow can hold', () => {
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: -5_000, max: 5_000 })),
      fc.option(fc.integer({ min: -5_000, max: 5_000 })),
      fc.integer({ min: 1, max: 10_000_000 }),
      (sellFloorTicks, buyCeilingTicks, connectionW) => {
        const mandate = mandateOf(area, home, { sellFloorTicks, buyCeilingTicks, connectionW }, nowMs)
        expect(mandate.maxSellWh === 0).toBe(sellFloorTicks === null)
        expect(mandate.maxBuyWh === 0).toBe(buyCeilingTicks === null)
        const most = Math.ceil((connectionW * area.intervalSeconds) / 3_600)
        for (const wh of [mandate.maxSellWh, mandate.maxBuyWh]) {
          expect(wh).toBeLessThanOrEqual(Math.min(most, 2 ** 24 - 1))
        }
      },
    ),
  )
})

describe('the limits that are proposed', () => {
  /** What the form shows before anything is typed: both fields, and what would be signed or what is wrong. */
  function shown(prices: Partial<typeof area>, sells = true) {
    const here = { ...area, ...prices }
    let limits: Limits | null = null
    function Form() {
      const typing = useLimits(here, proposedLimits(here, sells))
      limits = typing.limits
      const mandate = typing.limits && mandateOf(here, home, typing.limits, nowMs)
      return createElement(LimitsFields, { area: here, typing, sells, mandate })
    }
    const page = renderToStaticMarkup(createElement(Form)).replaceAll('\u202f', ' ')
    return { page, limits: limits as Limits | null }
  }
  const ticks = (floor: number | null, ceiling: number | null) =>
    expect.objectContaining({ sellFloorTicks: floor, buyCeilingTicks: ceiling, connectionW: 25_000 })

  test('are what the supplier pays and asks', () => {
    const { page, limits } = shown({})
    expect(limits).toEqual(ticks(800, 3_000))
    expect(page).toContain(joiningWords().sellAtLeast)
    expect(page).toContain('You never get less than 8.0 ct/kWh')
    expect(page).toContain('You never pay more than 30.0 ct/kWh')
  })

  test('have every digit of the tariff, in each language', () => {
    const fine = {
      feedInPerKwh: '0.078654',
      retailPerKwh: '0.321987',
      highestPerKwh: '0.400000',
      lowestPerKwh: '0.000000',
    }
    for (const each of Object.keys(pageLanguages) as PageLanguage[]) {
      chooseLanguage(each)
      expect(shown({ ...fine, priceDecimals: 6 }).limits).toEqual(ticks(78_654, 321_987))
    }
    chooseLanguage('en')
  })

  test('sell nothing for a home that has nothing to sell', () => {
    const { page, limits } = shown({}, false)
    expect(limits).toEqual(ticks(null, 3_000))
    expect(page).not.toContain(joiningWords().sellAtLeast)
    expect(page).toContain(joiningWords().sentences.sellNothing)
  })

  test('begin at nothing where the supplier pays nothing', () => {
    const { page, limits } = shown({ feedInPerKwh: '0.0000' })
    expect(limits).toEqual(ticks(0, 3_000))
    expect(page).toContain('You never get less than 0.0 ct/kWh')
  })

  test('are one price where the supplier pays what it asks', () => {
    const { page, limits } = shown({ feedInPerKwh: '0.2500', retailPerKwh: '0.2500' })
    expect(limits).toEqual(ticks(2_500, 2_500))
    expect(page).toContain('You never get less than 25.0 ct/kWh')
    expect(page).toContain('You never pay more than 25.0 ct/kWh')
  })

  test('end where the prices of the area end', () => {
    const { page, limits } = shown({ feedInPerKwh: '-0.0200', highestPerKwh: '0.2500' })
    expect(limits).toEqual(ticks(0, 2_500))
    expect(page).toContain('You never get less than 0.0 ct/kWh')
    expect(page).toContain('You never pay more than 25.0 ct/kWh')
  })

  test('leave out a side on which no price of the area is as good as the supplier', () => {
    const dear = shown({ feedInPerKwh: '0.4500' })
    expect(dear.limits).toEqual(ticks(null, 3_000))
    expect(dear.page).toContain(joiningWords().sentences.sellNothing)
    const cheap = shown({ lowestPerKwh: '0.3100', retailPerKwh: '0.3000' })
    expect(cheap.limits).toEqual(ticks(3_100, null))
    expect(cheap.page).toContain(joiningWords().sentences.buyNothing)
    const neither = shown({ feedInPerKwh: '0.4500', retailPerKwh: '0.1000', lowestPerKwh: '0.2000' })
    expect(neither.limits).toBeNull()
    expect(neither.page).toContain(joiningWords().onePrice)
  })

  test('are prices of the area, never worse than the supplier, and as near to it as those allow', () => {
    const price = fc.integer({ min: -4_000, max: 8_000 })
    fc.assert(
      fc.property(price, price, price, fc.integer({ min: 0, max: 6_000 }), (feedIn, retail, lowest, width) => {
        const highest = lowest + width
        const [feedInPerKwh, retailPerKwh, lowestPerKwh, highestPerKwh] = [feedIn, retail, lowest, highest].map(
          (each) => formatPrice(each, 4),
        ) as [string, string, string, string]
        const { floor, ceiling } = proposedLimits({ feedInPerKwh, retailPerKwh, lowestPerKwh, highestPerKwh }, true)
        // The slow twin looks at every price of the area.
        const all = Array.from({ length: width + 1 }, (_, step) => lowest + step)
        const read = (text: string) => (text === '' ? undefined : readCents(text, 4))
        expect(read(floor)).toBe(all.find((each) => each >= feedIn))
        expect(read(ceiling)).toBe(all.findLast((each) => each <= retail))
      }),
    )
  })
})
