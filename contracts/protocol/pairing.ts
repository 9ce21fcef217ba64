/**
 * Pairing: how a home's agent and its owner's page find each other without anybody typing keys or addresses.
 *
 * The agent offers its meter to the server (`POST /api/v1/pairings`) with what it found, and shows the code that it gets back,
 * also as a link and as a QR code. The owner signs in on the page and enters the code: that claims the meter for the account
 * (`POST /api/v1/pairings/CODE/claim`). The agent asks how things stand (`POST /api/v1/pairings/state`); once an account has
 * claimed the meter, it shows who, signs the meter's consent and the start of its epoch for that account, and sends both
 * (`POST /api/v1/pairings/consent`). The page reads them (`GET /api/v1/pairings/CODE`), lets the owner sign the mandate and
 * opens the seat. The agent sees that in the state and begins to run.
 *
 * Whoever holds the meter's key proves it with a signed `AgentHello` in each request. A code lives ten minutes from the newest
 * offer, belongs to that key, and an account may try five wrong ones in that time.
 */
import { z } from 'zod'
import { helloSchema } from './wire.ts'

const address = z.string().regex(/^0x[0-9a-f]{40}$/, 'an address: 0x and 40 lower-case hexadecimal digits')
const compactSignature = z.string().regex(/^0x[0-9a-f]{128}$/, 'a compact signature: 0x and 128 hexadecimal digits')
const hash = z.string().regex(/^0x[0-9a-f]{64}$/, 'a hash: 0x and 64 hexadecimal digits')
const uint32 = z.int().min(0).max(0xffff_ffff)
/** As it is signed. */
const utcSeconds = uint32.meta({ description: 'UTC seconds' })
const registerWh = z
  .int()
  .min(0)
  .max(2 ** 48 - 1)
const words = z.string().max(80)

/** Without letters and digits that are read for one another. */
export const pairingCodePattern = /^[23456789ABCDEFGHJKMNPQRSTVWXYZ]{8}$/

/** A device that the agent reads for a meter. Nothing of its place in the home's network. */
export const foundDeviceSchema = z.strictObject({
  role: z.enum(['grid', 'production', 'battery']),
  profile: words,
  manufacturer: words.nullable(),
  model: words.nullable(),
  serialNumber: words.nullable(),
})

/** Why a home would sell its surplus or not: pages say it in their reader's language. */
const promises = [
  /** Its meter does not answer now. */
  'silent',
  /** Its device counts nothing at the grid connection. */
  'counts-nothing',
  /** Its meter sits elsewhere than at the grid connection. */
  'elsewhere',
  /** Its meter does not count what is fed in. */
  'counts-import',
  /** It would sell; its owner vouches for the meter. */
  'vouched',
  /** Its meter shows no power that could confirm its counters. */
  'unproven',
  /** It would sell, once its counters and its power have agreed. */
  'once-agreed',
  /** The metering operator reads it: its values count once they arrive. */
  'read-by-operator',
] as const

/** What the agent knows of a meter; what it cannot read is null. */
export const foundMeterSchema = z.strictObject({
  /** The meter's name in the agent's configuration. */
  name: words,
  devices: z.array(foundDeviceSchema).max(8),
  /** At the grid connection point, import positive. */
  powerW: z.int().nullable(),
  productionW: z.int().nullable(),
  importWh: registerWh.nullable(),
  exportWh: registerWh.nullable(),
  /** Whether surplus of this home would be sold, why, and a sentence that says so in English. */
  sells: z.boolean(),
  promise: z.enum(promises),
  sentence: z.string().max(400),
})
export type FoundMeter = z.infer<typeof foundMeterSchema>

/** Agent to server. Repeating it keeps the code, shows the newest figures and prolongs its life. */
export const pairingOfferSchema = z.strictObject({ area: uint32, hello: helloSchema, found: foundMeterSchema })
export type PairingOffer = z.infer<typeof pairingOfferSchema>

export interface PairingOffered {
  code: string
  /** A link that opens the page with the code entered already. */
  link: string
  /** UTC seconds. */
  expiresAt: number
}

/** Agent to server: how things stand. */
export const pairingQuestionSchema = z.strictObject({ area: uint32, hello: helloSchema })
export type PairingQuestion = z.infer<typeof pairingQuestionSchema>

/**
 * `offered`: nobody has entered the code. `claimed`: this account has; the agent is to consent. `consented`: the owner is to
 * sign the mandate. `opened`: the meter has a seat. `none`: there is no offer, or its code has expired.
 */
export type PairingState =
  | { state: 'none' | 'offered' }
  | { state: 'claimed' | 'consented' | 'opened'; account: string; rules: string; intervalSeconds: number }

/** Agent to server: signed by the meter for the account that claimed it. */
export const pairingConsentSchema = z.strictObject({
  area: uint32,
  hello: helloSchema,
  account: address,
  rules: hash,
  /** The signed `MeterConsent`. */
  consent: z.strictObject({ validFrom: utcSeconds, deadline: utcSeconds, signature: compactSignature }),
  /** The signed `EpochStart`. */
  epochStart: z.strictObject({
    epoch: z.int().min(1).max(0xffff),
    time: utcSeconds,
    importWh: registerWh,
    exportWh: registerWh,
    signature: compactSignature,
  }),
})
export type PairingConsent = z.infer<typeof pairingConsentSchema>
