/** Signs orders in the browser, for the auction or for trading ahead, and hands them in. */
import { type EscrowDomain, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import { postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'

/**
 * Submits an order and returns it as the market took it. What a forward order does not trade at once waits until its interval
 * starts.
 */
export async function submitOrder<Placed>(session: Session, domain: EscrowDomain, order: Order): Promise<Placed> {
  const { signer, orderKeys } = session.identity
  const key = await orderKeys?.forOrder(session, domain, order)
  const signature = await signFull(key?.signer ?? (await signer()), domain, 'Order', order)
  return postJson<Placed>('/orders', { order, signature, session: key?.granted }, session)
}

/** Withdraws an order: a price from the next interval on, and the open part of a forward order at once. */
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
