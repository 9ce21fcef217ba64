/** The identity of a person on this page: an account and the means to sign for it. Keys stay in the browser. */

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

/** A session key that an account has granted, with the account's signature. */
export type Granted = Omit<SessionKey, 'account'> & { signature: string }

export interface OrderKey {
  signer: TypedDataSigner
  granted: Granted
}

/** The session keys of one account on this device. */
export interface OrderKeys {
  /** A key that may sign the order: a kept one, or a new one that the account grants now. */
  forOrder(asking: Asker, domain: EscrowDomain, order: Order): Promise<OrderKey>
  /** The signer for a key of this device; null for any other key. */
  signerOf(key: string | null): TypedDataSigner | null
}

export interface Identity {
  /** The account's address in lower case. */
  account: string
  name: string
  description: string | null
  /** The role of the account; null where it follows from the account's seats. */
  role: Role | null
  signer: () => Promise<AccountSigner>
  /** Whether a person is asked for each signature. */
  asksToSign?: boolean
  /** The passkey, where the account belongs to one. */
  passkey?: KeptPasskey
  /** The keys of this device that sign orders in place of the account. */
  orderKeys?: OrderKeys
}

/**
 * What went wrong with a key or a wallet: `SESSION_PASSPHRASE` (it does not open the account), `SESSION_INSECURE` (the page was
 * not opened by https, so that nothing can be encrypted), `SESSION_KEY_MALFORMED`, `SESSION_WALLET_MISSING`,
 * `SESSION_WALLET_REFUSED` or `SESSION_WALLET_CHAIN` (the wallet is on another chain and would not change);
 * `SESSION_PASSKEY_MISSING` (the device or the market has none), `SESSION_PASSKEY_REFUSED` (nothing was signed) and
 * `SESSION_PASSKEY_UNKNOWN` (it is no account's owner).
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
