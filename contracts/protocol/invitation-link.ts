/** The link by which a grid operator invites: the page's address, and behind `#` what it signed, which no server sees on the way. */
import type { Hex, Invitation } from './typed-data.ts'

export interface SignedInvitation {
  area: number
  invitation: Invitation
  signature: Hex
}

/** `https://market.example/join#…`: the JSON of what was signed, in Base64 for addresses. */
export function invitationLink(origin: string, { area, invitation, signature }: SignedInvitation): string {
  const text = JSON.stringify({ area, invitation, signature })
  return `${origin}/join#${btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** What the part of a link behind `#` holds; null for anything else. The server checks it: this only finds its form. */
export function readInvitation(fragment: string): SignedInvitation | null {
  try {
    const text = atob(fragment.replace(/^#/, '').replaceAll('-', '+').replaceAll('_', '/'))
    const { area, invitation, signature } = JSON.parse(text) as SignedInvitation
    const isWhole = Number.isSafeInteger(area) && typeof invitation === 'object' && typeof signature === 'string'
    return isWhole && invitation !== null ? { area, invitation, signature } : null
  } catch {
    return null
  }
}
