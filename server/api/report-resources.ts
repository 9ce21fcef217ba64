/** What the API says of reports. */
import { z } from 'zod'

export const reportFormatSchema = z
  .object({ name: z.string(), about: z.string(), mediaType: z.string(), ending: z.string() })
  .meta({ id: 'ReportFormat' })
export type ReportFormatResource = z.infer<typeof reportFormatSchema>

export const reportVersionSchema = z
  .object({
    report: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .meta({ description: 'Format, range and selection' }),
    version: z.int(),
    createdAt: z.string(),
    manifest: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'Null until it was written to its end' }),
    refusals: z.array(
      z.object({
        ...{ point: z.string(), meter: z.string(), from: z.string(), to: z.string() },
        ...{ rows: z.int(), code: z.string(), reason: z.string() },
      }),
    ),
  })
  .meta({ id: 'ReportVersion' })
export type ReportVersionResource = z.infer<typeof reportVersionSchema>
