/** Puts the contracts on a chain and reaches them there. */

import {
  Contract,
  ContractFactory,
  type ContractMethod,
  type ContractRunner,
  Interface,
  type InterfaceAbi,
  type Signer,
} from 'ethers'
import { CodedError } from '../protocol/error.ts'
import type { Address } from '../protocol/typed-data.ts'
import escrowArtifact from './abi/Escrow.json' with { type: 'json' }
import escrowFace from './abi/IEscrow.json' with { type: 'json' }
import tokenArtifact from './abi/LocalEuro.json' with { type: 'json' }
import accountArtifact from './abi/PasskeyAccount.json' with { type: 'json' }
import accountsArtifact from './abi/PasskeyAccounts.json' with { type: 'json' }
import registryArtifact from './abi/Registry.json' with { type: 'json' }
import revocationsArtifact from './abi/Revocations.json' with { type: 'json' }

export const escrowInterface = new Interface(escrowFace.abi as InterfaceAbi)
export const tokenInterface = new Interface(tokenArtifact.abi as InterfaceAbi)
export const accountInterface = new Interface(accountArtifact.abi as InterfaceAbi)
export const accountsInterface = new Interface(accountsArtifact.abi as InterfaceAbi)
export const revocationsInterface = new Interface(revocationsArtifact.abi as InterfaceAbi)

export class DeployError extends CodedError<'DEPLOY_FAILED'> {
  override readonly name = 'DeployError'
}

/** A deployed contract; an indexer starts at its block. */
export interface Deployment {
  address: Address
  blockNumber: number
}

/** Deploys `LocalEuro`; `signer` may mint. For development chains. */
export function deployToken(signer: Signer): Promise<Deployment> {
  return deploy(signer, tokenInterface, tokenArtifact.bytecode, [])
}

export interface EscrowSettings {
  token: Address
  /** Longer than any area's batch plus what it takes to settle one, outages included. */
  withdrawalDelaySeconds: number
}

/** Deploys `Registry` for one token, then the `Escrow` in front of it, whose address is the one to name. */
export async function deployEscrow(signer: Signer, settings: EscrowSettings): Promise<Deployment> {
  const { token, withdrawalDelaySeconds } = settings
  const registry = await deploy(signer, new Interface(registryArtifact.abi), registryArtifact.bytecode, [
    token,
    withdrawalDelaySeconds,
  ])
  return deploy(signer, new Interface(escrowArtifact.abi), escrowArtifact.bytecode, [registry.address])
}

/** Deploys `PasskeyAccounts`, where accounts of passkeys are opened; their owners can object to a recovery for so long. */
export function deployAccounts(signer: Signer, recoveryDelaySeconds: number): Promise<Deployment> {
  return deploy(signer, accountsInterface, accountsArtifact.bytecode, [recoveryDelaySeconds])
}

/** Deploys `Revocations`, with which accounts take grants of data back; it belongs to nobody and serves every escrow of its chain. */
export function deployRevocations(signer: Signer): Promise<Deployment> {
  return deploy(signer, revocationsInterface, revocationsArtifact.bytecode, [])
}

/** The functions of `IEscrow.sol` that programs call; what each takes is written there. */
type EscrowFunction =
  | 'openArea'
  | 'offerOperator'
  | 'acceptOperator'
  | 'dismissOperator'
  | 'offerGrid'
  | 'claimSuccession'
  | 'acceptGrid'
  | 'showPresence'
  | 'openSeat'
  | 'changeMandate'
  | 'closeSeat'
  | 'confirmMeter'
  | 'revokeMeter'
  | 'startEpoch'
  | 'rotateKey'
  | 'reportEquivocation'
  | 'deposit'
  | 'depositWithPermit'
  | 'requestWithdrawal'
  | 'requestMove'
  | 'claim'
  | 'withdrawGrid'
  | 'settle'
  | 'abandonBatch'
  | 'announceBatch'
  | 'refuseBatch'
  | 'token'
  | 'withdrawalDelaySeconds'
  | 'settledUntil'
  | 'balanceOf'
  | 'gridBalance'
  | 'seatOf'
  | 'meterView'
  | 'instructionOf'
  | 'rulesHash'
  | 'gridOf'
  | 'operatorOf'
  | 'operatorOffer'
  | 'gridOffer'
  | 'successionFrom'
  | 'seatView'
  | 'withdrawalOf'
  | 'openBatchOf'
  | 'announcementOf'
  | 'refusalsOf'
type TokenFunction =
  | 'balanceOf'
  | 'transfer'
  | 'approve'
  | 'allowance'
  | 'nonces'
  | 'name'
  | 'symbol'
  | 'decimals'
  | 'totalSupply'
  | 'permit'
  | 'mint'

export type EscrowContract = Contract & { readonly [name in EscrowFunction]: ContractMethod }
export type TokenContract = Contract & { readonly [name in TokenFunction]: ContractMethod }

/** The escrow at `address`, called and read through `runner`. */
export function escrowAt(address: Address, runner: ContractRunner): EscrowContract {
  return new Contract(address, escrowInterface, runner) as EscrowContract
}

/** The registry behind an escrow, which names it where it was deployed. */
export async function registryOf(escrow: Address, runner: ContractRunner): Promise<Address> {
  const contract = new Contract(escrow, ['function registry() view returns (address)'], runner)
  return ((await contract.getFunction('registry')()) as string).toLowerCase()
}

/** The token at `address`: ERC-20, ERC-2612 and, on development chains, `mint`. */
export function tokenAt(address: Address, runner: ContractRunner): TokenContract {
  return new Contract(address, tokenInterface, runner) as TokenContract
}

async function deploy(
  signer: Signer,
  contractInterface: Interface,
  bytecode: string,
  args: unknown[],
): Promise<Deployment> {
  const contract = await new ContractFactory(contractInterface, bytecode, signer).deploy(...args)
  const receipt = await contract.deploymentTransaction()?.wait()
  if (!receipt?.contractAddress)
    throw new DeployError('DEPLOY_FAILED', 'the chain returned no contract address for the deployment')
  return { address: receipt.contractAddress.toLowerCase(), blockNumber: receipt.blockNumber }
}
