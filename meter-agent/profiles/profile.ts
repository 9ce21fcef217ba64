/**
 * The language in which a device family is described. A family is data only: points (registers with their type, scale,
 * "not there" values and the evidence for them), how such a device is recognised and told from its relatives, and, for every
 * field of a reading, how it follows from the points.
 */
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'

const registerAddress = z.number().int().min(0).max(0xffff)

const pointSchema = z.strictObject({
  /** 0-based protocol address of the first register (of the high word, where `lowWordAddress` is given). */
  address: registerAddress,
  type: z.enum(['u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64', 'string']),
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
  /** The function code it is read by, where that is not the map's. */
  functionCode: z.union([z.literal(3), z.literal(4)]).optional(),
  /** Means what it means only when it is asked for by itself. */
  alone: z.boolean().default(false),
  /** For a string: the low byte of each word comes first. */
  swappedBytes: z.boolean().default(false),
  /** `grid`: behind the grid meter's own unit id (option `gridUnit`). */
  at: z.enum(['device', 'grid']).default('device'),
  /** Who says so; the letters are explained in docs/add-a-device.md. `?` marks what nobody has confirmed: not for selling. */
  evidence: z
    .string()
    .regex(/^[Degkmhpstvwxofyzc?]( [Degkmhpstvwxofyzc?])*$/, 'letters of docs/add-a-device.md, a blank between them'),
})

/** Holds or does not hold; a point that is not there fulfils only `missing`. */
const conditionSchema = z.union([
  z.strictObject({ point: z.string(), oneOf: z.array(z.number()) }),
  z.strictObject({ point: z.string(), noneOf: z.array(z.number()) }),
  z.strictObject({ point: z.string(), above: z.number() }),
  z.strictObject({ point: z.string(), below: z.number() }),
  z.strictObject({ point: z.string(), between: z.tuple([z.number(), z.number()]) }),
  z.strictObject({ point: z.string(), bit: z.number().int().min(0).max(31) }),
  /** The text begins with one of these, whatever the case. */
  z.strictObject({ point: z.string(), startsWith: z.array(z.string().min(1)).min(1) }),
  /** The text holds one of these, whatever the case. */
  z.strictObject({ point: z.string(), contains: z.array(z.string().min(1)).min(1) }),
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

/** How a device of the family is recognised. */
const recognitionSchema = z.strictObject({
  /** In a reader's words: what is looked at, and what tells the family from its relatives. */
  how: z.string().min(1),
  /** The device is one of the family if any of these holds. */
  own: z.array(conditionSchema).default([]),
  /** The device is another one if any of these holds; `profile` is the map for it where there is one. */
  others: z
    .array(z.strictObject({ when: conditionSchema, is: z.string().min(1), profile: z.string().optional() }))
    .default([]),
  /**
   * What a device is that fulfils neither. `foreign`: every device of the family answers there, so it is none and has no
   * energy. `doubtful`: it may be one; its energies are shown and not sold unless its owner has confirmed them.
   */
  otherwise: z.enum(['foreign', 'doubtful']).default('doubtful'),
})

/** Where a device may say that what it meters is not the grid connection. */
const placeSchema = z.strictObject({
  when: conditionSchema,
  /** In a reader's words: "the house's consumption". */
  measures: z.string().min(1),
})

const profileSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  manufacturer: z.string(),
  /** The family in a reader's words, with its models. */
  covers: z.string(),
  /** What somebody who connects such a device must know. */
  notes: z.array(z.string()).default([]),
  /** How sure we are that it is read right, and what is known to go wrong; for docs/devices.md. */
  knownFaults: z.array(z.string()).default([]),
  /** The unit id from the factory. */
  unit: z.number().int().min(0).max(255),
  /** Further unit ids such devices are found at. */
  otherUnits: z.array(z.number().int().min(0).max(255)).default([]),
  /** TCP ports other than 502 that such devices listen on. */
  otherPorts: z.array(z.number().int().min(1).max(65_535)).default([]),
  /** How such a device is recognised and told from its relatives: without a match nothing is sold. */
  recognition: recognitionSchema,
  /** Registers by which it says that it does not meter the grid connection. */
  elsewhere: z.array(placeSchema).default([]),
  /**
   * How the energies at the grid are counted. `balanced`: over all phases, as most countries' meters do. `per-phase`: import
   * and export of each phase by themselves. `one-phase`: there is one phase only. `unknown`: nobody says.
   */
  counting: z.enum(['balanced', 'per-phase', 'one-phase', 'unknown']),
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
  /** How long to wait between two requests. */
  pauseMs: z.number().int().min(0).default(0),
  /** Between two requests with serial framing, where that needs more. */
  serialPauseMs: z.number().int().min(0).default(0),
  /** How long to wait after connecting. */
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
  /** The power of each phase at the grid connection, import positive: it shows what a meter that does not balance counts. */
  phasePowers: z.array(formulaSchema).max(3).default([]),
  /** What the inverter is built for, in W: more than that is no value. */
  ratedPowerW: alternatives,
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

/** The points that are read with every poll. */
export function pollPoints({ reading, phasePowers }: Profile): string[] {
  return [...Object.values(reading).flat(), ...phasePowers].flatMap(formulaPoints)
}

/** The points that say what the device is and where it meters; read once a connection. */
export function recognitionPoints({ recognition, elsewhere, ratedPowerW }: Profile): string[] {
  const conditions = [
    ...recognition.own,
    ...recognition.others.map(({ when }) => when),
    ...elsewhere.map((one) => one.when),
  ]
  return [...conditions.map(conditionPoint), ...ratedPowerW.flatMap(formulaPoints)]
}

/** Checks a family's data. @throws TypeError naming the mistakes */
export function checkProfile(data: ProfileData): Profile {
  const { data: profile, mistakes } = checkForm(profileSchema, data)
  if (mistakes !== null) throw new TypeError(mistakeLines(mistakes).join('; '))
  const { wordOrder, identity, points } = profile
  const used = [
    ...pollPoints(profile),
    ...recognitionPoints(profile),
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
