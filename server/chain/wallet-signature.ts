/** Contract wallets sign, too: they are asked by EIP-1271, as the escrow asks them. */
import { Interface, isError, type JsonRpcProvider } from 'ethers'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import { asChainError } from './escrow-client.ts'

/**
 * Whether `account` is a contract that, at the newest block, calls `signature` its own for `digest`. False for an account
 * without code, and for a contract that reverts, burns its gas or answers anything else, as the escrow judges it. Rejects
 * with a `ChainError` where the node cannot be asked.
 */
export type IsWalletSignature = (account: Address, digest: Hex, signature: Hex) => Promise<boolean>

const wallet = new Interface(['function isValidSignature(bytes32 digest, bytes signature) view returns (bytes4)'])
/** The function's own selector, in the first four bytes of one word. */
const yes = `0x1626ba7e${'0'.repeat(56)}`
/** As much as the escrow gives a wallet to check a signature, and what a transaction costs before its first step. */
const gasLimit = 1_000_000n + 100_000n
/** A key-held account is not asked for its code again within this: only a first deposit of code could change the answer. */
const rememberMs = 60_000
/** `0x` and 65 bytes. What is longer no key signed, and who signs so may have got its code a moment ago. */
const longestOfKey = 132
const mostRemembered = 10_000

export function walletSignatures(
  provider: JsonRpcProvider,
  now: () => number = () => performance.now(),
): IsWalletSignature {
  const codeless = new Map<Address, number>()

  async function isContract(account: Address, signature: Hex): Promise<boolean> {
    if (signature.length <= longestOfKey && (codeless.get(account) ?? 0) > now()) return false
    if ((await provider.getCode(account)) !== '0x') return true
    if (codeless.size >= mostRemembered) codeless.clear()
    codeless.set(account, now() + rememberMs)
    return false
  }

  return async (account, digest, signature) => {
    try {
      if (!(await isContract(account, signature))) return false
      const data = wallet.encodeFunctionData('isValidSignature', [digest, signature])
      return (await provider.call({ to: account, data, gasLimit })).startsWith(yes)
    } catch (error) {
      if (isError(error, 'CALL_EXCEPTION')) return false
      throw asChainError(error)
    }
  }
}
