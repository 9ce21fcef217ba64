/**
 * An area's settings: a JSON file that the operator of the server writes, checked here, completed with what the chain says.
 */

import { readFileSync } from 'node:fs'
import { ZeroAddress } from 'ethers'
import { z } from 'zod'
import { isCurrency, noCurrency } from '../../contracts/protocol/currency.ts'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { mostIntervalsPerBatch } from '../../contracts/protocol/entry.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import type { AccountsFacts } from '../../contracts/protocol/passkey-account.ts'
import { isPlainText, notPlainText } from '../../contracts/protocol/plain-text.ts'
import {
  type Address,
  type AreaRules,
  areaNumberOf,
  type Hex,
  hashRules,
  hashWatchers,
  noWatchers,
  type Watchers,
} from '../../contracts/protocol/typed-data.ts'
import { formatPrice, parsePrice, type Ticks, UnitError } from '../../contracts/protocol/units.ts'
import { clockOf } from '../exchange/written-clock.ts'
import type { AreaConfig, AreaFace } from '../market/area/area.ts'
import type { Clock } from '../market/area/clock.ts'
import { longestWaitMs } from '../market/area/energy.ts'
import type { Sharing } from '../market/area/sharing.ts'
import { clearAuction, type Zone } from '../market/auction.ts'
import { MarketError } from '../market/errors.ts'
import { longestPathTicks } from './longest-path.ts'
import { pricesOf, sharingFile, sharingOf } from './sharing-settings.ts'

/** What the chain says of the escrow; read once at start. */
export interface EscrowFacts {
  chainId: number
  escrow: Address
  token: Address
  tokenName: string
  tokenDecimals: number
  withdrawalDelaySeconds: number
  /** Where accounts of passkeys are opened on this chain; absent where that is nowhere. */
  accounts?: AccountsFacts | undefined
}

export interface NamedZone {
  zone: string
  name: string
  parent: string | null
  feeTicksPerKwh: Ticks
  /** Wh per interval; null is unlimited. */
  capacityWh: number | null
}

export interface AreaSettings {
  area: number
  name: string
  currency: string
  priceDecimals: number
  feedInTicks: Ticks
  retailTicks: Ticks
  graceMs: number
  /** The lowest price of a trade; the highest is half the band of the rules above it. */
  lowestTicks: Ticks
  /** How the supplier treats what a home uses of its own within an interval. */
  ownUse: 'net' | 'residual'
  /** By which local days go, as daily budgets count them. */
  clock: Clock
  /** How shared energy is priced; null exactly where the market decides the quantities. */
  sharing: Sharing | null
  zones: NamedZone[]
  /** What the supplier's power emits, for whoever wants to know what buying from neighbours avoids; absent where nobody says. */
  supplierMix?: SupplierMix | undefined
  rules: AreaRules
  rulesHash: Hex
  chain: EscrowFacts
}

export interface SupplierMix {
  /** Carbon dioxide (equivalents), in grams. */
  gramsPerKwh: number
  /** Who says so, and of which year. */
  source: string
}

export class SettingsError extends CodedError<'AREA_SETTINGS'> {
  override readonly name = 'SettingsError'
}

const uint32 = z.int().min(0).max(0xffff_ffff)
const account = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hexadecimal digits')
  .transform((text) => text.toLowerCase())
/** What people read: it stands in reports, documents and on every page. */
const readable = z.string().min(1).refine(isPlainText, notPlainText)
/** A price in tokens per kWh, read once the tick is known. */
const price = z.string().max(40)
/** What the escrow can hold of a zone's name: at most 31 bytes, and plain enough for every list and address. */
export const zoneName = z
  .string()
  .regex(
    /^[A-Za-z0-9._-]{1,31}$/,
    'a zone: 1 to 31 letters (a to z), digits, dots, dashes or underscores (people read its "name")',
  )
