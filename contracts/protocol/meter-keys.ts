/** Who signs for a meter: it is named by its first key's address for ever, and its keys follow one another at boundaries. */
import type { Address } from './typed-data.ts'
import type { UtcSeconds } from './units.ts'

/** A key that followed: it signs the meter's readings after `from`, up to the next one's `from` and at it. */
export interface LaterKey {
  key: Address
  from: UtcSeconds
}

/** The key that signs the meter's reading at a boundary; `later` ascends by `from` and is missing where the key never changed. */
export function keyAt(meter: Address, later: readonly LaterKey[] | undefined, time: UtcSeconds): Address {
  return later?.findLast(({ from }) => from < time)?.key ?? meter
}

/** The keys that still have something to sign at `now`: the one in force and those that follow. */
export function keysFrom(meter: Address, later: readonly LaterKey[] | undefined, now: UtcSeconds): Address[] {
  const following = (later ?? []).filter(({ from }) => from >= now)
  return [keyAt(meter, later, now), ...following.map(({ key }) => key)]
}
