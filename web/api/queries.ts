/** The page's queries, with the keys under which live events renew their answers. */

import { queryOptions } from '@tanstack/react-query'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, ProblemError } from './client.ts'
import { everyPage } from './every-page.ts'
import type { Gets } from './reads.ts'

/** How many of the newest intervals and batches the page keeps: a day of quarter-hours, or a quarter of an hour in the demo. */
export const keptIntervals = 96
export const keptBatches = 50

/** The bounds of a stretch of the reader's calendar. */
interface LocalRange {
  from: string
  to: string
}

/** The account that asks for private data: the request speaks for its session. */
export interface Asker {
  account: string
}

/** The first page of the list of the server's areas. It tells whether there are none, one or more; the search finds the others. */
export const areasQuery = queryOptions({
  queryKey: ['areas', 'first'],
  queryFn: async ({ signal }) => (await getJson('/areas', {}, { signal })).items,
  staleTime: 60_000,
})

/** The areas whose name, number or zones hold the words of a search; the answer has a cursor where there are more. */
export function foundAreasQuery(search: string, limit: number) {
  return queryOptions({
    queryKey: ['areas', 'found', search, limit],
    queryFn: ({ signal }) => getJson('/areas', { limit, search }, { signal }),
  })
}

/** One area, by its number or slug; null where the server has no area there. */
export function areaQuery(place: string) {
  return queryOptions({
    queryKey: ['areas', 'one', place],
    queryFn: async ({ signal }): Promise<AreaResource | null> => {
      try {
        return await getJson('/areas/{area}', { area: place }, { signal })
      } catch (error) {
        // There is no area at this place, or the place cannot name one.
        if (error instanceof ProblemError && (error.status === 404 || error.status === 400)) return null
        throw error
      }
    },
    staleTime: 60_000,
  })
}

/** An answer that only a server of the demo gives; null from any other server. */
function demoQuery<Path extends keyof Gets & `/demo/${string}`>(path: Path) {
  return queryOptions({
    queryKey: [path],
    queryFn: async ({ signal }): Promise<Gets[Path]['answer'] | null> => {
      try {
        return await getJson(path, {}, { signal })
      } catch (error) {
        if (error instanceof ProblemError && error.status === 404) return null
        throw error
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export const peopleQuery = demoQuery('/demo/people')
/** How many homes the demo gives to visitors. */
export const demoHomesQuery = demoQuery('/demo/homes')
/** How fast the demo's sun runs. */
export const demoDayQuery = demoQuery('/demo/day')

export function intervalsQuery(area: number) {
  return queryOptions({
    queryKey: ['intervals', area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/intervals', { area, limit: keptIntervals }, { signal })).items,
  })
}

/** So many intervals of a tariff are told at once. */
const mostRates = 200

/** What one more kWh costs in a zone on the local day; of intervals too short for that, only so many each way. */
export function tariffOfDayQuery({ area, intervalSeconds }: AreaResource, zone: string, { from, to }: LocalRange) {
  const isWhole = Date.parse(to) - Date.parse(from) <= mostRates * intervalSeconds * 1000
  return queryOptions({
    queryKey: ['tariff', area, zone, from],
    queryFn: async ({ signal }) => {
      const { rates } = await getJson(
        '/areas/{area}/tariff',
        { area, zone, ...(isWhole ? { from, to } : {}) },
        { signal },
      )
      return rates.filter(({ start }) => start >= from && start < to)
    },
    refetchInterval: intervalSeconds * 1000,
  })
}

/** How an area has grown by the reader's calendar, and what today has come to. */
export function growthQuery(area: number) {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return queryOptions({
    queryKey: ['growth', area],
    queryFn: ({ signal }) => getJson('/areas/{area}/growth', { area, timeZone }, { signal }),
    refetchInterval: 60_000,
  })
}

/** The intervals as the grid operator reads them: with the figures of small zones. */
export function gridIntervalsQuery({ account }: Asker, area: number) {
  return queryOptions({
    queryKey: ['grid-intervals', area, account],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/intervals', { area, limit: keptIntervals }, { account, signal })).items,
    placeholderData: (previous) => previous,
  })
}

export function batchesQuery(area: number) {
  return queryOptions({
    queryKey: ['batches', area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/batches', { area, limit: keptBatches }, { signal })).items,
  })
}

export function watchersQuery(area: number) {
  return queryOptions({
    queryKey: ['watchers', area],
    queryFn: ({ signal }) => getJson('/areas/{area}/watchers', { area }, { signal }),
    // The area's rules name its watchers once and for all, so the answer never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function seatsQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['seats', account],
    queryFn: ({ signal }) =>
      everyPage((place) => getJson('/accounts/{account}/seats', { account, ...place }, { account, signal })),
  })
}

export function seatIntervalsQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['seat-intervals', account, seat],
    queryFn: async ({ signal }) =>
      (await getJson('/accounts/{account}/intervals', { account, seat, limit: keptIntervals }, { account, signal }))
        .items,
  })
}

export function summaryQuery({ account }: Asker, seat: string, { from, to }: LocalRange) {
  return queryOptions({
    queryKey: ['summary', account, seat, from],
    queryFn: ({ signal }) => getJson('/accounts/{account}/summary', { account, seat, from, to }, { account, signal }),
    placeholderData: (previous) => previous,
  })
}

export function seatBatchesQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['seat-batches', account, seat],
    queryFn: async ({ signal }) =>
      (await getJson('/accounts/{account}/batches', { account, seat, limit: keptBatches }, { account, signal })).items,
  })
}

export function ordersQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['orders', account, seat],
    queryFn: async ({ signal }) =>
      (await getJson('/accounts/{account}/orders', { account, seat }, { account, signal })).items,
  })
}

/** The account's tokens outside the escrow, in the token in which the area is paid. */
export function walletQuery(asker: Asker, area: number) {
  return queryOptions({
    queryKey: ['wallet', asker.account, area],
    queryFn: ({ signal }) => walletOf(asker, area, signal),
  })
}

/** The same, asked now; unlike a query it does not wait for a network that is away, so that no act goes on by itself later. */
export function walletOf({ account }: Asker, area: number, signal?: AbortSignal) {
  return getJson('/accounts/{account}/wallet', { account, area }, { account, signal })
}
