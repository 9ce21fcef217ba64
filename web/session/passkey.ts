/**
 * Accounts of passkeys in the browser: makes one, finds one again on another device, and signs with it. This part is loaded
 * only when somebody uses a passkey.
 */
import { getAddress, hashMessage, TypedDataEncoder } from 'ethers'
import {
  type AccountKey,
  type Assertion,
  accountSignatureOf,
  keyOfPasskey,
  keysOfAssertion,
  noKey,
} from '../../contracts/protocol/passkey.ts'
import { type AccountsFacts, accountAddress } from '../../contracts/protocol/passkey-account.ts'
import type { PasskeyAccountResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, ProblemError } from '../api/client.ts'
import { type AccountSigner, type Identity, SessionError } from './identity.ts'
import { type KeptPasskey, keepPasskey, keptPasskeys } from './kept-passkeys.ts'
import { orderKeysOf } from './order-key.ts'
import { sessionWords } from './words.ts'

/** The number that COSE gives to ECDSA on P-256 with SHA-256. */
const es256 = -7

/** Makes a passkey and the account that belongs to it. Throws `SESSION_PASSKEY_MISSING` or `SESSION_PASSKEY_REFUSED`. */
export async function makePasskeyAccount(area: AreaResource): Promise<Identity> {
  const made = await makePasskey(area.name, crypto.getRandomValues(new Uint8Array(16)))
  const firstKeys = { owner: made.key, recovery: noKey }
  const kept = { ...made, account: accountAddress(factsOf(area), firstKeys), firstKeys }
  keepPasskey(kept)
  return identityOfPasskey(kept)
}

/** Makes a further passkey for an account that exists already; the passkey carries the account as the name of its user. */
export async function makePasskeyFor(account: string, area: AreaResource): Promise<KeptPasskey> {
  return { ...(await makePasskey(area.name, bytesOf(account.slice(2)))), account, firstKeys: null }
}

/**
 * Lets the person choose a passkey and finds its account. Throws `SESSION_PASSKEY_UNKNOWN` where the passkey does not own the
 * account (any more), and `SESSION_PASSKEY_REFUSED` where nothing was signed.
 */
export async function findPasskeyAccount(area: AreaResource): Promise<Identity> {
  const chosen = await askForAssertion(crypto.getRandomValues(new Uint8Array(32)))
  const known = keptPasskeys().find(({ credential }) => credential === chosen.credential)
  if (known !== undefined) {
    keepPasskey(known)
    return identityOfPasskey(known)
  }
  const named = chosen.userHandle?.length === 20 ? `0x${hexOf(chosen.userHandle)}` : null
  let keys = keysOfAssertion(chosen.assertion)
  const found = named === null ? await openAccountOf(area, keys) : await ownedAccount(area, named, keys)
  if (found !== null) {
    keepPasskey({ ...found, credential: chosen.credential })
    return identityOfPasskey({ ...found, credential: chosen.credential })
  }
  if (named !== null) {
    throw new SessionError('SESSION_PASSKEY_UNKNOWN', sessionWords().passkeyUnknown)
  }
  // A signature fits two possible keys. A second signature fits only the right one of them again.
  const again = await askForAssertion(crypto.getRandomValues(new Uint8Array(32)), chosen.credential)
  const possible = keysOfAssertion(again.assertion)
  keys = keys.filter((key) => possible.some(({ x, y }) => x === key.x && y === key.y))
  const firstKeys = { owner: keys[0]!, recovery: noKey }
  const account = accountAddress(factsOf(area), firstKeys)
  const kept = { account, credential: chosen.credential, key: keys[0]!, firstKeys }
  keepPasskey(kept)
  return identityOfPasskey(kept)
}

export function identityOfPasskey(kept: KeptPasskey): Identity {
  const { account } = kept
  const signer = signerOfPasskey(kept)
  return {
    ...{ account, name: sessionWords().myAccount, description: null, role: null },
    signer: async () => signer,
    asksToSign: true,
    passkey: kept,
    orderKeys: orderKeysOf(account, signer),
  }
}

/** Signs with the passkey that the person chooses. Throws `SESSION_PASSKEY_REFUSED`. */
export function signerOfChosenPasskey(account: string): AccountSigner {
  return signerOfPasskey({ account, credential: undefined })
}

