/** Rows of agreements as the resources that people read. */
import type { AreaSettings } from '../areas/settings.ts'
import type { AgreementRow } from '../store/rows.ts'
import { agreementKinds } from '../words/details.ts'
import { languages } from '../words/languages.ts'
import { agreementSentence } from '../words/sentences.ts'
import { decimalPrice, isoTime, seatIdIn } from './present.ts'
import type { AgreementResource } from './resources.ts'

export function presentAgreement(settings: AreaSettings, row: AgreementRow): AgreementResource {
  const { agreement } = row.signed
  const { kind, amount, price_ticks: priceTicks } = row
  return {
    area: settings.area,
    agreement: row.agreement_id,
    arrival: row.arrival,
    group: row.group_arrival,
    seller: { seat: seatIdIn(settings, row.seller), account: agreement.seller, meter: agreement.sellerMeter },
    buyer: { seat: seatIdIn(settings, row.buyer), account: agreement.buyer, meter: agreement.buyerMeter },
    kind: agreementKinds[kind]!,
    amount,
    pricePerKwh: decimalPrice(settings, priceTicks),
    start: isoTime(row.start),
    end: isoTime(row.end_at),
    signedEnd: isoTime(agreement.end),
    noticeSeconds: agreement.noticeSeconds,
    nonce: agreement.nonce,
    noticeBy: row.notice_by,
    acceptedAt: row.accepted_at.toISOString(),
    description: agreementSentence(languages.en, { kind, amount, priceTicks }, settings),
  }
}
