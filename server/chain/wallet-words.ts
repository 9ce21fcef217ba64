/** What contract wallets say of the things that they are said to have signed. */
import type { JsonRpcProvider } from 'ethers'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { claimsOf, nameOf, type SignedThings, type WalletWords } from '../settlement/signers.ts'
import { walletSignatures } from './wallet-signature.ts'

/** What the contract wallets among the accounts confirm at the newest block. */
export async function wordsOfWallets(
  provider: JsonRpcProvider,
  domain: EscrowDomain,
  things: SignedThings,
): Promise<WalletWords> {
  const isWalletSignature = walletSignatures(provider)
  const words = new Set<string>()
  for (const claim of claimsOf(domain, things)) {
    if (await isWalletSignature(claim.account, claim.digest, claim.signature)) words.add(nameOf(claim))
  }
  return words
}