/** The smallest step of a price in tokens per kWh, from the coarsest on: the tick of 0.0001 has four decimals. */
const ticks = ['1', '0.1', '0.01', '0.001', '0.0001', '0.00001', '0.000001'] as const
/** The numbers of the rules in words, each in its place. */
const confirmations = ['nobody', 'sellers', 'everybody'] as const
const grades = ['device', 'billing'] as const
/** Official values come days later; agents at once. */
const longestGraceSeconds = { device: 86_400, billing: 7 * 86_400 }
const allocations = ['market', 'imported', 'coefficients'] as const

const fileSchema = z.strictObject({
  /** Follows from the rules; may be written down to be checked. */
  area: uint32.optional(),
  name: readable,
  currency: z.string().refine(isCurrency, noCurrency),
  feedInPerKwh: price,
  retailPerKwh: price,
  graceSeconds: z.number().min(0).max(longestGraceSeconds.billing),
  lowestPricePerKwh: price.default('0'),
  /** What a home uses of its own within an interval: used (`net`), or billed by the supplier in both directions. */
  ownUse: z.enum(['net', 'residual']).default('net'),
  /** By whose midnight daily budgets begin anew: an IANA name such as Europe/Vienna. */
  timeZone: z.string().min(1).max(100).default('UTC'),
  /** As the supplier labels its power, with who says so. */
  supplierMix: z
    .strictObject({ gramsPerKwh: z.int().min(0).max(5_000), source: z.string().min(1).max(300) })
    .optional(),
  /** Exactly where the grid operator or a key decides the quantities. */
  sharing: sharingFile.optional(),
  zones: z
    .array(
      z.strictObject({
        zone: zoneName,
        name: readable,
        parent: z.string().nullable().default(null),
        feePerKwh: price.default('0'),
        capacityWh: z.int().min(0).nullable().default(null),
      }),
    )
    .min(1),
  rules: z.strictObject({
    grid: account,
    intervalSeconds: uint32.min(1),
    batchSeconds: uint32.min(1),
    priceTick: z.enum(ticks).default('0.0001'),
    maxGridPerKwh: price,
    maxBandPerKwh: price,
    confirmation: z.enum(confirmations).default('everybody'),
    settlingGrade: z.enum(grades),
    allocation: z.enum(allocations).default('market'),
    successor: account.default(ZeroAddress),
    watchers: z.strictObject({ keys: z.array(account).min(1), quorum: z.int().min(1) }).optional(),
    watcherGraceSeconds: uint32.default(0),
  }),
})
type AreaFile = z.output<typeof fileSchema>

/** An area file whose prices are ticks. */
interface PricedFile
  extends Omit<AreaFile, 'feedInPerKwh' | 'retailPerKwh' | 'lowestPricePerKwh' | 'zones' | 'sharing' | 'timeZone'> {
  priceDecimals: number
  feedInTicks: Ticks
  retailTicks: Ticks
  lowestTicks: Ticks
  maxGridTicks: Ticks
  maxBandTicks: Ticks
  clock: Clock
  sharing: Sharing | null
  zones: NamedZone[]
}

/** Reads the prices of a file by its tick; what is no price, or off the tick, is added to `mistakes`. */
function priced(file: AreaFile, mistakes: string[]): PricedFile {
  const priceDecimals = ticks.indexOf(file.rules.priceTick)
  const read = (path: string, text: string): Ticks => {
    try {
      return parsePrice(text, priceDecimals)
    } catch (error) {
      if (!(error instanceof UnitError)) throw error
      mistakes.push(`${path}: ${error.message}`)
      return 0
    }
  }
  const { feedInPerKwh, retailPerKwh, lowestPricePerKwh, sharing, zones, timeZone, ...rest } = file
  return {
    ...rest,
    priceDecimals,
    feedInTicks: read('feedInPerKwh', feedInPerKwh),
    retailTicks: read('retailPerKwh', retailPerKwh),
    lowestTicks: read('lowestPricePerKwh', lowestPricePerKwh),
    maxGridTicks: read('rules.maxGridPerKwh', file.rules.maxGridPerKwh),
    maxBandTicks: read('rules.maxBandPerKwh', file.rules.maxBandPerKwh),
    clock: clockOf(timeZone, 'timeZone', mistakes),
    sharing: sharing === undefined ? null : sharingOf(sharing, priceDecimals, mistakes),
    zones: zones.map(({ feePerKwh, ...zone }, index) => {
      return { ...zone, feeTicksPerKwh: read(`zones.${index}.feePerKwh`, feePerKwh) }
    }),
  }
}

