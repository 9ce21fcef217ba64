/** Reads what the grid operator declared. */
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { CommandOf } from '../market/area/area.ts'
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
