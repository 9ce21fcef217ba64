/** What the page asks while a home joins. */
import { queryOptions } from '@tanstack/react-query'
import type { PairingResource } from '../../server/api/joining.ts'
import { getJson, postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'

/** How often the page looks what the agent sees and whether it has signed. */
const lookEveryMs = 2_000

/** The meter that is offered under a code, as its agent sees it now. */
export function pairingQuery({ account, token }: Session, code: string) {
  return queryOptions({
    queryKey: ['pairing', account, code],
    queryFn: ({ signal }) => getJson<PairingResource>(`/pairings/${encodeURIComponent(code)}`, { token, signal }),
    refetchInterval: ({ state }) => (state.error === null ? lookEveryMs : false),
    // A wrong code counts: it is not tried again by itself.
    retry: false,
    refetchOnWindowFocus: false,
  })
}

export function claimPairing(session: Session, code: string): Promise<PairingResource> {
  return postJson<PairingResource>(`/pairings/${encodeURIComponent(code)}/claim`, {}, session)
}
