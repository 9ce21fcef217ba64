/**
 * The demo's community: founded, deployed and opened as `commonwatt found`, `deploy` and `area open` do it, in a folder of its own that
 * every other command takes by `--config`. What only a demo can do is given here: gas and tokens for nothing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contract, NonceManager, type Wallet, ZeroAddress } from 'ethers'
import { tokenAt } from '../../contracts/build/deploy.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { openProvider, readChainId } from '../chain/escrow-client.ts'
import { readWalletFile, walletOfFile } from '../chain/key-file.ts'
import { readServerConfig } from '../configuration/config.ts'
import { type DeploymentFile, readDeployment } from '../configuration/deployment.ts'
import { formatDuration } from '../configuration/duration.ts'
import { type Answers, completeAnswers } from '../founding/answers.ts'
import { carryOutAct, readOffices } from '../founding/area-acts.ts'
import { configurationText } from '../founding/configuration-text.ts'
import { type ConfiguredArea, configuredAreas } from '../founding/configured-areas.ts'
import { checkDeployment, deployContracts } from '../founding/contracts.ts'
import {
  answersIn,
  areaName,
  configurationName,
  deploymentName,
  foundCommunity,
  type GivenAreaFile,
  officeKey,
  withGrid,
} from '../founding/found.ts'
import { DemoError } from './error.ts'
import type { Street, StreetHome } from './street.ts'
import { type DemoWatcher, demoWatchers, quorumOf } from './watchers.ts'

/** What the embedded parts and ports of one start are. */
export interface StartPlace {
  databaseUrl: string
  rpcUrl: string
  port: number
  metricsPort: number
}

export interface People {
  watchers: DemoWatcher[]
  deployer: Wallet
  grid: Wallet
  operator: Wallet
  relay: Wallet
  /** The wallet of the house's meters; null where there is no house. */
  metering: Wallet | null
  /** The account of each home, by the home's name. */
  accounts: Map<string, Wallet>
}

/** Where people watch a demo, blocks come every second and none is ever taken back. */
const confirmations = 2
/** Enough gas for years on a development chain. */
const plentyOfWei = 10n ** 24n
const tokenUnits = 10n ** 6n

const houseName = 'house.json'
const meteringKey = 'keys/metering.key'
/** Of intervals as short as the demo's, in Wh: what two meters may differ by is made for quarter-hours. */
const witnessToleranceWh = 5

const folderOf = (dataFolder: string) => join(dataFolder, 'community')

/** The configuration with which every command finds the demo's server, database and chain. */
export const configOf = (dataFolder: string): string => join(folderOf(dataFolder), configurationName)

/** Founds the community where there is none yet. Throws `DemoError` `CHAIN_STATE` where the folder is of another release. */
export function foundStreet(street: Street, dataFolder: string): People {
  const folder = folderOf(dataFolder)
  if (!existsSync(folder)) {
    if (existsSync(join(dataFolder, 'chain'))) {
      throw new DemoError('CHAIN_STATE', `${dataFolder} is of another release: remove it to begin anew`)
    }
    foundCommunity(folder, completeAnswers(given(street, {}), answersIn(street.area)), areaOf(street, dataFolder))
  }
  const key = (office: Parameters<typeof officeKey>[0]) => readWalletFile(join(folder, officeKey(office)))
  return {
    watchers: demoWatchers(street, dataFolder),
    ...{ deployer: key('deployer'), grid: key('grid'), operator: key('operator'), relay: key('relay') },
    metering: street.house === undefined ? null : walletOfFile(join(folder, meteringKey)),
    accounts: new Map(
      homesOf(street).map(({ id }) => [id, walletOfFile(join(dataFolder, 'homes', id, 'account.key'))] as const),
    ),
  }
}

/** The homes of the street and of the house beside it. */
export function homesOf({ homes, house }: Street): StreetHome[] {
  return [...homes, ...(house?.homes ?? [])]
}

/** The street's area with its watchers. */
function areaOf({ area, ...street }: Street, dataFolder: string): GivenAreaFile {
  const watchers = quorumOf(demoWatchers({ area, ...street }, dataFolder))
  return watchers.quorum === 0 ? area : { ...area, rules: { ...area.rules, watchers } }
}

function given(street: Street, place: Answers): Answers {
  return {
    withdrawalDelay: formatDuration(street.withdrawalDelaySeconds),
    token: 'development',
    confirmations: String(confirmations),
    ...place,
  }
}

