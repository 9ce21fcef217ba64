/** The invitation with which the page was opened, kept for as long as the tab lives. */
import { readInvitation, type SignedInvitation } from '../../contracts/protocol/invitation-link.ts'

const place = 'commonwatt.invitation'

/** The invitation in the page's address, or the one that was there before. */
export function keptInvitation(): SignedInvitation | null {
  const fragment = window.location.hash
  if (fragment !== '' && readInvitation(fragment) !== null) sessionStorage.setItem(place, fragment)
  return readInvitation(sessionStorage.getItem(place) ?? '')
}
