/** What a session key may sign: bounded by side, price and area as its account granted it. */
import type { Order, SessionKey } from './typed-data.ts'

/** Whether the grant covers this order; from when to when the key may sign is for whoever knows the time of signing. */
export function allowsOrder(grant: Omit<SessionKey, 'account' | 'key'>, order: Order): boolean {
  const mayTakeSide = (grant.sides & (1 << order.side)) !== 0
  const { limitPrice } = order
  return (
    order.rules === grant.rules && mayTakeSide && limitPrice >= grant.lowestPrice && limitPrice <= grant.highestPrice
  )
}
