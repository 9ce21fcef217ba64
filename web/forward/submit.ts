/** Signs forward orders in the browser and hands them in. */
import { type EscrowDomain, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import type { ForwardOrderResource, PlacedForwardOrder } from '../../server/api/resources.ts'
import { postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'

/** The order rests until its interval starts, as far as it does not trade at once. */
export async function submitForwardOrder(
  session: Session,
  domain: EscrowDomain,
  order: Order,
): Promise<PlacedForwardOrder> {
  const signature = await signFull(await session.identity.signer(), domain, 'Order', order)
  return postJson<PlacedForwardOrder>('/forward-orders', { order, signature }, session)
}

export async function cancelForwardOrder(
  session: Session,
  domain: EscrowDomain,
  { account, order }: ForwardOrderResource,
): Promise<ForwardOrderResource> {
  const signature = await signFull(await session.identity.signer(), domain, 'CancelOrder', { account, order })
  return postJson<ForwardOrderResource>(`/forward-orders/${order}/cancel`, { signature }, session)
}
