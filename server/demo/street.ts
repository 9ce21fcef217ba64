/**
 * What a neighbourhood of the demo is made of, and how one is read from a file. Prices are tokens per kWh, energies Wh per interval of
 * the market.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { demoTextSchema } from '../api/demo-resources.ts'
import { givenAreaSchema } from '../founding/found.ts'
import { DemoError } from './error.ts'

const price = z.string().regex(/^-?\d{1,4}(\.\d{1,4})?$/, 'a price in tokens per kWh with at most four decimals')
const wh = z.int().min(0).max(0xff_ffff)

const deviceSchema = z.strictObject({
  /** `sunspec`, or the name of a register map. */
  profile: z.string().default('sunspec'),
  role: z.enum(['grid', 'production']).default('grid'),
  unit: z.int().min(0).max(255).optional(),
  /** SunSpec models, as the simulator serves them. */
  models: z.array(z.int()).optional(),
})

const homeSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/),
  name: z.string().min(1),
  role: z.enum(['household', 'buyer']),
  description: demoTextSchema,
  zone: z.string().min(1).max(31),
  /** Homes with the same word share one agent process; by default each has its own. */
  gateway: z.string().optional(),
  sellFloorPerKwh: price,
  buyCeilingPerKwh: price,
  sellAtPerKwh: price.nullable(),
  buyAtPerKwh: price.nullable(),
  maxSellWh: wh,
  maxBuyWh: wh,
  nameplateW: z.int().min(1),
  mainFuseW: z.int().min(1),
  deposit: z.string(),
  devices: z.array(deviceSchema).min(1),
  /** A wallbox with a car that charges while neighbours have sun to spare. */
  carKw: z.number().positive().optional(),
  /** What the simulator knows of the home besides its name and devices. */
  physics: z.record(z.string(), z.unknown()),
})

/** A home of a house whose meters the metering operator reads; the agent of one that has its own is the second witness. */
const meteredHomeSchema = homeSchema.extend({
  /** Official identifiers: through which it draws, and through which it feeds in, where it does. */
  drawsThrough: z.string().min(1),
  feedsInThrough: z.string().min(1).nullable(),
  hasAgent: z.boolean(),
})

/** A flat in which nobody lives until a visitor takes it. */
const vacantFlatSchema = meteredHomeSchema.omit({ hasAgent: true })

/** A neighbourhood of its own beside the street, which settles on official values. */
export const houseSchema = z.strictObject({
  area: givenAreaSchema,
  /** By whose rules identifiers are checked and whose clocks days go by. */
  country: z.string().regex(/^[A-Z]{2}$/),
  timeZone: z.string().min(1),
  /** Metering point of the house's connection, behind which all its homes are. */
  connection: z.string().min(1),
  homes: z.array(meteredHomeSchema).min(1),
  vacant: z.array(vacantFlatSchema).default([]),
})

export const streetSchema = z.strictObject({
  /** An area file without the grid operator's account. */
  area: givenAreaSchema,
  withdrawalDelaySeconds: z.int().min(1),
  /** How many compute each batch themselves; more than half of them must sign it. */
  watchers: z.int().min(0).max(9).default(0),
  /** For how long the owner of an account can object to its recovery. */
  recoveryDelaySeconds: z.int().min(1),
  dayLengthSeconds: z.number().min(1),
  pollSeconds: z.number().positive(),
  utility: z.strictObject({ name: z.string(), description: demoTextSchema }),
  operator: z.strictObject({ name: z.string(), description: demoTextSchema }),
  homes: z.array(homeSchema).min(1),
  /** Homes that visitors take for themselves: how many there may be at a time, and what each is like. */
  guests: z.strictObject({ most: z.int().min(1).max(64), home: homeSchema }).optional(),
  house: houseSchema.optional(),
})

export type Street = z.output<typeof streetSchema>
export type StreetHome = Street['homes'][number]
export type House = NonNullable<Street['house']>
export type MeteredHome = House['homes'][number]
export type VacantFlat = House['vacant'][number]
export type HomeInput = z.input<typeof homeSchema>

/** Reads a street from a JSON file. Throws `STREET_FILE` with a line per mistake. */
export function readStreet(file: string): Street {
  let text: unknown
  try {
    text = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new DemoError('STREET_FILE', `${file}: ${(cause as Error).message}`, { cause })
  }
  const { data, mistakes } = checkForm(streetSchema, text)
  if (mistakes === null) return data
  const lines = mistakeLines(mistakes).map((mistake) => `${file}: ${mistake}`)
  throw new DemoError('STREET_FILE', lines.join('\n'))
}
