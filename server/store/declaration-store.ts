/** Reads what the grid operator declared. */
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { CommandOf } from '../market/area/area.ts'
import type { DeclarationKind, DeclaredKey, ForgottenInterval } from '../market/area/declarations.ts'
import { decodeCommand } from '../market/engine/journal.ts'
import { numbers } from './arrays.ts'
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

/** The keys that cover a part of a stretch, as `sharingKeyAt` takes them. */
export async function declaredKeys(sql: Queries, areaId: number, { start, end }: BatchSpan): Promise<DeclaredKey[]> {
  const rows = await sql<{ arrival: number; signed: Buffer }[]>`
    select arrival, signed from declarations
    where area_id = ${areaId} and kind = 'key' and start < ${end} and end_at > ${start} order by arrival`
  return rows.flatMap(({ arrival, signed }) => {
    const { declaration, body } = decodeSigned(signed)
    const { start, end, version } = declaration
    return body.type === 'key' ? [{ arrival, start, end, version, body }] : []
  })
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

/** An area's seats with their meters, ascending. */
export function seatsOfArea(
  sql: Queries,
  areaId: number,
): Promise<{ seat: number; meter: Address; openedAt: UtcSeconds }[]> {
  return sql`
    select seat, meter, (chain ->> 'openedAt')::bigint as "openedAt" from seats where area_id = ${areaId} order by seat`
}

/** Those of these intervals that have a result and are not archived, with what was declared of each under the highest version. */
export async function forgottenIntervals(
  sql: Queries,
  areaId: number,
  starts: readonly UtcSeconds[],
): Promise<ForgottenInterval[]> {
  const own = numbers(starts, (start) => start)
  const runs = await sql<{ start: UtcSeconds; run: number }[]>`
    select start, max(run) as run from intervals
    where area_id = ${areaId} and start = any(${own}::bigint[]) and status <> 'missed' group by start order by start`
  const rows = await sql<{ signed: Buffer }[]>`
    select signed from declarations
    where area_id = ${areaId} and kind = 'quantities' and start <= ${Math.max(...starts)} and end_at > ${Math.min(...starts)}
    order by version`
  const declared = new Map<UtcSeconds, Pick<ForgottenInterval, 'version' | 'seats'>>()
  for (const { signed } of rows) {
    const { declaration, body } = decodeSigned(signed)
    if (body.type !== 'quantities') continue
    for (const { start, seats } of body.intervals) declared.set(start, { version: declaration.version, seats })
  }
  return runs.map((row) => ({ ...row, ...(declared.get(row.start) ?? { version: null, seats: [] }) }))
}
