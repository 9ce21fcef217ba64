/** The page's queries about partners. */
import { queryOptions } from '@tanstack/react-query'
import type { PartnerChoicesResource, PartnersResource } from '../../server/api/partner-resources.ts'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

export function partnersQuery({ account }: Asker, seat: string, { from, to }: { from: string; to: string }) {
  return queryOptions({
    queryKey: ['partners', account, seat, from],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ seat, from, to })
      return getJson<PartnersResource>(`/accounts/${account}/partners?${query}`, { account, signal })
    },
    staleTime: 60_000,
  })
}

export function partnerChoicesQuery({ account }: Asker) {
  return queryOptions({
    queryKey: ['partner-choices', account],
    queryFn: ({ signal }) =>
      getJson<PartnerChoicesResource>(`/accounts/${account}/partner-choices`, { account, signal }),
  })
}
