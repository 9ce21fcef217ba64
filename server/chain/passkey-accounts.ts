/** Accounts of passkeys on the chain: where they are opened, what each says of itself, and what is carried to it for its owner. */
import { type Interface, type JsonRpcProvider, keccak256 } from 'ethers'
import { accountInterface, accountsInterface } from '../../contracts/build/deploy.ts'
import { fixedValues } from '../../contracts/build/released-code.ts'
import type { AccountKey } from '../../contracts/protocol/passkey.ts'
import {
  type AccountCall,
  type AccountsFacts,
  accountAddress,
  codeOfAccount,
  type FirstKeys,
} from '../../contracts/protocol/passkey-account.ts'
import { type Address, type Hex, parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { ChainError } from './error.ts'
import { asChainError, openProvider } from './escrow-client.ts'
import type { AllowGas, Sender } from './sender.ts'

/** What an open account says of itself at the newest block. */
export interface AccountState {
  owner: AccountKey
  /** All zero: no key can recover it. */
  recovery: AccountKey
  /** What the owner's and the recovery key's next signature must carry. */
  nextNonce: string
  nextRecoveryNonce: string
  /** From when on the next owner can take over; null where nobody asked for that. */
  recoverableFrom: UtcSeconds | null
}

export interface PasskeyAccounts {
  readonly facts: AccountsFacts
  /** Null where no account of ours is open at the address. Rejects with `ChainError`, as all do. */
  read(account: Address): Promise<AccountState | null>
  /** Whether the key signed the digest, as an account judges it whose key it is. */
  isSignedBy(key: AccountKey, digest: Hex, signature: Hex): Promise<boolean>
  /** For one request, whose gas is asked for before it is spent; null where this server has no key that pays for others. */
  relay: ((allow: AllowGas) => AccountRelay) | null
}

/** Each resolves with the transaction's hash once that is stored and on its way, and rejects as `EscrowRelay` does. */
export interface AccountRelay {
  open(keys: FirstKeys): Promise<{ hash: Hex }>
  execute(request: Signed & { calls: readonly AccountCall[]; nonce: string }): Promise<{ hash: Hex }>
  requestRecovery(request: Signed & { next: AccountKey; nonce: string }): Promise<{ hash: Hex }>
  vetoRecovery(request: Omit<Signed, 'deadline'>): Promise<{ hash: Hex }>
  /** `nonce` is the one that the recovery was requested with. */
  finishRecovery(request: { account: Address; nonce: string }): Promise<{ hash: Hex }>
}

interface Signed {
  account: Address
  deadline: UtcSeconds
  signature: Hex
}

/**
 * Asks the chain about the contract that opens accounts, which must be this release's, as must what it opens copies of.
 * Throws `ChainError` (`CHAIN_NO_ACCOUNTS` where it is not).
 */
export async function readAccountsFacts(rpcUrl: string, chainId: number, factory: Address): Promise<AccountsFacts> {
  const provider = openProvider(rpcUrl, chainId)
  try {
    const foreign = (what: string) => new ChainError('CHAIN_NO_ACCOUNTS', `${what} is not the one of this release`)
    const place = `the contract at ${factory} that opens accounts of passkeys`
    const code = await provider.getCode(factory)
    if (fixedValues('PasskeyAccounts', code) === null) throw foreign(place)
    const implementation = parseAddress(await view<string>(provider, factory, accountsInterface, 'implementation'))
    if (fixedValues('PasskeyAccount', await provider.getCode(implementation)) === null)
      throw foreign(`what ${place} copies`)
    const delay = await view<bigint>(provider, implementation, accountInterface, 'recoveryDelaySeconds')
    return { factory: parseAddress(factory), implementation, recoveryDelaySeconds: Number(delay) }
  } catch (error) {
    throw asChainError(error)
  } finally {
    provider.destroy()
  }
}

export function passkeyAccounts(options: {
  provider: JsonRpcProvider
  facts: AccountsFacts
  sender: Pick<Sender, 'send'> | null
}): PasskeyAccounts {
  const { provider, facts, sender } = options
  const code = codeOfAccount(facts.implementation)
  return {
    facts,
    async read(account) {
      try {
        if ((await provider.getCode(account)) !== code) return null
        const names = ['owner', 'recovery', 'nextNonce', 'nextRecoveryNonce', 'recoverableFrom']
        const [owner, recovery, nextNonce, nextRecoveryNonce, from] = (await Promise.all(
          names.map((name) => view(provider, account, accountInterface, name)),
        )) as [AccountKey, AccountKey, bigint, bigint, bigint]
        return {
          ...{ owner: plainKey(owner), recovery: plainKey(recovery) },
          ...{ nextNonce: nextNonce.toString(), nextRecoveryNonce: nextRecoveryNonce.toString() },
          recoverableFrom: from === 0n ? null : Number(from),
        }
      } catch (error) {
        throw asChainError(error)
      }
    },
    async isSignedBy(key, digest, signature) {
      try {
        return await view<boolean>(provider, facts.implementation, accountInterface, 'isSignedBy', [
          ...[key, digest, signature],
        ])
      } catch (error) {
        throw asChainError(error)
      }
    },
    relay: sender && ((allow) => accountRelay(sender, facts, allow)),
  }
}

function accountRelay(sender: Pick<Sender, 'send'>, facts: AccountsFacts, allow: AllowGas): AccountRelay {
  async function send(to: Address, data: Hex, purpose: string): Promise<{ hash: Hex }> {
    try {
      return await sender.send(purpose, async () => ({ to, data }), allow)
    } catch (error) {
      throw asChainError(error)
    }
  }
  /** A signature is good for one transaction, so the call itself tells one from another. */
  const carry = (account: Address, name: string, args: unknown[]) => {
    const data = accountInterface.encodeFunctionData(name, args)
    return send(account, data, `${name} ${account} ${keccak256(data)}`)
  }
  return {
    open(keys) {
      const data = accountsInterface.encodeFunctionData('open', [keys.owner, keys.recovery])
      return send(facts.factory, data, `open account ${accountAddress(facts, keys)}`)
    },
    execute({ account, calls, nonce, deadline, signature }) {
      return carry(account, 'execute', [calls, nonce, deadline, signature])
    },
    requestRecovery({ account, next, nonce, deadline, signature }) {
      return carry(account, 'requestRecovery', [next, nonce, deadline, signature])
    },
    vetoRecovery({ account, signature }) {
      return carry(account, 'vetoRecovery', [signature])
    },
    finishRecovery({ account, nonce }) {
      const data = accountInterface.encodeFunctionData('finishRecovery')
      return send(account, data, `finish recovery ${nonce} of ${account}`)
    },
  }
}

async function view<Value>(
  provider: JsonRpcProvider,
  to: Address,
  abi: Interface,
  name: string,
  args: unknown[] = [],
): Promise<Value> {
  const data = await provider.call({ to, data: abi.encodeFunctionData(name, args) })
  return abi.decodeFunctionResult(name, data)[0] as Value
}

function plainKey({ x, y }: AccountKey): AccountKey {
  return { x, y }
}
