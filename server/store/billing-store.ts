/** Drafts of documents, who approved them, and documents with their numbers. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { DocumentKind, DraftDocument, IssuedDocument } from '../billing/documents.ts'
import { type Database, type Queries, type Transaction, transact } from './database.ts'

export interface MonthKey {
  areaId: number
  /** `2026-11-01`. */
  month: string
}

export interface StoredDraft {
  revision: number
  hash: string
  incompleteBecause: string | null
  issuedAt: Date | null
  approvals: { approver: Address; signature: string }[]
}

export interface StoredDocument extends IssuedDocument {
  place: number
  revision: number
  issuedAt: Date
}

/** A document's number as people read it. */
function numberText(area: number, place: number): string {
  return `${area}-${String(place).padStart(6, '0')}`
}

export async function newestDraft(sql: Queries, { areaId, month }: MonthKey): Promise<StoredDraft | null> {
  const [row] = await sql<StoredDraft[]>`
    select revision, hash, incomplete_because as "incompleteBecause", issued_at as "issuedAt",
      coalesce((select jsonb_agg(jsonb_build_object('approver', approver, 'signature', signature) order by approver)
        from bill_approvals own where own.area_id = draft.area_id and own.month = draft.month
          and own.revision = draft.revision), '[]') as approvals
    from bill_drafts draft where area_id = ${areaId} and month = ${month}::date order by revision desc limit 1`
  return row ?? null
}

/** The revision of a draft with this hash: the newest one where it is the same and not issued, else the next. */
export function keepDraft(
  database: Database,
  { areaId, month }: MonthKey,
  { hash, incompleteBecause, now }: { hash: string; incompleteBecause: string | null; now: Date },
): Promise<number> {
  return transact(database, async (sql) => {
    await lockMonths(sql, areaId)
    const newest = await newestDraft(sql, { areaId, month })
    if (newest !== null && newest.hash === hash && newest.issuedAt === null) return newest.revision
    const revision = (newest?.revision ?? 0) + 1
    await sql`
      insert into bill_drafts (area_id, month, revision, hash, incomplete_because, made_at)
      values (${areaId}, ${month}::date, ${revision}, ${hash}, ${incompleteBecause}, ${now})`
    return revision
  })
}

export async function keepApproval(
  sql: Queries,
  { areaId, month }: MonthKey,
  { revision, approver, signature, now }: { revision: number; approver: Address; signature: string; now: Date },
): Promise<void> {
  await sql`
    insert into bill_approvals (area_id, month, revision, approver, signature, approved_at)
    values (${areaId}, ${month}::date, ${revision}, ${approver}, ${signature}, ${now}) on conflict do nothing`
}

/**
 * Issues a draft once: its documents get the numbers that follow the last one. Rolled back as a whole, so that no number is
 * lost; a draft that was issued before gives what was issued.
 */
export function issueDraft(
  database: Database,
  { areaId, month }: MonthKey,
  { revision, documents, now }: { revision: number; documents: readonly DraftDocument[]; now: Date },
): Promise<void> {
  return transact(database, async (sql) => {
    await lockMonths(sql, areaId)
    const issued = await sql`
      update bill_drafts set issued_at = ${now}
      where area_id = ${areaId} and month = ${month}::date and revision = ${revision} and issued_at is null returning 1`
    if (issued.length === 0) return
    const [{ last }] = await sql<[{ last: number }]>`
      select coalesce(max(number), 0)::int as last from documents where area_id = ${areaId}`
    for (const [index, document] of documents.entries()) {
      const corrects = document.corrects === null ? null : Number(document.corrects.split('-')[1])
      await sql`
        insert into documents (area_id, number, month, revision, account, kind, corrects, issued_at, content)
        values (${areaId}, ${last + 1 + index}, ${month}::date, ${revision}, ${document.account}, ${document.kind},
          ${corrects}, ${now}, ${sql.json(written(document) as never)})`
    }
  })
}

/** One month's numbers are given at a time. */
async function lockMonths(sql: Transaction, areaId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`documents ${areaId}`}, 0))`
}

/** All documents of a month, by number. */
export async function documentsOfMonth(
  sql: Queries,
  area: number,
  { areaId, month }: MonthKey,
): Promise<StoredDocument[]> {
  const rows = await sql<{ place: number; revision: number; issuedAt: Date; content: Written }[]>`
    select number as place, revision, issued_at as "issuedAt", content
    from documents where area_id = ${areaId} and month = ${month}::date order by number`
  return rows.map(({ content, ...row }) => ({ ...row, number: numberText(area, row.place), document: read(content) }))
}

/** Of a month's documents, those that no other one has taken back. */
export function notTakenBack(documents: readonly StoredDocument[]): StoredDocument[] {
  const taken = new Set(documents.map(({ document }) => document.corrects))
  return documents.filter(({ number, document }) => document.corrects === null && !taken.has(number))
}

/** Ends of the batches that hold intervals of a range, and how many intervals of seats lie in none that is settled. */
export async function settledBatches(
  sql: Queries,
  areaId: number,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): Promise<{ ends: UtcSeconds[]; unsettled: number }> {
  const rows = await sql<{ end: UtcSeconds; start: UtcSeconds }[]>`
    select batches.start, end_at as end from batches join batch_progress using (area_id, end_at, number)
    where area_id = ${areaId} and end_at > ${from} and batches.start < ${to} and batch_progress.status = 'settled'
    order by end_at`
  const [{ unsettled }] = await sql<[{ unsettled: number }]>`
    select count(*)::int as unsettled from seat_intervals own
    where own.area_id = ${areaId} and own.current and own.start >= ${from} and own.start < ${to}
      and (own.paid <> 0 or own.received <> 0)
      and not exists (
        select 1 from batches join batch_progress using (area_id, end_at, number)
        where area_id = ${areaId} and batches.start <= own.start and end_at > own.start
          and batch_progress.status = 'settled')`
  return { ends: rows.map(({ end }) => end), unsettled }
}

const amounts = ['net', 'tax', 'rounding', 'total', 'remainder'] as const
type Amount = (typeof amounts)[number]
type Written = Omit<DraftDocument, Amount | 'lines' | 'kind'> &
  Record<Amount, string> & { kind: DocumentKind; lines: { point: string; energyWh: number; net: string }[] }

function written(document: DraftDocument): Written {
  const text = Object.fromEntries(amounts.map((name) => [name, String(document[name])])) as Record<Amount, string>
  return { ...document, ...text, lines: document.lines.map((line) => ({ ...line, net: String(line.net) })) }
}

function read(content: Written): DraftDocument {
  const whole = Object.fromEntries(amounts.map((name) => [name, BigInt(content[name])])) as Record<Amount, bigint>
  return { ...content, ...whole, lines: content.lines.map((line) => ({ ...line, net: BigInt(line.net) })) }
}
