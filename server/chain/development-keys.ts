/** Keys that everybody has: the accounts that development nodes unlock by default. Never to be used where money is real. */
import { HDNodeWallet, Mnemonic } from 'ethers'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { ChainError } from './error.ts'

/** Chain ids of anvil, hardhat and ganache. */
const developmentChainIds: readonly number[] = [31337, 1337]
/** The phrases of anvil and hardhat, and of ganache's deterministic mode. */
const knownPhrases = [
  'test test test test test test test test test test test junk',
  'myth like bonus scare over problem client lizard pioneer submit female collect',
]
const accountsPerPhrase = 20

let known: Set<Address> | undefined

function knownAddresses(): Set<Address> {
  known ??= new Set(
    knownPhrases.flatMap((phrase) => {
      const parent = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(phrase), "m/44'/60'/0'/0")
      return Array.from({ length: accountsPerPhrase }, (_, index) => parseAddress(parent.deriveChild(index).address))
    }),
  )
  return known
}

/** Throws `CHAIN_DEVELOPMENT_KEY` for a publicly known development account, except on a development chain. */
export function refuseDevelopmentKey(address: Address, chainId: number): void {
  if (developmentChainIds.includes(chainId) || !knownAddresses().has(parseAddress(address))) return
  throw new ChainError(
    'CHAIN_DEVELOPMENT_KEY',
    `${address} is a development account whose private key is public: make a key of your own for chain ${chainId}`,
  )
}
