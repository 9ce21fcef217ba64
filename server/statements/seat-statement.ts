/** A seat's statement of a batch, proved from the nodes that were kept when the batch's statement was made. */
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaFile } from '../settlement/area-file.ts'
import { SettlementError } from '../settlement/error.ts'
import { chunksFor, hashBytes, siblingsOf } from '../settlement/merkle.ts'
import { type Chances, chancesOf } from '../settlement/passed-over.ts'
import type { StatementFile } from '../settlement/statement-file.ts'
import { partsOfBatch } from '../store/area-export.ts'
import type { StoredArea } from '../store/areas.ts'
import { signedUnder } from '../store/batch-signed.ts'
import { type BatchFill, type CutBatch, fillsOfSeat, readCutBatch, readingsOfSeat } from '../store/batch-store.ts'
import type { Database } from '../store/database.ts'
import { settingsBetween } from '../store/settings-store.ts'
import { leavesOfSeat, nodeChunks, storedStatement } from '../store/statement-store.ts'
import { makeStatement } from './make-statement.ts'

/**
 * The statement of a seat (its number in the area) of the batch that ends at `end`, made first where it has not been; null where
 * there is no such batch, or seats are being left out of it. Throws `SettlementError` `SETTLEMENT_STATEMENT_ERASED` where the seat's
 * seed is gone.
 */
export async function seatStatement(
  database: Database,
  area: StoredArea,
  { seat, end }: { seat: number; end: UtcSeconds },
): Promise<StatementFile | null> {
  const { areaId, chainId, escrow } = area
  const made = await makeStatement(database, area, end)
  const statement = await storedStatement(database, areaId, end)
  const batch = await readCutBatch(database, areaId, end)
  if (made === null || statement === null || batch?.number !== statement.number) return null
  const key = { areaId, end, number: statement.number }
  const own = await leavesOfSeat(database, key, seat)
  const fills = own === null ? [] : await fillsOfSeat(database, areaId, { ...batch, seat })
  const readings = await readingsOfSeat(database, areaId, { ...batch, seat })
  return {
    ...{ chainId, escrow, area: area.area, end, seat, count: statement.leaves, stated: statement.stated },
    ...{ first: own?.first ?? 0, seed: own === null ? null : seedOf(own.seed, seat, end) },
    leaves: fills.map(({ start, stage, reference, side, energyWh, amount }) => {
      return { start, stage, reference: hexOf(reference), side, energyWh, amount }
    }),
    siblings: own === null ? [] : await proofOf(database, key, { count: statement.leaves, ...own }),
    readings,
    chances: await chancesOfSeat(database, area, batch, { seat, readings, fills }),
    ...(await signedUnder(database, areaId, [...new Set(fills.map(({ arrival }) => arrival))])),
  }
}

/** The seat's chances, counted from what the whole batch rests on, as anybody counts them who has the batch's file. */
async function chancesOfSeat(
  database: Database,
  area: StoredArea,
  batch: CutBatch,
  { seat, readings, fills }: Pick<StatementFile, 'seat' | 'readings'> & { fills: readonly BatchFill[] },
): Promise<Chances> {
  const { parts } = await partsOfBatch(database, area, batch)
  const [settings] = await settingsBetween(database, area.areaId, { from: batch.start, to: batch.end })
  const times = readings.map(
    ({ epoch, time, importWh, exportWh, quality, signature }): AreaFile['seats'][number]['readings'][number] => {
      return [epoch, time, importWh, exportWh, quality, signature]
    },
  )
  const own = fills.map(
    ({ start, stage, arrival, side, energyWh, amount }): AreaFile['seats'][number]['fills'][number] => {
      return [start, stage, arrival, side, energyWh, amount]
    },
  )
  const chances = chancesOf(
    { ...parts, seats: [{ seat, readings: times, fills: own }] },
    settings!.settings.rules.intervalSeconds,
  )
  return chances.get(seat) ?? { wanted: 0, passedOver: 0 }
}

function seedOf(seed: string | null, seat: number, end: UtcSeconds): string {
  if (seed !== null) return seed
  throw new SettlementError(
    'SETTLEMENT_STATEMENT_ERASED',
    `the statement of seat ${seat} for the batch to ${end} has been erased`,
  )
}

async function proofOf(
  database: Database,
  key: { areaId: number; end: UtcSeconds; number: number },
  { count, first, leaves }: { count: number; first: number; leaves: number },
): Promise<string[]> {
  const range = { first, length: leaves }
  const chunks = await nodeChunks(database, key, chunksFor(count, range))
  const hashesOf = new Map(chunks.map(({ level, chunk, hashes }) => [`${level} ${chunk}`, hashes]))
  const siblings = siblingsOf(count, range, (level, chunk) => hashesOf.get(`${level} ${chunk}`)!)
  return Array.from({ length: siblings.length / hashBytes }, (_, place) => {
    return hexOf(siblings.subarray(place * hashBytes, (place + 1) * hashBytes))
  })
}
