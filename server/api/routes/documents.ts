/**
 * Documents of a month for the clerks of an area, who are its grid operator and those who may approve: preview, approvals, issue; and
 * issued documents, also for the account that they were issued to.
 */
import { z } from 'zod'
import { isPlainText, notPlainText } from '../../../contracts/protocol/plain-text.ts'
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import { BillingError } from '../../billing/error.ts'
import { billChanges } from '../../store/bill-changes.ts'
import { approveDraft, draftToApprove, issueMonth, previewMonth, type ShownDraft } from '../../store/bill-desk.ts'
import { proofOfLine } from '../../store/bill-proof.ts'
import { partiesOfArea } from '../../store/billing-parties.ts'
import {
  draftDocuments,
  issuedDocument,
  issuedDocuments,
  monthKey,
  monthsOfBills,
  newestDraft,
  type StoredDocument,
  takenBackBy,
} from '../../store/billing-store.ts'
import { type ClerkAsks, clerksOf } from '../clerks.ts'
import { filesOf } from '../document-files.ts'
import {
  billSchema,
  billStateSchema,
  documentSchema,
  issuedDocumentSchema,
  lineProofSchema,
} from '../document-resources.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor } from '../paging.ts'
import type { OrderParts } from '../place-order.ts'
import { presentBill, presentBillState, presentDocument, presentIssued, presentProof } from '../present-documents.ts'
import { ApiError } from '../problem.ts'
import { addressSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { signedApprovalSchema } from '../signed-requests.ts'
import { visibilityOf } from '../visibility.ts'

const areaParams = z.object({ area: areaInput })
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month of the area’s calendar (2026-11)')
const monthParams = areaParams.extend({ month })
const documentParams = areaParams.extend({ number: z.string().regex(/^\d{1,10}-\d{6,9}$/, 'a number (1-000012)') })
const tag = 'Documents'
const shownMonths = 120
const listOf = (item: z.ZodType) => z.object({ items: z.array(item), cursor: z.string().nullable() })

export function documentRoutes(parts: OrderParts): Route[] {
  const { database, servicesOf } = parts
  const { asked, ofClerk } = clerksOf(parts)
  const { noteAreaRead } = visibilityOf(parts)

  async function bill({ stored }: ClerkAsks, name: string) {
    const [parties, draft, changes] = await Promise.all([
      partiesOfArea(database, stored.areaId),
      newestDraft<ShownDraft>(database, monthKey(stored.areaId, name)),
      billChanges(database, stored.areaId),
    ])
    const own = changes.find((each) => each.month === name) ?? null
    return { status: 200, body: presentBill(stored.area, name, parties, draft, own) }
  }

  /** Notes whose documents a clerk reads, where they are not the reader's own. */
  async function note(
    { handle, isClerk, account }: ClerkAsks,
    documents: readonly { from: string; to: string; account: Address }[],
  ) {
    if (!isClerk || documents.every((each) => each.account === account)) return
    const days = documents.flatMap(({ from, to }) => [from, to]).sort()
    const [from, until] = [days[0]!, days.at(-1)!].map((each) => Date.parse(each) / 1000)
    await noteAreaRead(handle, 'documents', { from: from!, until: until! + 86_400, reader: account })
  }

  /** An issued document, for a clerk or for whom it is. Throws `BILL_UNKNOWN`. */
  async function documentOf(own: ClerkAsks, number: string): Promise<StoredDocument> {
    const found = await issuedDocument(database, own.stored, number)
    if (found === null || !(own.isClerk || found.document.account === own.account)) {
      throw new BillingError('BILL_UNKNOWN', `area ${own.stored.area} has no document ${number} for ${own.account}`)
    }
    await note(own, [found.document])
    return found
  }

  const walletsOf = ({ stored }: ClerkAsks) => ({
    now: new Date(),
    isWalletSignature: servicesOf(stored.area).isWalletSignature,
  })

  return [
    route({
      id: 'listBills',
      method: 'get',
      path: '/areas/:area/bills',
      tag,
      summary:
        'How far the documents of each month are, the newest first, and what changed after they were issued; for the grid operator and the approvers',
      private: true,
      params: areaParams,
      answers: { 200: z.object({ items: z.array(billStateSchema) }) },
      async handle({ params, session }) {
        const { stored } = await ofClerk(params.area, session)
        const [months, changes] = await Promise.all([
          monthsOfBills(database, stored.areaId, shownMonths),
          billChanges(database, stored.areaId),
        ])
        const changesOf = new Map(changes.map((each) => [each.month, each]))
        const items = months.map((each) => presentBillState(each, changesOf.get(each.month) ?? null))
        return { status: 200, body: { items } }
      },
    }),
    route({
      id: 'getBill',
      method: 'get',
      path: '/areas/:area/bills/:month',
      tag,
      summary:
        'The newest preview of a month’s documents and who has approved it; for the grid operator and the approvers',
      private: true,
      params: monthParams,
      answers: { 200: billSchema },
      handle: async ({ params, session }) => bill(await ofClerk(params.area, session), params.month),
    }),
    route({
      id: 'previewBill',
      method: 'post',
      path: '/areas/:area/bills/:month/previews',
      isSlow: true,
      tag,
      summary:
        'Makes a preview of a month: what is missing by metering point, what batches settled, and the documents; a month with gaps is approved only with a reason, which approvers sign',
      private: true,
      keyed: true,
      params: monthParams,
      body: z.strictObject({
        incompleteBecause: z.string().trim().min(1).max(500).refine(isPlainText, notPlainText).nullable(),
      }),
      answers: { 200: billSchema },
      async handle({ params, body, session }) {
        const own = await ofClerk(params.area, session)
        const { incompleteBecause } = body
        await previewMonth(database, own.stored, { month: params.month, incompleteBecause, now: new Date() })
        return bill(own, params.month)
      },
    }),
    route({
      id: 'listPreviewedDocuments',
      method: 'get',
      path: '/areas/:area/bills/:month/documents',
      tag,
      summary: 'The documents of the newest preview of a month, as they would be issued',
      private: true,
      params: monthParams,
      query: z.object(pageQuery),
      answers: { 200: listOf(documentSchema) },
      async handle({ params, query: { limit, cursor }, session }) {
        const own = await ofClerk(params.area, session)
        const key = monthKey(own.stored.areaId, params.month)
        const list = `previewed ${params.area} ${params.month}`
        const place = z.tuple([placeForm.number, placeForm.number])
        const draft = await newestDraft(database, key)
        const [revision, after] = readCursor(list, place, cursor) ?? [draft?.revision ?? 0, 0]
        const rows = await draftDocuments(database, key, { revision, after, limit: limit + 1 })
        await note(
          own,
          rows.map(({ document }) => document),
        )
        const unnumbered = { number: null, issuedAt: null, month: params.month }
        const body = pageOfRows(list, rows, {
          limit,
          item: ({ document }) => presentDocument(document, unnumbered),
          place: (row) => [revision, row.place],
        })
        return { status: 200, body }
      },
    }),
    route({
      id: 'approveBill',
      method: 'post',
      path: '/areas/:area/bills/:month/approvals',
      tag,
      summary: 'An approver’s signed word that the month’s documents are issued as the newest preview has them',
      private: true,
      params: monthParams,
      body: signedApprovalSchema,
      answers: { 200: billSchema },
      async handle({ params, body: { approval, signature }, session }) {
        const own = await ofClerk(params.area, session)
        const { account, rules, revision, documents } = approval
        const { draft } = await draftToApprove(database, own.stored, params.month)
        if (rules !== draft.rules || String(approval.month) !== params.month.replace('-', '')) {
          throw new BillingError('BILL_CHANGED', `what is signed is not of ${params.month} in area ${params.area}`)
        }
        const said = { month: params.month, revision, hash: documents.slice(2), approver: account, signature }
        await approveDraft(database, own.stored, said, walletsOf(own))
        return bill(own, params.month)
      },
    }),
    route({
      id: 'issueBill',
      method: 'post',
      path: '/areas/:area/bills/:month/issue',
      tag,
      summary:
        'Gives numbers to the documents of the newest preview, once two approvers have signed it; once, however often',
      private: true,
      params: monthParams,
      answers: { 200: billSchema },
      async handle({ params, session }) {
        const own = await ofClerk(params.area, session)
        await issueMonth(database, own.stored, params.month, walletsOf(own))
        return bill(own, params.month)
      },
    }),
    route({
      id: 'listDocuments',
      method: 'get',
      path: '/areas/:area/documents',
      tag,
      summary: 'Issued documents by number: all for the grid operator and the approvers, for others their own',
      private: true,
      params: areaParams,
      query: z.object({ ...pageQuery, month: month.optional(), account: addressSchema.optional() }),
      answers: {
        200: listOf(issuedDocumentSchema).extend({
          clerk: z.boolean().meta({ description: 'Whether the reader sees everybody’s documents' }),
        }),
      },
      async handle({ params, query: { limit, cursor, month: only, account }, session }) {
        const own = await asked(params.area, session)
        if (!own.isClerk && account !== undefined && account !== own.account) {
          throw new ApiError('ACCOUNT_FOREIGN', `this session is ${own.account}’s and reads its own documents`)
        }
        const list = `documents ${params.area} ${only ?? ''} ${account ?? ''}`
        const after = readCursor(list, placeForm.number, cursor) ?? 0
        const rows = await issuedDocuments(database, {
          ...{ ...own.stored, month: only, after, limit: limit + 1 },
          account: own.isClerk ? account : own.account,
        })
        await note(
          own,
          rows.map(({ document }) => document),
        )
        const backs = await Promise.all(rows.map(({ place }) => takenBackBy(database, own.stored, place)))
        const back = new Map(rows.map(({ place }, i) => [place, backs[i]!]))
        const item = (row: StoredDocument) => presentIssued(row, back.get(row.place) ?? null)
        const page = pageOfRows(list, rows, { limit, item, place: ({ place }) => place })
        return { status: 200, body: { ...page, clerk: own.isClerk } }
      },
    }),
    route({
      id: 'getDocument',
      method: 'get',
      path: '/areas/:area/documents/:number',
      tag,
      summary: 'An issued document, for the clerks and for the account that it was issued to',
      private: true,
      params: documentParams,
      answers: { 200: issuedDocumentSchema },
      async handle({ params, session }) {
        const own = await asked(params.area, session)
        const found = await documentOf(own, params.number)
        return { status: 200, body: presentIssued(found, await takenBackBy(database, own.stored, found.place)) }
      },
    }),
    route({
      id: 'getDocumentAsUbl',
      method: 'get',
      path: '/areas/:area/documents/:number/ubl',
      tag,
      summary: 'An issued document as UBL 2.1 by EN 16931; an information sheet has none',
      private: true,
      params: documentParams,
      answers: { 200: 'application/xml' },
      version: issuedOnce,
      async handle({ params, session }) {
        const { ubl } = filesOf(await documentOf(await asked(params.area, session), params.number))
        if (ubl === null)
          throw new BillingError('BILL_UNKNOWN', `${params.number} is an information sheet: it has no UBL`)
        return file(`${params.number}.xml`, 'application/xml; charset=utf-8', ubl())
      },
    }),
    route({
      id: 'getDocumentAsPdf',
      method: 'get',
      path: '/areas/:area/documents/:number/pdf',
      isSlow: true,
      tag,
      summary: 'An issued document as PDF, in the member’s language',
      private: true,
      params: documentParams,
      answers: { 200: 'application/pdf' },
      version: issuedOnce,
      async handle({ params, session }) {
        const { pdf } = filesOf(await documentOf(await asked(params.area, session), params.number))
        return file(`${params.number}.pdf`, 'application/pdf', await pdf())
      },
    }),
    route({
      id: 'getLineProof',
      method: 'get',
      path: '/areas/:area/documents/:number/lines/:line',
      isSlow: true,
      tag,
      summary:
        'What proves a line of an issued document: the batches that settled its intervals, with their statements, summed and hashed again',
      private: true,
      params: documentParams.extend({ line: z.coerce.number().int().min(1).max(100_000) }),
      answers: { 200: lineProofSchema },
      async handle({ params, session }) {
        const own = await asked(params.area, session)
        const found = await documentOf(own, params.number)
        const place = params.line - 1
        if (found.document.lines[place]?.proof == null) {
          throw new BillingError('BILL_UNKNOWN', `${params.number} has no line ${params.line} that batches settled`)
        }
        const proof = await proofOfLine(database, own.stored.areaId, found, place)
        const back = await takenBackBy(database, own.stored, found.place)
        return { status: 200, body: presentProof(params.area, found, place, { proof, takenBackBy: back }) }
      },
    }),
  ]
}

const issuedOnce = 'the file, which stays as it was issued'

function file(fileName: string, contentType: string, content: string | Buffer) {
  return { status: 200, fileName, contentType, version: content, chunks: only(content) }
}

async function* only(content: string | Buffer): AsyncGenerator<string | Uint8Array> {
  yield content
}
