/** The page's queries about standing agreements, and how live events renew their answers. */
import { type QueryClient, queryOptions } from '@tanstack/react-query'
import type { AgreementResource } from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'
import { withAgreement } from './offer.ts'

export function agreementsQuery({ account }: Asker, seat: string) {
  return queryOptions({
    queryKey: ['agreements', account, seat],
    queryFn: async ({ signal }) =>
      (await getJson('/accounts/{account}/agreements', { account, seat }, { account, signal })).items,
  })
}

export function applyAgreement(queries: QueryClient, account: string, agreement: AgreementResource): void {
  for (const { seat } of [agreement.seller, agreement.buyer]) {
    queries.setQueryData<AgreementResource[]>(
      ['agreements', account, seat],
      (known) => known && withAgreement(known, agreement),
    )
  }
}
