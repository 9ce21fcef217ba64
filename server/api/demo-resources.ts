/** The JSON of what only the demo's server knows: its people with their keys, and how fast its sun runs. */
import { z } from 'zod'

/** A sentence about somebody of the demo, in one language or in each of the page's. */
export const demoTextSchema = z.union([z.string(), z.object({ en: z.string(), de: z.string() })])
export type DemoText = z.infer<typeof demoTextSchema>

/** `GET /api/v1/demo/day`: the sun of the demo's street runs fast; at `epoch` it was midnight there. */
export const demoDaySchema = z
  .object({
    area: z.int().meta({ description: 'The market area of the street' }),
    epoch: z.iso.datetime(),
    dayLengthSeconds: z.number(),
  })
  .meta({ id: 'DemoDay' })
export type DemoDay = z.infer<typeof demoDaySchema>

/** `GET /api/v1/demo/people`, there only on the demo's own chain. */
export const demoPersonSchema = z
  .object({
    name: z.string(),
    role: z.enum(['household', 'buyer', 'utility', 'operator']),
    description: demoTextSchema,
    area: z.string().nullable().meta({
      description: 'The slug of the neighbourhood where the person lives; null where there is one, or who is in all',
    }),
    account: z.string(),
    privateKey: z.string(),
  })
  .meta({ id: 'DemoPerson' })
export type DemoPerson = z.infer<typeof demoPersonSchema>

/** `GET /api/v1/demo/homes`: how many homes of each area visitors can have at a time, and how many more of them there are. */
export const demoHomesSchema = z.array(
  z.object({ area: z.int(), most: z.int(), free: z.int() }).meta({ id: 'DemoHomes' }),
)
export type DemoHomes = z.infer<typeof demoHomesSchema>

export const demoHomeWantedSchema = z.object({
  area: z.int().meta({ description: 'Where the home is to be, of the areas that have some for visitors' }),
})

/** `POST /api/v1/demo/homes`: the code of the account's new home, that its agent shows or the metering operator has sent. */
export const demoHomeTakenSchema = z.object({ code: z.string() }).meta({ id: 'DemoHomeTaken' })
export type DemoHomeTaken = z.infer<typeof demoHomeTakenSchema>

/** What a server of the demo knows beyond any other. */
export interface DemoFacts {
  people: DemoPerson[]
  day: DemoDay
  /** Where the demo is asked for a visitor's home; null where it gives none. */
  homesUrl: string | null
}
