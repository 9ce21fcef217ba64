/** The page's queries, with the keys under which live events renew their answers. */

import { queryOptions } from '@tanstack/react-query'
import type { DemoDay, DemoHomes, DemoPerson } from '../../server/api/demo-resources.ts'
import type {
  AreaResource,
  BatchResource,
  IntervalResource,
  OrderResource,
  SeatBatchResource,
  SeatIntervalResource,
  SeatResource,
  SummaryResource,
  WalletResource,
} from '../../server/api/resources.ts'
import type { WatchersResource } from '../../server/api/watching-resources.ts'
import { getJson, ProblemError } from './client.ts'
import { everyPage } from './every-page.ts'

/** How many of the newest intervals and batches the page keeps: a day of quarter-hours, or a quarter of an hour in the demo. */
export const keptIntervals = 96
export const keptBatches = 50

interface Page<Item> {
  items: Item[]
}

/** The account that asks for private data: the request speaks for its session. */
export interface Asker {
  account: string
}

/** The first page of the list of the server's areas. It tells whether there are none, one or more; the search finds the others. */
export const areasQuery = queryOptions({
  queryKey: ['areas', 'first'],
  queryFn: async ({ signal }) => (await getJson<Page<AreaResource>>('/areas', { signal })).items,
  staleTime: 60_000,
})

/** The areas whose name, number or zones hold the words of a search; the answer has a cursor where there are more. */
export function foundAreasQuery(search: string, limit: number) {
  return queryOptions({
    queryKey: ['areas', 'found', search, limit],
    queryFn: ({ signal }) =>
      getJson<Page<AreaResource> & { cursor: string | null }>(
        `/areas?limit=${limit}&search=${encodeURIComponent(search)}`,
        { signal },
      ),
  })
}

/** One area, by its number or slug; null where the server has no area there. */
export function areaQuery(place: string) {
  return queryOptions({
    queryKey: ['areas', 'one', place],
    queryFn: async ({ signal }): Promise<AreaResource | null> => {
      try {
        return await getJson<AreaResource>(`/areas/${encodeURIComponent(place)}`, { signal })
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
function demoQuery<Answer>(name: string) {
  return queryOptions({
    queryKey: [name],
    queryFn: async ({ signal }): Promise<Answer | null> => {
      try {
        return await getJson<Answer>(`/demo/${name}`, { signal })
      } catch (error) {
        if (error instanceof ProblemError && error.status === 404) return null
        throw error
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export const peopleQuery = demoQuery<DemoPerson[]>('people')
/** How many homes the demo gives to visitors. */
export const demoHomesQuery = demoQuery<DemoHomes>('homes')
/** How fast the demo's sun runs. */
export const demoDayQuery = demoQuery<DemoDay>('day')

export function intervalsQuery(area: number) {
  return queryOptions({
    queryKey: ['intervals', area],
    queryFn: async ({ signal }) =>
      (await getJson<Page<IntervalResource>>(`/areas/${area}/intervals?limit=${keptIntervals}`, { signal })).items,
  })
}

/** The intervals as the grid operator reads them: with the figures of small zones. */
export function gridIntervalsQuery({ account }: Asker, area: number) {
  return queryOptions({
    queryKey: ['grid-intervals', area, account],
    queryFn: async ({ signal }) =>
      (await getJson<Page<IntervalResource>>(`/areas/${area}/intervals?limit=${keptIntervals}`, { account, signal }))
        .items,
    placeholderData: (previous) => previous,
  })
}

export function batchesQuery(area: number) {
  return queryOptions({
    queryKey: ['batches', area],
    queryFn: async ({ signal }) =>
      (await getJson<Page<BatchResource>>(`/areas/${area}/batches?limit=${keptBatches}`, { signal })).items,
  })
}

export function watchersQuery(area: number) {
  return queryOptions({
    queryKey: ['watchers', area],
    queryFn: ({ signal }) => getJson<WatchersResource>(`/areas/${area}/watchers`, { signal }),
    // The area's rules name its watchers once and for all, so the answer never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function seatsQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['seats', account],
    queryFn: ({ signal }) => everyPage<SeatResource>(`/accounts/${account}/seats`, { account }, signal),
  })
}

export function seatIntervalsQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['seat-intervals', account, seat],
    queryFn: async ({ signal }) =>
      (
        await getJson<Page<SeatIntervalResource>>(
          `/accounts/${account}/intervals?seat=${seat}&limit=${keptIntervals}`,
          {
            account,
            signal,
          },
        )
      ).items,
  })
}

export function summaryQuery({ account }: Asker, seat: string, range: { from: string; to: string }) {
  return queryOptions({
    queryKey: ['summary', account, seat, range.from],
    queryFn: ({ signal }) =>
      getJson<SummaryResource>(
        `/accounts/${account}/summary?seat=${seat}&from=${encodeURIComponent(range.from)}&to=${encodeURIComponent(range.to)}`,
        { account, signal },
      ),
    placeholderData: (previous) => previous,
  })
}

export function seatBatchesQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['seat-batches', account, seat],
    queryFn: async ({ signal }) =>
      (
        await getJson<Page<SeatBatchResource>>(`/accounts/${account}/batches?seat=${seat}&limit=${keptBatches}`, {
          account,
          signal,
        })
      ).items,
  })
}

export function ordersQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['orders', account, seat],
    queryFn: async ({ signal }) =>
      (await getJson<Page<OrderResource>>(`/accounts/${account}/orders?seat=${seat}`, { account, signal })).items,
  })
}

/** The account's tokens outside the escrow, in the token in which the area is paid. */
export function walletQuery({ account }: Asker, area: number) {
  return queryOptions({
    queryKey: ['wallet', account, area],
    queryFn: ({ signal }) => getJson<WalletResource>(`/accounts/${account}/wallet?area=${area}`, { account, signal }),
  })
}
