/** Reads what the grid operator declared. */
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { CommandOf } from '../market/area/area.ts'
import type { DeclarationKind } from '../market/area/declarations.ts'
import { decodeCommand } from '../market/engine/journal.ts'
import type { BatchSpan } from './batch-store.ts'
import type { Queries } from './database.ts'

type SignedDeclaration = Pick<CommandOf<'declare'>, 'declaration' | 'body' | 'signature'>

export interface BatchDeclaration extends SignedDeclaration {
  arrival: number
  id: Hex
}

function decodeSigned(bytes: Uint8Array): SignedDeclaration {
  const { declaration, body, signature } = decodeCommand(bytes) as CommandOf<'declare'>
  return { declaration, body, signature }
}

/** Those that could move energy in intervals of a batch, in order of arrival: they were there before it was cut. */
export async function declarationsOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: BatchSpan,
): Promise<BatchDeclaration[]> {
  const rows = await sql<{ arrival: number; id: Buffer; signed: Buffer }[]>`
    select arrival, declaration_id as id, signed from declarations
    where area_id = ${areaId} and start < ${end} and end_at > ${start} and counts_from < ${end}
    order by arrival`
  return rows.map(({ arrival, id, signed }) => ({ arrival, id: hexOf(id), ...decodeSigned(signed) }))
}

/** A declaration without what it says. */
export interface DeclarationRow {
  arrival: number
  id: Hex
  kind: DeclarationKind
  start: UtcSeconds
  end: UtcSeconds
  version: number
  /** The first interval that was not final when it came. */
  countsFrom: UtcSeconds
  acceptedAt: Date
  evidence: Hex
}

interface StoredDeclaration extends Omit<DeclarationRow, 'id' | 'evidence'> {
  id: Buffer
  signed: Buffer
}

/** The newest of an area that arrived before `before`. */
export async function declarationsBefore(
  sql: Queries,
  areaId: number,
  { before, limit }: { before: number | null; limit: number },
): Promise<DeclarationRow[]> {
  const rows = await sql<StoredDeclaration[]>`
    select arrival, declaration_id as id, kind, start, end_at as "end", version, counts_from as "countsFrom",
      accepted_at as "acceptedAt", signed
    from declarations where area_id = ${areaId} and arrival < ${before ?? Number.MAX_SAFE_INTEGER}
    order by arrival desc limit ${limit}`
  return rows.map(rowOf)
}

/** The one with this digest, or null. */
export async function declarationById(sql: Queries, areaId: number, id: Hex): Promise<DeclarationRow | null> {
  const [row] = await sql<StoredDeclaration[]>`
    select arrival, declaration_id as id, kind, start, end_at as "end", version, counts_from as "countsFrom",
      accepted_at as "acceptedAt", signed
    from declarations where area_id = ${areaId} and declaration_id = ${Buffer.from(id.slice(2), 'hex')}`
  return row === undefined ? null : rowOf(row)
}

function rowOf({ id, signed, ...row }: StoredDeclaration): DeclarationRow {
  return { ...row, id: hexOf(id), evidence: decodeSigned(signed).declaration.evidence }
}

/** Intervals with a result of which the grid operator has declared nothing yet and that are not final: their starts, oldest first. */
export async function undeclaredIntervals(sql: Queries, areaId: number, limit: number): Promise<UtcSeconds[]> {
  const rows = await sql<{ start: UtcSeconds }[]>`
    select start from (
      select distinct on (start) start, status from intervals
      where area_id = ${areaId} and start >= coalesce(
        (select max(end_at) from batches where area_id = ${areaId}), 0)
      order by start, run desc
    ) newest
    where status = 'provisional' and not exists (
      select 1 from declarations own
      where own.area_id = ${areaId} and own.kind = 'quantities' and own.start <= newest.start and own.end_at > newest.start)
    order by start limit ${limit}`
  return rows.map(({ start }) => start)
}
