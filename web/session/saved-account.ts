/** The accounts that are kept on this device, as they lie in the browser's storage: encrypted, without the passphrase. */

/** The encrypted account that is kept, and saved as a file: everything but the passphrase. Bytes are hexadecimal digits. */
export interface SealedKey {
  commonwatt: 'account'
  account: string
  iterations: number
  salt: string
  iv: string
  sealed: string
}

const place = 'commonwatt.accounts'
export const shortestPassphrase = 10

/** The accounts of this device, the one that was opened last at the front. */
export function savedAccounts(storage: Storage = localStorage): SealedKey[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(place) ?? '[]')
    return Array.isArray(kept) ? kept.flatMap((each) => readSealedKey(JSON.stringify(each)) ?? []) : []
  } catch {
    return []
  }
}

/** Reads a saved file; null for any other text. */
export function readSealedKey(text: string): SealedKey | null {
  try {
    const read = JSON.parse(text) as Partial<SealedKey>
    const isWhole =
      read.commonwatt === 'account' &&
      Number.isSafeInteger(read.iterations) &&
      /^0x[0-9a-f]{40}$/.test(read.account ?? '') &&
      [read.salt, read.iv, read.sealed].every((part) => /^([0-9a-f]{2})+$/.test(part ?? ''))
    return isWhole ? (read as SealedKey) : null
  } catch {
    return null
  }
}

/** Keeps an account. The others stay beside it, since the money of an overwritten account would be lost. */
export function keepAccount(kept: SealedKey, storage: Storage = localStorage): void {
  const others = savedAccounts(storage).filter(({ account }) => account !== kept.account)
  storage.setItem(place, JSON.stringify([kept, ...others]))
}
