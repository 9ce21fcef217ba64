/** The account that is kept on this device, as it lies in the browser's storage: encrypted, without the passphrase. */

/** What is kept, and what is saved as a file: everything but the passphrase. Bytes as hexadecimal digits. */
export interface SealedKey {
  commonwatt: 'account'
  account: string
  iterations: number
  salt: string
  iv: string
  sealed: string
}

const place = 'commonwatt.account'
export const shortestPassphrase = 10

/** The account of this device, or null. */
export function savedAccount(storage: Storage = localStorage): SealedKey | null {
  const text = storage.getItem(place)
  return text === null ? null : readSealedKey(text)
}

/** Reads a saved file. Null for anything else. */
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

export function keepAccount(kept: SealedKey, storage: Storage = localStorage): void {
  storage.setItem(place, JSON.stringify(kept))
}
