/** Writes the folder of a new community: configuration, area file, keys and a service unit, from the answers to the questions. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { formatPrice, parsePrice } from '../../contracts/protocol/units.ts'
import { areaSettings } from '../areas/settings.ts'
import { makeWalletFile } from '../chain/key-file.ts'
import { parseDuration } from '../configuration/duration.ts'
import { type Answers, FoundingError, type GivenArea, isShared, keysIn } from './answers.ts'
import { configurationText } from './configuration-text.ts'
import { serverUnit } from './service-unit.ts'

export interface Founded {
  /** Absolute path of the folder. */
  folder: string
  files: string[]
  deployer: Address
  operator: Address
  relay: Address
  grid: Address
  /** What to do next, each a sentence and, mostly, a command. */
  next: { does: string; command: string | null }[]
}

/** The names of the files in a community's folder. */
export const configurationName = 'commonwatt.toml'
export const areaName = 'area.json'
export const deploymentName = 'deployment.json'
export const officeKey = (office: 'deployer' | 'operator' | 'relay' | 'grid'): string => `keys/${office}.key`

const decimals = 4

/** The top of the price band. Trades may use half of it, which reaches a fifth above the supplier's price, rounded up to ten cents. */
function bandOf(retailPrice: string): string {
  const tenCents = 1_000
  const half = Math.ceil((parsePrice(retailPrice, decimals) * 12) / 10 / tenCents) * tenCents
  return formatPrice(2 * half, decimals)
}

/** An area file as far as founding looks at it; the area's settings look at all of it. */
export const givenAreaSchema = z.looseObject({
  name: z.string(),
  graceSeconds: z.number(),
  rules: z.looseObject({
    grid: z.string().optional(),
    intervalSeconds: z.int().min(1),
    batchSeconds: z.int().min(1),
  }),
})
export type GivenAreaFile = z.output<typeof givenAreaSchema>

/** Reads an area file that is there already; it need not name the grid operator. Throws `FoundingError` `FOUND_ANSWER`. */
export function readGivenArea(path: string): GivenAreaFile {
  const wrong = (what: string, cause?: unknown) => {
    return new FoundingError('FOUND_ANSWER', `--area-file ${path}: ${what}`, { cause })
  }
  let json: unknown
  try {
    json = parseJsonText(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw wrong(fileTrouble(cause), cause)
  }
  const { data, mistakes } = checkForm(givenAreaSchema, json)
  if (mistakes !== null) throw wrong(mistakeLines(mistakes).join('; '))
  return data
}

/** The answers that such a file gives to the questions of founding. */
export function answersIn({ name, graceSeconds, rules }: GivenAreaFile): GivenArea {
  return { name, graceSeconds, intervalSeconds: rules.intervalSeconds, batchSeconds: rules.batchSeconds }
}

/**
 * Founds a community in a folder that is not there yet or is empty. `area` is an area file that takes the place of the answers about the
 * area; `embedded` says that its database and chain are its own. The folder appears only when everything in it is written. Throws
 * `FoundingError`; then nothing was written.
 */
export function foundCommunity(
  folder: string,
  answers: Answers,
  area: GivenAreaFile | null = null,
  embedded = false,
): Founded {
  const root = resolve(folder)
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new FoundingError('FOUND_FOLDER', `${root} is not empty: name a new folder, nothing is ever overwritten`)
  }
  const namedGrid = gridOf(answers, area)
  const fileOf = (grid: Address) => (area === null ? areaFileOf(answers, grid) : withGrid(area, grid))
  checkArea(fileOf(`0x${'1'.repeat(40)}`), answers)
  const staged = stagedBeside(root)
  try {
    const write = (name: string, text: string, mode: number) => {
      writeFileSync(join(staged, name), text, { mode, flag: 'wx' })
      return name
    }
    for (const name of ['keys', 'backups', 'archives']) mkdirSync(join(staged, name), { mode: 0o700 })
    const key = (office: Parameters<typeof officeKey>[0]) =>
      parseAddress(makeWalletFile(join(staged, officeKey(office))).address)
    const [deployer, operator, relay] = [key('deployer'), key('operator'), key('relay')]
    const grid = namedGrid ?? key('grid')
    const files = [
      write(configurationName, configurationText(answers), 0o600),
      write(areaName, `${JSON.stringify(fileOf(grid), null, 2)}\n`, 0o644),
      write('commonwatt.service', serverUnit(root), 0o644),
      ...(['deployer', 'operator', 'relay'] as const).map(officeKey),
      ...(namedGrid === null ? [officeKey('grid')] : []),
    ]
    renameSync(staged, root)
    const next = nextSteps({ answers, embedded, deployer, operator, relay, grid, holdsGrid: namedGrid === null })
    return { folder: root, files, deployer, operator, relay, grid, next }
  } catch (error) {
    rmSync(staged, { recursive: true, force: true })
    throw error
  }
}

