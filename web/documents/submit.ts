/** What a clerk does with documents and reports: make a preview, approve it with the account's signature, issue, and save files. */
import { type DocumentApproval, type ReportApproval, signFull } from '../../contracts/protocol/typed-data.ts'
import type { BillResource, LineProofResource } from '../../server/api/document-resources.ts'
import type { ReleaseResource } from '../../server/api/report-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getBytes, getLinked, getText, postJson } from '../api/client.ts'
import { saveFile } from '../page/save-file.ts'
import type { Session } from '../session/session.tsx'

interface MonthOfArea {
  area: AreaResource
  month: string
}

const asksOf = ({ area, month }: MonthOfArea) => ({ area: area.area, month })

export function previewBill(session: Session, of: MonthOfArea, incompleteBecause: string | null) {
  return postJson('/areas/{area}/bills/{month}/previews', asksOf(of), { incompleteBecause }, session)
}

/** Signs the newest preview as the page shows it. */
export async function approveBill(session: Session, of: MonthOfArea, bill: BillResource): Promise<BillResource> {
  const { revision, documentsHash } = bill.preview!
  const approval: DocumentApproval = {
    ...{ account: session.account, rules: of.area.rules.hash, month: Number(of.month.replace('-', '')) },
    ...{ revision, documents: documentsHash },
  }
  const signature = await signFull(await session.identity.signer(), of.area.chain, 'DocumentApproval', approval)
  return postJson('/areas/{area}/bills/{month}/approvals', asksOf(of), { approval, signature }, session)
}

/** Signs a report that was put forward, as the page shows it. */
export async function signRelease(
  session: Session,
  area: AreaResource,
  { report, version, manifestHash }: ReleaseResource,
): Promise<void> {
  const approval: ReportApproval = {
    ...{ account: session.account, rules: area.rules.hash, from: Number(report.from), to: Number(report.to) },
    ...{ version, manifest: manifestHash },
  }
  const signature = await signFull(await session.identity.signer(), area.chain, 'ReportApproval', approval)
  const asks = { area: area.area, manifest: manifestHash }
  await postJson('/areas/{area}/releases/{manifest}/approvals', asks, { approval, signature }, session)
}

export function issueBill(session: Session, of: MonthOfArea) {
  return postJson('/areas/{area}/bills/{month}/issue', asksOf(of), {}, session)
}

/** Saves a document as a file on the person's device. */
export async function saveDocument(session: Session, area: number, number: string, as: 'ubl' | 'pdf'): Promise<void> {
  if (as === 'ubl') {
    const text = await getText('/areas/{area}/documents/{number}/ubl', { area, number }, session)
    saveFile(text, `${number}.xml`, 'application/xml')
  } else {
    const bytes = await getBytes('/areas/{area}/documents/{number}/pdf', { area, number }, session)
    saveFile(bytes, `${number}.pdf`, 'application/pdf')
  }
}

/** Saves the statement of a batch, to which a proof links, as a file on the person's device, for `commonwatt verify`. */
export async function saveStatement(
  session: Session,
  { statement }: Pick<LineProofResource['batches'][number], 'statement'>,
  name: string,
): Promise<void> {
  saveFile(await getLinked(statement, session), name, 'application/json')
}
