/**
 * Accounts whose owner is a passkey (`PasskeyAccount.sol`): at which address one is, and what its owner and its recovery key
 * sign. The escrow knows nothing of them beyond EIP-1271.
 */
import { AbiCoder, type FunctionFragment, Interface } from 'ethers/abi'
import { getCreate2Address } from 'ethers/address'
import { keccak256 } from 'ethers/crypto'
import { TypedDataEncoder } from 'ethers/hash'
import type { AccountKey } from './passkey.ts'
import { type Address, fieldsOf, type Hex } from './typed-data.ts'

/** Where accounts of a chain are opened, as a server publishes it. */
export interface AccountsFacts {
  /** The address of the contract `PasskeyAccounts`. */
  factory: Address
  /** The `PasskeyAccount` that all accounts of the factory are copies of. */
  implementation: Address
  /** How long the owner can object to a recovery. */
  recoveryDelaySeconds: number
}

/** The keys that an account is opened with; its address follows from them, whatever keys it has later. */
export interface FirstKeys {
  owner: AccountKey
  recovery: AccountKey
}

/** The address of the account with these first keys, open or not. */
export function accountAddress(
  { factory, implementation }: Pick<AccountsFacts, 'factory' | 'implementation'>,
  { owner, recovery }: FirstKeys,
): Address {
  const salt = keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['bytes32', 'bytes32', 'bytes32', 'bytes32'],
      [owner.x, owner.y, recovery.x, recovery.y],
    ),
  )
  const creation = keccak256(`0x3d602d80600a3d3981f3${codeOfAccount(implementation).slice(2)}`)
  return getCreate2Address(factory, salt, creation).toLowerCase()
}

/** The code of every account that is a copy of `implementation` (ERC-1167). */
export function codeOfAccount(implementation: Address): Hex {
  return `0x363d3d373d3d3d363d73${implementation.slice(2)}5af43d82803e903d91602b57fd5bf3`
}

/** One call that an account makes. */
export interface AccountCall {
  to: Address
  /** How much of the chain's coin goes along, in wei. */
  value: bigint
  data: Hex
}

/** What is signed for an account; `nonce` is the account's next one of its kind. */
export interface AccountActs {
  /** The owner: carries out all calls or none. */
  Execute: { calls: readonly AccountCall[]; nonce: bigint; deadline: number }
  /** The recovery key: the key (`x`, `y`) becomes the owner after the account's delay. */
  Recover: { x: Hex; y: Hex; nonce: bigint; deadline: number }
  /** The owner: the recovery with this nonce does not happen. */
  Veto: { nonce: bigint }
}

const accountTypes = {
  Execute: {
    Execute: fieldsOf('Call[] calls,uint256 nonce,uint256 deadline'),
    Call: fieldsOf('address to,uint256 value,bytes data'),
  },
  Recover: { Recover: fieldsOf('bytes32 x,bytes32 y,uint256 nonce,uint256 deadline') },
  Veto: { Veto: fieldsOf('uint256 nonce') },
}

/** The typed data of an act in the form that ethers and wallets take. */
export function accountTypedData(name: keyof AccountActs, account: { chainId: number; account: Address }) {
  const domain = {
    ...{ name: 'Commonwatt account', version: '1', chainId: account.chainId },
    verifyingContract: account.account,
  }
  return { domain, types: accountTypes[name] }
}

/** What the account's owner or its recovery key signs. */
export function accountDigest<Name extends keyof AccountActs>(
  account: { chainId: number; account: Address },
  name: Name,
  value: AccountActs[Name],
): Hex {
  const { domain, types } = accountTypedData(name, account)
  return TypedDataEncoder.hash(domain, types, value)
}

const ownCalls = new Interface([
  'function changeOwner((bytes32 x, bytes32 y) owner)',
  'function changeRecovery((bytes32 x, bytes32 y) recovery)',
])

const tokenCalls = new Interface([
  'function transfer(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
])

/** The selectors of the calls by which an account changes its keys, and by which it moves its tokens. */
export const keyChangeSelectors = selectorsOf(ownCalls)
export const tokenSelectors = selectorsOf(tokenCalls)

function selectorsOf(abi: Interface): Hex[] {
  return abi.fragments.map((fragment) => (fragment as FunctionFragment).selector)
}

/** The account's call by which it takes another owner, or another recovery key (`noKey` for none). */
export function keyChange(account: Address, name: 'changeOwner' | 'changeRecovery', key: AccountKey): AccountCall {
  return { to: account, value: 0n, data: ownCalls.encodeFunctionData(name, [key]) }
}

/** The account's call by which it sends `amount`, in base units of the token, to an address. */
export function tokenTransfer(token: Address, to: Address, amount: bigint): AccountCall {
  return { to: token, value: 0n, data: tokenCalls.encodeFunctionData('transfer', [to, amount]) }
}