/** A new empty folder beside `root`, which can be renamed to it. */
function stagedBeside(root: string): string {
  const parent = dirname(root)
  try {
    mkdirSync(parent, { recursive: true })
    return mkdtempSync(`${root}.`)
  } catch (cause) {
    const message = `no folder can be made in ${parent} (${(cause as NodeJS.ErrnoException).code}): name another place`
    throw new FoundingError('FOUND_FOLDER', message, { cause })
  }
}

/** The grid operator that answers or area file name, or null where its key is to be made. */
function gridOf(answers: Answers, area: GivenAreaFile | null): Address | null {
  const [answered, written] = [answers.grid!, area?.rules.grid ?? ''].map((text) => text.toLowerCase())
  if (answered !== '' && written !== '' && answered !== written) {
    throw new FoundingError('FOUND_ANSWER', `--grid ${answers.grid}: the area file names another grid operator`)
  }
  const named = answered || written
  return named === '' ? null : parseAddress(named!)
}

/** The area file with this grid operator written into it. */
export function withGrid(area: GivenAreaFile, grid: Address): Record<string, unknown> {
  return { ...area, rules: { ...area.rules, grid } }
}

/** Whatever the area's settings refuse is refused before anything is written. */
function checkArea(file: Record<string, unknown>, answers: Answers): void {
  const nobody = `0x${'1'.repeat(40)}`
  try {
    areaSettings(file, {
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
    // The time zone of this machine; another can be written here at any time.
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    graceSeconds: parseDuration(answers.grace!),
    ...sharingOf(answers),
    zones: [
      { zone: root, name: `Transformer of ${answers.name}` },
      ...feeders.map((zone) => ({ zone, name: `Feeder ${zone}`, parent: root, feePerKwh: answers.gridFee })),
    ],
    rules: {
      grid,
      intervalSeconds: parseDuration(answers.interval!),
      batchSeconds: parseDuration(answers.batch!),
      // The way from one feeder to another has two links; the fee may also double in dearer times.
      maxGridPerKwh: feeders.length === 0 ? '0' : formatPrice(4 * parsePrice(answers.gridFee!, decimals), decimals),
      maxBandPerKwh: bandOf(answers.retailPrice!),
      confirmation: answers.confirmation,
      settlingGrade: answers.settlingGrade,
      allocation: answers.allocation,
      ...watchersOf(answers),
    },
  }
}

/** How shared energy is priced, where somebody else than the market decides the quantities. */
function sharingOf(answers: Answers): Record<string, unknown> {
  if (!isShared(answers)) return {}
  const waitSeconds = parseDuration(answers.declarationWait!)
  return { sharing: { price: { rule: 'fixed', pricePerKwh: answers.sharedPrice }, waitSeconds } }
}

/** The area's watchers: more than half must sign, and a batch waits a quarter of its length for those who say nothing. */
function watchersOf({ watchers, batch }: Answers): Record<string, unknown> {
  const keys = keysIn(watchers!)
  if (keys.length === 0) return {}
  const quorum = Math.floor(keys.length / 2) + 1
  return { watchers: { keys, quorum }, watcherGraceSeconds: Math.floor(parseDuration(batch!) / 4) }
}

function nextSteps(parts: {
  answers: Answers
  embedded: boolean
  deployer: Address
  operator: Address
  relay: Address
  grid: Address
  holdsGrid: boolean
}) {
  const { answers, embedded, deployer, operator, relay, grid, holdsGrid } = parts
  const token = answers.token === 'development' ? '--development-token' : `--token ${answers.token}`
  const gridKey = holdsGrid ? officeKey('grid') : '…/grid.key'
  const config = `--config ${configurationName}`
  const gas = embedded
    ? {
        does: 'Start the database and the chain, and leave them running; they give the keys here their gas:',
        command: `commonwatt embedded ${config}`,
      }
    : {
        does: `Send the chain's coin for gas to the deployer ${deployer}, the operator ${operator}, the relay ${relay} (it pays for what members sign) and the grid operator ${grid}.`,
        command: null,
      }
  return [
    gas,
    {
      does: 'Put the contracts on the chain (its key has no say afterwards and can be thrown away):',
      command: `commonwatt deploy ${config} --key-file ${officeKey('deployer')} ${token} --withdrawal-delay ${answers.withdrawalDelay}`,
    },
    {
      does: 'Open the area and appoint the operator, as the grid operator:',
      command: `commonwatt area open ${config} --key-file ${gridKey} --operator ${operator}`,
    },
    { does: 'See whether everything is in place:', command: `commonwatt doctor ${config}` },
    { does: 'Run the server (commonwatt.service is a unit for systemd):', command: `commonwatt serve ${config}` },
    {
      does: 'Print links by which people join, and send one to each:',
      command: `commonwatt invite ${config} --key-file ${gridKey} --links 20`,
    },
    { does: 'Keep a copy of the keys elsewhere, and the grid operator’s key off this machine.', command: null },
  ]
}
