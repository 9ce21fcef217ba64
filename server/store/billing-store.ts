/** Drafts of documents, who approved them, and documents with their numbers. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Approval } from '../billing/approval.ts'
import type { IssuedDocument } from '../billing/corrections.ts'
import type { DocumentKind, DraftDocument } from '../billing/draft.ts'
import { type Database, type Queries, type Transaction, transact } from './database.ts'

export interface MonthKey {
  areaId: number
  /** `2026-11-01`. */
  month: string
}

/** A preview of a month. */
export interface StoredDraft<Shown = unknown> {
  revision: number
  hash: string
  incompleteBecause: string | null
  madeAt: Date
  issuedAt: Date | null
  approvals: Approval[]
  /** What it said beside its documents. */
  shown: Shown
}

export interface StoredDocument extends IssuedDocument {
  place: number
  /** `2026-11`. */
  month: string
  revision: number
  issuedAt: Date
}

/** A document's number as people read it. */
function numberText(area: number, place: number): string {
  return `${area}-${String(place).padStart(6, '0')}`
}

/** `2026-11` as the tables name it. */
export function monthKey(areaId: number, month: string): MonthKey {
  return { areaId, month: `${month}-01` }
}

export async function newestDraft<Shown>(
  sql: Queries,
  { areaId, month }: MonthKey,
): Promise<StoredDraft<Shown> | null> {
  const [row] = await sql<StoredDraft<Shown>[]>`
    select revision, hash, incomplete_because as "incompleteBecause", made_at as "madeAt", issued_at as "issuedAt", shown,
      coalesce((select jsonb_agg(jsonb_build_object('approver', approver, 'signature', signature) order by approver)
        from bill_approvals own where own.area_id = draft.area_id and own.month = draft.month
          and own.revision = draft.revision), '[]') as approvals
    from bill_drafts draft where area_id = ${areaId} and month = ${month}::date order by revision desc limit 1`
  return row ?? null
}

/** How far a month's documents are, by its newest preview. */
export interface MonthOfBills {
  /** `2026-11`. */
  month: string
  revision: number
  /** How many have approved it. */
  approvals: number
  issuedAt: Date | null
}

/** The months that were previewed, the newest first, up to `limit`. */
export function monthsOfBills(sql: Queries, areaId: number, limit: number): Promise<MonthOfBills[]> {
  return sql<MonthOfBills[]>`
    select to_char(month, 'YYYY-MM') as month, revision, issued_at as "issuedAt",
      (select count(*)::int from bill_approvals own where own.area_id = draft.area_id and own.month = draft.month
        and own.revision = draft.revision) as approvals
    from (
      select distinct on (month) area_id, month, revision, issued_at from bill_drafts
      where area_id = ${areaId} order by month desc, revision desc
    ) draft order by month desc limit ${limit}`
}

/** Documents that go to the database at once. */
const atOnce = 500

/**
 * The revision of a draft with this hash: the newest one where it is the same and not issued, else the next. Its documents are kept
 * in their order; those of an older draft that was not issued go.
 */
export function keepDraft(
  database: Database,
  { areaId, month }: MonthKey,
  draft: {
    hash: string
    incompleteBecause: string | null
    documents: readonly DraftDocument[]
    shown: unknown
    now: Date
  },
): Promise<number> {
  const { hash, incompleteBecause, documents, shown, now } = draft
  return transact(database, async (sql) => {
    await lockMonths(sql, areaId)
    const newest = await newestDraft(sql, { areaId, month })
    if (newest !== null && newest.hash === hash && newest.issuedAt === null) return newest.revision
    const revision = (newest?.revision ?? 0) + 1
    await sql`
      delete from draft_documents own using bill_drafts draft
      where own.area_id = ${areaId} and own.month = ${month}::date and draft.area_id = own.area_id
        and draft.month = own.month and draft.revision = own.revision and draft.issued_at is null`
    await sql`
      insert into bill_drafts (area_id, month, revision, hash, incomplete_because, shown, made_at)
      values (${areaId}, ${month}::date, ${revision}, ${hash}, ${incompleteBecause}, ${sql.json(shown as never)}, ${now})`
    for (let first = 0; first < documents.length; first += atOnce) {
      const some = documents.slice(first, first + atOnce).map(written)
      await sql`
        insert into draft_documents (area_id, month, revision, place, content)
        select ${areaId}, ${month}::date, ${revision}, ${first}::int + place, content
        from jsonb_array_elements(${sql.json(some as never)}) with ordinality as own (content, place)`
    }
    return revision
  })
}

