/** What the API says of reports. */
import { z } from 'zod'
import { hex32Form } from '../settlement/signed-forms.ts'
import { addressSchema } from './resources.ts'

export const reportFormatSchema = z
  .object({ name: z.string(), about: z.string(), mediaType: z.string(), ending: z.string() })
  .meta({ id: 'ReportFormat' })

/** What a report was asked for. */
export const reportNameSchema = z
  .record(z.string().max(40), z.union([z.string().max(300), z.number()]))
  .meta({ description: 'Format, range and selection' })

const manifestSchema = z.record(z.string(), z.unknown())

export const reportVersionSchema = z
  .object({
    report: reportNameSchema,
    version: z.int(),
    createdAt: z.string(),
    manifest: manifestSchema.nullable().meta({ description: 'Null until it was written to its end' }),
    refusals: z.array(
      z.object({
        ...{ point: z.string(), meter: z.string(), from: z.string(), to: z.string() },
        ...{ rows: z.int(), code: z.string(), reason: z.string() },
      }),
    ),
  })
  .meta({ id: 'ReportVersion' })
export type ReportVersionResource = z.infer<typeof reportVersionSchema>

/** A version of a report that was put forward to be released. */
export const releaseSchema = z
  .object({
    report: reportNameSchema,
    version: z.int(),
    manifest: manifestSchema,
    manifestHash: hex32Form.meta({
      description: 'SHA-256 of the manifest as canonical JSON: what approvers sign as `manifest`',
    }),
    proposedBy: addressSchema,
    proposedAt: z.string(),
    approvals: z.array(z.object({ account: addressSchema, signature: z.string(), approvedAt: z.string() })),
    approvalsNeeded: z.int().meta({ description: 'Different accounts that must sign' }),
    state: z
      .enum(['waiting', 'changed', 'released'])
      .meta({ description: '`changed`: the report says something else by now, so nobody can approve this version' }),
    releasedAt: z.string().nullable(),
  })
  .meta({ id: 'Release' })
export type ReleaseResource = z.infer<typeof releaseSchema>
