/** The passkeys' accounts that this browser knows, and which passkey signs for which account. None of this is secret. */
import type { AccountKey } from '../../contracts/protocol/passkey.ts'
import type { FirstKeys } from '../../contracts/protocol/passkey-account.ts'

export interface KeptPasskey {
  /** The account's address in lower case. */
  account: string
  /** The credential's identifier, as hexadecimal digits. */
  credential: string
  key: AccountKey
  /** The keys with which the account is opened on chain; null where it is open and its keys have changed since. */
  firstKeys: FirstKeys | null
}

const place = 'commonwatt.passkeys'

/** The place in the browser's storage for a passkey that has asked for its account and does not own it yet. */
const askingPlace = 'commonwatt.asking-passkey'

/** The passkeys of this browser, the one that was used last at the front. */
export function keptPasskeys(storage: Storage = localStorage): KeptPasskey[] {
  return read(storage, place)
}

export function keepPasskey(kept: KeptPasskey, storage: Storage = localStorage): void {
  const others = keptPasskeys(storage).filter(({ credential }) => credential !== kept.credential)
  storage.setItem(place, JSON.stringify([kept, ...others]))
}

/** The passkey of this device that waits until it may take its account over; null where none does. */
export function askingPasskey(): KeptPasskey | null {
  return read(localStorage, askingPlace)[0] ?? null
}

export function keepAskingPasskey(kept: KeptPasskey | null): void {
  localStorage.setItem(askingPlace, JSON.stringify(kept === null ? [] : [kept]))
}

function read(storage: Storage, from: string): KeptPasskey[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(from) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isWhole) : []
  } catch {
    return []
  }
}

/** Whether this browser's device can hold passkeys and asks for a fingerprint, a face or a PIN by itself. */
export async function hasPasskeys(): Promise<boolean> {
  if (typeof PublicKeyCredential === 'undefined') return false
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false)
}

const isKey = (key: AccountKey | undefined) => [key?.x, key?.y].every((word) => /^0x[0-9a-f]{64}$/.test(word ?? ''))

function isWhole(read: Partial<KeptPasskey> | null): read is KeptPasskey {
  if (!/^0x[0-9a-f]{40}$/.test(read?.account ?? '') || !/^([0-9a-f]{2})+$/.test(read?.credential ?? '')) return false
  const first = read!.firstKeys
  return isKey(read!.key) && (first === null || (isKey(first?.owner) && isKey(first?.recovery)))
}
