/** Signers from a private key held in memory. This part is loaded only when somebody signs. */
import { BaseWallet, SigningKey } from 'ethers'
import { type AccountSigner, type Identity, SessionError } from './identity.ts'
import { sessionWords } from './words.ts'

/** The signer of a private key (`0x` and 64 hexadecimal digits). Throws `SESSION_KEY_MALFORMED`. */
export function signerOfKey(privateKey: string): AccountSigner {
  return walletOfKey(privateKey)
}

/** The identity of a pasted private key. Throws `SESSION_KEY_MALFORMED`. */
export function identityOfKey(text: string): Identity {
  const wallet = walletOfKey(text)
  return {
    account: wallet.address.toLowerCase(),
    name: sessionWords().myAccount,
    description: null,
    role: null,
    signer: async () => wallet,
  }
}

function walletOfKey(text: string): BaseWallet {
  try {
    return new BaseWallet(new SigningKey(text.trim().replace(/^(?!0x)/, '0x')))
  } catch {
    // The cause is left out: it would quote the key.
    throw new SessionError('SESSION_KEY_MALFORMED', sessionWords().malformed)
  }
}
