/** The language in which a device family writes its register map. */
import { z } from 'zod'

/*
 * The language in which a device family is described. A family is data only: points (registers with their type, scale,
 * "not there" values and the evidence for them) and, for every field of a reading, how it follows from the points.
 */

const registerAddress = z.number().int().min(0).max(0xffff)

const pointSchema = z.strictObject({
  /** 0-based protocol address of the first register (of the high word, where `lowWordAddress` is given). */
  address: registerAddress,
  type: z.enum(['u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'string']),
  /** Registers of a string. */
  words: z.number().int().min(1).max(60).optional(),
  /** For a u32 whose two words do not adjoin. */
  lowWordAddress: registerAddress.optional(),
  /** Value = raw × 10^scale, in W, Wh or %. */
  scale: z.number().int().min(-6).max(6).default(0),
  /** Raw registers (unsigned) that mean "not there"; NaN always does. */
  missing: z.array(z.union([z.number().int().min(0), z.bigint()])).default([]),
  /** `magnitude`: the sign says nothing. `positive`: negative values count as 0. */
  keep: z.enum(['magnitude', 'positive']).optional(),
  /** `grid`: behind the grid meter's own unit id (option `gridUnit`). */
  at: z.enum(['device', 'grid']).default('device'),
  /** Who says so; the letters are explained in docs/add-a-device.md. `?` marks what nobody has confirmed: not for selling. */
  evidence: z
    .string()
    .regex(/^[Degkmhpstvwx?]( [Degkmhpstvwx?])*$/, 'letters of docs/add-a-device.md, a blank between them'),
})

/** Holds or does not hold; a point that is not there fulfils only `missing`. */
const conditionSchema = z.union([
  z.strictObject({ point: z.string(), oneOf: z.array(z.number()) }),
  z.strictObject({ point: z.string(), noneOf: z.array(z.number()) }),
  z.strictObject({ point: z.string(), above: z.number() }),
  z.strictObject({ point: z.string(), below: z.number() }),
  z.strictObject({ point: z.string(), bit: z.number().int().min(0).max(31) }),
  z.strictObject({ present: z.string() }),
  z.strictObject({ missing: z.string() }),
])

const formulaSchema = z.strictObject({
  /** The points that are added and subtracted. One that is not there makes the whole not there, unless `missingAsZero`. */
  plus: z.array(z.string()).default([]),
  minus: z.array(z.string()).default([]),
  /** Points that are not there count 0, as long as one is there. */
  missingAsZero: z.boolean().default(false),
  /** A result of 0 means "not there". */
  zeroAsMissing: z.boolean().default(false),
  /** A further power of ten. */
  shift: z.number().int().min(-3).max(3).default(0),
  /** Used only if all of these hold. */
  when: z.array(conditionSchema).default([]),
  /** Not used if there are such conditions and all of them hold. */
  unless: z.array(conditionSchema).default([]),
  /** A positive result is turned negative if any of these holds. */
  negativeWhenAny: z.array(conditionSchema).default([]),
  /** The step in which the device counts, where it is coarser than the register's last digit. */
  stepWh: z.number().int().min(1).optional(),
  /** False: nothing is sold on it although its points are known. */
  verified: z.boolean().default(true),
})

/** Tried in order; the first that gives a value counts. */
const alternatives = z.array(formulaSchema).default([])

const profileSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  manufacturer: z.string(),
  /** The family in a reader's words, with its models. */
  covers: z.string(),
  /** What somebody who connects such a device must know. */
  notes: z.array(z.string()).default([]),
  /** The unit id from the factory. */
  unit: z.number().int().min(0).max(255),
  /** Function codes the device serves its map under, the first preferred. */
  functions: z.array(z.union([z.literal(3), z.literal(4)])).min(1),
  /** Which word of a number comes first; or a float that tells, by the range it must lie in (then for floats only). */
  wordOrder: z
    .union([
      z.enum(['high-first', 'low-first']),
      z.strictObject({ tellingPoint: z.string(), atLeast: z.number(), atMost: z.number() }),
    ])
    .default('high-first'),
  registersPerRequest: z.number().int().min(1).max(125).default(125),
  /** Registers nobody needs that may lie between two points of one request. */
  largestGap: z.number().int().min(0).max(123).default(10),
  /** No request may cross a multiple of this. */
  window: z.number().int().min(1).optional(),
  timeoutMs: z.number().int().min(100).default(3_000),
  /** Between two requests. */
  pauseMs: z.number().int().min(0).default(0),
  /** Between two requests with serial framing, where that needs more. */
  serialPauseMs: z.number().int().min(0).default(0),
  /** After connecting. */
  settleMs: z.number().int().min(0).default(0),
  /** A counter of 0 after another value means "no data". */
  zeroCounterIsNoData: z.boolean().default(false),
  points: z.record(z.string(), pointSchema),
  /** Points of the identity. */
  identity: z.strictObject({
    model: z.string().optional(),
    version: z.string().optional(),
    serialNumber: z.array(z.string()).optional(),
  }),
  reading: z.strictObject({
    powerW: alternatives,
    productionW: alternatives,
    importWh: alternatives,
    exportWh: alternatives,
    productionWh: alternatives,
    batteryPowerW: alternatives,
    stateOfChargePercent: alternatives,
  }),
})

/** A device family as its file writes it. */
export type ProfileData = z.input<typeof profileSchema>
/** A point as a family's file writes it. */
export type PointData = z.input<typeof pointSchema>
/** A device family, checked, with the defaults filled in. */
export type Profile = z.output<typeof profileSchema>
export type ProfilePoint = Profile['points'][string]
export type Formula = z.output<typeof formulaSchema>
export type Condition = z.output<typeof conditionSchema>

/** The point a condition looks at. */
export function conditionPoint(condition: Condition): string {
  if ('present' in condition) return condition.present
  return 'missing' in condition ? condition.missing : condition.point
}

/** The points a formula looks at. */
export function formulaPoints(formula: Formula): string[] {
  const conditions = [...formula.when, ...formula.unless, ...formula.negativeWhenAny]
  return [...formula.plus, ...formula.minus, ...conditions.map(conditionPoint)]
}

/** Checks a family's data. @throws ZodError or TypeError naming the mistake */
export function checkProfile(data: ProfileData): Profile {
  const profile = profileSchema.parse(data)
  const { wordOrder, identity, reading, points } = profile
  const used = [
    ...Object.values(reading).flatMap((formulas) => formulas.flatMap(formulaPoints)),
    ...(typeof wordOrder === 'object' ? [wordOrder.tellingPoint] : []),
    ...(identity.serialNumber ?? []),
    ...[identity.model, identity.version].filter((name) => name !== undefined),
  ]
  const unknown = used.find((name) => !(name in points))
  if (unknown) throw new TypeError(`profile ${profile.name}: "${unknown}" is not one of its points`)
  const unused = Object.keys(points).find((name) => !used.includes(name))
  if (unused) throw new TypeError(`profile ${profile.name}: nothing uses the point "${unused}"`)
  for (const [name, point] of Object.entries(points)) {
    if ((point.type === 'string') !== (point.words !== undefined)) {
      throw new TypeError(`profile ${profile.name}: "${name}" must have words exactly if it is a string`)
    }
  }
  return profile
}
