/** The JSON of notices: what an account is told of, what of it is unread, and which kinds it wants. */
import { z } from 'zod'
import { uint32 } from '../settlement/signed-forms.ts'
import { addressSchema as address, pageOf, seatId } from './resources.ts'

const time = z.iso.datetime()

export const noticeSchema = z
  .object({
    /** Notices of an account ascend. */
    id: z.string(),
    area: uint32,
    /** Null where it is about the area, for its clerks. */
    seat: seatId.nullable(),
    /**
     * A payout arrived; the meter sends nothing any more; all of a month is settled, so that its statement is whole; a billed month
     * changed, which its clerks are told of.
     */
    kind: z.enum(['payout', 'silent', 'statement', 'bill']),
    happenedAt: time,
    read: z.boolean(),
    /** Tokens (decimal), receiver and transaction, of a notice about a payout; else null. */
    amount: z.string().nullable().meta({ description: 'Tokens, decimal' }),
    to: address.nullable(),
    transaction: z.string().nullable(),
    /** When the meter was read last, of a notice about a silent meter; else null. */
    lastReadingAt: time.nullable(),
    /** The month (`2026-10`), of a notice about a statement or a billed month; else null. */
    month: z.string().nullable(),
  })
  .meta({ id: 'Notice' })
export type NoticeResource = z.infer<typeof noticeSchema>

/** The kinds that arise for the account: all, until it says otherwise. */
export const noticeChoicesSchema = z
  .strictObject({ payout: z.boolean(), silent: z.boolean(), statement: z.boolean(), bill: z.boolean() })
  .meta({ id: 'NoticeChoices' })

export const noticesSchema = pageOf(noticeSchema)
  .extend({ unread: z.int().min(0).meta({ description: 'How many notices' }), choices: noticeChoicesSchema })
  .meta({ id: 'Notices' })
export type NoticesResource = z.infer<typeof noticesSchema>

export const noticeStateSchema = noticesSchema.pick({ unread: true, choices: true }).meta({ id: 'NoticeState' })

export const noticesReadSchema = z
  .strictObject({ until: z.string().regex(/^[1-9]\d{0,15}$/, 'the id of a notice') })
  .meta({ id: 'NoticesRead' })
