/** The JSON of what only the demo's server knows: its people with their keys, and how fast its sun runs. */
import { z } from 'zod'

/** A sentence about somebody of the demo, in one language or in each of the page's. */
export const demoTextSchema = z.union([z.string(), z.object({ en: z.string(), de: z.string() })])
export type DemoText = z.infer<typeof demoTextSchema>

/** `GET /api/v1/demo/day`: the sun of the demo's street runs fast; at `epoch` it was midnight there. */
export const demoDaySchema = z.object({ epoch: z.iso.datetime(), dayLengthSeconds: z.number() }).meta({ id: 'DemoDay' })
export type DemoDay = z.infer<typeof demoDaySchema>

/** `GET /api/v1/demo/people`, there only on the demo's own chain. */
export const demoPersonSchema = z
  .object({
    name: z.string(),
    role: z.enum(['household', 'buyer', 'utility']),
    description: demoTextSchema,
    account: z.string(),
    privateKey: z.string(),
  })
  .meta({ id: 'DemoPerson' })
export type DemoPerson = z.infer<typeof demoPersonSchema>

/** What a server of the demo knows beyond any other. */
export interface DemoFacts {
  people: DemoPerson[]
  day: DemoDay
}
