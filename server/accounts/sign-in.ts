/**
 * Sign-in with Ethereum (EIP-4361): the account signs a text that names this server, the chain and a nonce of ours.
 *
 * Nonces are not stored when they are given out but authenticated by a key of this process, so asking for many costs
 * nothing; a used one is remembered until it would have expired.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { hashMessage, verifyMessage } from 'ethers'
import { SiweMessage } from 'siwe'
import { accountAddress, type FirstKeys } from '../../contracts/protocol/passkey-account.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { PasskeyAccounts } from '../chain/passkey-accounts.ts'
import type { IsWalletSignature } from '../chain/wallet-signature.ts'
import { spendAccountNonce } from '../store/account-store.ts'
import type { Database } from '../store/database.ts'
import { AccountsError } from './error.ts'

const nonceSeconds = 300
/** How far a message's `Issued At` may lie ahead of the server's clock, and before the oldest nonce that still counts. */
const clockSkewMs = 300_000

export interface SignIn {
  issueNonce(now: Date): { nonce: string; expiresAt: Date }
  /**
   * The account that signed. Rejects with `AccountsError`; a message is good for one sign-in. An account of a passkey that is not
   * open yet shows the keys that it will be opened with.
   */
  verify(signed: { message: string; signature: string; keys?: FirstKeys | undefined }, now: Date): Promise<Address>
}

/**
 * `origins` are the addresses under which people open the page, such as `https://market.example`. An account signs with its
 * own key or, where it is a contract wallet, by EIP-1271: `walletSignaturesOn` asks a chain, and is null for one not served;
 * `accountsOn` are what opens accounts of passkeys there.
 */
export function createSignIn(
  database: Database,
  parts: {
    origins: readonly string[]
    walletSignaturesOn(chainId: number): IsWalletSignature | null
    accountsOn(chainId: number): readonly PasskeyAccounts[]
  },
): SignIn {
  const { origins, walletSignaturesOn, accountsOn } = parts
  const key = randomBytes(32)
  const hosts = origins.map((origin) => new URL(origin).host)

  /** `expiry (4 bytes) ‖ random (12) ‖ authentication (16)` in hexadecimal digits. */
  function seal(body: Buffer): string {
    return Buffer.concat([body, createHmac('sha256', key).update(body).digest().subarray(0, 16)]).toString('hex')
  }

  function nonceExpiry(nonce: string): Date | null {
    if (!/^[0-9a-f]{64}$/.test(nonce)) return null
    const body = Buffer.from(nonce, 'hex').subarray(0, 16)
    if (!timingSafeEqual(Buffer.from(seal(body)), Buffer.from(nonce))) return null
    return new Date(body.readUInt32BE(0) * 1000)
  }

  return {
    issueNonce(now) {
      const expiry = Math.floor(now.getTime() / 1000) + nonceSeconds
      const body = randomBytes(16)
      body.writeUInt32BE(expiry, 0)
      return { nonce: seal(body), expiresAt: new Date(expiry * 1000) }
    },
    async verify({ message: text, signature, keys }, now) {
      const message = parseMessage(text)
      if (!hosts.includes(message.domain) || !origins.some((origin) => isUnder(origin, message.uri))) {
        throw new AccountsError(
          'SIGN_IN_DOMAIN',
          `the message is for ${message.domain} (${message.uri}); this server is ${hosts.join(', ')}`,
        )
      }
      const isWalletSignature = walletSignaturesOn(message.chainId)
      if (isWalletSignature === null) {
        throw new AccountsError(
          'SIGN_IN_CHAIN',
          `the message names chain ${message.chainId}, which this server does not use`,
        )
      }
      checkTimes(message, now)
      const expiresAt = nonceExpiry(message.nonce)
      if (expiresAt === null || expiresAt <= now) {
        throw new AccountsError(
          'SIGN_IN_NONCE',
          'the nonce is not one that this server gave out lately; ask for another',
        )
      }
      const account = message.address.toLowerCase()
      const digest = hashMessage(text)
      const isSigned =
        signerOf(text, signature) === account ||
        (await isWalletSignature(account, digest, signature)) ||
        (keys !== undefined &&
          (await willBeItsOwner(accountsOn(message.chainId), { account, keys, digest, signature })))
      if (!isSigned) {
        throw new AccountsError('SIGN_IN_SIGNATURE', `the message is not signed by ${message.address}`)
      }
      if (!(await spendAccountNonce(database, message.nonce, expiresAt))) {
        throw new AccountsError('SIGN_IN_NONCE', 'the nonce has been used; ask for another')
      }
      return account
    },
  }
}

/** Whether an account that is not open will be opened with these keys, and the owner among them signed. */
async function willBeItsOwner(
  places: readonly PasskeyAccounts[],
  { account, keys, digest, signature }: { account: Address; keys: FirstKeys; digest: Hex; signature: Hex },
): Promise<boolean> {
  const place = places.find(({ facts }) => accountAddress(facts, keys) === account)
  // Of one that is open the owner may have changed: it answers for itself.
  if (place === undefined || (await place.read(account)) !== null) return false
  return place.isSignedBy(keys.owner, digest, signature)
}

function parseMessage(text: string): SiweMessage {
  try {
    return new SiweMessage(text)
  } catch (cause) {
    throw new AccountsError('SIGN_IN_MESSAGE', 'the message does not have the form of EIP-4361', { cause })
  }
}

function checkTimes(message: SiweMessage, now: Date): void {
  const at = (text: string | undefined) => (text === undefined ? null : Date.parse(text))
  const issued = at(message.issuedAt) ?? Number.NaN
  const expires = at(message.expirationTime)
  const notBefore = at(message.notBefore)
  const wrong = Number.isNaN(issued)
    ? 'it does not say when it was issued'
    : issued > now.getTime() + clockSkewMs
      ? 'it was issued in the future'
      : issued < now.getTime() - nonceSeconds * 1000 - clockSkewMs
        ? 'it was issued too long ago'
        : expires !== null && expires <= now.getTime()
          ? 'it has expired'
          : notBefore !== null && notBefore > now.getTime()
            ? 'it is not valid yet'
            : null
  if (wrong !== null) throw new AccountsError('SIGN_IN_TIME', `the message does not hold now: ${wrong}`)
}

function isUnder(origin: string, uri: string): boolean {
  return URL.canParse(uri) && new URL(uri).origin === new URL(origin).origin
}

/** Null where the signature has no form that could belong to a key. */
function signerOf(text: string, signature: string): Address | null {
  try {
    return verifyMessage(text, signature).toLowerCase()
  } catch {
    return null
  }
}
