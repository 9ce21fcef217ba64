/** Agreements on their way to their area: signed by both accounts, accepted together or not at all; and notice. */
import type { Address, Agreement, Hex } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { agreementsById } from '../store/queries-agreements.ts'
import { languages } from '../words/languages.ts'
import { orderSentence } from '../words/sentences.ts'
import { hasSeat, requireSeat } from './order-gate.ts'
import { type OrderParts, refusedBy } from './place-order.ts'
import { presentAgreement } from './present-agreement.ts'
import { ApiError, Refused } from './problem.ts'
import type { AgreementResource } from './resources.ts'
import type { SignedAgreements } from './signed-requests.ts'
import { checkSigner } from './signers.ts'

type SignedAgreement = SignedAgreements['agreements'][number]

/**
 * Checks both signatures of each and has the area judge them; resolves once they are durable. `isKnown` says that all of
 * them were accepted before. Strangers are refused from memory: whoever signs for seats that nobody has waits in no queue. Throws
 * `ApiError` `AGREEMENT_SIGNATURE`, `Refused`, `AreaError` or `SignatureCheckError`.
 */
export async function acceptSigned(
  parts: OrderParts,
  area: AreaHandle,
  { agreements }: SignedAgreements,
): Promise<{ items: AgreementResource[]; isKnown: boolean }> {
  for (const { agreement } of agreements) {
    const { seller, sellerMeter, buyer, buyerMeter } = agreement
    requireSeat(area, { account: seller, meter: sellerMeter }, { code: 'AGREEMENT_NO_SEAT', details: [1] })
    requireSeat(area, { account: buyer, meter: buyerMeter }, { code: 'AGREEMENT_NO_SEAT', details: [0] })
  }
  const items = await Promise.all(agreements.map((signed) => checked(parts, area, signed)))
  const events = await area.submit({ type: 'agreements', items })
  const ids = items.map(({ id }) => id)
  const isAccepted = events.some((event) => event.type === 'agreement-accepted')
  const rows = await agreementsById(parts.database, await parts.tables.idOf(area), ids)
  if (rows.length < ids.length) throw refusedBy(events, area)
  return { items: rows.map((row) => presentAgreement(area.settings, row)), isKnown: !isAccepted }
}

async function checked(
  parts: OrderParts,
  area: AreaHandle,
  { agreement, sellerSignature, buyerSignature }: SignedAgreement,
): Promise<SignedAgreement & { id: Hex }> {
  const { seller, sellerMeter, buyer, buyerMeter } = agreement
  const id = await requireSigned(parts, area, agreement, {
    account: seller,
    meter: sellerMeter,
    signature: sellerSignature,
  })
  await requireSigned(parts, area, agreement, { account: buyer, meter: buyerMeter, signature: buyerSignature })
  return { id, agreement, sellerSignature, buyerSignature }
}

async function requireSigned(
  parts: OrderParts,
  area: AreaHandle,
  agreement: Agreement,
  { account, meter, signature }: { account: Address; meter: Address; signature: Hex },
): Promise<Hex> {
  const signed = { name: 'Agreement', value: agreement, signature } as const
  const claimant = { account, mayBeWallet: hasSeat(area, account, meter) }
  const { digest, isByAccount } = await checkSigner(parts, area, signed, claimant)
  if (!isByAccount) throw new ApiError('AGREEMENT_SIGNATURE', `the agreement must be signed by ${account}`)
  return digest
}

/**
 * Gives notice for one of the two accounts. Repeating it gives the same answer. Throws `ApiError` (`AGREEMENT_UNKNOWN`,
 * `NOTICE_SIGNATURE`), `Refused`, `AreaError` or `SignatureCheckError`.
 */
export async function endSigned(
  parts: OrderParts,
  area: AreaHandle,
  id: Hex,
  { account, end, signature }: { account: Address; end: number; signature: Hex },
): Promise<AgreementResource> {
  const areaId = await parts.tables.idOf(area)
  const [row] = await agreementsById(parts.database, areaId, [id])
  if (row === undefined) throw new ApiError('AGREEMENT_UNKNOWN', `area ${area.settings.area} has no agreement ${id}`)
  const { seller, buyer } = row.signed.agreement
  // Nobody else waits in the area's queue to be told so.
  if (account !== seller && account !== buyer) {
    throw new Refused(
      'AGREEMENT_FOREIGN',
      orderSentence(languages.en, { code: 'AGREEMENT_FOREIGN', details: [] }, area.settings),
    )
  }
  const signed = { name: 'EndAgreement', value: { account, agreement: id, end }, signature } as const
  const { isByAccount } = await checkSigner(parts, area, signed, { account, mayBeWallet: true })
  if (!isByAccount) throw new ApiError('NOTICE_SIGNATURE', `the notice must be signed by ${account}`)
  const isGiven = ({ end_at, notice_by }: typeof row) => end_at === end && notice_by === account
  if (isGiven(row)) return presentAgreement(area.settings, row)
  const events = await area.submit({ type: 'end-agreement', id, by: account, end, signature })
  const [after] = await agreementsById(parts.database, areaId, [id])
  if (!isGiven(after!)) throw refusedBy(events, area)
  return presentAgreement(area.settings, after!)
}
