/** How an area file says at which price shared energy changes hands, and what becomes of it: prices in ticks, clocks in UTC. */
import { z } from 'zod'
import { parsePrice, type Ticks, UnitError } from '../../contracts/protocol/units.ts'
import { clockOf } from '../exchange/written-clock.ts'
import type { PriceRule, Sharing } from '../market/area/sharing.ts'

const price = z.string().max(40)
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a clock time such as 06:30, at most 24:00')

const priceFile = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('fixed'), pricePerKwh: price }),
  z.strictObject({
    rule: z.literal('by-time'),
    timeZone: z.string().min(1).max(100),
    periods: z
      .array(
        z.strictObject({
          days: z
            .array(z.enum(days))
            .min(1)
            .default([...days]),
          from: clockTime,
          to: clockTime,
          pricePerKwh: price,
        }),
      )
      .min(1)
      .max(100),
    otherwisePerKwh: price,
  }),
  z.strictObject({ rule: z.literal('exchange'), floorPerKwh: price, ceilingPerKwh: price }),
  z.strictObject({ rule: z.literal('auction') }),
])

/** Of areas whose quantities the grid operator or a key decides. */
export const sharingFile = z.strictObject({
  price: priceFile,
  /** How long after an interval's end its batch waits for what the grid operator has to declare. */
  waitSeconds: z.int().min(0),
})
export type SharingFile = z.output<typeof sharingFile>

/** The settings that a file's words stand for; what cannot be read is added to `mistakes`. */
export function sharingOf(
  { price: written, waitSeconds }: SharingFile,
  priceDecimals: number,
  mistakes: string[],
): Sharing {
  const read = (field: string, text: string): Ticks => {
    try {
      return parsePrice(text, priceDecimals)
    } catch (error) {
      if (!(error instanceof UnitError)) throw error
      mistakes.push(`sharing.price.${field}: ${error.message}`)
      return 0
    }
  }
  return { price: priceRuleOf(written, read, mistakes), waitMs: waitSeconds * 1000 }
}

function priceRuleOf(
  written: SharingFile['price'],
  read: (field: string, text: string) => Ticks,
  mistakes: string[],
): PriceRule {
  switch (written.rule) {
    case 'fixed':
      return { type: 'fixed', ticks: read('pricePerKwh', written.pricePerKwh) }
    case 'exchange':
      return {
        type: 'exchange',
        floorTicks: read('floorPerKwh', written.floorPerKwh),
        ceilingTicks: read('ceilingPerKwh', written.ceilingPerKwh),
      }
    case 'auction':
      return { type: 'auction' }
    case 'by-time':
      return {
        type: 'by-time',
        clock: clockOf(written.timeZone, 'sharing.price.timeZone', mistakes),
        periods: written.periods.map((period, place) => {
          const [fromMinute, toMinute] = [minuteOf(period.from), minuteOf(period.to)]
          const name = `periods.${place}`
          if (fromMinute >= toMinute) {
            mistakes.push(`sharing.price.${name}: ${period.from} is not before ${period.to}; write two for a night`)
          }
          const bits = period.days.reduce((all, day) => all | (1 << days.indexOf(day)), 0)
          return { days: bits, fromMinute, toMinute, ticks: read(`${name}.pricePerKwh`, period.pricePerKwh) }
        }),
        otherwiseTicks: read('otherwisePerKwh', written.otherwisePerKwh),
      }
  }
}

function minuteOf(text: string): number {
  const [hour, minute] = text.split(':').map(Number)
  return 60 * hour! + minute!
}

/** Prices that the rule can give whatever the market, to be compared with the prices of the area. */
export function pricesOf(rule: PriceRule): Ticks[] {
  switch (rule.type) {
    case 'fixed':
      return [rule.ticks]
    case 'by-time':
      return [...rule.periods.map(({ ticks }) => ticks), rule.otherwiseTicks]
    case 'exchange':
      return [rule.floorTicks, rule.ceilingTicks]
    case 'auction':
      return []
  }
}
