/** The page's queries about trading ahead, and how live events renew their answers. */
import { type QueryClient, queryOptions } from '@tanstack/react-query'
import type {
  ForwardBookChange,
  ForwardBookResource,
  ForwardOrderResource,
  ForwardTradeResource,
} from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'
import { withChange, withForwardOrder, withTrade } from './forward.ts'

const keptTrades = 12

interface BookName {
  area: number
  zone: string
  /** The start of the interval as ISO 8601 in UTC. */
  start: string
}

function bookKey({ area, zone, start }: BookName) {
  return ['forward-book', area, zone, start] as const
}

export function forwardBookQuery(book: BookName) {
  const { area, zone, start } = book
  return queryOptions({
    queryKey: bookKey(book),
    queryFn: ({ signal }) => getJson('/areas/{area}/forward-book', { area, start, zone }, { signal }),
  })
}

/** The seat's orders that are still open. */
export function forwardOrdersQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['forward-orders', account, seat],
    queryFn: async ({ signal }) => {
      const asks = { account, seat, status: 'open' } as const
      return (await getJson('/accounts/{account}/forward-orders', asks, { account, signal })).items
    },
  })
}

export function forwardTradesQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['forward-trades', account, seat],
    queryFn: async ({ signal }) => {
      const asks = { account, seat, limit: keptTrades }
      return (await getJson('/accounts/{account}/forward-trades', asks, { account, signal })).items
    },
  })
}

export function applyForwardBook(queries: QueryClient, change: ForwardBookChange): void {
  renewBook(queries, change, (book) => withChange(book, change))
}

export function applyForwardTrade(queries: QueryClient, trade: ForwardTradeResource): void {
  renewBook(queries, trade, (book) => withTrade(book, trade))
}

/** Renews a book after a change. A book that is being fetched may have been read before the change, so it is fetched once more. */
function renewBook(
  queries: QueryClient,
  name: BookName,
  renewed: (book: ForwardBookResource) => ForwardBookResource,
): void {
  const queryKey = bookKey(name)
  if (queries.isFetching({ queryKey }) > 0) void queries.invalidateQueries({ queryKey })
  else queries.setQueryData<ForwardBookResource>(queryKey, (book) => book && renewed(book))
}

export function applyForwardOrder(queries: QueryClient, account: string, order: ForwardOrderResource): void {
  queries.setQueryData<ForwardOrderResource[]>(
    ['forward-orders', account, order.seat],
    (orders) => orders && withForwardOrder(orders, order),
  )
  if (order.tradedWh > 0) void queries.invalidateQueries({ queryKey: ['forward-trades', account, order.seat] })
}
