/**
 * Messages between meter agents and the server: socket.io namespace `/agents`, one connection per agent process.
 *
 * An agent says `hello` for each of its meters (signed by the meter key), then sends `readings` until each one has been
 * acknowledged, and `telemetry` whenever it has polled. The server may tell it what the `market` makes of a meter. Both sides
 * check what they receive with these schemas.
 */
import { z } from 'zod'
import type { LaterKey } from './meter-keys.ts'
import type { EpochStart, RotateKey } from './typed-data.ts'

const address = z.string().regex(/^0x[0-9a-f]{40}$/, 'an address: 0x and 40 lower-case hexadecimal digits')
const compactSignature = z.string().regex(/^0x[0-9a-f]{128}$/, 'a compact signature: 0x and 128 hexadecimal digits')
const uint32 = z.int().min(0).max(0xffff_ffff)
/** As it is signed. */
const utcSeconds = uint32.meta({ description: 'UTC seconds' })
const registerWh = z
  .int()
  .min(0)
  .max(2 ** 48 - 1)

/** Why an interval's energy is not plainly measured; `devices.md` names are the field's own. */
export const readingReasons = [
  'gap',
  'reset',
  'rollover',
  'frozen',
  'coarse',
  'implausible',
  'clock',
  'device-changed',
  'first',
  // The register map has not been confirmed on a real device.
  'unverified',
] as const
export type ReadingReason = (typeof readingReasons)[number]

/** A signed boundary reading with what travels beside it unsigned. Registers in Wh, time in UTC seconds. */
export const signedReadingSchema = z.strictObject({
  meter: address,
  epoch: z.int().min(1).max(0xffff),
  time: uint32,
  importWh: registerWh,
  exportWh: registerWh,
  /** 0 measured, 1 estimated, 2 doubtful. */
  quality: z.int().min(0).max(2),
  signature: compactSignature,
  /** Counts this meter's readings in the order they were signed, from 1, over all epochs. */
  sequence: z.int().min(1),
  /** Cumulative production in Wh, unsigned, display only. */
  productionWh: registerWh.nullable(),
  reasons: z.array(z.enum(readingReasons)).max(readingReasons.length),
})
export type SignedReading = z.infer<typeof signedReadingSchema>

/** At most this many readings travel in one message. */
export const readingsPerMessage = 100

export const readingsMessageSchema = z.array(z.unknown()).min(1).max(readingsPerMessage)

/** The server's answer to one reading, identified by meter, epoch and time. */
export interface ReadingAck {
  meter: string
  epoch: number
  time: number
  /** `stored` and `duplicate` end its life in the outbox; `refused` says whether sending it again later can help. */
  status: 'stored' | 'duplicate' | 'refused'
  code?: string
  message?: string
  retry?: boolean
}

/** Answer to `readings`: one entry per reading in order, or a refusal of the whole message (overload, not ready). */
export type ReadingsAnswer =
  | { ok: true; results: ReadingAck[] }
  | { ok: false; code: string; message: string; retryAfterMs: number }

/** Signed `AgentHello`: opens the connection for one meter. */
export const helloSchema = z.strictObject({ meter: address, time: utcSeconds, signature: compactSignature })
export type Hello = z.infer<typeof helloSchema>

/** Boundaries in a row, both ends among them, in UTC seconds. */
export interface Gap {
  from: number
  to: number
}

/** Answer to `hello`: what the agent checks against its configuration before it signs for this server. */
export type HelloAnswer =
  | {
      ok: true
      area: number
      intervalSeconds: number
      chainId: number
      escrow: string
      serverTimeMs: number
      /** The newest reading that the server holds of the meter; at least where its epoch begins on chain. */
      newest: { epoch: number; time: number }
      /** Boundaries of that epoch before the newest that the server does not hold; newer readings come before a backlog. */
      gaps: Gap[]
      /** Readings up to here have been settled on chain; later ones may be asked for again by a server that lost them. */
      settledTo: number
      /** The keys that followed the meter's first one on chain, ascending by the boundary after which each signs. */
      keys: LaterKey[]
    }
  /** `serverTimeMs` comes with every refusal that looked at the hello: metering may begin before the seat is open. */
  | { ok: false; code: string; message: string; retryAfterMs: number | null; serverTimeMs?: number }

/** The newest live values of one meter; powers in W (import and discharge positive), null where not offered. */
export const telemetrySchema = z.strictObject({
  meter: address,
  /** UTC milliseconds of the poll. */
  timeMs: z.int().min(0),
  powerW: z.number().nullable(),
  productionW: z.number().nullable(),
  batteryPowerW: z.number().nullable(),
  stateOfChargePercent: z.number().min(0).max(100).nullable(),
})
export type Telemetry = z.infer<typeof telemetrySchema>

/**
 * What the market makes of one meter, for display in the home. A server sends it after a welcome and whenever it changes; one
 * that does not know a part leaves it `null`, and one that never sends it takes nothing from the agent. Later servers may say more.
 */
export const meterMarketSchema = z.object({
  meter: address,
  /** What prices are in: an ISO 4217 code, or the token's symbol. */
  currency: z.string().regex(/^[A-Za-z0-9]{1,12}$/, 'up to 12 letters and digits'),
  /** The newest interval of the meter's zone that has a result: its start (UTC seconds) and its price, `null` where nothing was traded. */
  price: z
    .object({
      start: uint32,
      perKwh: z
        .string()
        .regex(/^-?\d{1,9}(\.\d{1,9})?$/, 'a decimal number')
        .nullable(),
    })
    .nullable(),
  /** Energy traded with neighbours since the area's local day began at `from` (UTC seconds), in Wh; corrections may lower it. */
  today: z.object({ from: uint32, soldWh: registerWh, boughtWh: registerWh }).nullable(),
})
export type MeterMarket = z.infer<typeof meterMarketSchema>

export interface ServerToAgent {
  market: (message: MeterMarket) => void
}

export interface AgentToServer {
  hello: (message: Hello, answer: (answer: HelloAnswer) => void) => void
  readings: (message: SignedReading[], answer: (answer: ReadingsAnswer) => void) => void
  telemetry: (message: Telemetry) => void
}

/** What an agent prints for the owner to countersign: the meter's signed consent and start of epoch. */
export interface Enrolment {
  chainId: number
  escrow: string
  meter: string
  account: string
  rules: string
  consentValidFrom: number
  consentDeadline: number
  consentSignature: string
  epoch: EpochStart
  epochSignature: string
}

/** What an agent prints for the owner to approve: the meter's next key, vouched for by the present one and showing itself. */
export interface KeyRotation {
  chainId: number
  escrow: string
  rotation: RotateKey
  keySignature: string
  nextSignature: string
}
