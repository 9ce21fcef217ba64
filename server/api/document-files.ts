/** An issued document as files: UBL for programs, PDF for people. Both are made anew from what was kept, always with the same bytes. */
import { type NumberedDocument, ublOf } from '../billing/ubl.ts'
import { isoDay, secondsPerDay } from '../exchange/instants.ts'
import type { StoredDocument } from '../store/billing-store.ts'
import { pdfOf } from './document-pdf.ts'

/** The day on which it was issued (UTC): `2026-12-02`. */
function issueDay({ issuedAt }: Pick<StoredDocument, 'issuedAt'>): string {
  return isoDay(Math.floor(issuedAt.getTime() / 1000 / secondsPerDay))
}

/** `ubl` is null for an information sheet, which is no document of EN 16931. */
export function filesOf(stored: StoredDocument): { ubl: (() => string) | null; pdf: () => Promise<Buffer> } {
  const { number, document } = stored
  const numbered: NumberedDocument = { number, issuedOn: issueDay(stored), document }
  return { ubl: document.kind === 'sheet' ? null : () => ublOf(numbered), pdf: () => pdfOf(numbered) }
}
