/** The page's queries about official values and the homes' own devices. */
import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

const shownDays = 30
const dayMs = 86_400_000

interface Range {
  from: string
  to: string
}

/** The last days as whole days of UTC, so that the query stays the same for a while. */
function lastDays(nowMs: number): Range {
  const to = (Math.floor(nowMs / dayMs) + 1) * dayMs
  const iso = (ms: number) => new Date(ms).toISOString()
  return { from: iso(to - shownDays * dayMs), to: iso(to) }
}

/** The two kinds of values of one seat of the account, official and from its own device. */
export function seatWitnessesQuery({ account }: Asker, seat: string, nowMs: number) {
  const range = lastDays(nowMs)
  return queryOptions({
    queryKey: ['witnesses', account, seat, range.to],
    queryFn: ({ signal }) => getJson('/accounts/{account}/witnesses', { account, seat, ...range }, { account, signal }),
    staleTime: 60_000,
  })
}

/** The two kinds of values at all points of an area, for its metering operator. */
export function areaWitnessesQuery({ account }: Asker, area: number, nowMs: number) {
  const range = lastDays(nowMs)
  return queryOptions({
    queryKey: ['area-witnesses', account, area, range.to],
    queryFn: ({ signal }) => getJson('/areas/{area}/witnesses', { area, ...range }, { account, signal }),
    staleTime: 60_000,
  })
}

/** The bounds of a month by the reader's clock ("2026-11"), or of the last day where none is named. */
function bounds(month: string | null): Range {
  const iso = (ms: number) => new Date(ms).toISOString()
  if (month === null) return { from: iso(Date.now() - dayMs), to: iso(Date.now()) }
  const [year, number] = month.split('-').map(Number) as [number, number]
  return { from: iso(new Date(year, number - 1).getTime()), to: iso(new Date(year, number).getTime()) }
}

/** The meters of transformers beside the homes below them. */
export function feedersQuery({ account }: Asker, area: number, month: string | null) {
  return queryOptions({
    queryKey: ['feeders', account, area, month],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/feeders', { area, ...bounds(month) }, { account, signal })).items,
    staleTime: 10_000,
  })
}

/** The metering points with how complete their official values are. */
export function pointsQuery({ account }: Asker, area: number, month: string | null) {
  return queryOptions({
    queryKey: ['metering-points', account, area, month],
    queryFn: ({ signal }) => getJson('/areas/{area}/metering-points', { area, ...bounds(month) }, { account, signal }),
    staleTime: 10_000,
  })
}

/** The values about which files contradict each other, or which a newer file replaced. */
export function officialDifferencesQuery({ account }: Asker, area: number, month: string | null) {
  return queryOptions({
    queryKey: ['official-differences', account, area, month],
    queryFn: async ({ signal }) => {
      const asks = { area, ...bounds(month) }
      return (await getJson('/areas/{area}/official-values/differences', asks, { account, signal })).items
    },
    staleTime: 10_000,
  })
}

/** The files that were accepted, newest first. */
export function officialFilesQuery({ account }: Asker, area: number) {
  return queryOptions({
    queryKey: ['official-files', account, area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/official-values/files', { area }, { account, signal })).items,
    staleTime: 10_000,
  })
}
