/**
 * Writes live events into the query cache. A list that has not been fetched stays as it is, since its fetch will bring the
 * event.
 */
import { type QueryClient, skipToken, useQuery } from '@tanstack/react-query'
import type {
  BatchResource,
  IntervalResource,
  SeatIntervalResource,
  SeatResource,
  TelemetryEvent,
} from '../../server/api/resources.ts'
import { keptBatches, keptIntervals } from '../api/queries.ts'

/** At most this many telemetry values of a seat are kept, for the short trace of power. */
const keptTelemetry = 300

/**
 * A list, newest start first, in which an item replaces the one with the same start, or is added. An item whose `run` is lower
 * than that of the item in its place is older and changes nothing.
 */
export function withNewest<Item extends { start: string; run?: number }>(
  items: readonly Item[],
  item: Item,
  kept: number,
): Item[] {
  const before = items.find((each) => each.start === item.start)
  if (before && (before.run ?? 0) > (item.run ?? 0)) return [...items]
  const others = items.filter((each) => each.start !== item.start)
  const place = others.findIndex((each) => each.start < item.start)
  others.splice(place === -1 ? others.length : place, 0, item)
  return others.slice(0, kept)
}

export function applyInterval(queries: QueryClient, interval: IntervalResource): void {
  queries.setQueryData<IntervalResource[]>(
    ['intervals', interval.area],
    (items) => items && withNewest(items, interval, keptIntervals),
  )
  void queries.invalidateQueries({ queryKey: ['grid-intervals', interval.area] })
}

export function applyBatch(queries: QueryClient, batch: BatchResource): void {
  queries.setQueryData<BatchResource[]>(
    ['batches', batch.area],
    (items) => items && withNewest(items, batch, keptBatches),
  )
  void queries.invalidateQueries({ queryKey: ['seat-batches'] })
  if (batch.status === 'settled') void queries.invalidateQueries({ queryKey: ['areas'] })
}

export function applySeat(queries: QueryClient, account: string, seat: SeatResource): void {
  queries.setQueryData<SeatResource[]>(['seats', account], (seats) =>
    seats?.map((each) => (each.seat === seat.seat && each.area === seat.area ? seat : each)),
  )
  void queries.invalidateQueries({ queryKey: ['wallet', account] })
}

export function applySeatInterval(queries: QueryClient, account: string, interval: SeatIntervalResource): void {
  queries.setQueryData<SeatIntervalResource[]>(
    ['seat-intervals', account, interval.seat],
    (items) => items && withNewest(items, interval, keptIntervals),
  )
  void queries.invalidateQueries({ queryKey: ['summary', account, interval.seat] })
  void queries.invalidateQueries({ queryKey: ['totals', account, interval.seat] })
  void queries.invalidateQueries({ queryKey: ['forward-trades', account, interval.seat] })
}

export function applyTelemetry(queries: QueryClient, account: string, telemetry: TelemetryEvent): void {
  queries.setQueryData<TelemetryEvent[]>(telemetryKey(account, telemetry.seat), (trace = []) =>
    [...trace, telemetry].slice(-keptTelemetry),
  )
}

function telemetryKey(account: string, seat: string) {
  return ['telemetry', account, seat] as const
}

/** The seat's telemetry since the page was opened, oldest first. */
export function useTelemetry(account: string, seat: string): TelemetryEvent[] {
  return useQuery<TelemetryEvent[]>({ queryKey: telemetryKey(account, seat), queryFn: skipToken }).data ?? []
}
