/** The forms in which declarations of the grid operator stand in requests and in an area's file, and what rests on them. */
import { z } from 'zod'
import { checkForm } from '../../contracts/protocol/mistakes.ts'
import type { Declared } from '../market/area/declarations.ts'
import type { Sharing } from '../market/area/sharing.ts'
import { hex32Form, signature, uint32, utcSeconds } from './signed-forms.ts'

const wh = z.int().min(0).max(0xff_ffff)
const millionths = z.int().min(0).max(1_000_000)
const ticks = z
  .int()
  .min(-(2 ** 23))
  .max(2 ** 23 - 1)
const seat = uint32.meta({ description: 'The seat’s number in its area' })

/**
 * An array of which only the first wrong element is named: naming some hundred thousand would take seconds, and an answer of megabytes.
 */
function listOf<Element extends z.ZodType>(element: Element, { least = 0, most = 20_000 } = {}) {
  return z.preprocess((list, context) => {
    if (!Array.isArray(list) || list.length > most) return list
    for (const [at, each] of list.entries()) {
      const { mistakes } = checkForm(element, each, 1)
      if (mistakes === null) continue
      const { path, message } = mistakes[0]!
      context.addIssue({ code: 'custom', path: [at, ...path], message })
      break
    }
    return list
  }, z.array(element).min(least).max(most))
}

const round = z.strictObject({
  ofMillionths: millionths.meta({ description: 'The part of the interval’s energy that the round shares at most' }),
  key: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('proportional') }),
    z.strictObject({ type: z.literal('static'), sharesMillionths: listOf(millionths), repeated: z.boolean() }),
    z.strictObject({ type: z.literal('cascade'), ranks: listOf(uint32.nullable()) }),
  ]),
})

/** What is declared; the signature covers the SHA-256 of its canonical bytes (`market/area/declarations.ts`). */
export const declaredForm = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('quantities'),
    intervals: listOf(
      z.strictObject({
        start: utcSeconds,
        seats: listOf(z.strictObject({ seat, allocatedWh: wh, sharedWh: wh })),
      }),
      { least: 1, most: 5_000 },
    ),
  }),
  z.strictObject({
    type: z.literal('key'),
    consumers: listOf(seat),
    producers: listOf(seat),
    steps: listOf(z.strictObject({ from: utcSeconds, rounds: z.array(round).min(1).max(20) }), { least: 1 }),
  }),
  z.strictObject({
    type: z.literal('prices'),
    stepSeconds: uint32.min(1),
    ticks: listOf(ticks, { least: 1 }).meta({ description: 'Ticks per kWh of each step' }),
  }),
]) satisfies z.ZodType<Declared>

/** The fields of a declaration as they are signed (`Declaration`), except the hash of the rules. */
export const declarationFields = {
  kind: z.int().min(0).max(2).meta({ description: '0 allocated quantities, 1 a key, 2 prices of the exchange' }),
  start: utcSeconds,
  end: utcSeconds,
  version: uint32.meta({ description: 'Of declarations of one time the highest counts' }),
  content: hex32Form.meta({ description: 'SHA-256 of what is declared, in canonical bytes' }),
  evidence: hex32Form.meta({ description: 'SHA-256 of the file or series that the grid operator keeps' }),
}

export const declarationForm = z.strictObject({
  declaration: z.strictObject(declarationFields),
  body: declaredForm,
  signature,
})
export type StatedDeclaration = z.infer<typeof declarationForm>

/** How an area prices shared energy and waits for it, as an area's file states it. */
export const sharingForm = z.strictObject({
  price: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('fixed'), ticks }),
    z.strictObject({
      type: z.literal('by-time'),
      clock: z.array(z.strictObject({ from: uint32, offsetSeconds: z.int() })),
      periods: z.array(z.strictObject({ days: uint32, fromMinute: uint32, toMinute: uint32, ticks })),
      otherwiseTicks: ticks,
    }),
    z.strictObject({ type: z.literal('exchange'), floorTicks: ticks, ceilingTicks: ticks }),
    z.strictObject({ type: z.literal('auction') }),
  ]),
  waitMs: z.int().min(0),
}) satisfies z.ZodType<Sharing>
