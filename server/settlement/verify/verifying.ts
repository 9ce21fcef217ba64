/** What a checker brings along beside the file and the chain. */
import {
  type Address,
  type EscrowDomain,
  type Hex,
  type Reading,
  recoverSigner,
} from '../../../contracts/protocol/typed-data.ts'
import type { WalletWords } from '../signers.ts'

/** Says who signed a reading, or null where nobody did. */
export type SignerOfReading = (domain: EscrowDomain, reading: Reading, signature: Hex) => Address | null

export interface Verifying {
  /** What the contract wallets among the accounts say; none if not given. */
  words?: WalletWords
  /** Finds who signed a reading. There are many readings; without this the signers are recovered in this program, which is slow. */
  signerOf?: SignerOfReading
}

export function recoverReadingSigner(domain: EscrowDomain, reading: Reading, signature: Hex): Address | null {
  try {
    return recoverSigner(domain, 'Reading', reading, signature)
  } catch {
    return null
  }
}
