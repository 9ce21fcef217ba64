/** Puts this release's contracts on a chain, writes down where they are, and tells whether what stands there is this release's. */
import { existsSync, writeFileSync } from 'node:fs'
import { isError, type JsonRpcProvider, NonceManager } from 'ethers'
import { deployAccounts, deployEscrow, deployRevocations, deployToken, tokenAt } from '../../contracts/build/deploy.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { version } from '../../package.json' with { type: 'json' }
import { foreignCode, foreignRevocations, isDevelopmentToken } from '../chain/contract-facts.ts'
import { refuseDevelopmentKey } from '../chain/development-keys.ts'
import { asChainError, openProvider, readChainId, readEscrowFacts } from '../chain/escrow-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { readAccountsFacts } from '../chain/passkey-accounts.ts'
import { DeploymentError, type DeploymentFile } from '../configuration/deployment.ts'

export interface DeployedBy {
  rpcUrl: string
  /** The file of the key that pays. */
  keyFile: string
  /** Null deploys the development token, of which the key may mint as much as it likes. */
  token: Address | null
  withdrawalDelaySeconds: number
  /** For how long the owner of an account can object to its recovery. */
  recoveryDelaySeconds: number
  /** A file that is not there yet. */
  out: string
}

/** Throws `DeploymentError` `DEPLOYMENT_EXISTS` and `DEPLOYMENT_TOKEN`, and `ChainError`. The file is there once all contracts are. */
export async function deployContracts(options: DeployedBy): Promise<DeploymentFile> {
  const { rpcUrl, withdrawalDelaySeconds, recoveryDelaySeconds, out } = options
  if (existsSync(out)) {
    const todo = `choose another file with --out, or look at it with "commonwatt deploy --check ${out}"`
    throw new DeploymentError('DEPLOYMENT_EXISTS', `${out} is there already: ${todo}`)
  }
  const wallet = readWalletFile(options.keyFile)
  const chainId = await readChainId(rpcUrl)
  refuseDevelopmentKey(parseAddress(wallet.address), chainId)
  const provider = openProvider(rpcUrl, chainId)
  try {
    if (options.token !== null) await requireToken(provider, options.token, chainId)
    const deployer = new NonceManager(wallet.connect(provider))
    const token = options.token ?? (await deployToken(deployer)).address
    const escrow = await deployEscrow(deployer, { token, withdrawalDelaySeconds })
    const accounts = await deployAccounts(deployer, recoveryDelaySeconds)
    const revocations = await deployRevocations(deployer)
    const file: DeploymentFile = {
      ...{ release: version, chainId, token, developmentToken: options.token === null },
      ...{ withdrawalDelaySeconds, escrow: escrow.address, accounts: accounts.address, recoveryDelaySeconds },
      ...{ revocations: revocations.address, firstBlock: escrow.blockNumber },
    }
    writeFileSync(out, `${JSON.stringify(file, null, 2)}\n`, { flag: 'wx' })
    return file
  } catch (error) {
    throw asChainError(error, wallet.address)
  } finally {
    provider.destroy()
  }
}

/** Throws `DeploymentError` `DEPLOYMENT_TOKEN`. */
async function requireToken(provider: JsonRpcProvider, token: Address, chainId: number): Promise<void> {
  const wrong = (what: string) =>
    new DeploymentError('DEPLOYMENT_TOKEN', `--token: ${what} at ${token} on chain ${chainId}`)
  if ((await provider.getCode(token)) === '0x') throw wrong('there is no contract')
  const contract = tokenAt(token, provider)
  try {
    await Promise.all([contract.decimals!(), contract.balanceOf!(token)])
  } catch (error) {
    throw isError(error, 'BAD_DATA') || isError(error, 'CALL_EXCEPTION') ? wrong('there is no token (ERC-20)') : error
  }
}

/** Compares a deployment with the chain, and the code there with this release's. Throws `DeploymentError` `DEPLOYMENT_DIFFERS`. */
export async function checkDeployment(rpcUrl: string, file: DeploymentFile): Promise<void> {
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
  } finally {
    provider.destroy()
  }
}
