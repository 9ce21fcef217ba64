/** The page's queries while a home joins. */

import { queryOptions } from '@tanstack/react-query'
import type { DemoHomeTaken, DemoPerson } from '../../server/api/demo-resources.ts'
import type { PairingResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, postJson } from '../api/client.ts'
import { part } from '../api/part.ts'
import type { Session } from '../session/session.tsx'
import { keptInvitation } from './kept-invitation.ts'

/** How often the page asks what the agent sees and whether it has signed, in milliseconds. */
const lookEveryMs = 2_000

/** The meter that is offered under a code, as its agent sees it now. */
export function pairingQuery({ account }: Session, code: string) {
  return queryOptions({
    queryKey: ['pairing', account, code],
    queryFn: ({ signal }) => getJson('/pairings/{code}', { code }, { account, signal }),
    refetchInterval: ({ state }) => (state.error === null ? lookEveryMs : false),
    // The server counts wrong codes, so a failed query is not tried again by itself.
    retry: false,
    refetchOnWindowFocus: false,
  })
}

/** Shows the server the invitation that this page was opened with, if there is one for the area; the demo invites everybody. */
export async function showInvitation(
  session: Session,
  area: AreaResource,
  people: readonly DemoPerson[] | null,
): Promise<void> {
  const kept = keptInvitation()
  const isKept = kept?.area === area.area
  const invited = isKept
    ? kept
    : people && (await (await part(() => import('./demo-invitation.ts'))).demoInvitation(people, area, Date.now()))
  if (!invited) return
  const { inviter, invitation, signature } = invited
  await postJson('/areas/{area}/invitations', { area: area.area }, { inviter, invitation, signature }, session)
}

export function requestPairing(session: Session, code: string): Promise<PairingResource> {
  return postJson('/pairings/{code}/claim', { code }, {}, session)
}

/** The demo sets up a home in the area for the account; its agent shows the code, or the metering operator sends it. */
export function takeDemoHome(session: Session, area: number): Promise<DemoHomeTaken> {
  return postJson('/demo/homes', {}, { area }, session)
}
