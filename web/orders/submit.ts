/** Signs orders of either market in the browser and hands them in. */
import { type EscrowDomain, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import { postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'

/** The order as the market took it; a forward order rests until its interval starts, as far as it does not trade at once. */
export async function submitOrder<Placed>(session: Session, domain: EscrowDomain, order: Order): Promise<Placed> {
  const { signer, orderKeys } = session.identity
  const key = await orderKeys?.forOrder(session, domain, order)
  const signature = await signFull(key?.signer ?? (await signer()), domain, 'Order', order)
  return postJson<Placed>('/orders', { order, signature, session: key?.granted }, session)
}

/** Withdraws an order: from the next interval on, or at once what is open of a forward order. */
export async function submitCancel<Placed extends { account: string; order: string; sessionKey: string | null }>(
  session: Session,
  domain: EscrowDomain,
  { account, order, sessionKey }: Placed,
): Promise<Placed> {
  const { signer, orderKeys } = session.identity
  const by = orderKeys?.signerOf(sessionKey) ?? (await signer())
  const signature = await signFull(by, domain, 'CancelOrder', { account, order })
  return postJson<Placed>(`/orders/${order}/cancel`, { signature }, session)
}
