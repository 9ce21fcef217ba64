/** A grant of data, made from what somebody typed, and which other grants end when one is taken back. */
import { type GrantScope, grantScopes } from '../../contracts/protocol/data-grants.ts'
import { type DataGrant, parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { DataReadResource, GrantResource } from '../../server/api/grant-resources.ts'
import type { SeatResource } from '../../server/api/resources.ts'
import { grantWords } from './words.ts'

export interface GrantDraft {
  grantee: string
  scopes: readonly GrantScope[]
  /** Whether the grant opens only the sums of whole days. */
  isDaily: boolean
  /** The first and the last day, as date fields hold them: "2026-07-01". */
  firstDay: string
  lastDay: string
}

const dayMs = 86_400_000
const longestDays = 365

/** The grant to be signed, or what is wrong with the draft. Its days are local ones; for sums of days they are days of UTC. */
export function grantOf(
  { grantee, scopes, isDaily, firstDay, lastDay }: GrantDraft,
  { account, seat }: Pick<SeatResource, 'account' | 'seat'>,
  nowMs: number,
): { grant: DataGrant } | { problem: string } {
  const said = grantWords().problems
  const reader = addressOf(grantee)
  if (reader === null) return { problem: said.reader }
  if (reader === account) return { problem: said.own }
  if (scopes.length === 0) return { problem: said.nothing }
  const fromMs = beginOf(firstDay, isDaily)
  const lastMs = beginOf(lastDay, isDaily)
  if (Number.isNaN(fromMs) || Number.isNaN(lastMs)) return { problem: said.days }
  if (lastMs < fromMs) return { problem: said.order }
  if (lastMs > nowMs + (longestDays - 2) * dayMs) return { problem: said.far }
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
 * The grants that end together with `taken`, since one number takes back all older ones. They go on if they are signed again
 * with a newer nonce.
 */
export function endingWith(taken: GrantResource, grants: readonly GrantResource[]): GrantResource[] {
  return grants.filter((other) => {
    if (other.revoked || other.grant === taken.grant || other.nonce > taken.nonce) return false
    return other.chainId === taken.chainId && other.revocations === taken.revocations
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

/** The data that a grant opens, in words. */
export function opensWords({ scopes, granularity }: Pick<GrantResource, 'scopes' | 'granularity'>): string {
  const said = grantWords()
  if (granularity === 'day') return said.wholeDays
  return scopes.map((name) => said.scopes[name]).join(', ')
}

/** The data that somebody read, in words. */
export function readWordsOf({ what }: Pick<DataReadResource, 'what'>): string {
  return grantWords().readKinds[what]
}
