/** What `commonwatt deploy` does: contracts on a chain and a file that says so, or a comparison of both with this release. */
import type { Command } from 'commander'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import { version } from '../../package.json' with { type: 'json' }
import { readDeployment } from '../configuration/deployment.ts'
import { parseDuration } from '../configuration/duration.ts'
import { checkDeployment, deployContracts } from '../founding/contracts.ts'
import { deploymentName } from '../founding/found.ts'
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
  const isJson = flags.json === true
  if (flags.check !== undefined) return check(rpcUrl, flags.check, isJson)
  const named = escrow !== undefined && 'deploymentFile' in escrow.place ? escrow.place.deploymentFile : undefined
  const out = flags.out ?? named ?? deploymentName
  if (flags.keyFile === undefined) throw new InputError('give --key-file: the key that pays for the deployment')
  if ((flags.token === undefined) === (flags.developmentToken !== true)) {
    throw new InputError('give --token with the address of the token that people pay with, or --development-token')
  }
  if (flags.withdrawalDelay === undefined) {
    const advice = 'longer than a batch, the grace for readings and the longest outage together: 72h for daily batches'
    throw new InputError(`give --withdrawal-delay, which can never be changed: ${advice}`)
  }
  const made = await deployContracts({
    ...{ rpcUrl, out, keyFile: flags.keyFile, withdrawalDelaySeconds: parseDuration(flags.withdrawalDelay) },
    recoveryDelaySeconds: parseDuration(flags.recoveryDelay),
    token: flags.token === undefined ? null : parseAddress(flags.token),
  })
  const text = `escrow ${made.escrow} on chain ${made.chainId}, token ${made.token}; written to ${out}\n`
  await writeOutput(isJson ? `${JSON.stringify(made)}\n` : text)
}

async function check(rpcUrl: string, path: string, isJson: boolean): Promise<void> {
  const file = readDeployment(path)
  await checkDeployment(rpcUrl, file)
  const notice = file.developmentToken ? '; its token is for trials: whoever deployed it makes as much as it likes' : ''
  const text = `the escrow at ${file.escrow} and the accounts at ${file.accounts} are those of release ${version}${notice}\n`
  await writeOutput(isJson ? `${JSON.stringify({ isReleased: true, ...file })}\n` : text)
}