/** Completes an area file with the escrow's facts. Throws `SettingsError` with a line per mistake. */
export function areaSettings(json: unknown, chain: EscrowFacts): AreaSettings {
  return declaredArea(json, chain).settings
}

/** An area file's settings, and the watchers of which they keep only the hash; without any, nobody signs. */
export interface DeclaredArea {
  settings: AreaSettings
  watchers: Watchers
}

function declaredArea(json: unknown, chain: EscrowFacts): DeclaredArea {
  const { data, mistakes: ofForm } = checkForm(fileSchema, json)
  if (ofForm !== null) throw new SettingsError('AREA_SETTINGS', mistakeLines(ofForm).join('\n'))
  const mistakes: string[] = []
  const file = priced(data, mistakes)
  if (mistakes.length === 0) mistakes.push(...inconsistencies(file, chain))
  if (mistakes.length > 0) throw new SettingsError('AREA_SETTINGS', mistakes.join('\n'))
  const { rules: fileRules, priceDecimals } = file
  const unnumbered = {
    grid: fileRules.grid,
    successor: fileRules.successor,
    token: chain.token,
    intervalSeconds: fileRules.intervalSeconds,
    batchSeconds: fileRules.batchSeconds,
    // In millionths of a token.
    priceTick: 10 ** (ticks.length - 1 - priceDecimals),
    maxGridPerKwh: file.maxGridTicks,
    maxBandTicks: file.maxBandTicks,
    confirmation: confirmations.indexOf(fileRules.confirmation),
    settlingGrade: grades.indexOf(fileRules.settlingGrade),
    allocation: allocations.indexOf(fileRules.allocation),
    watchers: fileRules.watchers === undefined ? noWatchers : hashWatchers(fileRules.watchers),
    watcherGraceSeconds: fileRules.watcherGraceSeconds,
  }
  const area = areaNumberOf(unnumbered)
  if (file.area !== undefined && file.area !== area) {
    throw new SettingsError('AREA_SETTINGS', `area: ${file.area} is not the number of these rules, which is ${area}`)
  }
  const rules: AreaRules = { area, ...unnumbered }
  const { name, currency, feedInTicks, retailTicks, lowestTicks, ownUse, clock, sharing, zones } = file
  const graceMs = Math.round(file.graceSeconds * 1000)
  const settings = {
    ...{ area, name, currency, priceDecimals, feedInTicks, retailTicks, graceMs, lowestTicks, ownUse, zones },
    ...{ clock, sharing, rules, rulesHash: hashRules(rules), chain },
    ...(file.supplierMix !== undefined && { supplierMix: file.supplierMix }),
  }
  return { settings, watchers: fileRules.watchers ?? { keys: [], quorum: 0 } }
}

