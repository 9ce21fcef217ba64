/** Signs orders in the browser and hands them in. */
import { type EscrowDomain, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import type { OrderResource } from '../../server/api/resources.ts'
import { postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'

export async function submitOrder(session: Session, domain: EscrowDomain, order: Order): Promise<OrderResource> {
  const signature = await signFull(await session.identity.signer(), domain, 'Order', order)
  return postJson<OrderResource>('/orders', { order, signature }, session)
}

/** Withdraws an order from the next interval on. */
export async function submitCancel(
  session: Session,
  domain: EscrowDomain,
  order: OrderResource,
): Promise<OrderResource> {
  const signature = await signFull(await session.identity.signer(), domain, 'CancelOrder', {
    account: order.account,
    order: order.order,
  })
  return postJson<OrderResource>(`/orders/${order.order}/cancel`, { signature }, session)
}
