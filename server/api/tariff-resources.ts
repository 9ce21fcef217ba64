/** The JSON of the tariff: what one more kWh costs, by interval. */
import { z } from 'zod'
import { uint32 } from '../settlement/signed-forms.ts'

const time = z.iso.datetime()

export const tariffSchema = z
  .object({
    area: uint32,
    zone: z.string(),
    currency: z.string(),
    /** The area's time when it was asked. */
    asOf: time,
    /** What one more kWh costs, by interval and ascending; intervals of which nothing can be said are left out. */
    rates: z.array(
      z.object({
        start: time,
        end: time,
        value: z.number().meta({
          description:
            'Tokens per kWh, as the programs that read tariffs want it: a number, for reckoning only with itself',
        }),
        pricePerKwh: z.string().meta({ description: 'Tokens per kWh, decimal' }),
        /** Whose energy it is: neighbours' that would else be left over, or the supplier's. */
        source: z.enum(['neighbours', 'supplier']),
        /** From a result; of the running interval, from the newest result; or expected, from the same time of earlier days. */
        kind: z.enum(['past', 'now', 'expected']),
        /** How many earlier days an expected rate rests on. */
        days: z.int().nullable(),
      }),
    ),
  })
  .meta({ id: 'Tariff' })
export type TariffResource = z.infer<typeof tariffSchema>
