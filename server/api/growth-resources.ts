/** The JSON of how an area has grown. */
import { z } from 'zod'
import { uint32 } from '../settlement/signed-forms.ts'
import { growthParts } from './growth-parts.ts'

const time = z.iso.datetime()
const whs = z.array(z.int().min(0))

/** Columns of equal length, one place for each part of the time. */
export const growthSchema = z
  .object({
    area: uint32,
    currency: z.string(),
    by: z
      .enum(growthParts)
      .meta({ description: 'Months; of a young area days, and of one that began yesterday hours' }),
    timeZone: z.string(),
    from: time.meta({ description: 'Where the first part begins that is told: the area may be older' }),
    to: time.meta({ description: 'Where the newest result ends' }),
    /** Where each part begins; it ends where the next one does, the last one at `to`. Empty where nothing has a result. */
    starts: z.array(time),
    meters: z.array(z.int().min(0)).meta({ description: 'That took part at the end of each part' }),
    intervals: z.array(z.int().min(0)).meta({ description: 'Intervals of the part that have a result' }),
    matchedWh: whs.meta({ description: 'Traded between neighbours' }),
    importWh: whs.meta({ description: 'Metered at all seats of the area, from whomever it came' }),
    keptInStreet: z.array(z.string()).meta({
      description:
        'Tokens, decimal: what neighbours were better off together than with the supplier, the spread between its tariffs on what was matched less what the grid operator kept; negative where it kept more',
    }),
    today: z
      .object({
        from: time,
        matchedWh: z.int().min(0),
        importWh: z.int().min(0),
        keptInStreet: z.string().meta({ description: 'Tokens, decimal, reckoned as above' }),
      })
      .meta({ description: 'The same of the local day that runs, up to the newest result' }),
  })
  .meta({ id: 'Growth' })
export type GrowthResource = z.infer<typeof growthSchema>
