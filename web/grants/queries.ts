/** The page's queries about grants of data, and about who read what. */
import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import { everyPage } from '../api/every-page.ts'
import type { Asker } from '../api/queries.ts'

/** How many reads the page shows. */
const shownReads = 50

export function grantsQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['grants', account],
    queryFn: ({ signal }) =>
      everyPage((place) => getJson('/accounts/{account}/grants', { account, ...place }, { account, signal })),
  })
}

export function readsQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['reads', account],
    queryFn: async ({ signal }) =>
      (await getJson('/accounts/{account}/reads', { account, limit: shownReads }, { account, signal })).items,
    refetchInterval: 30_000,
  })
}
