/** What the page asks for of grants of data and of who read what. */
import { queryOptions } from '@tanstack/react-query'
import type { DataReadResource, GrantResource } from '../../server/api/grant-resources.ts'
import { getJson } from '../api/client.ts'
import type { Credentials } from '../api/queries.ts'

/** Reads that the page shows. */
const shownReads = 50

export function grantsQuery({ account, token }: Credentials) {
  return queryOptions({
    queryKey: ['grants', account],
    queryFn: async ({ signal }) => {
      const path = `/accounts/${account}/grants?limit=500`
      return (await getJson<{ items: GrantResource[] }>(path, { token, signal })).items
    },
  })
}

export function readsQuery({ account, token }: Credentials) {
  return queryOptions({
    queryKey: ['reads', account],
    queryFn: async ({ signal }) => {
      const path = `/accounts/${account}/reads?limit=${shownReads}`
      return (await getJson<{ items: DataReadResource[] }>(path, { token, signal })).items
    },
    refetchInterval: 30_000,
  })
}
