/** The link by which a grid operator, an operator or a member invites: the page's address, and behind `#` what it signed, which no server sees on the way. */
import type { Address, Hex, Invitation } from './typed-data.ts'

export interface SignedInvitation {
  area: number
  /** Who signed it, where it is not the grid operator. */
  inviter?: Address
  invitation: Invitation
  signature: Hex
}

/** `https://market.example/join#…`: the JSON of what was signed, in Base64 for addresses. */
export function invitationLink(origin: string, signed: SignedInvitation): string {
  const { area, inviter, invitation, signature } = signed
  const text = JSON.stringify({ area, inviter, invitation, signature })
  return `${origin}/join#${btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** What the part of a link behind `#` holds; null for anything else. The server checks it: this only finds its form. */
export function readInvitation(fragment: string): SignedInvitation | null {
  try {
    const text = atob(fragment.replace(/^#/, '').replaceAll('-', '+').replaceAll('_', '/'))
    const { area, inviter, invitation, signature } = JSON.parse(text) as SignedInvitation
    const isWhole = Number.isSafeInteger(area) && typeof invitation === 'object' && typeof signature === 'string'
    if (!isWhole || invitation === null) return null
    return { area, ...(inviter === undefined ? {} : { inviter }), invitation, signature }
  } catch {
    return null
  }
}
