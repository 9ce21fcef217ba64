/**
 * The outer and inner form of SML (BSI TR-03109-1, annex IV): frames between escape sequences with a CRC-16, and in them trees of
 * lists, texts and numbers. Optical heads of German meters send such frames by themselves.
 */
import { reflectedCrc16 } from '../modbus/frames.ts'

/** A number, a text (octets), a list, or nothing: an optional element that was left out. */
export type SmlNode =
  | { kind: 'integer'; value: bigint; isSigned: boolean; bytes: number }
  | { kind: 'octets'; value: Buffer }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'list'; items: SmlNode[] }

const escapeWord = Buffer.from([0x1b, 0x1b, 0x1b, 0x1b])
const frameStart = Buffer.from([0x1b, 0x1b, 0x1b, 0x1b, 0x01, 0x01, 0x01, 0x01])
const endMark = 0x1a
const word = 4
/** Meters send some 400 bytes. */
const longestFrame = 8 * 1024

export type FoundFrame =
  | { kind: 'frame'; payload: Buffer; bytes: Buffer; first: number }
  | { kind: 'damage'; reason: string }

/** Finds frames in a stream. */
export class FrameFinder {
  #input = Buffer.alloc(0)
  #before = 0

  get pending(): number {
    return this.#input.length
  }

  take(chunk: Buffer): FoundFrame[] {
    this.#input = Buffer.concat([this.#input, chunk])
    const found: FoundFrame[] = []
    for (let next = this.#next(); next !== null; next = this.#next()) found.push(next)
    return found
  }

  #next(): FoundFrame | null {
    const start = this.#input.indexOf(frameStart)
    if (start < 0) {
      // The last bytes may be the beginning of a start.
      this.#skip(Math.max(0, this.#input.length - frameStart.length + 1))
      return null
    }
    this.#skip(start)
    const payload: Buffer[] = []
    for (let at = frameStart.length; ; at += word) {
      if (at > longestFrame) return this.#damaged('a frame does not end')
      const four = this.#input.subarray(at, at + word)
      if (four.length < word) return this.#cut(at)
      if (!four.equals(escapeWord)) {
        payload.push(four)
        continue
      }
      at += word
      const after = this.#input.subarray(at, at + word)
      if (after.length < word) return this.#cut(at - word)
      if (after.equals(escapeWord)) payload.push(after)
      else if (after[0] === endMark && after[1]! < word) return this.#ended(at, payload)
      else return this.#damaged('a frame was cut short')
    }
  }

  #ended(at: number, payload: readonly Buffer[]): FoundFrame {
    const whole = Buffer.from(this.#input.subarray(0, at + word))
    const first = this.#before
    const sent = whole.readUInt16LE(whole.length - 2)
    if (!crcFits(whole.subarray(0, -2), sent)) {
      return this.#damaged('a frame’s checksum does not fit: bytes were lost or changed on the line')
    }
    this.#skip(whole.length)
    const body = Buffer.concat(payload)
    return { kind: 'frame', payload: body.subarray(0, body.length - whole[at + 1]!), bytes: whole, first }
  }

  /** What is here is not whole. Where another frame begins in it, it never will be: lost bytes have moved what follows. */
  #cut(at: number): FoundFrame | null {
    const again = this.#input.indexOf(frameStart, 1)
    return again > 0 && again < at + word ? this.#damaged('a frame was cut short') : null
  }

  /** Looks for the next start behind this one. */
  #damaged(reason: string): FoundFrame {
    this.#skip(1)
    return { kind: 'damage', reason }
  }

  #skip(count: number): void {
    this.#input = this.#input.subarray(count)
    this.#before += count
  }
}

/** X-25 as the standard wants it, low byte first; the first Holley DTZ541 compute Kermit's. */
export function crcFits(bytes: Buffer, sent: number): boolean {
  const kermit = () => reflectedCrc16(bytes, 0, 0x8408)
  return (reflectedCrc16(bytes, 0xffff, 0x8408) ^ 0xffff) === sent || kermit() === sent
}

const deepest = 16

/** Reads trees one after the other from a payload. Throws a `RangeError` where it is none. */
export class TreeReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get at(): number {
    return this.#at
  }

  skipTo(at: number): void {
    this.#at = at
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A byte of 0 that ends a message, or fills a frame up. */
  takeEnd(): boolean {
    if (this.#bytes[this.#at] !== 0) return false
    this.#at += 1
    return true
  }

  read(depth = 0): SmlNode {
    if (depth > deepest) throw new RangeError('lists in lists without end')
    const { type, size, isList } = this.#head()
    if (isList) {
      if (size > this.#bytes.length - this.#at) throw new RangeError('a list is longer than what is there')
      return { kind: 'list', items: Array.from({ length: size }, () => this.read(depth + 1)) }
    }
    const value = this.#bytes.subarray(this.#at, this.#at + size)
    if (size < 0 || value.length < size) throw new RangeError('an element is longer than what is there')
    this.#at += size
    if (type === 0) return { kind: 'octets', value: Buffer.from(value) }
    if (type === 4 && size === 1) return { kind: 'boolean', value: value[0] !== 0 }
    if ((type === 5 || type === 6) && size >= 1 && size <= 8) return integerOf(value, type === 5)
    throw new RangeError(`there is no element of type ${type} with ${size} bytes`)
  }

  /** Type and length of the next element: without the head's own bytes, or the number of a list's elements. */
  #head(): { type: number; size: number; isList: boolean } {
    const from = this.#at
    let byte = this.#byte()
    const type = (byte >> 4) & 0x07
    let size = byte & 0x0f
    while (byte & 0x80) {
      byte = this.#byte()
      if (this.#at - from > 3) throw new RangeError('a length without end')
      size = size * 16 + (byte & 0x0f)
    }
    const isList = type === 7
    return { type, size: isList ? size : size - (this.#at - from), isList }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError('the tree ends early')
    this.#at += 1
    return byte
  }
}

function integerOf(bytes: Buffer, isSigned: boolean): SmlNode {
  const unsigned = BigInt(`0x${bytes.toString('hex')}`)
  const value = isSigned ? BigInt.asIntN(bytes.length * 8, unsigned) : unsigned
  return { kind: 'integer', value, isSigned, bytes: bytes.length }
}
