/**
 * Codecs for the engine's commands, events and state: one canonical binary form for each value, described once.
 *
 * A codec says how a value is written and read, and TypeScript takes the value's type from it (`Infer`). Whole numbers are
 * written in groups of seven bits, the lowest first, with the top bit set on all but the last group (LEB128) and never with
 * more groups than needed; signed ones are folded first (0, −1, 1, −2 … become 0, 1, 2, 3 …). The same value therefore has
 * one form on every machine, and reading back what was written gives the same value.
 */
import { EngineError } from './error.ts'

/** Writes and reads one kind of value. `write` throws `ENGINE_ENCODING` on a value that has no form. */
export interface Codec<Value> {
  write(writer: Writer, value: Value): void
  read(reader: Reader): Value
}

/** The type of the values that a codec writes. */
export type Infer<C> = C extends Codec<infer Value> ? Value : never

const largestNumber = BigInt(Number.MAX_SAFE_INTEGER)

/** Capital digits would be read back as small ones. */
const hasUpperCase = /[A-Z]/

/** Bytes that grow as they are written, from as many as are expected. */
export class Writer {
  private bytes: Buffer
  private length = 0

  constructor(expected = 256) {
    this.bytes = Buffer.allocUnsafe(expected)
  }

  /** Ends writing and gives the bytes; nothing may be written after it. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  byte(value: number): void {
    this.room(1)
    this.bytes[this.length++] = value
  }

  /** A whole number from 0 to 2⁵³ − 1. */
  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw unwritable(`${value} is no whole number from 0 to 2^53 - 1`)
    this.room(8)
    let rest = value
    while (rest > 0x7fff_ffff) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.bytes[this.length++] = rest
  }

  /** A whole number of any size, not negative. */
  unsignedBig(value: bigint): void {
    let rest = value
    while (rest > largestNumber) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.unsigned(Number(rest))
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** `0x` and lower-case hexadecimal digits, as bytes. */
  hex(digits: string): void {
    const count = (digits.length - 2) / 2
    if (hasUpperCase.test(digits)) throw unwritable(`${digits.slice(0, 20)} has capital letters`)
    this.room(count)
    const written = this.bytes.write(digits.slice(2), this.length, 'hex')
    if (written !== count) throw unwritable(`${digits.slice(0, 20)} is no hexadecimal number`)
    this.length += count
  }

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.length + more))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** Reads bytes in order. Throws `ENGINE_ENCODING` where they end too early. */
export class Reader {
  private readonly bytes: Buffer
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  byte(): number {
    const value = this.bytes[this.at]
    if (value === undefined) throw unreadable()
    this.at += 1
    return value
  }

  unsigned(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const group = this.byte()
      value += (group & 0x7f) * scale
      if (group < 0x80) return value
      scale *= 0x80
    }
  }

  unsignedBig(): bigint {
    // Six groups are 42 bits, which numbers hold exactly.
    let low = 0
    let scale = 1
    for (let groups = 0; groups < 6; groups += 1) {
      const group = this.byte()
      low += (group & 0x7f) * scale
      if (group < 0x80) return BigInt(low)
      scale *= 0x80
    }
    let value = BigInt(low)
    for (let shift = 42n; ; shift += 7n) {
      const group = this.byte()
      value |= BigInt(group & 0x7f) << shift
      if (group < 0x80) return value
    }
  }

  /** A copy of the next bytes. */
  raw(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw unreadable()
    const part = Buffer.from(this.bytes.subarray(this.at, this.at + count))
    this.at += count
    return part
  }

  hex(count: number): string {
    if (this.at + count > this.bytes.length) throw unreadable()
    const digits = this.bytes.toString('hex', this.at, this.at + count)
    this.at += count
    return `0x${digits}`
  }
}

function unwritable(reason: string): EngineError {
  return new EngineError('ENGINE_ENCODING', reason)
}

function unreadable(): EngineError {
  return new EngineError('ENGINE_ENCODING', 'the bytes end inside a value')
}

/** A whole number from 0 to 2⁵³ − 1. */
export const uint: Codec<number> = {
  write: (writer, value) => writer.unsigned(value),
  read: (reader) => reader.unsigned(),
}

/** A whole number within ±2⁵². */
export const int: Codec<number> = {
  write: (writer, value) => writer.unsigned(value < 0 ? -2 * value - 1 : 2 * value),
  read(reader) {
    const folded = reader.unsigned()
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2
  },
}

/** A whole number of any size. */
export const bigint: Codec<bigint> = {
  write: (writer, value) => writer.unsignedBig(value < 0n ? -2n * value - 1n : 2n * value),
  read(reader) {
    const folded = reader.unsignedBig()
    return folded % 2n === 0n ? folded / 2n : -(folded + 1n) / 2n
  },
}

export const bool: Codec<boolean> = {
  write: (writer, value) => writer.byte(value ? 1 : 0),
  read: (reader) => reader.byte() === 1,
}

