/** From the registers of a SunSpec model to its points. */
import { decodeText, scaled, unsigned } from '../modbus/words.ts'
import type { GroupDefinition, PointDefinition } from './model-tables.ts'

/** A register of a model's body; `undefined` where it has not been read or the device does not answer for it. */
export type BodyRegisters = readonly (number | undefined)[]

/** A decoded point. */
export interface Value {
  /** The number before scaling, a float's own value, or the text; `null`: not implemented, not read, or beyond the model's length. */
  raw: bigint | number | string | null
  /** The power of ten that scales it. */
  exponent: number
  /** False where the value may not be used for conclusions: its scale factor is not implemented. */
  trusted: boolean
  /** True where the model has the point but its registers were not read. */
  unread: boolean
  definition: PointDefinition
}

export interface Group {
  values: Map<string, Value>
  groups: Map<string, Group | Group[]>
}

/** Where a point's registers lie, counted from the start of the body. */
export interface Span {
  start: number
  size: number
}

export interface DecodedBody {
  group: Group
  /** All points that the length has room for, in order; incomplete while a count that decides the layout has not been read. */
  spans: Span[]
  warnings: string[]
}

/** Points as `read --json` prints them. */
export type Points = { [name: string]: number | string | null | Points | Points[] }

/**
 * Decodes the body of a model.
 *
 * @param definition the model's table
 * @param registers the body's registers, without the header
 * @param length the model's L; may differ from the definition's
 */
export function decodeBody(definition: GroupDefinition, registers: BodyRegisters, length: number): DecodedBody {
  return new BodyDecoder(definition, registers, length).decode()
}

/** The number of registers of a definition in which nothing repeats; `null` where something does. */
export function fixedLength(group: GroupDefinition): number | null {
  if (typeof group.count === 'string' || group.count === 0) return null
  let size = 0
  for (const point of group.points) size += point.size
  for (const inner of group.groups) {
    const innerSize = fixedLength(inner)
    if (innerSize === null) return null
    size += innerSize
  }
  return size * (group.count ?? 1)
}

class BodyDecoder {
  readonly #definition: GroupDefinition
  readonly #registers: BodyRegisters
  readonly #length: number
  readonly #spans: Span[] = []
  readonly #warnings: string[] = []
  readonly #unscaled = new Map<string, string[]>()

  constructor(definition: GroupDefinition, registers: BodyRegisters, length: number) {
    this.#definition = definition
    this.#registers = registers
    this.#length = length
  }

