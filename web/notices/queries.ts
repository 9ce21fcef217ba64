/** The page's queries and requests about notices. */
import { infiniteQueryOptions } from '@tanstack/react-query'
import type { NoticesResource } from '../../server/api/notice-resources.ts'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

const pageLength = 20

export function noticesQuery({ account }: Asker) {
  return infiniteQueryOptions({
    queryKey: ['notices', account],
    queryFn: ({ pageParam, signal }) => {
      const after = pageParam === null ? '' : `&cursor=${encodeURIComponent(pageParam)}`
      return getJson<NoticesResource>(`/accounts/${account}/notices?limit=${pageLength}${after}`, { account, signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
  })
}