/** Signs for the account of a passkey; the person is asked each time. Throws `SESSION_PASSKEY_REFUSED`. */
function signerOfPasskey({ account, credential }: { account: string; credential: string | undefined }): AccountSigner {
  const sign = async (digest: string) => {
    const { assertion } = await askForAssertion(bytesOf(digest.slice(2)), credential)
    return accountSignatureOf(assertion)
  }
  return {
    signMessage: (message) => sign(hashMessage(message)),
    signTypedData: (domain, types, value) => sign(TypedDataEncoder.hash(domain, types, value)),
    getAddress: async () => getAddress(account),
  }
}

/** The server's record of a passkey's account; null where no account is open at the address. */
export async function passkeyAccountAt(area: number, account: string): Promise<PasskeyAccountResource | null> {
  try {
    return await getJson('/areas/{area}/passkey-accounts/{account}', { area, account })
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'ACCOUNT_UNKNOWN') return null
    throw error
  }
}

function factsOf({ chain }: AreaResource): AccountsFacts {
  if (chain.accounts !== undefined) return chain.accounts
  throw new SessionError('SESSION_PASSKEY_MISSING', sessionWords().noPasskeys)
}

type FoundPasskey = Omit<KeptPasskey, 'credential'>

/** The open account among those that follow from the keys. */
async function openAccountOf(area: AreaResource, keys: readonly AccountKey[]): Promise<FoundPasskey | null> {
  for (const key of keys) {
    const firstKeys = { owner: key, recovery: noKey }
    const found = await ownedAccount(area, accountAddress(factsOf(area), firstKeys), [key])
    if (found !== null) return { ...found, firstKeys }
  }
  return null
}

async function ownedAccount(
  { area }: AreaResource,
  account: string,
  keys: readonly AccountKey[],
): Promise<FoundPasskey | null> {
  const owner = (await passkeyAccountAt(area, account))?.owner
  const key = keys.find(({ x, y }) => x === owner?.x && y === owner.y)
  return key === undefined ? null : { account, key, firstKeys: null }
}

async function makePasskey(
  market: string,
  id: Uint8Array<ArrayBuffer>,
): Promise<{ credential: string; key: AccountKey }> {
  const made = await asked(
    navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rp: { name: 'Commonwatt' },
        user: { id, name: market, displayName: market },
        pubKeyCredParams: [{ type: 'public-key', alg: es256 }],
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      },
    }),
  )
  const { rawId, response } = made
  const publicKey = (response as AuthenticatorAttestationResponse).getPublicKey()
  if (publicKey === null) throw new SessionError('SESSION_PASSKEY_MISSING', sessionWords().otherKind)
  return { credential: hexOf(new Uint8Array(rawId)), key: keyOfPasskey(new Uint8Array(publicKey)) }
}

interface Chosen {
  credential: string
  userHandle: Uint8Array | null
  assertion: Assertion
}

/** Has 32 bytes signed by one passkey, or by the one that the person chooses. */
async function askForAssertion(challenge: Uint8Array<ArrayBuffer>, credential?: string): Promise<Chosen> {
  const allowed = credential === undefined ? [] : [{ type: 'public-key' as const, id: bytesOf(credential) }]
  const got = await asked(
    navigator.credentials.get({
      publicKey: { challenge, allowCredentials: allowed, userVerification: 'required' },
    }),
  )
  const { authenticatorData, clientDataJSON, signature, userHandle } = got.response as AuthenticatorAssertionResponse
  const assertion = {
    authenticatorData: new Uint8Array(authenticatorData),
    clientDataJSON: new Uint8Array(clientDataJSON),
    signature: new Uint8Array(signature),
  }
  const handle = userHandle === null ? null : new Uint8Array(userHandle)
  return { credential: hexOf(new Uint8Array(got.rawId)), userHandle: handle, assertion }
}

async function asked(answer: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await answer.catch((cause: unknown) => {
    throw new SessionError('SESSION_PASSKEY_REFUSED', sessionWords().deviceRefused, cause)
  })
  if (credential !== null) return credential as PublicKeyCredential
  throw new SessionError('SESSION_PASSKEY_REFUSED', sessionWords().deviceRefused)
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16))
}
