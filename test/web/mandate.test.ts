/** What a home that joins signs: what its owner chose and nothing beyond. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mandateOf, mandateSentences } from '../../web/joining/mandate.ts'
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
