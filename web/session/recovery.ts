/**
 * The changes to the keys of a passkey's account: it names a second key, objects when that key asks for the account, and, where
 * the first key is lost, goes over to a new passkey. Everything is signed here and carried to the chain by the server.
 */
import { Wallet } from 'ethers'
import { type AccountKey, keyOfAddress, noKey } from '../../contracts/protocol/passkey.ts'
import { keyChange } from '../../contracts/protocol/passkey-account.ts'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { relay } from '../api/client.ts'
import { careWords } from './care-words.tsx'
import { execute, signAct } from './execute.ts'
import { type Identity, SessionError } from './identity.ts'
import { type KeptPasskey, keepAskingPasskey, keepPasskey } from './kept-passkeys.ts'
import { identityOfPasskey, makePasskeyFor, passkeyAccountAt, signerOfChosenPasskey } from './passkey.ts'
import type { Session } from './session.tsx'

const signatureLifeSeconds = 3_600
const deadline = () => Math.floor(Date.now() / 1000) + signatureLifeSeconds

/** A recovery key, to be printed or kept in a file. */
export interface RecoveryKey {
  account: string
  key: string
}

export function newRecoveryKey(account: string): RecoveryKey {
  return { account, key: Wallet.createRandom().privateKey }
}

/** The text that is printed: enough to recover the account on any device. */
export function recoveryText({ account, key }: RecoveryKey, page: string): string {
  return careWords().paper({ account, key, page })
}

/** Makes the printed key the account's second key. */
export function nameRecoveryKey(session: Session, area: AreaResource, { key }: RecoveryKey): Promise<void> {
  return changeRecovery(session, area, keyOfAddress(new Wallet(key).address))
}

/** Makes another device's passkey the account's second key. */
export async function nameSecondPasskey(session: Session, area: AreaResource): Promise<void> {
  const { key } = await makePasskeyFor(session.account, area)
  await changeRecovery(session, area, key)
}

export function removeSecondKey(session: Session, area: AreaResource): Promise<void> {
  return changeRecovery(session, area, noKey)
}

/** Signs the owner's objection to a recovery that somebody has asked for. */
export async function objectToRecovery(session: Session, area: AreaResource): Promise<void> {
  const { account } = session
  const state = await passkeyAccountAt(area.area, account)
  const nonce = BigInt(state!.nextRecoveryNonce) - 1n
  const signature = await signAct(await session.identity.signer(), { area, account }, 'Veto', { nonce })
  await relay('/relay/vetoes', { area: area.area, account, signature }, session)
}

/**
 * Makes a passkey on this device and asks that it become the account's owner. The printed key signs the request, or the second
 * passkey where no key was typed. The new passkey becomes the owner after the delay, unless the present owner objects. Throws
 * `SESSION_KEY_MALFORMED`.
 */
export async function askForAccount(area: AreaResource, typed: { account: string; key: string | null }): Promise<void> {
  const { account, signer } = readRecovery(typed)
  const state = await passkeyAccountAt(area.area, account)
  if (state === null) {
    throw new SessionError('SESSION_PASSKEY_UNKNOWN', careWords().noneOpen)
  }
  const made = await makePasskeyFor(account, area)
  const asked = { nonce: state.nextRecoveryNonce, deadline: deadline() }
  const act = { ...made.key, nonce: BigInt(asked.nonce), deadline: asked.deadline }
  const signature = await signAct(signer ?? signerOfChosenPasskey(account), { area, account }, 'Recover', act)
  await relay('/relay/recoveries', { area: area.area, account, next: made.key, ...asked, signature })
  keepAskingPasskey(made)
}

/** Lets the new passkey take the account over, once the delay has passed. */
export async function takeAccountOver(area: AreaResource, kept: KeptPasskey): Promise<Identity> {
  const { account, key } = kept
  await relay('/relay/recoveries/finish', { area: area.area, account })
  for (;;) {
    const state = await passkeyAccountAt(area.area, account)
    if (state?.owner.x === key.x) break
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  keepPasskey(kept)
  keepAskingPasskey(null)
  return identityOfPasskey(kept)
}

const lookEveryMs = 1_000

async function changeRecovery(session: Session, area: AreaResource, key: AccountKey): Promise<void> {
  await execute(session, area, keyChange(session.account, 'changeRecovery', key))
}

function readRecovery({ account, key }: { account: string; key: string | null }) {
  try {
    const signer = key === null ? null : new Wallet(key.trim())
    return { account: parseAddress(account.trim()), signer }
  } catch {
    // The cause is left out: it would quote the key.
    throw new SessionError('SESSION_KEY_MALFORMED', careWords().malformed)
  }
}
