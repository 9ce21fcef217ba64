/** Sign-in with Ethereum (EIP-4361): the account signs a message with the server's nonce and gets a token. */
import { getJson, postJson } from '../api/client.ts'
import type { Identity } from './identity.ts'

export interface SessionToken {
  token: string
  account: string
  expiresAt: string
}

export interface SignInFields {
  /** Host and port of the page. */
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

export async function signIn(identity: Identity, chainId: number): Promise<SessionToken> {
  const [{ nonce }, signer] = await Promise.all([getJson<{ nonce: string }>('/session/nonce'), identity.signer()])
  const message = signInMessage({
    domain: window.location.host,
    address: await signer.getAddress(),
    uri: window.location.origin,
    chainId,
    nonce,
    issuedAt: new Date().toISOString(),
  })
  const keys = identity.passkey?.firstKeys ?? undefined
  return postJson<SessionToken>('/session', { message, signature: await signer.signMessage(message), keys })
}
