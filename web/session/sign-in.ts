/**
 * Sign-in with Ethereum (EIP-4361): the account signs a message with the server's nonce, and a cookie in the browser carries
 * the session.
 */
import { getJson, ProblemError, postJson } from '../api/client.ts'
import type { Identity } from './identity.ts'

export interface OpenSession {
  account: string
  expiresAt: string
}

/** An existing session is continued only where it lasts at least this long, in milliseconds. */
const freshForMs = 300_000

export interface SignInFields {
  /** The host and port of the page. */
  domain: string
  /** The account with its checksum's letter case. */
  address: string
  uri: string
  chainId: number
  nonce: string
  issuedAt: string
}

/** The message of EIP-4361, version 1. */
export function signInMessage({ domain, address, uri, chainId, nonce, issuedAt }: SignInFields): string {
  return `${domain} wants you to sign in with your Ethereum account:
${address}

Show my own readings, orders and payouts on this page.

URI: ${uri}
Version: 1
Chain ID: ${chainId}
Nonce: ${nonce}
Issued At: ${issuedAt}`
}

/** Opens a session. Where a person would have to be asked to sign, it continues the session that this browser already has. */
export async function signIn(identity: Identity, chainId: number): Promise<OpenSession> {
  const known = identity.asksToSign ? await openSessionOf(identity.account) : null
  if (known !== null) return known
  const [{ nonce }, signer] = await Promise.all([getJson('/session/nonce', {}), identity.signer()])
  const message = signInMessage({
    domain: window.location.host,
    address: await signer.getAddress(),
    uri: window.location.origin,
    chainId,
    nonce,
    issuedAt: new Date().toISOString(),
  })
  const keys = identity.passkey?.firstKeys ?? undefined
  const signature = await signer.signMessage(message)
  return postJson('/session', {}, { message, signature, keys, cookie: true })
}

async function openSessionOf(account: string): Promise<OpenSession | null> {
  try {
    const session = await getJson('/session', {}, { account })
    return Date.parse(session.expiresAt) > Date.now() + freshForMs ? session : null
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null
    throw error
  }
}