/** Writes down where the parts of this start are, and what of the street may change. Throws `DemoError` `STREET_FILE`. */
export function configureStreet(street: Street, dataFolder: string, grid: Address, place: StartPlace): void {
  const { databaseUrl, rpcUrl, port, metricsPort } = place
  const answers = given(street, { databaseUrl, rpcUrl, port: String(port), metricsPort: String(metricsPort) })
  const { house } = street
  const more = {
    areaFiles: [areaName, houseName],
    options: { 'metering-key-file': meteringKey, 'witness-tolerance-wh': witnessToleranceWh },
  }
  const text = configurationText(completeAnswers(answers, answersIn(street.area)), house === undefined ? {} : more)
  writeFileSync(configOf(dataFolder), text)
  const write = (name: string, given: GivenAreaFile) => {
    const areaFile = join(folderOf(dataFolder), name)
    const area = withGrid(given, grid)
    const before = existsSync(areaFile) ? (JSON.parse(readFileSync(areaFile, 'utf8')) as GivenAreaFile) : area
    if (JSON.stringify(area.rules) !== JSON.stringify(before.rules)) {
      throw new DemoError(
        'STREET_FILE',
        `the street in ${dataFolder} has other rules, which never change: choose another data folder`,
      )
    }
    writeFileSync(areaFile, `${JSON.stringify(area, null, 2)}\n`)
  }
  write(areaName, areaOf(street, dataFolder))
  if (house !== undefined) write(houseName, house.area)
}

/**
 * Puts the contracts on the chain, opens the areas and gives everybody tokens, each where it is not done yet. Gives the street's area and
 * the house's, where there is one. Throws `DemoError`.
 */
export async function openStreet(
  street: Street,
  dataFolder: string,
  people: People,
): Promise<[ConfiguredArea, ConfiguredArea?]> {
  const config = readServerConfig(configOf(dataFolder))
  const { rpcUrl } = config.escrows[0]!
  const deployment = await deployed(street, dataFolder, rpcUrl, people)
  const areas = await configuredAreas(config)
  for (const area of areas) {
    if ((await readOffices(area)) !== null) continue
    await carryOutAct(area, people.grid, { act: 'open', operator: parseAddress(people.operator.address) })
  }
  await giveTokens(street, rpcUrl, deployment, people)
  return areas as [ConfiguredArea, ConfiguredArea?]
}

async function deployed(street: Street, dataFolder: string, rpcUrl: string, people: People): Promise<DeploymentFile> {
  const out = join(folderOf(dataFolder), deploymentName)
  if (!existsSync(out)) {
    await giveGas(rpcUrl, [people.deployer, people.grid, people.operator, people.relay])
    const { withdrawalDelaySeconds, recoveryDelaySeconds } = street
    const keyFile = join(folderOf(dataFolder), officeKey('deployer'))
    return deployContracts({ rpcUrl, keyFile, token: null, withdrawalDelaySeconds, recoveryDelaySeconds, out })
  }
  const file = readDeployment(out)
  try {
    await checkDeployment(rpcUrl, file)
    return file
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new DemoError('CHAIN_STATE', `${error.message}; remove ${dataFolder} to begin anew`, { cause: error })
  }
}

/** Coin for gas to whoever has none; only a development node does this. */
export async function giveGas(rpcUrl: string, wallets: readonly Pick<Wallet, 'address'>[]): Promise<void> {
  const provider = openProvider(rpcUrl, await readChainId(rpcUrl))
  try {
    for (const { address } of wallets) {
      await provider.send('anvil_setBalance', [address, `0x${plentyOfWei.toString(16)}`])
    }
  } finally {
    provider.destroy()
  }
}

/** Each home once: twice what it puts into the escrow. */
async function giveTokens(street: Street, rpcUrl: string, file: DeploymentFile, people: People): Promise<void> {
  await withToken(rpcUrl, file, people.deployer, async (contract) => {
    const minted = await contract.queryFilter(contract.filters.Transfer!(ZeroAddress), file.firstBlock)
    const have = new Set(minted.map((log) => ('args' in log ? parseAddress(log.args.to as string) : null)))
    for (const { id, deposit } of homesOf(street)) {
      const { address } = people.accounts.get(id)!
      if (!have.has(parseAddress(address))) await mint(contract, address, deposit)
    }
  })
}

/** What a visitor finds in its wallet: twice what a home like that puts into the escrow. */
export async function giveGuest(dataFolder: string, deployer: Wallet, account: string, deposit: string): Promise<void> {
  const { rpcUrl } = readServerConfig(configOf(dataFolder)).escrows[0]!
  const file = readDeployment(join(folderOf(dataFolder), deploymentName))
  await withToken(rpcUrl, file, deployer, (contract) => mint(contract, account, deposit))
}

async function mint(contract: Contract, account: string, deposit: string): Promise<void> {
  const sent = await contract.mint!(account, BigInt(deposit) * 2n * tokenUnits)
  await sent.wait()
}

async function withToken(
  rpcUrl: string,
  { chainId, token }: DeploymentFile,
  deployer: Wallet,
  use: (contract: Contract) => Promise<void>,
): Promise<void> {
  const provider = openProvider(rpcUrl, chainId)
  try {
    await use(tokenAt(token, new NonceManager(deployer.connect(provider))))
  } finally {
    provider.destroy()
  }
}
