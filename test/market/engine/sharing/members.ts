/** A street whose energy the grid operator or a key gives out: seats in one zone unless said otherwise, and declarations by hand. */
import type { AreaConfig, ChainSeat, CommandOf, Event, IntervalRun } from '../../../../server/market/area/area.ts'
import {
  contentOf,
  type Declared,
  type DeclaredRound,
  kindOfDeclared,
} from '../../../../server/market/area/declarations.ts'
import type { Sharing } from '../../../../server/market/area/sharing.ts'
import { type Area, boundary, cleared, config, newId, open, reading, rules, seat, t0, terms } from '../street.ts'

export const fixedPrice: Sharing = { price: { type: 'fixed', ticks: 1_200 }, waitMs: 0 }

/** An area of this allocation with seats 1 to `count`. */
export function openShared(
  allocation: 1 | 2,
  seats: number | ChainSeat[],
  change: Partial<AreaConfig> & { sharing?: Sharing } = {},
): Area {
  const all = typeof seats === 'number' ? seatsTo(seats) : seats
  const { sharing = fixedPrice, ...rest } = change
  const zones = config.zones.map((zone) => ({ ...zone, capacityWh: null }))
  return open(all, { rules: { ...rules, allocation }, sharing, zones, ...rest })
}

/** Seats with room for any example's energy. */
function seatsTo(count: number): ChainSeat[] {
  return Array.from({ length: count }, (_, place) => {
    const most = { maxSellWh: 10_000_000, maxBuyWh: 10_000_000, nameplateWh: 10_000_000 }
    return seat(place + 1, { balance: 10n ** 15n, terms: [terms(most)] })
  })
}

let versions = 0

/** What the grid operator's account says, with a version above all before. */
export function declaring(
  atMs: number,
  body: Declared,
  { start, end, version }: { start: number; end: number; version?: number },
): CommandOf<'declare'> {
  versions += 1
  const declaration = {
    ...{ kind: kindOfDeclared(body), start, end, version: version ?? versions },
    ...{ content: contentOf(body), evidence: `0x${'e'.repeat(64)}` },
  }
  return { type: 'declare', atMs, id: newId(), declaration, body, signature: '0x' }
}

/** A key over these seats from an interval on, in one step. */
export function keyOf(
  rounds: DeclaredRound[],
  { consumers, producers, from = t0 }: { consumers: number[]; producers: number[]; from?: number },
): Declared {
  return { type: 'key', consumers, producers, steps: [{ from, rounds }] }
}

export function inOneRound(key: DeclaredRound['key']): DeclaredRound[] {
  return [{ ofMillionths: 1_000_000, key }]
}

/** What the grid operator allocated in one interval: `[seat, allocated, shared]`. */
export function quantitiesOf(start: number, rows: readonly (readonly [number, number, number])[]): Declared {
  const seats = rows.map(([own, allocatedWh, sharedWh]) => ({ seat: own, allocatedWh, sharedWh }))
  return { type: 'quantities', intervals: [{ start, seats }] }
}

/** The readings at the end of an interval, one second after it: `[seat, import, export]` of the interval. */
export function meteredIn(
  interval: number,
  rows: readonly (readonly [number, number, number])[],
  before: readonly (readonly [number, number, number])[] = [],
): CommandOf<'readings'> {
  const time = boundary(interval + 1)
  const known = new Map(before.map(([own, importWh, exportWh]) => [own, { importWh, exportWh }]))
  const readings = rows.map(([own, importWh, exportWh]) => {
    const base = known.get(own) ?? { importWh: 0, exportWh: 0 }
    return reading(own, time, base.importWh + importWh, base.exportWh + exportWh)
  })
  return { type: 'readings', atMs: time * 1000 + 1_000, readings }
}

/** The newest result of the interval that begins with `t0`. */
export function firstResult(events: readonly Event[]): IntervalRun {
  return cleared(events).findLast(({ start }) => start === t0)!
}

/** What each of these seats bought and sold. */
export function tradedBy(result: IntervalRun, seats: readonly number[]) {
  const rows = new Map(result.seats.map((row) => [row.seat, row]))
  return seats.map((own) => ({ bought: rows.get(own)?.boughtWh ?? 0, sold: rows.get(own)?.soldWh ?? 0 }))
}
