/** Signs orders in the browser, for the auction or for trading ahead, and hands them in. */
import { type EscrowDomain, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import { ProblemError, postJson } from '../api/client.ts'
import { apiWords } from '../api/words.ts'
import type { Posts } from '../api/writes.ts'
import type { Session } from '../session/session.tsx'

type Placed = Posts['/orders']['answer']
type Cancelled = Posts['/orders/{order}/cancel']['answer']
type Market = (Placed | Cancelled)['market']

/**
 * Submits an order and returns it as the market took it. What a forward order does not trade at once waits until its interval
 * starts. The caller says for which market the order is; an answer of another one is refused.
 */
export async function submitOrder<Of extends Market>(
  session: Session,
  domain: EscrowDomain,
  { order, market }: { order: Order; market: Of },
): Promise<Extract<Placed, { market: Of }>> {
  const { signer, orderKeys } = session.identity
  const key = await orderKeys?.forOrder(session, domain, order)
  const signature = await signFull(key?.signer ?? (await signer()), domain, 'Order', order)
  const placed = await postJson('/orders', {}, { order, signature, session: key?.granted }, session)
  return ofMarket(placed, market)
}

/** Withdraws an order: a price from the next interval on, and the open part of a forward order at once. */
export async function submitCancel<Of extends Market>(
  session: Session,
  domain: EscrowDomain,
  { account, order, sessionKey, market }: { account: string; order: string; sessionKey: string | null; market: Of },
): Promise<Extract<Cancelled, { market: Of }>> {
  const { signer, orderKeys } = session.identity
  const by = orderKeys?.signerOf(sessionKey) ?? (await signer())
  const signature = await signFull(by, domain, 'CancelOrder', { account, order })
  return ofMarket(await postJson('/orders/{order}/cancel', { order }, { signature }, session), market)
}

function ofMarket<Answer extends { market: Market }, Of extends Market>(
  answer: Answer,
  market: Of,
): Extract<Answer, { market: Of }> {
  if (isOf(answer, market)) return answer
  throw new ProblemError('PAGE_UNEXPECTED_ANSWER', 0, apiWords().noJson)
}

function isOf<Answer extends { market: Market }, Of extends Market>(
  answer: Answer,
  market: Of,
): answer is Extract<Answer, { market: Of }> {
  return answer.market === market
}
