/** Taking back what a session key may sign. */
import { cancelForwardOf } from '../stages/forward/book.ts'
import type { CommandOf, Event } from './area.ts'
import { revocationKey, revokedFrom } from './grants.ts'
import { endOrder } from './orders.ts'
import { type AreaState, firstStartAfter, horizonSeconds, lengthOf } from './state.ts'

/** Takes a key's grants back for good, from the next boundary or a later one on: what it has signed ends then. */
export function revokeSession(state: AreaState, { account, key, from }: CommandOf<'revoke-session'>): Event[] {
  const next = firstStartAfter(state.nowMs, lengthOf(state))
  const effective = Math.max(next, Math.min(from, next + horizonSeconds))
  const known = revokedFrom(state, account, key)
  if (known !== null && known <= effective) return []
  state.revoked.set(revocationKey(account, key), { from: effective, until: effective + horizonSeconds })
  const events: Event[] = [{ type: 'session-revoked', account, key, from: effective }]
  const isTheirs = (order: { seat: number; session: { key: string } | null }) =>
    order.session?.key === key && state.seats.get(order.seat)?.chain.account === account
  for (const order of [...state.orders.values()]) {
    if (isTheirs(order)) events.push(...endOrder(state, order, 'revoked', effective))
  }
  return [...events, ...cancelForwardOf(state, isTheirs)]
}

/** Forgets revocations of grants that have ended by themselves. */
export function forgetRevocations(state: AreaState): void {
  for (const [name, { until }] of state.revoked) if (until * 1000 < state.nowMs) state.revoked.delete(name)
}
