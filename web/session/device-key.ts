/**
 * An account that lives on this device: its key is made here and kept in the browser's storage, encrypted by a passphrase
 * (PBKDF2 with SHA-256, then AES-256-GCM). Neither the key nor the passphrase is ever sent anywhere.
 */

import { type Identity, SessionError } from './identity.ts'
import { identityOfKey } from './keys.ts'
import { keepAccount, type SealedKey } from './saved-account.ts'
import { sessionWords } from './words.ts'

/** The number of iterations that OWASP recommends for PBKDF2 with SHA-256. */
const iterations = 600_000

/** Makes a new account and keeps it on this device. Throws `SESSION_INSECURE` on a page that cannot encrypt. */
export async function makeAccount(passphrase: string, storage: Storage = localStorage): Promise<Identity> {
  const key = crypto.getRandomValues(new Uint8Array(32))
  const identity = identityOfKey(hexOf(key))
  const [salt, iv] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(12))]
  const lock = await lockOf(passphrase, salt, iterations)
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, lock, key)
  const kept: SealedKey = {
    ...{ commonwatt: 'account', account: identity.account, iterations },
    ...{ salt: hexOf(salt), iv: hexOf(iv), sealed: hexOf(new Uint8Array(sealed)) },
  }
  keepAccount(kept, storage)
  return identity
}

/** Opens a kept account, and keeps it on this device. Throws `SESSION_PASSPHRASE` for a wrong passphrase. */
export async function openAccount(
  kept: SealedKey,
  passphrase: string,
  storage: Storage = localStorage,
): Promise<Identity> {
  const lock = await lockOf(passphrase, bytesOf(kept.salt), kept.iterations)
  let key: ArrayBuffer
  try {
    key = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytesOf(kept.iv) }, lock, bytesOf(kept.sealed))
  } catch {
    throw new SessionError('SESSION_PASSPHRASE', sessionWords().wrongPassphrase)
  }
  const identity = identityOfKey(hexOf(new Uint8Array(key)))
  keepAccount(kept, storage)
  return identity
}

async function lockOf(passphrase: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<CryptoKey> {
  if (crypto.subtle === undefined) {
    throw new SessionError('SESSION_INSECURE', sessionWords().insecure)
  }
  const words = new TextEncoder().encode(passphrase.normalize('NFKC'))
  const material = await crypto.subtle.importKey('raw', words, 'PBKDF2', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, place) =>
    Number.parseInt(hex.slice(2 * place, 2 * place + 2), 16),
  )
}
