/** The JSON of documents: a month's preview and who approved it, issued documents, and what proves a line. */
import { z } from 'zod'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'

const address = z.string()
const time = z.iso.datetime()
const day = z.iso.date()
const wh = z.int()
/** Money with all its decimals, not rounded. */
const money = z.string().meta({ description: 'Tokens, exactly' })
const cents = z.string().meta({ description: 'Tokens, to the cent' })
const count = (of: string) => z.int().meta({ description: `How many ${of}` })

const documentKinds = ['380', '381', '389', '261', 'sheet'] as const

const lineSchema = z.object({
  line: z.int().meta({ description: 'Its place in the document, from 1' }),
  point: z.string(),
  energyWh: wh,
  net: cents.meta({ description: 'Tokens without tax, to the cent' }),
  amount: money.meta({ description: 'Tokens that moved through the escrow, exactly' }),
  intervals: count('settled intervals it sums'),
  proof: z.string().nullable().meta({ description: 'SHA-256 that binds it to them; null on an information sheet' }),
})

/** A document; of a preview without number and date. */
export const documentSchema = z
  .object({
    number: z.string().nullable(),
    issuedAt: time.nullable(),
    month: z.string(),
    kind: z.enum(documentKinds).meta({
      description: '380 invoice, 381 credit note, 389 self-billed invoice, 261 self-billed credit note (UNTDID 1001)',
    }),
    account: address,
    member: z.string(),
    from: day,
    to: day,
    vat: z.object({ kind: z.enum(['private', 'small', 'taxed', 'reverse']), ratePercent: z.string().nullable() }),
    currency: z.string(),
    net: cents,
    tax: cents,
    rounding: cents,
    total: cents.meta({ description: 'Tokens with tax: what moved through the escrow, to the cent' }),
    remainder: money.meta({ description: 'Tokens that moved less the total: below a cent, not invoiced' }),
    paidBy: z.array(time).meta({ description: 'Ends of the batches by which it was paid' }),
    corrects: z.string().nullable().meta({ description: 'Number of the document that it takes back' }),
    lines: z.array(lineSchema),
  })
  .meta({ id: 'Document' })
export type DocumentResource = z.infer<typeof documentSchema>

const coverageSchema = z.object({
  point: z.string(),
  account: address,
  member: z.string().nullable(),
  expected: z.int().meta({ description: 'Intervals in which the point takes part' }),
  measured: count('of them are measured'),
  final: count('of them are final'),
  lastMeasured: time.nullable(),
})

/** What changed of a billed month since somebody last previewed it. */
export const billChangesSchema = z
  .object({
    settledBatches: count('batches that hold some of it were settled'),
    rosterChanged: z.boolean().meta({ description: 'Who stood behind a metering point in it' }),
    taxationChanged: z.boolean().meta({ description: 'How somebody who has a document of it is taxed in it' }),
    correctedIntervals: count('final intervals were corrected, which moves nothing'),
    replacedValues: count('official values a newer file replaced'),
    callsForDocuments: z.boolean().meta({ description: 'Whether documents may have to be taken back' }),
  })
  .meta({ id: 'BillChanges' })
export type BillChangesResource = z.infer<typeof billChangesSchema>

/** How far a month is. */
export const billStateSchema = z
  .object({
    month: z.string(),
    revision: z.int().meta({ description: 'Of its newest preview' }),
    approvals: count('approvers have signed that'),
    approvalsNeeded: count('approvers must sign'),
    issuedAt: time.nullable().meta({ description: 'When that was issued; null while it waits' }),
    changes: billChangesSchema.nullable().meta({ description: 'Null where documents were issued and nothing changed' }),
  })
  .meta({ id: 'BillState' })
export type BillStateResource = z.infer<typeof billStateSchema>

/** The newest preview of a month, and who has approved it. */
export const billSchema = z
  .object({
    area: uint32,
    month: z.string(),
    parties: z
      .object({ version: z.int(), sha256: z.string(), keptAt: time, issuer: z.string(), approvers: z.array(address) })
      .nullable()
      .meta({ description: 'Who issues and who may approve; `commonwatt bill --parties` keeps it' }),
    preview: z
      .object({
        revision: z.int().meta({ description: 'Counts the previews of the month' }),
        documentsHash: hex32Form.meta({ description: 'What approvers sign as `documents`' }),
        madeAt: time,
        incompleteBecause: z.string().nullable(),
        approvals: z.array(address),
        approvalsNeeded: count('approvers must sign'),
        issuedAt: time.nullable(),
        currency: z.string(),
        documents: count('documents it has'),
        settled: z.object({ paid: money, received: money }),
        sums: z.object({ paid: cents, received: cents, paidRemainder: money, receivedRemainder: money }),
        gaps: z.array(z.string()),
        coverage: z.array(coverageSchema),
      })
      .nullable(),
    changes: billChangesSchema.nullable().meta({
      description: 'What changed after documents were issued and somebody last previewed; null where nothing',
    }),
  })
  .meta({ id: 'Bill' })
export type BillResource = z.infer<typeof billSchema>

/** An issued document, and what became of it. */
export const issuedDocumentSchema = documentSchema
  .extend({ takenBackBy: z.string().nullable() })
  .meta({ id: 'IssuedDocument' })
export type IssuedDocumentResource = z.infer<typeof issuedDocumentSchema>

/** What the settled batches say of a line. */
export const lineProofSchema = z
  .object({
    number: z.string(),
    line: lineSchema,
    agrees: z.boolean().meta({ description: 'Whether the batches give the line and its hash again' }),
    takenBackBy: z.string().nullable(),
    currency: z.string(),
    intervals: count('settled intervals they give'),
    energyWh: wh,
    amount: money,
    hash: z.string(),
    batches: z.array(
      z.object({
        end: time,
        statementRoot: z.string(),
        meter: address,
        intervals: count('intervals of the line it settled'),
        energyWh: wh,
        amount: money,
        statement: z
          .templateLiteral(['/accounts/', z.string(), '/statements/', z.string(), '?seat=', z.string()])
          .meta({ description: 'Path of the statement that `commonwatt verify` checks on the chain' }),
      }),
    ),
  })
  .meta({ id: 'LineProof' })
export type LineProofResource = z.infer<typeof lineProofSchema>
