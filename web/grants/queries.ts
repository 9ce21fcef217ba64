/** The page's queries about grants of data, and about who read what. */
import { queryOptions } from '@tanstack/react-query'
import type { DataReadResource, GrantResource } from '../../server/api/grant-resources.ts'
import { getJson } from '../api/client.ts'
import { everyPage } from '../api/every-page.ts'
import type { Asker } from '../api/queries.ts'

/** How many reads the page shows. */
const shownReads = 50

export function grantsQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['grants', account],
    queryFn: ({ signal }) => everyPage<GrantResource>(`/accounts/${account}/grants`, { account }, signal),
  })
}

export function readsQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['reads', account],
    queryFn: async ({ signal }) => {
      const path = `/accounts/${account}/reads?limit=${shownReads}`
      return (await getJson<{ items: DataReadResource[] }>(path, { account, signal })).items
    },
    refetchInterval: 30_000,
  })
}