/** Documents of a draft by their place, from 1. */
export async function draftDocuments(
  sql: Queries,
  { areaId, month }: MonthKey,
  { revision, after, limit }: { revision: number; after: number; limit: number },
): Promise<{ place: number; document: DraftDocument }[]> {
  const rows = await sql<{ place: number; content: Written }[]>`
    select place, content from draft_documents
    where area_id = ${areaId} and month = ${month}::date and revision = ${revision} and place > ${after}
    order by place limit ${limit}`
  return rows.map(({ place, content }) => ({ place, document: read(content) }))
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
 * Issues a draft once: its documents get the numbers that follow the last one, in one transaction, so that no number is lost or
 * given twice, whoever is killed when. A draft that was issued before stays as it is, and one that a newer preview has taken the place of is
 * not issued any more. Returns whether it was issued now.
 */
export function issueDraft(
  database: Database,
  { areaId, month }: MonthKey,
  { revision, now }: { revision: number; now: Date },
): Promise<boolean> {
  return transact(database, async (sql) => {
    await lockMonths(sql, areaId)
    const issued = await sql`
      update bill_drafts own set issued_at = ${now}
      where area_id = ${areaId} and month = ${month}::date and revision = ${revision} and issued_at is null
        and not exists (select from bill_drafts newer
          where newer.area_id = own.area_id and newer.month = own.month and newer.revision > own.revision)
      returning 1`
    if (issued.length === 0) return false
    await sql`
      insert into documents (area_id, number, month, revision, account, kind, corrects, issued_at, content)
      select ${areaId}, last + place, ${month}::date, ${revision}, content ->> 'account', content ->> 'kind',
        split_part(content ->> 'corrects', '-', 2)::int, ${now}, content
      from draft_documents, (select coalesce(max(number), 0) as last from documents where area_id = ${areaId}) numbered
      where area_id = ${areaId} and month = ${month}::date and revision = ${revision} order by place`
    await sql`
      delete from draft_documents where area_id = ${areaId} and month = ${month}::date and revision = ${revision}`
    return true
  })
}

/** One month's numbers are given at a time. */
async function lockMonths(sql: Transaction, areaId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`documents ${areaId}`}, 0))`
}

/** Which documents of an area: of a month, of an account, after a number. */
export interface DocumentQuery {
  area: number
  areaId: number
  month?: string | undefined
  account?: Address | undefined
  after?: number
  limit?: number
}

interface DocumentRow {
  place: number
  month: string
  revision: number
  issuedAt: Date
  content: Written
}

/** Issued documents, by number. */
export async function issuedDocuments(sql: Queries, query: DocumentQuery): Promise<StoredDocument[]> {
  const { area, areaId, month, account, after = 0, limit = null } = query
  const rows = await sql<DocumentRow[]>`
    select number as place, to_char(month, 'YYYY-MM') as month, revision, issued_at as "issuedAt", content
    from documents where area_id = ${areaId} and number > ${after}
      ${month === undefined ? sql`` : sql`and month = ${`${month}-01`}::date`}
      ${account === undefined ? sql`` : sql`and account = ${account}`}
    order by number limit ${limit}`
  return rows.map((row) => stored(area, row))
}

/** The document of a number (`1-000012`), or null. */
export async function issuedDocument(
  sql: Queries,
  { area, areaId }: { area: number; areaId: number },
  number: string,
): Promise<StoredDocument | null> {
  const [, own, place] = /^(\d{1,10})-(\d{6,9})$/.exec(number) ?? []
  if (place === undefined || Number(own) !== area) return null
  const [found] = await issuedDocuments(sql, { area, areaId, after: Number(place) - 1, limit: 1 })
  return found?.number === number ? found : null
}

/** The number of the document that takes this one back, or null. */
export async function takenBackBy(
  sql: Queries,
  { area, areaId }: { area: number; areaId: number },
  place: number,
): Promise<string | null> {
  const [row] = await sql<{ number: number }[]>`
    select number from documents where area_id = ${areaId} and corrects = ${place} limit 1`
  return row === undefined ? null : numberText(area, row.number)
}

function stored(area: number, { content, ...row }: DocumentRow): StoredDocument {
  return { ...row, number: numberText(area, row.place), document: read(content) }
}

/** The documents of a month that no other one has taken back. */
export function notTakenBack(documents: readonly StoredDocument[]): StoredDocument[] {
  const taken = new Set(documents.map(({ document }) => document.corrects))
  return documents.filter(({ number, document }) => document.corrects === null && !taken.has(number))
}

const amounts = ['net', 'tax', 'rounding', 'total', 'remainder'] as const
type Amount = (typeof amounts)[number]
type Line = DraftDocument['lines'][number]
type WrittenLine = Omit<Line, 'net' | 'amount'> & { net: string; amount: string }
type Written = Omit<DraftDocument, Amount | 'lines' | 'kind'> &
  Record<Amount, string> & { kind: DocumentKind; lines: WrittenLine[] }

function written(document: DraftDocument): Written {
  const text = Object.fromEntries(amounts.map((name) => [name, String(document[name])])) as Record<Amount, string>
  const lines = document.lines.map((line) => ({ ...line, net: String(line.net), amount: String(line.amount) }))
  return { ...document, ...text, lines }
}

function read(content: Written): DraftDocument {
  const whole = Object.fromEntries(amounts.map((name) => [name, BigInt(content[name])])) as Record<Amount, bigint>
  const lines = content.lines.map((line) => ({ ...line, net: BigInt(line.net), amount: BigInt(line.amount) }))
  return { ...content, ...whole, lines }
}
