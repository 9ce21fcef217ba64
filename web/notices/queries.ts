/** The page's queries and requests about notices. */
import { infiniteQueryOptions } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

const pageLength = 20

export function noticesQuery({ account }: Asker) {
  return infiniteQueryOptions({
    queryKey: ['notices', account],
    queryFn: ({ pageParam, signal }) => {
      const asks = { account, limit: pageLength, cursor: pageParam ?? undefined }
      return getJson('/accounts/{account}/notices', asks, { account, signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
  })
}
