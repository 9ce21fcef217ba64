/** The page's queries about partners. */
import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

export function partnersQuery({ account }: Asker, seat: string, { from, to }: { from: string; to: string }) {
  return queryOptions({
    queryKey: ['partners', account, seat, from],
    queryFn: ({ signal }) => getJson('/accounts/{account}/partners', { account, seat, from, to }, { account, signal }),
    staleTime: 60_000,
  })
}

export function partnerChoicesQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['partner-choices', account],
    queryFn: ({ signal }) => getJson('/accounts/{account}/partner-choices', { account }, { account, signal }),
  })
}
