/** Taking back what a session key may sign. */

import type { CommandOf, Event } from '../area/area.ts'
import { revokedFrom } from '../area/grants.ts'
import { endOrder } from '../area/orders.ts'
import { noId, refused } from '../area/refusal.ts'
import { type AreaState, firstStartAfter, horizonSeconds, lengthOf } from '../area/state.ts'
import { cancelForwardOfSeat } from '../stages/forward/book.ts'

/** Keys of one account that are remembered as taken back. */
const revocationsPerAccount = 1_000

/**
 * Takes a key's grants back for good, from the next boundary or a later one on: what it has signed ends then. Refused for an
 * account without a seat, for which no key can sign anything.
 */
export function revokeSession(state: AreaState, { account, key, from }: CommandOf<'revoke-session'>): Event[] {
  const seats = state.seatsOfAccount.get(account)
  if (seats === undefined) return refused(noId, 'ORDER_NO_SEAT')
  const length = lengthOf(state)
  const next = firstStartAfter(state.nowMs, length)
  const boundary = Math.ceil(from / length) * length
  const effective = Math.max(next, Math.min(boundary, next + horizonSeconds))
  const known = revokedFrom(state, account, key)
  if (known !== null && known <= effective) return []
  const ofAccount = state.revoked.get(account) ?? new Map()
  if (known === null && ofAccount.size >= revocationsPerAccount) {
    return refused(noId, 'ORDER_LIMIT', [revocationsPerAccount])
  }
  state.revoked.set(account, ofAccount)
  ofAccount.set(key, { from: effective, until: effective + horizonSeconds })
  const isTheirs = (order: { session: { key: string } | null }) => order.session?.key === key
  const ended = seats.flatMap((number) => {
    const seat = state.seats.get(number)!
    const spot = seat.orders.filter(isTheirs).flatMap((order) => endOrder(state, order, 'revoked', effective))
    return [...spot, ...cancelForwardOfSeat(state, seat, { from: effective, reason: 'session-revoked', isTheirs })]
  })
  return [{ type: 'session-revoked', account, key, from: effective }, ...ended]
}

/** Forgets revocations of grants that have ended by themselves. */
export function forgetRevocations(state: AreaState): void {
  for (const [account, keys] of state.revoked) {
    for (const [key, { until }] of keys) if (until * 1000 < state.nowMs) keys.delete(key)
    if (keys.size === 0) state.revoked.delete(account)
  }
}
