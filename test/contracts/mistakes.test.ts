/** A file or message that does not have its form is told so in our words: the place, what is wanted there with its unit, and what came. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'

const order = z.strictObject({
  meter: z.string().regex(/^0x[0-9a-f]{4}$/, '0x and 4 hexadecimal digits'),
  side: z.enum(['buy', 'sell']),
  maxWh: z.int().min(1).max(100),
  limitPrice: z.int().meta({ description: 'Ticks per kWh; a tick is the area’s' }),
  start: z.iso.datetime().transform((text) => Date.parse(text)),
  graceSeconds: z.number().min(0).optional(),
  isKept: z.boolean().optional(),
  batteryKwh: z.number().positive().optional(),
  zones: z.array(z.string().min(1).max(31)).max(3).optional(),
})
const sound = { meter: '0x12ab', side: 'buy', maxWh: 5, limitPrice: -20, start: '2026-11-29T12:00:00Z' }

function said(value: unknown, schema: z.ZodType = order): string[] {
  const { mistakes } = checkForm(schema, value)
  return mistakeLines(mistakes ?? [])
}

test('where a schema says only what is wrong with a text, another kind of value is told what is wanted', () => {
  const schema = z.string().min(1).refine(URL.canParse, { error: 'is no address' })
  expect(said(3, schema)).toEqual(['must be a text, not 3'])
  expect(said('x', schema)).toEqual(['is no address'])
})

test('what has its form is given as its form makes it', () => {
  const { data, mistakes } = checkForm(order, sound)
  expect([data, mistakes]).toEqual([{ ...sound, start: Date.parse(sound.start) }, null])
})

describe('a value', () => {
  test.each([
    [{ maxWh: 'abc' }, 'maxWh: must be a whole number from 1 to 100 (Wh), not "abc"'],
    [{ maxWh: 101 }, 'maxWh: must be a whole number from 1 to 100 (Wh), not 101'],
    [{ maxWh: 1.5 }, 'maxWh: must be a whole number from 1 to 100 (Wh), not 1.5'],
    [{ maxWh: undefined }, 'maxWh: is missing: a whole number from 1 to 100 (Wh)'],
    [{ limitPrice: [] }, 'limitPrice: must be a whole number (Ticks per kWh), not a list of 0'],
    [{ graceSeconds: {} }, 'graceSeconds: must be a number, at least 0 (seconds), not an object'],
    [{ batteryKwh: 0 }, 'batteryKwh: must be a number, above 0 (kWh), not 0'],
    [{ isKept: 'yes' }, 'isKept: must be true or false, not "yes"'],
    [{ side: 'both' }, 'side: must be one of "buy", "sell", not "both"'],
    [{ start: 'now' }, 'start: must be a time in UTC such as 2026-11-29T12:00:00Z, not "now"'],
    [{ meter: '0x1' }, 'meter: must be 0x and 4 hexadecimal digits, not "0x1"'],
    [{ meter: 5 }, 'meter: must be 0x and 4 hexadecimal digits, not 5'],
    [{ meter: undefined }, 'meter: is missing: 0x and 4 hexadecimal digits'],
    [{ meter: 'x'.repeat(5_000) }, `meter: must be 0x and 4 hexadecimal digits, not "${'x'.repeat(40)}…"`],
    [{ zones: ['a', ''] }, 'zones.1: must be a text of 1 to 31 characters, not ""'],
    [{ zones: 'abcd' }, 'zones: must be a list of at most 3 elements, not "abcd"'],
    [{ colour: 1 }, 'colour: has no meaning here'],
  ])('%o', (part, line) => {
    expect(said({ ...sound, ...part })).toEqual([line])
  })
})

test('the whole is no object', () => {
  expect(said('x')).toEqual(['must be an object, not "x"'])
  expect(said(undefined)).toEqual(['is missing: an object'])
})

test.each(['is no address', 'has letters that nobody can read', 'no country has this code'])(
  'a text that is missing is not told what is wrong with another: "%s"',
  (error) => {
    const schema = z.object({ name: z.string().min(1).max(9).refine(URL.canParse, { error }) })
    expect(said({}, schema)).toEqual(['name: is missing: a text of 1 to 9 characters'])
  },
)

test('what comes as text is shown as it came', () => {
  const query = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) })
  expect(said({ limit: '5000' }, query)).toEqual(['limit: must be a whole number from 1 to 500, not "5000"'])
  expect(said({ limit: 'many' }, query)).toEqual(['limit: must be a whole number from 1 to 500, not "many"'])
})

test('of several forms the mistakes are told in the one that is meant', () => {
  const key = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('static'), sharesMillionths: z.array(z.int().min(0)) }),
    z.strictObject({ type: z.literal('cascade'), ranks: z.array(z.int().nullable()) }),
  ])
  expect(said({ type: 'static', sharesMillionths: [-1] }, key)).toEqual([
    'sharesMillionths.0: must be a whole number, at least 0 (millionths), not -1',
  ])
  expect(said({ type: 'cascade', ranks: ['a'] }, key)).toEqual(['ranks.0: must be a whole number or null, not "a"'])
  expect(said({ type: 'other' }, key)).toEqual(['type: must be "static" or "cascade", not "other"'])
  const either = z.union([z.strictObject({ seat: z.string() }), z.strictObject({ wh: z.int(), at: z.int() })])
  expect(said({ wh: 'x', at: 1 }, either)).toEqual(['wh: must be a whole number (Wh), not "x"'])
})

test('after the eighth mistake they are counted', () => {
  const lines = said(Array(20).fill('x'), z.array(z.int()))
  expect(lines).toHaveLength(9)
  expect(lines.at(-1)).toBe('and 12 more')
})
