/**
 * The SunSpec models we decode, from `models.json`. That file holds the facts of the SunSpec Alliance's model definitions
 * (github.com/sunspec/models, 7abdf89) in a notation of our own: a group's points in order, each
 * `name:type` with a string's registers behind the type, `*` and the scale factor, and `!` where the point is mandatory.
 * The header (ID, L) is left out.
 */
import { z } from 'zod'
import tables from './models.json'

const registersOfType = {
  int16: 1,
  uint16: 1,
  sunssf: 1,
  count: 1,
  enum16: 1,
  bitfield16: 1,
  acc16: 1,
  pad: 1,
  int32: 2,
  uint32: 2,
  enum32: 2,
  bitfield32: 2,
  acc32: 2,
  float32: 2,
  ipaddr: 2,
  int64: 4,
  uint64: 4,
  acc64: 4,
  float64: 4,
  eui48: 4,
  ipv6addr: 8,
} as const

export type PointType = keyof typeof registersOfType | 'string'

export interface PointDefinition {
  name: string
  type: PointType
  /** How many registers the point takes. */
  size: number
  /** The point that holds the exponent, or the exponent itself. */
  scaleFactor: string | number | null
  mandatory: boolean
}

export interface GroupDefinition {
  name: string
  /**
   * How many elements: `null` is one object; 0 repeats until the model's length is used up; a name is that of the point that
   * says so, in this or an outer group.
   */
  count: number | string | null
  points: PointDefinition[]
  groups: GroupDefinition[]
}

const groupSchema = z.strictObject({
  name: z.string().default(''),
  count: z
    .union([z.number().int().min(0), z.string()])
    .nullable()
    .default(null),
  points: z.string(),
  get groups() {
    return z.array(groupSchema).default([])
  },
})
type CompactGroup = z.output<typeof groupSchema>

const pointPattern =
  /^(?<name>\w+):(?<type>string|[a-z]+\d*?)(?<words>(?<=string)\d+)?(?:\*(?<scale>-?\w+))?(?<mandatory>!)?$/

function expandPoint(text: string): PointDefinition {
  const parts = pointPattern.exec(text)?.groups
  const type = parts?.type as PointType | undefined
  if (!parts?.name || !type || (type !== 'string' && !(type in registersOfType))) {
    throw new TypeError(`models.json: "${text}" is not a point`)
  }
  const scale = parts.scale
  return {
    name: parts.name,
    type,
    size: type === 'string' ? Number(parts.words) : registersOfType[type],
    scaleFactor: scale === undefined ? null : /^-?\d+$/.test(scale) ? Number(scale) : scale,
    mandatory: parts.mandatory === '!',
  }
}

function expandGroup(group: CompactGroup): GroupDefinition {
  return {
    name: group.name,
    count: group.count,
    points: group.points.split(' ').map(expandPoint),
    groups: group.groups.map(expandGroup),
  }
}

/** The models we can decode, by id. */
export const modelTables: ReadonlyMap<number, GroupDefinition> = new Map(
  Object.entries(z.record(z.string(), groupSchema).parse(tables)).map(([id, group]) => [
    Number(id),
    expandGroup(group),
  ]),
)