/** Text as UTF-8, its length in bytes before it. */
export const text: Codec<string> = {
  write(writer, value) {
    const bytes = Buffer.from(value)
    writer.unsigned(bytes.length)
    writer.raw(bytes)
  },
  read: (reader) => reader.raw(reader.unsigned()).toString(),
}

/** `0x` and twice so many lower-case hexadecimal digits. */
function hexOf(bytes: number): Codec<string> {
  return {
    write(writer, value) {
      if (value.length !== 2 + 2 * bytes) throw unwritable(`${value.slice(0, 20)} does not have ${bytes} bytes`)
      writer.hex(value)
    },
    read: (reader) => reader.hex(bytes),
  }
}

export const address: Codec<string> = hexOf(20)
export const hex32: Codec<string> = hexOf(32)

/** `0x` and any whole number of bytes in hexadecimal digits, as signatures of contract wallets are. */
export const hexBytes: Codec<string> = {
  write(writer, value) {
    writer.unsigned((value.length - 2) / 2)
    writer.hex(value)
  },
  read: (reader) => reader.hex(reader.unsigned()),
}

/** One of a list of names, written as its place: names may be added at the end and never moved. */
export function oneOf<const Names extends readonly string[]>(names: Names): Codec<Names[number]> {
  const places = new Map<string, number>(names.map((name, place) => [name, place]))
  return {
    write(writer, value) {
      const place = places.get(value)
      if (place === undefined) throw unwritable(`${JSON.stringify(value)} is none of ${names.join(', ')}`)
      writer.unsigned(place)
    },
    read(reader) {
      const name = names[reader.unsigned()]
      if (name === undefined)
        throw new EngineError('ENGINE_ENCODING', `no name has this place among ${names.join(', ')}`)
      return name
    },
  }
}

export function optional<Value>(codec: Codec<Value>): Codec<Value | null> {
  return {
    write(writer, value) {
      writer.byte(value === null ? 0 : 1)
      if (value !== null) codec.write(writer, value)
    },
    read: (reader) => (reader.byte() === 1 ? codec.read(reader) : null),
  }
}

export function list<Value>(codec: Codec<Value>): Codec<Value[]> {
  return {
    write(writer, values) {
      writer.unsigned(values.length)
      for (const value of values) codec.write(writer, value)
    },
    read(reader) {
      const values: Value[] = []
      for (let left = reader.unsigned(); left > 0; left -= 1) values.push(codec.read(reader))
      return values
    },
  }
}

type Struct<F extends Readonly<Record<string, unknown>>> = { -readonly [Name in keyof F]: Infer<F[Name]> }

/** An object's fields in the order of their description. */
export function struct<F extends Readonly<Record<string, Codec<never> | Codec<unknown> | object>>>(
  fields: F,
): Codec<Struct<F>> {
  const names = Object.keys(fields)
  const codecs = Object.values(fields) as unknown as Codec<unknown>[]
  return {
    write(writer, value) {
      const object = value as Record<string, unknown>
      for (let place = 0; place < names.length; place += 1) codecs[place]!.write(writer, object[names[place]!])
    },
    read(reader) {
      const object: Record<string, unknown> = {}
      for (let place = 0; place < names.length; place += 1) object[names[place]!] = codecs[place]!.read(reader)
      return object as Struct<F>
    },
  }
}

type Variants<V extends Readonly<Record<string, unknown>>> = {
  [Type in keyof V]: { type: Type } & Infer<V[Type]>
}[keyof V]

/** One of several kinds of objects, told apart by `type` and written as its place: kinds may be added at the end only. */
export function union<V extends Readonly<Record<string, object>>>(variants: V): Codec<Variants<V>> {
  const types = Object.keys(variants)
  const places = new Map(types.map((type, place) => [type, place]))
  const codecs = Object.values(variants) as unknown as Codec<unknown>[]
  return {
    write(writer, value) {
      const { type } = value as { type: string }
      const place = places.get(type)
      if (place === undefined) throw unwritable(`no kind of value is called ${JSON.stringify(type)}`)
      writer.unsigned(place)
      codecs[place]!.write(writer, value)
    },
    read(reader) {
      const place = reader.unsigned()
      const codec = codecs[place]
      if (codec === undefined) throw new EngineError('ENGINE_ENCODING', `no kind of value has the place ${place}`)
      return { type: types[place]!, ...(codec.read(reader) as object) } as Variants<V>
    },
  }
}

/** A value's bytes, of which about so many are expected. */
export function encode<Value>(codec: Codec<Value>, value: Value, expected?: number): Buffer {
  const writer = new Writer(expected)
  codec.write(writer, value)
  return writer.finish()
}

/** The value of these bytes. Throws `ENGINE_ENCODING` where they hold more or less than one. */
export function decode<Value>(codec: Codec<Value>, bytes: Uint8Array): Value {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  if (!reader.isAtEnd) throw new EngineError('ENGINE_ENCODING', 'bytes follow after the value')
  return value
}
