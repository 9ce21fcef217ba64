/** Who somebody is on this page: an account and the means to sign for it. Keys never leave the browser's memory. */

import { CodedError } from '../../contracts/protocol/error.ts'
import type { TypedDataSigner } from '../../contracts/protocol/typed-data.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'

export type Role = DemoPerson['role']

/** Signs typed data and plain messages for one account. */
export interface AccountSigner extends TypedDataSigner {
  signMessage(message: string): Promise<string>
  /** The account with its checksum's letter case. */
  getAddress(): Promise<string>
}

export interface Identity {
  /** Lower-case address. */
  account: string
  name: string
  description: string | null
  /** Null where only the account's seats can tell. */
  role: Role | null
  signer: () => Promise<AccountSigner>
}

/**
 * What went wrong with a key or a wallet: `SESSION_PASSPHRASE` (it does not open the account), `SESSION_INSECURE` (the page
 * was not opened by https, so that nothing can be encrypted), `SESSION_KEY_MALFORMED`, `SESSION_WALLET_MISSING`, `SESSION_WALLET_REFUSED`
 * or `SESSION_WALLET_CHAIN` (the wallet is on another chain and would not change).
 */
export class SessionError extends CodedError<
  | 'SESSION_PASSPHRASE'
  | 'SESSION_INSECURE'
  | 'SESSION_KEY_MALFORMED'
  | 'SESSION_WALLET_MISSING'
  | 'SESSION_WALLET_REFUSED'
  | 'SESSION_WALLET_CHAIN'
> {
  override readonly name = 'SessionError'
  constructor(code: SessionError['code'], message: string, cause?: unknown) {
    super(code, message, { cause })
  }
}

/** The part of a page's address that names a person: "Mara & Jo" → "mara-jo". */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
