/** The JSON of joining: an account of a passkey, a meter that is offered, and one that waits for the grid operator. */
import { z } from 'zod'
import { foundMeterSchema, pairingConsentSchema } from '../../contracts/protocol/pairing.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'
import { addressSchema as address, seatId } from './resources.ts'

const time = z.iso.datetime()
const nextVersion = uint32.meta({ description: 'What the grid operator’s next confirmation or revocation carries' })

export const pairingSchema = z
  .object({
    area: uint32,
    meter: address,
    code: z.string(),
    expiresAt: time,
    /** `offered`: to be claimed; `claimed`: the meter is to sign; `consented`: its owner is to sign; `opened`: it has a seat. */
    state: z.enum(['offered', 'claimed', 'consented', 'opened']),
    account: address.nullable(),
    found: foundMeterSchema,
    /** As the meter signed them for the account: what opening its seat needs beside the account's mandate. */
    consent: pairingConsentSchema.shape.consent.nullable(),
    epochStart: pairingConsentSchema.shape.epochStart.nullable(),
  })
  .meta({ id: 'Pairing' })
export type PairingResource = z.infer<typeof pairingSchema>

export const joiningSchema = z
  .object({
    seat: seatId,
    meter: address,
    account: address,
    /** From when on it may trade, once it is confirmed. */
    openedAt: time,
    /** How often the meter was revoked or suspended so far: its confirmation carries that. */
    bars: uint32,
    nextVersion,
    /** What its agent said of it when it was offered; null where it came without. Nobody has checked it. */
    found: foundMeterSchema.nullable(),
  })
  .meta({ id: 'Joining' })
export type JoiningResource = z.infer<typeof joiningSchema>

/** As its grid operator knows it: where it is and whether it sends, and nothing of money or limits. */
export const meterSchema = z
  .object({
    seat: seatId,
    meter: address,
    account: address,
    zone: z.string(),
    /** The most that it may feed in within an interval; null where it is not confirmed. */
    nameplateWh: z.int().nullable(),
    confirmed: z.boolean(),
    suspended: z.boolean(),
    closed: z.boolean(),
    /** From when on it is closed, or barred until it is confirmed anew; null where that is not coming. */
    closesAt: time.nullable(),
    nextVersion,
    lastReadingAt: time.nullable(),
  })
  .meta({ id: 'Meter' })
export type MeterResource = z.infer<typeof meterSchema>

/** How many take part, and how many were asked to, as the grid operator knows them. */
export const membersSchema = z
  .object({
    zones: z.array(
      z.object({
        zone: z.string().meta({ description: 'That of the meters, or of the whole area where none is confirmed yet' }),
        meters: z.int().meta({ description: 'Meters with an open seat' }),
        accounts: z.int(),
        unconfirmed: z.int().meta({ description: 'Of these meters, those that the grid operator has not confirmed' }),
      }),
    ),
    invitations: z.object({
      ofOffices: z.int().meta({ description: 'Accounts that have taken one of the operator or the grid operator' }),
      ofMembers: z.int().meta({ description: 'Accounts that have taken one of a member' }),
      withoutMeter: z.int().meta({ description: 'Of all these accounts, those that have brought no meter' }),
      newestAt: time.nullable(),
    }),
  })
  .meta({ id: 'Members' })
export type MembersResource = z.infer<typeof membersSchema>

const accountKeySchema = z.object({ x: hex32Form, y: hex32Form })

/** An open account of a passkey, as the newest block of the chain has it. */
export const passkeyAccountSchema = z
  .object({
    account: address,
    /** A point of the curve P-256, or an address where `y` is zero. */
    owner: accountKeySchema,
    /** All zero where no key can recover the account. */
    recovery: accountKeySchema,
    /** What the owner's, and what the recovery key's next signature must carry. */
    nextNonce: z.string(),
    nextRecoveryNonce: z.string(),
    /** From when on the key that the recovery key named can take over; null where none was. */
    recoverableFrom: time.nullable(),
  })
  .meta({ id: 'PasskeyAccount' })
export type PasskeyAccountResource = z.infer<typeof passkeyAccountSchema>
