/**
 * An area's settings: a JSON file that the operator of the server writes, checked here, completed with what the chain says.
 */

import { readFileSync } from 'node:fs'
import { ZeroAddress } from 'ethers'
import { z } from 'zod'
import { mostIntervalsPerBatch } from '../../contracts/protocol/entry.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import {
  type Address,
  type AreaRules,
  areaNumberOf,
  type Hex,
  hashRules,
  hashWatchers,
  noWatchers,
} from '../../contracts/protocol/typed-data.ts'
import { formatPrice, parsePrice, type Ticks, UnitError } from '../../contracts/protocol/units.ts'
import { clearAuction, type Zone } from '../market/auction.ts'
import type { AreaConfig } from '../market/engine/area.ts'
import { MarketError } from '../market/errors.ts'
import { longestPathTicks } from './longest-path.ts'

/** What the chain says of the escrow; read once at start. */
export interface EscrowFacts {
  chainId: number
  escrow: Address
  token: Address
  tokenName: string
  tokenDecimals: number
  withdrawalDelaySeconds: number
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
  zones: NamedZone[]
  rules: AreaRules
  rulesHash: Hex
  chain: EscrowFacts
}

export class SettingsError extends CodedError<'AREA_SETTINGS'> {
  override readonly name = 'SettingsError'
}

const price = z.string().transform((text, context): number => {
  try {
    return parsePrice(text)
  } catch (error) {
    if (!(error instanceof UnitError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

const uint32 = z.int().min(0).max(0xffff_ffff)
const account = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase())
/** The numbers of the rules in words, each in its place. */
const confirmations = ['nobody', 'sellers', 'everybody'] as const
const grades = ['device', 'billing'] as const
const allocations = ['market', 'imported', 'coefficients'] as const

const fileSchema = z.strictObject({
  /** Follows from the rules; may be written down to be checked. */
  area: uint32.optional(),
  name: z.string().min(1),
  currency: z.string().min(1),
  feedInPerKwh: price,
  retailPerKwh: price,
  graceSeconds: z.number().min(0).max(86_400),
  lowestPricePerKwh: price.default(0),
  zones: z
    .array(
      z.strictObject({
        zone: z.string().min(1).max(31),
        name: z.string().min(1),
        parent: z.string().nullable().default(null),
        feePerKwh: price.default(0),
        capacityWh: z.int().min(0).nullable().default(null),
      }),
    )
    .min(1),
  rules: z.strictObject({
    grid: account,
    intervalSeconds: uint32.min(1),
    batchSeconds: uint32.min(1),
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
/** The tick of 0.0001 token, in millionths of a token. */
const priceTick = 100

/** Completes an area file with the escrow's facts. Throws `SettingsError` with a line per mistake. */
export function areaSettings(file: unknown, chain: EscrowFacts): AreaSettings {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) {
    throw new SettingsError(
      'AREA_SETTINGS',
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    )
  }
  const mistakes = inconsistencies(parsed.data, chain)
  if (mistakes.length > 0) throw new SettingsError('AREA_SETTINGS', mistakes.join('\n'))
  const { zones, rules: fileRules, feedInPerKwh, retailPerKwh, graceSeconds, lowestPricePerKwh, ...named } = parsed.data
  const unnumbered = {
    grid: fileRules.grid,
    successor: fileRules.successor,
    token: chain.token,
    intervalSeconds: fileRules.intervalSeconds,
    batchSeconds: fileRules.batchSeconds,
    priceTick,
    maxGridPerKwh: fileRules.maxGridPerKwh,
    maxBandTicks: fileRules.maxBandPerKwh,
    confirmation: confirmations.indexOf(fileRules.confirmation),
    settlingGrade: grades.indexOf(fileRules.settlingGrade),
    allocation: allocations.indexOf(fileRules.allocation),
    watchers: fileRules.watchers === undefined ? noWatchers : hashWatchers(fileRules.watchers),
    watcherGraceSeconds: fileRules.watcherGraceSeconds,
  }
  const area = areaNumberOf(unnumbered)
  if (named.area !== undefined && named.area !== area) {
    throw new SettingsError('AREA_SETTINGS', `area: ${named.area} is not the number of these rules, which is ${area}`)
  }
  const rules: AreaRules = { area, ...unnumbered }
  return {
    ...named,
    area,
    priceDecimals: 4,
    feedInTicks: feedInPerKwh,
    retailTicks: retailPerKwh,
    graceMs: Math.round(graceSeconds * 1000),
    lowestTicks: lowestPricePerKwh,
    zones: zones.map(({ feePerKwh, ...zone }) => ({ ...zone, feeTicksPerKwh: feePerKwh })),
    rules,
    rulesHash: hashRules(rules),
    chain,
  }
}

/** What fits in its parts but not together. */
function inconsistencies(
  file: z.output<typeof fileSchema>,
  { withdrawalDelaySeconds }: Pick<EscrowFacts, 'withdrawalDelaySeconds'>,
): string[] {
  const mistakes: string[] = []
  const { intervalSeconds, batchSeconds, maxGridPerKwh, watcherGraceSeconds } = file.rules
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
  const { watchers } = file.rules
  if (watchers !== undefined && new Set(watchers.keys).size < watchers.keys.length) {
    mistakes.push('rules.watchers: a key is named twice')
  }
  if (watchers !== undefined && watchers.quorum > watchers.keys.length) {
    mistakes.push(`rules.watchers: of ${watchers.keys.length} watchers ${watchers.quorum} cannot sign`)
  }
  const zones = file.zones.map(({ feePerKwh, ...zone }) => ({ ...zone, feeTicksPerKwh: feePerKwh }))
  try {
    clearAuction({ zones: zones.map(auctionZone), orders: [] })
    const path = longestPathTicks(zones)
    if (path > maxGridPerKwh) {
      mistakes.push(
        `rules.maxGridPerKwh: the longest path costs ${formatPrice(path)}, more than the cap of ${formatPrice(maxGridPerKwh)}`,
      )
    }
  } catch (error) {
    if (!(error instanceof MarketError)) throw error
    mistakes.push(`zones: ${error.message}`)
  }
  return mistakes
}

/** Reads and checks an area file. Throws `SettingsError` that names the file. */
export function readSettingsFile(path: string, chain: EscrowFacts): AreaSettings {
  let file: unknown
  try {
    file = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new SettingsError('AREA_SETTINGS', `${path}: ${(cause as Error).message}`, { cause })
  }
  return areaSettings(file, chain)
}

/** The part of the settings that the engine clears by. */
export function engineConfig(settings: AreaSettings): AreaConfig {
  return {
    rules: settings.rules,
    rulesHash: settings.rulesHash,
    graceMs: settings.graceMs,
    lowestTicks: settings.lowestTicks,
    highestTicks: settings.lowestTicks + Math.floor(settings.rules.maxBandTicks / 2),
    zones: settings.zones.map(auctionZone),
  }
}

function auctionZone({ zone, parent, feeTicksPerKwh, capacityWh }: Omit<NamedZone, 'name'>): Zone {
  return { id: zone, ...(parent === null ? {} : { parent }), feeTicksPerKwh, capacityWh }
}
