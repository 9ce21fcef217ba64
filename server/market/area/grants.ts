/** What a session key may sign: orders inside the grant of its account, as long as nobody has taken that back. */
import type { Address, Hex } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { Event, OrderFields, SessionGrant } from './area.ts'
import { refused } from './refusal.ts'
import { type AreaState, horizonSeconds } from './state.ts'

/** From which boundary on a key signs nothing for the account any more, or null. */
export function revokedFrom(state: AreaState, account: Address, key: Address): UtcSeconds | null {
  return state.revoked.get(account)?.get(key)?.from ?? null
}

/** Why a grant does not cover an order for intervals from `firstStart` on, or null. The account's signature of the grant has been checked before. */
export function grantRefusal(
  state: AreaState,
  { id, order, grant, firstStart }: { id: Hex; order: OrderFields; grant: SessionGrant; firstStart: UtcSeconds },
): Event[] | null {
  const nowSeconds = state.nowMs / 1000
  if (grant.validUntil > nowSeconds + horizonSeconds) return refused(id, 'SESSION_KEY_HORIZON', [grant.validUntil])
  if (grant.validFrom > nowSeconds || grant.validUntil <= nowSeconds) {
    return refused(id, 'SESSION_KEY_EXPIRED', [grant.validFrom, grant.validUntil])
  }
  const from = revokedFrom(state, order.account, grant.key)
  if (from !== null && from <= firstStart) return refused(id, 'SESSION_KEY_REVOKED', [from])
  if ((grant.sides & (1 << order.side)) === 0) return refused(id, 'SESSION_KEY_SIDE', [order.side])
  if (order.limitPrice < grant.lowestPrice || order.limitPrice > grant.highestPrice) {
    return refused(id, 'SESSION_KEY_PRICE', [order.limitPrice, grant.lowestPrice, grant.highestPrice])
  }
  return null
}

/** The boundary at which what a key signs under a grant ends. */
export function grantEnd(state: AreaState, account: Address, grant: SessionGrant, length: number): UtcSeconds {
  const expiry = Math.floor(grant.validUntil / length) * length
  return Math.min(expiry, revokedFrom(state, account, grant.key) ?? expiry)
}
