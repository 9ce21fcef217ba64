/** The accounts of passkeys that this browser knows: which passkey signs for which account. None of it is secret. */
import type { AccountKey } from '../../contracts/protocol/passkey.ts'
import type { FirstKeys } from '../../contracts/protocol/passkey-account.ts'

export interface KeptPasskey {
  /** Lower-case address. */
  account: string
  /** The credential's identifier, as hexadecimal digits. */
  credential: string
  key: AccountKey
  /** What the account is opened with; null where it is open and has had other keys since. */
  firstKeys: FirstKeys | null
}

const place = 'commonwatt.passkeys'

/** Of a passkey that has asked for its account and does not own it yet. */
const askingPlace = 'commonwatt.asking-passkey'

/** The one that was used last first. */
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