/** What is wrong with settings whose parts are each right. */
function inconsistencies(
  file: PricedFile,
  { withdrawalDelaySeconds }: Pick<EscrowFacts, 'withdrawalDelaySeconds'>,
): string[] {
  const mistakes: string[] = []
  const { intervalSeconds, batchSeconds, watcherGraceSeconds } = file.rules
  const { zones, maxGridTicks, priceDecimals } = file
  if (batchSeconds % intervalSeconds !== 0) {
    mistakes.push(`rules.batchSeconds: ${batchSeconds} is no multiple of the interval of ${intervalSeconds} s`)
  }
  if (batchSeconds / intervalSeconds > mostIntervalsPerBatch) {
    mistakes.push(`rules.batchSeconds: a batch has at most ${mostIntervalsPerBatch} intervals`)
  }
  if (batchSeconds + watcherGraceSeconds >= withdrawalDelaySeconds) {
    mistakes.push(
      `rules.batchSeconds: batch and watcherGraceSeconds together must be shorter than the escrow's delay of ${withdrawalDelaySeconds} s`,
    )
  }
  if (file.rules.settlingGrade === 'device' && file.graceSeconds > longestGraceSeconds.device) {
    mistakes.push(`graceSeconds: agents are waited for at most ${longestGraceSeconds.device} s`)
  }
  if (file.rules.settlingGrade === 'billing') {
    const { companion, signing } = longestWaitMs
    const waits = [companion, signing].map((longestMs) => Math.min(file.graceSeconds, longestMs / 1000))
    const cutAfter = waits.reduce((sum, seconds) => sum + seconds, file.graceSeconds)
    if (batchSeconds + cutAfter >= withdrawalDelaySeconds) {
      mistakes.push(
        `graceSeconds: a batch is cut ${cutAfter} s after its end; with the batch that must be shorter than the escrow's delay of ${withdrawalDelaySeconds} s`,
      )
    }
  }
  mistakes.push(...mistakesOfSharing(file, withdrawalDelaySeconds))
  if (file.rules.settlingGrade === 'billing' && file.rules.confirmation !== 'everybody') {
    mistakes.push('rules.confirmation: where billing meters settle, everybody must be confirmed')
  }
  const { watchers } = file.rules
  if (watchers !== undefined && new Set(watchers.keys).size < watchers.keys.length) {
    mistakes.push('rules.watchers: a key is named twice')
  }
  if (watchers !== undefined && watchers.quorum > watchers.keys.length) {
    mistakes.push(`rules.watchers: of ${watchers.keys.length} watchers ${watchers.quorum} cannot sign`)
  }
  try {
    clearAuction({ zones: zones.map((zone) => auctionZone(zone)), orders: [] })
    const path = longestPathTicks(zones)
    if (path > maxGridTicks) {
      const [cost, cap] = [path, maxGridTicks].map((price) => formatPrice(price, priceDecimals))
      mistakes.push(`rules.maxGridPerKwh: the longest path costs ${cost}, more than the cap of ${cap}`)
    }
  } catch (error) {
    if (!(error instanceof MarketError)) throw error
    mistakes.push(`zones: ${error.message}`)
  }
  return mistakes
}

function mistakesOfSharing(file: PricedFile, withdrawalDelaySeconds: number): string[] {
  const { sharing, zones, priceDecimals, lowestTicks, maxBandTicks } = file
  const { allocation, batchSeconds, watcherGraceSeconds } = file.rules
  if ((allocation === 'market') !== (sharing === null)) {
    return [`sharing: ${sharing === null ? 'missing: it says' : 'only'} how energy is priced that no market gives out`]
  }
  if (sharing === null) return []
  const mistakes: string[] = []
  const highestTicks = lowestTicks + Math.floor(maxBandTicks / 2)
  const outside = pricesOf(sharing.price).find((ticks) => ticks < lowestTicks || ticks > highestTicks)
  if (outside !== undefined) {
    const [own, low, high] = [outside, lowestTicks, highestTicks].map((ticks) => formatPrice(ticks, priceDecimals))
    mistakes.push(`sharing.price: ${own} lies outside the prices of this area, ${low} to ${high}`)
  }
  if (sharing.price.type === 'exchange' && sharing.price.floorTicks > sharing.price.ceilingTicks) {
    mistakes.push('sharing.price: the floor lies above the ceiling')
  }
  if (batchSeconds + sharing.waitMs / 1000 + watcherGraceSeconds >= withdrawalDelaySeconds) {
    mistakes.push(
      `sharing.waitSeconds: batch, wait and watcherGraceSeconds together must be shorter than the escrow's delay of ${withdrawalDelaySeconds} s`,
    )
  }
  const limited = zones.find(({ capacityWh }) => capacityWh !== null)
  if (limited !== undefined) {
    mistakes.push(`zones: ${limited.zone} has a capacity, which only the market's own quantities keep to`)
  }
  return mistakes
}