  decode(): DecodedBody {
    const { group } = this.#decodeGroup(this.#definition, 0, [])
    this.#checkLength()
    for (const [factor, points] of this.#unscaled) {
      this.#warnings.push(`${factor} is not implemented: ${points.join(', ')} shown unscaled and not used`)
    }
    return { group, spans: this.#spans, warnings: this.#warnings }
  }

  #checkLength(): void {
    const expected = fixedLength(this.#definition)
    const lastIsPad = this.#definition.points.at(-1)?.type === 'pad'
    if (expected === null || this.#length >= expected || (lastIsPad && this.#length === expected - 1)) return
    this.#warnings.push(`shorter than the standard (${this.#length} of ${expected} registers)`)
  }

  /** `outer` are the enclosing groups, the model's top group first. */
  #decodeGroup(definition: GroupDefinition, start: number, outer: readonly Group[]): { group: Group; end: number } {
    const group: Group = { values: new Map(), groups: new Map() }
    let at = start
    for (const point of definition.points) {
      group.values.set(point.name, this.#decodePoint(point, at))
      at += point.size
    }
    this.#scale(group, outer)
    const scope = [...outer, group]
    for (const inner of definition.groups) {
      if (inner.count === null) {
        const decoded = this.#decodeGroup(inner, at, scope)
        group.groups.set(inner.name, decoded.group)
        at = decoded.end
      } else {
        const decoded = this.#decodeElements(inner, at, scope)
        group.groups.set(inner.name, decoded.elements)
        at = decoded.end
      }
    }
    return { group, end: at }
  }

  #decodeElements(definition: GroupDefinition, start: number, scope: readonly Group[]) {
    const named = this.#namedCount(definition, scope)
    const elements: Group[] = []
    let at = start
    const elementSize = this.#sizeOf(definition, scope)
    if (elementSize === null || elementSize === 0) return { elements, end: at }
    // The model's last repeating group fills its length, whatever its count says; a nested group has exactly its count.
    const fills = scope.length === 1
    const wanted = fills ? Math.max(0, Math.floor((this.#length - start) / elementSize)) : (named ?? 0)
    for (let index = 0; index < wanted; index += 1) {
      const decoded = this.#decodeGroup(definition, at, scope)
      elements.push(decoded.group)
      at = decoded.end
    }
    if (fills && named !== null && named !== wanted) {
      this.#warnings.push(`says it has ${named} × ${definition.name}, its length has room for ${wanted}`)
    }
    return { elements, end: at }
  }

  /** What the device says about the number of elements; `null` where it does not say. */
  #namedCount(definition: GroupDefinition, scope: readonly Group[]): number | null {
    if (typeof definition.count === 'number' && definition.count > 0) return definition.count
    for (const group of [...scope].reverse()) {
      for (const value of group.values.values()) {
        const isCount =
          definition.count === 0 ? value.definition.type === 'count' : value.definition.name === definition.count
        if (isCount) return typeof value.raw === 'bigint' ? Number(value.raw) : null
      }
    }
    return null
  }

  /** Registers of one element; `null` while a count inside is unknown. */
  #sizeOf(definition: GroupDefinition, scope: readonly Group[]): number | null {
    let size = 0
    for (const point of definition.points) size += point.size
    for (const inner of definition.groups) {
      const innerSize = this.#sizeOf(inner, scope)
      const times = inner.count === null ? 1 : this.#namedCount(inner, scope)
      if (innerSize === null || times === null) return null
      size += innerSize * times
    }
    return size
  }

  #decodePoint(definition: PointDefinition, start: number): Value {
    const { size } = definition
    const value: Value = { raw: null, exponent: 0, trusted: true, unread: false, definition }
    if (start + size > this.#length) return value
    this.#spans.push({ start, size })
    const words: number[] = []
    for (let offset = 0; offset < size; offset += 1) {
      const word = this.#registers[start + offset]
      if (word === undefined) {
        value.unread = true
        return value
      }
      words.push(word)
    }
    value.raw = decodeWords(definition.type, words)
    return value
  }

  #scale(group: Group, outer: readonly Group[]): void {
    for (const value of group.values.values()) {
      const { definition } = value
      if (value.raw === null || typeof value.raw === 'string' || definition.scaleFactor === null) continue
      if (/^(enum|bitfield)/.test(definition.type)) continue
      if (typeof definition.scaleFactor === 'number') {
        value.exponent = definition.scaleFactor
        continue
      }
      const factor = group.values.get(definition.scaleFactor) ?? outer[0]?.values.get(definition.scaleFactor)
      if (factor?.unread) {
        value.raw = null
      } else if (typeof factor?.raw !== 'bigint') {
        value.trusted = false
        if (value.raw !== 0n || !definition.type.startsWith('acc')) this.#noteUnscaled(definition)
      } else if (factor.raw < -10n || factor.raw > 10n) {
        this.#warnings.push(
          `${definition.scaleFactor} is ${factor.raw}, outside −10 to 10: ${definition.name} left out`,
        )
        value.raw = null
      } else {
        value.exponent = Number(factor.raw)
      }
    }
  }

  #noteUnscaled(definition: PointDefinition): void {
    const factor = String(definition.scaleFactor)
    this.#unscaled.set(factor, [...(this.#unscaled.get(factor) ?? []), definition.name])
  }
}

/** The value in a point's registers, high word first; `null` for the type's "not implemented". Accumulators keep their 0. */
function decodeWords(type: PointDefinition['type'], words: readonly number[]): bigint | number | string | null {
  switch (type) {
    case 'pad':
      return null
    case 'string':
      return decodeText(words)
    case 'float32':
    case 'float64': {
      const view = new DataView(new ArrayBuffer(words.length * 2))
      words.forEach((word, index) => {
        view.setUint16(index * 2, word)
      })
      const float = type === 'float32' ? view.getFloat32(0) : view.getFloat64(0)
      return Number.isFinite(float) ? float + 0 : null
    }
  }
  const raw = unsigned(words)
  const bits = BigInt(words.length * 16)
  const allOnes = (1n << bits) - 1n
  switch (type) {
    case 'int16':
    case 'int32':
    case 'int64':
    case 'sunssf':
      return raw === 1n << (bits - 1n) ? null : BigInt.asIntN(Number(bits), raw)
    case 'ipaddr':
    case 'ipv6addr':
      return raw === 0n ? null : raw
    case 'eui48':
      return raw === 0n || raw === allOnes ? null : raw
    case 'acc16':
    case 'acc32':
    case 'acc64':
      return raw
    default:
      return raw === allOnes ? null : raw
  }
}

/** The group as `read --json` prints it: no padding, no scale factors, accumulators of 0 as `null`. */
export function toPoints(group: Group): Points {
  const points: Points = {}
  for (const [name, value] of group.values) {
    if (value.definition.type === 'pad' || value.definition.type === 'sunssf') continue
    points[name] = printedValue(value)
  }
  for (const [name, inner] of group.groups) {
    points[name] = Array.isArray(inner) ? inner.map(toPoints) : toPoints(inner)
  }
  return points
}

function printedValue({ raw, exponent, definition }: Value): number | string | null {
  if (raw === null || typeof raw === 'string') return raw
  if (definition.type.startsWith('acc') && raw === 0n) return null
  return scaled(raw, exponent)
}
