/** The JSON of sessions. */
import { z } from 'zod'
import { addressSchema as address } from './resources.ts'

const time = z.iso.datetime()

/** `GET /session/nonce`: goes into the sign-in message (EIP-4361), once and soon. */
export const nonceSchema = z.object({ nonce: z.string(), expiresAt: time }).meta({ id: 'Nonce' })

export const sessionSchema = z
  .object({
    /** Absent where the session lies in a cookie. */
    token: z.string().optional(),
    account: address,
    expiresAt: time,
  })
  .meta({ id: 'Session' })

/** `GET /session`. */
export const currentSessionSchema = sessionSchema.omit({ token: true }).meta({ id: 'CurrentSession' })

export const listedSessionSchema = z
  .object({
    id: z.string(),
    openedAt: time,
    expiresAt: time,
    /** What it was opened with, as far as that said so: `Firefox on Linux`. */
    client: z.string(),
    /** The one that asks. */
    isThis: z.boolean(),
  })
  .meta({ id: 'ListedSession' })
export type ListedSessionResource = z.infer<typeof listedSessionSchema>