/** Reads and checks an area file. Throws `SettingsError` that names the file. */
export function readSettingsFile(path: string, chain: EscrowFacts): AreaSettings {
  return readAreaFile(path, chain).settings
}

/** The same, with the watchers. */
export function readAreaFile(path: string, chain: EscrowFacts): DeclaredArea {
  const wrong = (what: string, cause: unknown) => {
    const lines = what.split('\n').map((line) => `${path}: ${line}`)
    return new SettingsError('AREA_SETTINGS', lines.join('\n'), { cause })
  }
  let file: unknown
  try {
    file = parseJsonText(readFileSync(path, 'utf8'))
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw wrong(isMissing ? 'there is no such file: area-file names it' : fileTrouble(cause), cause)
  }
  try {
    return declaredArea(file, chain)
  } catch (cause) {
    throw cause instanceof SettingsError ? wrong(cause.message, cause) : cause
  }
}

/** The part of the settings that the engine clears by. */
export function engineConfig(settings: AreaSettings): AreaConfig {
  const { rules, rulesHash, graceMs, lowestTicks, ownUse, clock, sharing, zones } = settings
  return {
    ...{ rules, rulesHash, graceMs, lowestTicks, ownUse, clock, sharing },
    highestTicks: lowestTicks + Math.floor(rules.maxBandTicks / 2),
    zones: zones.map(({ zone, parent, feeTicksPerKwh, capacityWh }) => ({
      id: zone,
      parent,
      feeTicksPerKwh,
      capacityWh,
    })),
  }
}

/** The part of the settings that people read. */
export function areaFaceOf({ name, currency, zones, feedInTicks, retailTicks, chain }: AreaSettings): AreaFace {
  const { chainId, escrow, tokenName, tokenDecimals, withdrawalDelaySeconds } = chain
  return {
    ...{ name, currency, zoneNames: zones.map((zone) => zone.name), feedInTicks, retailTicks },
    ...{ chainId, escrow, tokenName, tokenDecimals, withdrawalDelaySeconds },
  }
}

/** The settings that a journaled configuration stands for. */
export function settingsOf(config: AreaConfig, face: AreaFace): AreaSettings {
  const { rules, rulesHash, graceMs, lowestTicks, ownUse, clock, zones } = config
  // Settings that were kept before areas could share have none.
  const sharing = config.sharing ?? null
  const { name, currency, zoneNames, feedInTicks, retailTicks, ...chain } = face
  return {
    ...{ area: rules.area, name, currency, priceDecimals: decimalsOfTick(rules.priceTick), feedInTicks, retailTicks },
    ...{ graceMs, lowestTicks, ownUse, clock, sharing, rules, rulesHash, chain: { ...chain, token: rules.token } },
    zones: zones.map(({ id, ...zone }, index) => ({ zone: id, name: zoneNames[index] ?? id, ...zone })),
  }
}

/** Decimals of prices whose tick is so many millionths of a token. */
function decimalsOfTick(priceTick: number): number {
  return ticks.length - 1 - Math.round(Math.log10(priceTick))
}

function auctionZone({ zone, parent, feeTicksPerKwh, capacityWh }: Omit<NamedZone, 'name'>): Zone {
  return { id: zone, ...(parent === null ? {} : { parent }), feeTicksPerKwh, capacityWh }
}
