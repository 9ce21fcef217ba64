/** A grant of data as the page makes it from what somebody typed, and what taking one back means for the others. */
import { type GrantScope, grantScopes } from '../../contracts/protocol/data-grants.ts'
import { type DataGrant, parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { DataReadResource, GrantResource } from '../../server/api/grant-resources.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'

export interface GrantDraft {
  grantee: string
  scopes: readonly GrantScope[]
  /** Only sums of whole days. */
  isDaily: boolean
  /** The first and the last day, as date fields hold them: "2026-07-01". */
  firstDay: string
  lastDay: string
}

const dayMs = 86_400_000
const longestDays = 365

/** The grant that is to be signed, or what is wrong with the draft. Days are local ones; for sums of days those of UTC. */
export function grantOf(
  { grantee, scopes, isDaily, firstDay, lastDay }: GrantDraft,
  { account, seat }: Pick<SeatResource, 'account' | 'seat'>,
  nowMs: number,
): { grant: DataGrant } | { problem: string } {
  const reader = addressOf(grantee)
  if (reader === null) return { problem: 'The reader’s account is 0x and 40 hexadecimal digits.' }
  if (reader === account) return { problem: 'That is your own account.' }
  if (scopes.length === 0) return { problem: 'Choose what may be read.' }
  const fromMs = beginOf(firstDay, isDaily)
  const lastMs = beginOf(lastDay, isDaily)
  if (Number.isNaN(fromMs) || Number.isNaN(lastMs)) return { problem: 'Choose the first and the last day.' }
  if (lastMs < fromMs) return { problem: 'The last day lies before the first.' }
  if (lastMs > nowMs + (longestDays - 2) * dayMs) return { problem: 'The last day lies at most a year ahead.' }
  const until = new Date(lastMs)
  if (isDaily) until.setUTCDate(until.getUTCDate() + 1)
  else until.setDate(until.getDate() + 1)
  return {
    grant: {
      ...{ account, seat: BigInt(seat), grantee: reader },
      scope: isDaily ? grantScopes.intervals : scopes.reduce((sum, name) => sum + grantScopes[name], 0),
      granularity: isDaily ? 1 : 0,
      from: Math.floor(fromMs / 1000),
      until: Math.floor(until.getTime() / 1000),
      nonce: nowMs,
    },
  }
}

function addressOf(text: string): string | null {
  try {
    return parseAddress(text.trim())
  } catch {
    return null
  }
}

function beginOf(date: string, isUtc: boolean): number {
  return date === '' ? Number.NaN : Date.parse(`${date}T00:00:00${isUtc ? 'Z' : ''}`)
}

/**
 * The grants that end together with `taken`, since one number takes back all that are older: signed again with a newer nonce
 * they go on.
 */
export function endingWith(
  taken: GrantResource,
  grants: readonly GrantResource[],
  areas: readonly AreaResource[],
): GrantResource[] {
  const contractOf = (area: number) => {
    const chain = areas.find((each) => each.area === area)?.chain
    return chain && `${chain.chainId} ${chain.revocations}`
  }
  return grants.filter((other) => {
    if (other.revoked || other.grant === taken.grant || other.nonce > taken.nonce) return false
    return contractOf(other.area) === contractOf(taken.area)
  })
}

/** The same grant, to be signed with another nonce. */
export function again(
  { account, seat, grantee, scopes, granularity, from, until }: GrantResource,
  nonce: number,
): DataGrant {
  return {
    ...{ account, seat: BigInt(seat), grantee, nonce },
    scope: scopes.reduce((sum, name) => sum + grantScopes[name], 0),
    granularity: granularity === 'day' ? 1 : 0,
    from: Date.parse(from) / 1000,
    until: Date.parse(until) / 1000,
  }
}

const scopeWords: Record<GrantScope, string> = {
  intervals: 'energy and money of each interval',
  readings: 'the meter’s signed readings',
  statements: 'the statements',
}

/** What a grant opens, for reading. */
export function opensWords({ scopes, granularity }: Pick<GrantResource, 'scopes' | 'granularity'>): string {
  if (granularity === 'day') return 'sums of whole days'
  return scopes.map((name) => scopeWords[name]).join(', ')
}

const readWords: Record<DataReadResource['what'], string> = {
  seats: 'meter, price and balance',
  orders: 'orders',
  wallet: 'tokens outside the escrow',
  agreements: 'agreements',
  'forward orders': 'orders ahead',
  'forward trades': 'trades ahead',
  intervals: 'energy and money of each interval',
  summary: 'sums of energy and money',
  batches: 'settlements',
  readings: 'the meter’s signed readings',
  statement: 'a statement',
  report: 'the settlement report',
  'batch export': 'the whole settlement of a batch',
  'who joins': 'what was found at the meter when it joined',
}

/** What somebody read, for reading. */
export function readWordsOf({ what }: Pick<DataReadResource, 'what'>): string {
  return readWords[what]
}
