/**
 * The engine's state as text, for snapshots: JSON in which nothing stands twice. The same state gives the same text on any
 * machine.
 *
 * The text is `{"shapes": …, "texts": …, "state": …}`. A shape is the list of names of an object's fields, in their order;
 * long texts stand in a list of their own. What is not a number, a truth value, null or a short text is an array that says
 * first what follows: `[0, items…]`, `[1, key, value, key, value…]` of a map, `[2, digits]` of a bigint, `[3, position]` of a
 * long text, and `[4 + shape, values…]`. An area's results repeat the same fields, identifiers and sentences by the million.
 */
import { createHash } from 'node:crypto'
import { decode } from './codec.ts'
import type { AreaState } from './state.ts'

const list = 0
const map = 1
const integer = 2
const longText = 3
const firstShape = 4

/** A text up to this long takes no more room than its position would. */
const shortText = 8

interface Packed {
  shapes: string[][]
  texts: string[]
  state: unknown
}

/** Writes a state. */
export function encodeState(state: AreaState): string {
  const packer = new Packer()
  const packed = packer.pack(state)
  return JSON.stringify({ shapes: packer.shapes, texts: packer.texts, state: packed } satisfies Packed)
}

class Packer {
  readonly shapes: string[][] = []
  readonly texts: string[] = []
  private readonly positionOf = new Map<string, number>()

  pack(value: unknown): unknown {
    if (typeof value === 'string') return value.length <= shortText ? value : [longText, this.position(value)]
    if (typeof value === 'bigint') return [integer, isSafe(value) ? Number(value) : value.toString()]
    if (typeof value !== 'object' || value === null) return value
    const packed: unknown[] = []
    if (Array.isArray(value)) {
      packed.push(list)
      for (const item of value) packed.push(this.pack(item))
    } else if (value instanceof Map) {
      packed.push(map)
      for (const [key, item] of value) packed.push(this.pack(key), this.pack(item))
    } else {
      const names: string[] = []
      packed.push(0)
      for (const name in value) {
        const field = value[name as keyof typeof value] as unknown
        if (field === undefined) continue
        names.push(name)
        packed.push(this.pack(field))
      }
      packed[0] = firstShape + this.shape(names)
    }
    return packed
  }

  private position(text: string): number {
    let position = this.positionOf.get(text)
    if (position === undefined) {
      position = this.texts.push(text) - 1
      this.positionOf.set(text, position)
    }
    return position
  }

  /** There are few shapes, and most differ in their first name or their number of names. */
  private shape(names: string[]): number {
    const known = this.shapes.findIndex(
      (shape) => shape.length === names.length && shape.every((name, at) => name === names[at]),
    )
    return known >= 0 ? known : this.shapes.push(names) - 1
  }
}

function isSafe(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
}

/** Reads what `encodeState` wrote, or snapshots of the first form, which wrote a state like a command. */
export function decodeState(text: string): AreaState {
  if (!text.startsWith('{"shapes":')) return decode(text) as AreaState
  const { shapes, texts, state } = JSON.parse(text) as Packed
  const unpack = (packed: unknown): unknown => {
    if (!Array.isArray(packed)) return packed
    const kind = packed[0] as number
    switch (kind) {
      case list:
        return packed.slice(1).map(unpack)
      case map: {
        const entries = new Map()
        for (let at = 1; at < packed.length; at += 2) entries.set(unpack(packed[at]), unpack(packed[at + 1]))
        return entries
      }
      case integer:
        return BigInt(packed[1])
      case longText:
        return texts[packed[1]]
      default: {
        const object: Record<string, unknown> = {}
        for (const [at, name] of shapes[kind - firstShape]!.entries()) object[name] = unpack(packed[at + 1])
        return object
      }
    }
  }
  return unpack(state) as AreaState
}

/** A hash of the whole state, to compare two of them. */
export function hashState(state: AreaState): string {
  return createHash('sha256').update(encodeState(state)).digest('hex')
}
