/** What stands behind the values of a seat's metering point. */
import { z } from 'zod'

export const pointRecordSchema = z
  .object({
    /** `agent`: a device of the home alone; `compared`: its values have been compared with official ones; `official`: those settle. */
    kind: z.enum(['agent', 'compared', 'official']),
    comparedDays: z.int(),
    /** Intervals in which official value and agent differed beyond the tolerance. */
    beyondIntervals: z.int(),
  })
  .meta({ description: 'What stands behind the values of the seat’s metering point' })
