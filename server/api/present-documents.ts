/** Documents, previews and proofs of lines as the API shows them. */
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import { approvalsNeeded } from '../billing/approval.ts'
import { centsText } from '../billing/cents.ts'
import { type BillChanges, callsForDocuments } from '../billing/changes.ts'
import type { DraftDocument } from '../billing/draft.ts'
import type { ShownDraft } from '../store/bill-desk.ts'
import type { LineProof } from '../store/bill-proof.ts'
import type { StoredParties } from '../store/billing-parties.ts'
import type { MonthOfBills, StoredDocument, StoredDraft } from '../store/billing-store.ts'
import type {
  BillChangesResource,
  BillResource,
  BillStateResource,
  DocumentResource,
  IssuedDocumentResource,
  LineProofResource,
} from './document-resources.ts'
import { isoTime } from './present.ts'

type Place = Pick<DocumentResource, 'number' | 'issuedAt' | 'month'>

export function presentDocument(document: DraftDocument, place: Place): DocumentResource {
  const { kind, account, member, from, to, vat, currency, priceDecimals, paidBy, corrects } = document
  const { net, tax, rounding, total, remainder } = document
  return {
    ...{ ...place, kind, account, member: member.name, from, to, currency, corrects },
    vat: { kind: vat.kind, ratePercent: vat.kind === 'taxed' ? vat.ratePercent : null },
    ...{ net: centsText(net), tax: centsText(tax), rounding: centsText(rounding), total: centsText(total) },
    ...{ remainder: formatMoney(remainder, priceDecimals), paidBy: paidBy.map(isoTime) },
    lines: document.lines.map((_, i) => presentLine(document, i)),
  }
}

function presentLine({ lines, priceDecimals }: DraftDocument, place: number): DocumentResource['lines'][number] {
  const { point, energyWh, net, amount, intervals, proof } = lines[place]!
  const money = { net: centsText(net), amount: formatMoney(amount, priceDecimals) }
  return { line: place + 1, point, energyWh, ...money, intervals, proof }
}

export function presentIssued(
  { document, number, issuedAt, month }: StoredDocument,
  takenBackBy: string | null,
): IssuedDocumentResource {
  return { ...presentDocument(document, { number, issuedAt: issuedAt.toISOString(), month }), takenBackBy }
}

export function presentBill(
  area: number,
  month: string,
  parties: StoredParties | null,
  draft: StoredDraft<ShownDraft> | null,
  changes: BillChanges | null,
): BillResource {
  return {
    ...{ area, month },
    parties: parties && {
      ...{ version: parties.version, sha256: parties.sha256, keptAt: parties.keptAt.toISOString() },
      ...{ issuer: parties.parties.issuer.name, approvers: parties.parties.approvers },
    },
    preview: draft && {
      ...{ revision: draft.revision, documentsHash: `0x${draft.hash}`, madeAt: draft.madeAt.toISOString() },
      ...{ incompleteBecause: draft.incompleteBecause, approvals: draft.approvals.map(({ approver }) => approver) },
      ...{ approvalsNeeded, issuedAt: draft.issuedAt?.toISOString() ?? null, ...draft.shown },
    },
    changes: changes && presentChanges(changes),
  }
}

export function presentBillState(
  { month, revision, approvals, issuedAt }: MonthOfBills,
  changes: BillChanges | null,
): BillStateResource {
  return {
    ...{ month, revision, approvals, approvalsNeeded, issuedAt: issuedAt?.toISOString() ?? null },
    changes: changes && presentChanges(changes),
  }
}

function presentChanges(changes: BillChanges): BillChangesResource {
  const { settledBatches, isRosterChanged, isTaxationChanged, correctedIntervals, replacedValues } = changes
  return {
    ...{ settledBatches, rosterChanged: isRosterChanged, taxationChanged: isTaxationChanged },
    ...{ correctedIntervals, replacedValues, callsForDocuments: callsForDocuments(changes) },
  }
}

export function presentProof(
  area: number,
  { number, document }: StoredDocument,
  place: number,
  { proof, takenBackBy }: { proof: LineProof; takenBackBy: string | null },
): LineProofResource {
  const line = document.lines[place]!
  const money = (units: bigint) => formatMoney(units, document.priceDecimals)
  return {
    ...{ number, line: presentLine(document, place), agrees: proof.hash === line.proof, takenBackBy },
    ...{ currency: document.currency, intervals: proof.intervals, energyWh: proof.energyWh },
    ...{ amount: money(proof.amount), hash: proof.hash },
    batches: proof.batches.map(({ end, amount, seat, ...batch }) => ({
      ...{ ...batch, end: isoTime(end), amount: money(amount) },
      statement: `/accounts/${document.account}/statements/${isoTime(end)}?seat=${seatIdOf(area, seat)}`,
    })),
  }
}
