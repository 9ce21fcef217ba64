/** What `commonwatt deploy` does: contracts on a chain and a file that says so, or a comparison of both with this release. */
import { existsSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { NonceManager } from 'ethers'
import { deployAccounts, deployEscrow, deployRevocations, deployToken } from '../../contracts/build/deploy.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { version } from '../../package.json' with { type: 'json' }
import { foreignCode, foreignRevocations, isDevelopmentToken } from '../chain/contract-facts.ts'
import { refuseDevelopmentKey } from '../chain/development-keys.ts'
import { asChainError, openProvider, readChainId, readEscrowFacts } from '../chain/escrow-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { readAccountsFacts } from '../chain/passkey-accounts.ts'
import { DeploymentError, type DeploymentFile, readDeployment } from '../configuration/deployment.ts'
import { parseDuration } from '../configuration/duration.ts'
import { neededOption, readConfigOf } from './configured.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface DeployFlags {
  config?: string
  keyFile?: string
  token?: string
  developmentToken?: boolean
  withdrawalDelay?: string
  recoveryDelay: string
  out?: string
  check?: string
  json?: boolean
}

/** Throws `DeploymentError`, `ChainError` and `InputError`. */
export async function runDeploy(flags: DeployFlags, command: Command): Promise<void> {
  const [escrow] = (await readConfigOf(flags)).escrows
  const rpcUrl = neededOption<string>(command, 'rpcUrl', escrow?.rpcUrl)
  if (flags.check !== undefined) return check(rpcUrl, readDeployment(flags.check), flags.json === true)
  const named = escrow !== undefined && 'deploymentFile' in escrow.place ? escrow.place.deploymentFile : undefined
  const out = flags.out ?? named ?? 'deployment.json'
  const { json } = flags
  if (flags.keyFile === undefined) throw new InputError('give --key-file: the key that pays for the deployment')
  if ((flags.token === undefined) === (flags.developmentToken !== true)) {
    throw new InputError('give --token with the address of the token that people pay with, or --development-token')
  }
  if (flags.withdrawalDelay === undefined) {
    const advice = 'longer than a batch, the grace for readings and the longest outage together: 72h for daily batches'
    throw new InputError(`give --withdrawal-delay, which can never be changed: ${advice}`)
  }
  if (existsSync(out)) {
    const todo = `choose another file with --out, or look at it with "commonwatt deploy --check ${out}"`
    throw new DeploymentError('DEPLOYMENT_EXISTS', `${out} is there already: ${todo}`)
  }
  const withdrawalDelaySeconds = parseDuration(flags.withdrawalDelay)
  const recoveryDelaySeconds = parseDuration(flags.recoveryDelay)
  const wallet = readWalletFile(flags.keyFile)
  const chainId = await readChainId(rpcUrl)
  refuseDevelopmentKey(parseAddress(wallet.address), chainId)
  const provider = openProvider(rpcUrl, chainId)
  try {
    const deployer = new NonceManager(wallet.connect(provider))
    const token: Address = flags.token === undefined ? (await deployToken(deployer)).address : parseAddress(flags.token)
    const escrow = await deployEscrow(deployer, { token, withdrawalDelaySeconds })
    const accounts = await deployAccounts(deployer, recoveryDelaySeconds)
    const revocations = await deployRevocations(deployer)
    const file: DeploymentFile = {
      ...{ release: version, chainId, token, developmentToken: flags.developmentToken === true },
      ...{ withdrawalDelaySeconds, escrow: escrow.address, accounts: accounts.address, recoveryDelaySeconds },
      revocations: revocations.address,
      firstBlock: escrow.blockNumber,
    }
    writeFileSync(out, `${JSON.stringify(file, null, 2)}\n`, { flag: 'wx' })
    const text = `escrow ${file.escrow} on chain ${chainId}, token ${token}; written to ${out}\n`
    await writeOutput(json === true ? `${JSON.stringify(file)}\n` : text)
  } catch (error) {
    throw asChainError(error)
  } finally {
    provider.destroy()
  }
}

/** Compares a deployment with the chain, and the code there with this release's. Throws `DeploymentError` `DEPLOYMENT_DIFFERS`. */
async function check(rpcUrl: string, file: DeploymentFile, json: boolean): Promise<void> {
  const differs = (what: string) => new DeploymentError('DEPLOYMENT_DIFFERS', what)
  const chainId = await readChainId(rpcUrl)
  if (chainId !== file.chainId) {
    throw differs(`the node is on chain ${chainId}, the deployment on chain ${file.chainId}: ask another node`)
  }
  const provider = openProvider(rpcUrl, chainId)
  try {
    const facts = await readEscrowFacts(rpcUrl, file.escrow)
    const foreign = (await foreignCode(provider, file.escrow)) ?? (await foreignRevocations(provider, file.revocations))
    if (foreign !== null) throw differs(`${foreign}: it was deployed by release ${file.release}, this is ${version}`)
    if (facts.token !== file.token)
      throw differs(`the escrow holds the token ${facts.token}, the file says ${file.token}`)
    if (facts.withdrawalDelaySeconds !== file.withdrawalDelaySeconds) {
      throw differs(
        `a withdrawal waits ${facts.withdrawalDelaySeconds} s, the file says ${file.withdrawalDelaySeconds} s`,
      )
    }
    const { recoveryDelaySeconds } = await readAccountsFacts(rpcUrl, chainId, file.accounts)
    if (recoveryDelaySeconds !== file.recoveryDelaySeconds) {
      throw differs(`a recovery waits ${recoveryDelaySeconds} s, the file says ${file.recoveryDelaySeconds} s`)
    }
    const isDevelopment = await isDevelopmentToken(provider, file.token)
    if (isDevelopment !== file.developmentToken) {
      throw differs(`the token is ${isDevelopment ? '' : 'not '}the development token, the file says otherwise`)
    }
    const notice = isDevelopment ? '; its token is for trials: whoever deployed it makes as much as it likes' : ''
    const text = `the escrow at ${file.escrow} and the accounts at ${file.accounts} are those of release ${version}${notice}\n`
    await writeOutput(json ? `${JSON.stringify({ isReleased: true, ...file })}\n` : text)
  } finally {
    provider.destroy()
  }
}
