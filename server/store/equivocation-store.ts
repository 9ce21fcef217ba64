/** Pairs of values that one meter signed for one boundary, and what became of their report to the escrow. */
import type { Address, Hex, Reading } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Queries } from './database.ts'

interface SignedValue {
  importWh: number
  exportWh: number
  quality: number
  signature: Hex
}

export interface Equivocation {
  meter: Address
  epoch: number
  time: UtcSeconds
  /** The value that stands. */
  first: SignedValue
  second: SignedValue
}

/** Which pair: a meter contradicts itself once about a boundary. */
export type EquivocationKey = Pick<Equivocation, 'meter' | 'epoch' | 'time'>

/** A report names at most so many in one turn. */
const mostAtOnce = 20

/** Keeps both values of each meter that is suspended, wherever the first one goes later. */
export async function keepEquivocations(sql: Queries, areaId: number): Promise<void> {
  await sql`
    insert into equivocations (area_id, meter, epoch, time, first, second)
    select x.area_id, x.meter, x.epoch, x.time,
      jsonb_build_object('importWh', stood.import_wh, 'exportWh', stood.export_wh, 'quality', stood.quality,
        'signature', '0x' || encode(stood.signature, 'hex')),
      jsonb_build_object('importWh', x.import_wh, 'exportWh', x.export_wh, 'quality', x.quality,
        'signature', '0x' || encode(x.signature, 'hex'))
    from suspensions x
    join readings stood
      on stood.area_id = x.area_id and stood.time = x.time and stood.seat = x.seat and stood.epoch = x.epoch
    where x.area_id = ${areaId} and x.lifted_at is null
    on conflict do nothing`
}

/** Those that were not reported yet, the oldest first; whom the grid operator has confirmed since is left alone. */
export function unreportedEquivocations(sql: Queries, areaId: number): Promise<Equivocation[]> {
  return sql<Equivocation[]>`
    select meter, epoch, time, first, second from equivocations known
    where area_id = ${areaId} and transaction is null and refusal is null and exists (
      select from suspensions x
      where x.area_id = known.area_id and x.meter = known.meter and x.epoch = known.epoch and x.time = known.time
        and x.lifted_at is null)
    order by noticed_at, meter limit ${mostAtOnce}`
}

export async function noteReport(
  sql: Queries,
  areaId: number,
  { meter, epoch, time }: EquivocationKey,
  { transaction = null, refusal = null }: { transaction?: Hex | null; refusal?: string | null },
): Promise<void> {
  await sql`
    update equivocations set transaction = ${transaction}, refusal = ${refusal}
    where area_id = ${areaId} and meter = ${meter} and epoch = ${epoch} and time = ${time}`
}

/** The two readings as they were signed. */
export function signedReadings({ meter, epoch, time, first, second }: Equivocation): {
  readings: [Reading, Reading]
  signatures: [Hex, Hex]
} {
  const readingOf = ({ importWh, exportWh, quality }: SignedValue) => {
    return { meter, epoch, time, importWh, exportWh, quality }
  }
  return {
    readings: [readingOf(first), readingOf(second)],
    signatures: [first.signature, second.signature],
  }
}
