/** Signs agreements in the browser: a new one for the partner, one that the partner has signed, and the notice that ends one. */
import { type Agreement, signFull } from '../../contracts/protocol/typed-data.ts'
import type { AgreementResource, AreaResource } from '../../server/api/resources.ts'
import { postJson } from '../api/client.ts'
import type { OrderSide } from '../orders/order.ts'
import type { Session } from '../session/session.tsx'
import type { AgreementOffer } from './offer.ts'

/** Signs an agreement on one's own side; it holds once the partner has signed it as well. */
export async function signOffer(
  session: Session,
  area: AreaResource,
  agreement: Agreement,
  side: OrderSide,
): Promise<AgreementOffer> {
  const signature = await signFull(await session.identity.signer(), area.chain, 'Agreement', agreement)
  return {
    ...{ chainId: area.chain.chainId, escrow: area.chain.escrow, agreement },
    sellerSignature: side === 'sell' ? signature : null,
    buyerSignature: side === 'buy' ? signature : null,
  }
}

/** Signs an agreement that the partner has signed, and hands it in. */
export async function acceptOffer(
  session: Session,
  area: AreaResource,
  { agreement, ...offer }: AgreementOffer,
  side: OrderSide,
): Promise<AgreementResource> {
  const own = await signOffer(session, area, agreement, side)
  // One is our own, and `readOffer` lets no offer through that lacks the other.
  const signed = {
    agreement,
    sellerSignature: (own.sellerSignature ?? offer.sellerSignature)!,
    buyerSignature: (own.buyerSignature ?? offer.buyerSignature)!,
  }
  const body = { agreements: [signed] }
  const { items } = await postJson('/areas/{area}/agreements', { area: area.area }, body, session)
  return items[0]!
}

/** Ends an agreement at a boundary in UTC seconds, which lies at least the agreement's notice period ahead. */
export async function giveNotice(
  session: Session,
  area: AreaResource,
  { agreement }: AgreementResource,
  end: number,
): Promise<AgreementResource> {
  const { account } = session
  const signature = await signFull(await session.identity.signer(), area.chain, 'EndAgreement', {
    ...{ account, agreement, end },
  })
  const body = { account, end, signature }
  return postJson('/areas/{area}/agreements/{agreement}/end', { area: area.area, agreement }, body, session)
}
