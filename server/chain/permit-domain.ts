/**
 * For which EIP-712 domain a token's permits (ERC-2612) are signed. Tokens differ: in name and version, in what they call a
 * version, in whether they say it at all. What counts is the separator that the token itself compares with.
 */
import { getAddress, Interface, isError, type JsonRpcProvider, TypedDataEncoder } from 'ethers'
import { type Address, type Hex, parseAddress } from '../../contracts/protocol/typed-data.ts'

/** The fields that the token's domain has, as ethers and wallets take them. */
export interface PermitDomain {
  name?: string
  version?: string
  chainId?: number
  verifyingContract?: Address
  salt?: Hex
}

const token = new Interface([
  'function DOMAIN_SEPARATOR() view returns (bytes32)',
  'function name() view returns (string)',
  'function version() view returns (string)',
  'function EIP712_VERSION() view returns (string)',
  'function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)',
])
/** Versions that tokens use which say none. */
const commonVersions = ['1', '2', '3']

/**
 * Asks the token (EIP-5267, then `version()`), else tries the usual ones; null where none has the token's separator, so that
 * it has no permits that can be signed. Rejects where the node cannot be asked.
 */
export async function readPermitDomain(
  provider: JsonRpcProvider,
  address: Address,
  chainId: number,
): Promise<PermitDomain | null> {
  const ask = async (name: string) => {
    try {
      const answer = await provider.call({ to: address, data: token.encodeFunctionData(name) })
      return token.decodeFunctionResult(name, answer)
    } catch (error) {
      // The token has no such function.
      if (isError(error, 'CALL_EXCEPTION') || isError(error, 'BAD_DATA')) return null
      throw error
    }
  }
  const [separator, described, name, version, otherVersion] = await Promise.all(
    ['DOMAIN_SEPARATOR', 'eip712Domain', 'name', 'version', 'EIP712_VERSION'].map(ask),
  )
  if (separator == null) return null
  const candidates: PermitDomain[] = []
  if (described != null) candidates.push(domainOf(described.toArray()))
  const versions = [version?.[0], otherVersion?.[0], ...commonVersions].filter((text) => typeof text === 'string')
  const contract = { verifyingContract: address }
  if (name != null) {
    candidates.push(
      ...versions.map((text) => ({ name: name[0] as string, version: text, chainId, ...contract })),
      { name: name[0], chainId, ...contract },
      // Tokens that bridges made put the chain into the salt.
      ...versions.map((text) => ({ name: name[0] as string, version: text, ...contract, salt: saltOf(chainId) })),
    )
  }
  return candidates.find((domain) => TypedDataEncoder.hashDomain(domain) === separator[0]) ?? null
}

/** Bit by bit from the lowest: which of name, version, chain, contract and salt the domain has (EIP-5267). */
function domainOf([fields, name, version, chainId, verifyingContract, salt]: unknown[]): PermitDomain {
  const has = Number(fields)
  return {
    ...(has & 1 ? { name: name as string } : {}),
    ...(has & 2 ? { version: version as string } : {}),
    ...(has & 4 ? { chainId: Number(chainId) } : {}),
    ...(has & 8 ? { verifyingContract: parseAddress(getAddress(verifyingContract as string)) } : {}),
    ...(has & 16 ? { salt: salt as Hex } : {}),
  }
}

function saltOf(chainId: number): Hex {
  return `0x${chainId.toString(16).padStart(64, '0')}`
}
