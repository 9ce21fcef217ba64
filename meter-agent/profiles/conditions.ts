/** Whether a condition of a register map holds for a device's points. */
import { scaled } from '../modbus/words.ts'
import type { RawValue } from './point-value.ts'
import type { Condition, Profile } from './profile.ts'

/** A family's points by name; `null` or absent: not there. */
export type PointValues = ReadonlyMap<string, RawValue | null>

/** A point that is not there fulfils only `missing`. */
export function conditionHolds(condition: Condition, { points }: Profile, values: PointValues): boolean {
  if ('present' in condition) return (values.get(condition.present) ?? null) !== null
  if ('missing' in condition) return (values.get(condition.missing) ?? null) === null
  const raw = values.get(condition.point) ?? null
  if (raw === null) return false
  if ('startsWith' in condition) {
    const text = String(raw).toUpperCase()
    return condition.startsWith.some((start) => text.startsWith(start.toUpperCase()))
  }
  if ('contains' in condition) {
    const text = String(raw).toUpperCase()
    return condition.contains.some((part) => text.includes(part.toUpperCase()))
  }
  if (typeof raw === 'string') return false
  if ('bit' in condition) return typeof raw === 'bigint' && ((raw >> BigInt(condition.bit)) & 1n) === 1n
  const value = scaled(raw, points[condition.point]!.scale)
  if ('oneOf' in condition) return condition.oneOf.includes(value)
  if ('noneOf' in condition) return !condition.noneOf.includes(value)
  if ('between' in condition) return value >= condition.between[0] && value <= condition.between[1]
  return 'above' in condition ? value > condition.above : value < condition.below
}
