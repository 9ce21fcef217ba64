/** What the chain says of an escrow and an area in it before a server works for them: asked once, at its start, and by the doctor. */
import type { JsonRpcProvider } from 'ethers'
import { escrowAt, registryOf, tokenAt } from '../../contracts/build/deploy.ts'
import { fixedValues } from '../../contracts/build/released-code.ts'
import { type Address, type Hex, parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { asChainError } from './escrow-client.ts'

const noHash = `0x${'0'.repeat(64)}`

export interface AreaOnChain {
  /** Null where the area is not open. */
  rulesHash: Hex | null
  grid: Address
  operator: Address
  /** End of its newest settled batch; 0 where it never settled one. */
  settledUntil: UtcSeconds
}

/** Who settles an area, and who is to take an office over. */
export interface AreaOffers {
  operatorNow: Address
  /** To whom the operator's office is offered, and from when on it can be accepted; null where to nobody. */
  operator: Offer | null
  grid: Offer | null
  /** From when on the rules' successor may claim the grid operator's office; null where they name none. */
  successionFrom: UtcSeconds | null
}

interface Offer {
  to: Address
  from: UtcSeconds
}

export async function readOffers(
  provider: JsonRpcProvider,
  { escrow, area }: { escrow: Address; area: number },
): Promise<AreaOffers> {
  const contract = escrowAt(escrow, provider)
  try {
    const [now, operator, grid, from] = (await Promise.all(
      [contract.operatorOf, contract.operatorOffer, contract.gridOffer, contract.successionFrom].map((view) =>
        view(area),
      ),
    )) as [string, OfferView, OfferView, bigint]
    const successionFrom = from === 0n ? null : Number(from)
    return { operatorNow: parseAddress(now), operator: offerOf(operator), grid: offerOf(grid), successionFrom }
  } catch (error) {
    throw asChainError(error)
  }
}

interface OfferView {
  to: string
  from: bigint
}

function offerOf({ to, from }: OfferView): Offer | null {
  return from === 0n ? null : { to: parseAddress(to), from: Number(from) }
}

/** The rules of an area, who holds its offices, and how far it is settled. */
export async function readAreaOnChain(
  provider: JsonRpcProvider,
  { escrow, area }: { escrow: Address; area: number },
): Promise<AreaOnChain> {
  const contract = escrowAt(escrow, provider)
  try {
    const [rulesHash, grid, operator, settledUntil] = (await Promise.all(
      [contract.rulesHash, contract.gridOf, contract.operatorOf, contract.settledUntil].map((view) => view(area)),
    )) as [string, string, string, bigint]
    return {
      rulesHash: rulesHash === noHash ? null : rulesHash,
      grid: parseAddress(grid),
      operator: parseAddress(operator),
      settledUntil: Number(settledUntil),
    }
  } catch (error) {
    throw asChainError(error)
  }
}

/**
 * What of an escrow is not this release's, in a sentence; null where everything is. The code must be the release's but for the
 * values fixed at deployment, and those must be the ones that the contract itself names.
 */
export async function foreignCode(provider: JsonRpcProvider, escrow: Address): Promise<string | null> {
  try {
    const values = fixedValues('Escrow', await provider.getCode(escrow))
    if (values === null) return `the contract at ${escrow} is not the escrow of this release`
    const contract = escrowAt(escrow, provider)
    const [token, delay, registry] = (await Promise.all([
      contract.token(),
      contract.withdrawalDelaySeconds(),
      registryOf(escrow, provider),
    ])) as [string, bigint, string]
    const registryValues = fixedValues('Registry', await provider.getCode(registry))
    if (registryValues === null) return `the registry of the escrow at ${escrow} is not the one of this release`
    const decimals = (await tokenAt(parseAddress(token), provider).decimals!()) as bigint
    const named = new Set(
      [BigInt(token), delay, decimals, BigInt(registry)].map((value) => value.toString(16).padStart(64, '0')),
    )
    const other = [...values, ...registryValues].find((value) => !named.has(value))
    return other === undefined ? null : `the escrow at ${escrow} was deployed with a value that it does not name`
  } catch (error) {
    throw asChainError(error)
  }
}

/** What stands where grants should be taken back, in a sentence; null where it is this release's contract. */
export async function foreignRevocations(provider: JsonRpcProvider, revocations: Address): Promise<string | null> {
  try {
    if (fixedValues('Revocations', await provider.getCode(revocations)) !== null) return null
    return `the contract at ${revocations} is not the one of this release by which grants are taken back`
  } catch (error) {
    throw asChainError(error)
  }
}

/** Whether the token is this release's development token, which its deployer can make as much of as it likes. */
export async function isDevelopmentToken(provider: JsonRpcProvider, token: Address): Promise<boolean> {
  try {
    return fixedValues('LocalEuro', await provider.getCode(token)) !== null
  } catch (error) {
    throw asChainError(error)
  }
}
