/** Who somebody is on this page: an account and the means to sign for it. Keys never leave the browser's memory. */

import { CodedError } from '../../contracts/protocol/error.ts'
import type { EscrowDomain, Order, SessionKey, TypedDataSigner } from '../../contracts/protocol/typed-data.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'
import type { Asker } from '../api/queries.ts'
import type { KeptPasskey } from './kept-passkeys.ts'

export type Role = DemoPerson['role']

/** Signs typed data and plain messages for one account. */
export interface AccountSigner extends TypedDataSigner {
  signMessage(message: string): Promise<string>
  /** The account with its checksum's letter case. */
  getAddress(): Promise<string>
}

/** What an account allowed a session key, with its signature. */
export type Granted = Omit<SessionKey, 'account'> & { signature: string }

export interface OrderKey {
  signer: TypedDataSigner
  granted: Granted
}

/** The session keys of one account on this device. */
export interface OrderKeys {
  /** One that may sign the order: a kept one, or a new one, which the account grants now. */
  forOrder(asking: Asker, domain: EscrowDomain, order: Order): Promise<OrderKey>
  /** The signer of a key of this device; null for another. */
  signerOf(key: string | null): TypedDataSigner | null
}

export interface Identity {
  /** Lower-case address. */
  account: string
  name: string
  description: string | null
  /** Null where only the account's seats can tell. */
  role: Role | null
  signer: () => Promise<AccountSigner>
  /** Whether a person is asked for each signature. */
  asksToSign?: boolean
  /** Where the account is a passkey's. */
  passkey?: KeptPasskey
  /** Keys of this device that sign orders in the account's place. */
  orderKeys?: OrderKeys
}

/**
 * What went wrong with a key or a wallet: `SESSION_PASSPHRASE` (it does not open the account), `SESSION_INSECURE` (the page
 * was not opened by https, so that nothing can be encrypted), `SESSION_KEY_MALFORMED`, `SESSION_WALLET_MISSING`, `SESSION_WALLET_REFUSED`
 * or `SESSION_WALLET_CHAIN` (the wallet is on another chain and would not change); `SESSION_PASSKEY_MISSING` (the device or the market has none),
 * `SESSION_PASSKEY_REFUSED` (nothing was signed) and `SESSION_PASSKEY_UNKNOWN` (it is no account's owner).
 */
export class SessionError extends CodedError<
  | 'SESSION_PASSPHRASE'
  | 'SESSION_INSECURE'
  | 'SESSION_KEY_MALFORMED'
  | 'SESSION_WALLET_MISSING'
  | 'SESSION_WALLET_REFUSED'
  | 'SESSION_WALLET_CHAIN'
  | 'SESSION_PASSKEY_MISSING'
  | 'SESSION_PASSKEY_REFUSED'
  | 'SESSION_PASSKEY_UNKNOWN'
> {
  override readonly name = 'SessionError'
  constructor(code: SessionError['code'], message: string, cause?: unknown) {
    super(code, message, { cause })
  }
}
