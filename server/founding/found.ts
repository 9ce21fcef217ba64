/** Writes the folder of a new community: configuration, area file, keys and a service unit, from the answers to the questions. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'smol-toml'
import { CodedError } from '../../contracts/protocol/error.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { formatPrice, parsePrice } from '../../contracts/protocol/units.ts'
import { areaSettings } from '../areas/settings.ts'
import { walletOfFile } from '../chain/key-file.ts'
import { parseDuration } from '../configuration/duration.ts'
import { type Answers, keysIn } from './answers.ts'
import { serverUnit } from './service-unit.ts'

/** `FOUND_FOLDER`: the folder holds something already. `FOUND_ANSWER`: answers that do not fit together. */
export class FoundingError extends CodedError<'FOUND_FOLDER' | 'FOUND_ANSWER'> {
  override readonly name = 'FoundingError'
}

export interface Founded {
  /** Absolute. */
  folder: string
  files: string[]
  deployer: Address
  operator: Address
  relay: Address
  grid: Address
  /** What to do next, each a sentence and, mostly, a command. */
  next: { does: string; command: string | null }[]
}

const decimals = 4

/** Prices of trades go up to half the band: as far above the supplier's price as a fifth of it, on the next ten cents. */
function bandOf(retailPrice: string): string {
  const tenCents = 1_000
  const half = Math.ceil((parsePrice(retailPrice, decimals) * 12) / 10 / tenCents) * tenCents
  return formatPrice(2 * half, decimals)
}

/** Throws `FoundingError`; then nothing was written. */
export function foundCommunity(folder: string, answers: Answers): Founded {
  const root = resolve(folder)
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new FoundingError('FOUND_FOLDER', `${root} is not empty: name a new folder, nothing is ever overwritten`)
  }
  checkArea(answers)
  mkdirSync(join(root, 'keys'), { recursive: true, mode: 0o700 })
  mkdirSync(join(root, 'backups'), { mode: 0o700 })
  const key = (name: string) => parseAddress(walletOfFile(join(root, 'keys', `${name}.key`)).address)
  const [deployer, operator, relay] = [key('deployer'), key('operator'), key('relay')]
  const grid = answers.grid === '' ? key('grid') : parseAddress(answers.grid!)
  const areaName = 'area.json'
  const write = (name: string, text: string, mode: number) => {
    writeFileSync(join(root, name), text, { mode, flag: 'wx' })
    return name
  }
  const files = [
    write('commonwatt.toml', configText(answers, areaName), 0o600),
    write(areaName, `${JSON.stringify(areaFileOf(answers, grid), null, 2)}\n`, 0o644),
    write('commonwatt.service', serverUnit(root), 0o644),
    ...['deployer', 'operator', 'relay', ...(answers.grid === '' ? ['grid'] : [])].map((name) => `keys/${name}.key`),
  ]
  return {
    folder: root,
    files,
    deployer,
    operator,
    relay,
    grid,
    next: nextSteps({ answers, deployer, operator, relay, grid }),
  }
}

/** Whatever the area's settings refuse is refused before anything is written. */
function checkArea(answers: Answers): void {
  const nobody = `0x${'1'.repeat(40)}`
  try {
    areaSettings(areaFileOf(answers, nobody), {
      ...{ chainId: 1, escrow: nobody, token: nobody, tokenName: '', tokenDecimals: 6 },
      withdrawalDelaySeconds: parseDuration(answers.withdrawalDelay!),
    })
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new FoundingError('FOUND_ANSWER', error.message, { cause: error })
  }
}

function areaFileOf(answers: Answers, grid: Address): Record<string, unknown> {
  const feeders = answers.feeders === '' ? [] : answers.feeders!.split(',').map((feeder) => feeder.trim())
  const root = 'transformer'
  return {
    name: answers.name,
    currency: answers.currency,
    feedInPerKwh: answers.feedInPrice,
    retailPerKwh: answers.retailPrice,
    graceSeconds: parseDuration(answers.grace!),
    zones: [
      { zone: root, name: `Transformer of ${answers.name}` },
      ...feeders.map((zone) => ({ zone, name: `Feeder ${zone}`, parent: root, feePerKwh: answers.gridFee })),
    ],
    rules: {
      grid,
      intervalSeconds: parseDuration(answers.interval!),
      batchSeconds: parseDuration(answers.batch!),
      // From one feeder to another: two links, and once more as much for dearer times.
      maxGridPerKwh: feeders.length === 0 ? '0' : formatPrice(4 * parsePrice(answers.gridFee!, decimals), decimals),
      maxBandPerKwh: bandOf(answers.retailPrice!),
      confirmation: answers.confirmation,
      settlingGrade: answers.settlingGrade,
      ...watchersOf(answers),
    },
  }
}

/** More than half of them must sign; those who say nothing are waited for a quarter of a batch. */
function watchersOf({ watchers, batch }: Answers): Record<string, unknown> {
  const keys = keysIn(watchers!)
  if (keys.length === 0) return {}
  const quorum = Math.floor(keys.length / 2) + 1
  return { watchers: { keys, quorum }, watcherGraceSeconds: Math.floor(parseDuration(batch!) / 4) }
}

function configText(answers: Answers, areaName: string): string {
  const config = {
    'database-url': answers.databaseUrl,
    'key-file': 'keys/operator.key',
    'relay-key-file': 'keys/relay.key',
    host: '127.0.0.1',
    port: Number(answers.port),
    'metrics-port': Number(answers.metricsPort),
    ...(answers.origin === '' ? {} : { origin: [answers.origin], 'trust-proxy': 'loopback' }),
    'backup-folder': 'backups',
    escrow: [{ 'rpc-url': answers.rpcUrl, deployment: 'deployment.json', 'area-file': [areaName] }],
  }
  return `# What "commonwatt serve --config" is told; every key is an option of that command. It holds secrets: mode 0600.
${stringify(config)}
`
}

function nextSteps(parts: { answers: Answers; deployer: Address; operator: Address; relay: Address; grid: Address }) {
  const { answers, deployer, operator, relay, grid } = parts
  const token = answers.token === 'development' ? '--development-token' : `--token ${answers.token}`
  const gridKey = answers.grid === '' ? 'keys/grid.key' : '…/grid.key'
  const config = '--config commonwatt.toml'
  return [
    {
      does: `Send the chain's coin for gas to the deployer ${deployer}, the operator ${operator}, the relay ${relay} (it pays for what members sign) and the grid operator ${grid}.`,
      command: null,
    },
    {
      does: 'Put the contracts on the chain (its key has no say afterwards and can be thrown away):',
      command: `commonwatt deploy ${config} --key-file keys/deployer.key ${token} --withdrawal-delay ${answers.withdrawalDelay}`,
    },
    {
      does: 'Open the area and appoint the operator, as the grid operator:',
      command: `commonwatt area open ${config} --key-file ${gridKey} --operator ${operator}`,
    },
    { does: 'See whether everything is in place:', command: `commonwatt doctor ${config}` },
    { does: 'Run the server (commonwatt.service is a unit for systemd):', command: `commonwatt serve ${config}` },
    { does: 'Keep a copy of the keys elsewhere, and the grid operator’s key off this machine.', command: null },
  ]
}
