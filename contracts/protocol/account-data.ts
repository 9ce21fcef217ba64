/**
 * The typed data (EIP-712) of two contracts that know nothing of any escrow: `PasskeyAccount`, which carries out what its
 * owner signed, and `Revocations`, where an account makes its grants void. Each has a domain of its own.
 */
import { TypedDataEncoder } from 'ethers/hash'
import { type Address, fieldsOf, type Hex } from './typed-data.ts'

/** One call that an account makes. */
export interface AccountCall {
  to: Address
  /** Wei. */
  value: bigint
  data: Hex
}

/** What is signed for an account; `nonce` is the account's next one of its kind. */
interface AccountActs {
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

/** A contract on a chain. */
export interface ContractPlace {
  chainId: number
  contract: Address
}

/** What the account's owner or its recovery key signs. */
export function accountDigest<Name extends keyof AccountActs>(
  account: ContractPlace,
  name: Name,
  value: AccountActs[Name],
): Hex {
  return TypedDataEncoder.hash(domainOf('Commonwatt account', account), accountTypes[name], value)
}

/** All grants of the account with a nonce lower than `below` are void. */
export interface RevokeGrants {
  account: Address
  below: bigint
  deadline: number
}

/** What an account signs to revoke its grants. */
export function revocationDigest(revocations: ContractPlace, value: RevokeGrants): Hex {
  const types = { RevokeGrants: fieldsOf('address account,uint64 below,uint32 deadline') }
  return TypedDataEncoder.hash(domainOf('Commonwatt revocations', revocations), types, value)
}

function domainOf(name: string, { chainId, contract }: ContractPlace) {
  return { name, version: '1', chainId, verifyingContract: contract }
}
