/** Where a point's registers lie and what their words hold. */
import { decodeText, unsigned } from '../modbus/words.ts'
import type { ProfilePoint } from './profile.ts'

export type WordOrder = 'high-first' | 'low-first'

/** A number or text as its registers hold it, before scaling; floats are plain numbers. */
export type RawValue = bigint | number | string

const wordsOfType = { u16: 1, i16: 1, u32: 2, i32: 2, u64: 4, i64: 4, f32: 2, f64: 4 } as const

/** Registers from `first` to `last`, both included. */
export interface Extent {
  first: number
  last: number
}

/** The registers a point needs. */
export function extentOf(point: ProfilePoint): Extent {
  if (point.lowWordAddress !== undefined) {
    return {
      first: Math.min(point.address, point.lowWordAddress),
      last: Math.max(point.address, point.lowWordAddress),
    }
  }
  return { first: point.address, last: point.address + wordCount(point) - 1 }
}

export function wordCount(point: ProfilePoint): number {
  return point.type === 'string' ? point.words! : wordsOfType[point.type]
}

/** The addresses of a point's words, high word first. */
export function wordAddresses(point: ProfilePoint, order: WordOrder): number[] {
  if (point.lowWordAddress !== undefined) return [point.address, point.lowWordAddress]
  const addresses = Array.from({ length: wordCount(point) }, (_, index) => point.address + index)
  return order === 'low-first' && point.type !== 'string' ? addresses.reverse() : addresses
}

/**
 * Decodes a point.
 * @param words its registers, high word first
 * @returns `null` where the device says it does not have it
 */
export function decodePoint(point: ProfilePoint, words: readonly number[]): RawValue | null {
  if (point.type === 'string') return decodeText(point.swappedBytes ? words.map(swapped) : words)
  const bits = words.length * 16
  const whole = unsigned(words)
  if (point.missing.some((missing) => BigInt(missing) === whole)) return null
  if (point.type === 'f32' || point.type === 'f64') {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, whole << BigInt(64 - bits))
    const float = point.type === 'f32' ? view.getFloat32(0) : view.getFloat64(0)
    return Number.isFinite(float) ? kept(point, float + 0) : null
  }
  return kept(point, point.type.startsWith('i') ? BigInt.asIntN(bits, whole) : whole)
}

function kept(point: ProfilePoint, raw: bigint | number): bigint | number {
  if (raw >= 0 || point.keep === undefined) return raw
  if (point.keep === 'positive') return typeof raw === 'bigint' ? 0n : 0
  return -raw
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8)
}

/** The decimal with the fewest digits that this float32 stands for: 230.7, not 230.6999969482422. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits))
    if (Math.fround(candidate) === value) return candidate
  }
  return value
}
