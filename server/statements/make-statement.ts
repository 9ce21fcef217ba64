/** Makes a batch's statement from the tables, in little memory whatever the batch holds. */
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import { statedFactsOf } from '../settlement/area-file.ts'
import { SettlementError } from '../settlement/error.ts'
import { TreeBuilder } from '../settlement/merkle.ts'
import { statedHash } from '../settlement/stated-facts.ts'
import { LeafHasher, seatSeed, statedSalt, statementRoot } from '../settlement/statement.ts'
import { partsOfBatch, readingsStated } from '../store/area-export.ts'
import type { StoredArea } from '../store/areas.ts'
import { type CutBatch, fillsOfBatch, readCutBatch } from '../store/batch-store.ts'
import type { Database } from '../store/database.ts'
import {
  completeStatement,
  keepPieces,
  type NodeChunk,
  type SeatLeaves,
  type StatementKey,
  storedStatement,
} from '../store/statement-store.ts'

/** How many pieces are written to the database together. */
const piecesAtOnce = 100

export interface MadeStatement {
  number: number
  root: Hex
  leaves: number
}

/**
 * Makes the statement of the batch that ends at `end` under its present number, unless there is one. It goes on with a statement that was
 * begun before, since all its pieces follow from the batch. Null where there is no such batch, or seats are being left out of it.
 */
export async function makeStatement(database: Database, area: StoredArea, end: number): Promise<MadeStatement | null> {
  const batch = await readCutBatch(database, area.areaId, end)
  if (batch === null || batch.isLeavingOut) return null
  const { number, secret } = batch
  const stored = await storedStatement(database, area.areaId, end)
  if (stored?.number === number) return { number, root: stored.root, leaves: stored.leaves }
  if (secret === null) {
    throw new SettlementError('SETTLEMENT_STATEMENT_ERASED', `the secret of the batch to ${end} has been erased`)
  }
  const key = { areaId: area.areaId, end, number }
  const { tree, leaves } = await hashLeaves(database, { area, batch, key, secret })
  const salt = statedSalt(secret, number)
  const stated = statedHash(await factsOf(database, area, batch), salt)
  const root = statementRoot({ area: area.area, end, count: leaves }, tree, stated)
  const isComplete = await completeStatement(database, key, { leaves, root, stated, statedSalt: salt })
  return isComplete ? { number, root, leaves } : null
}

interface Making {
  area: StoredArea
  batch: CutBatch
  key: StatementKey
  secret: Buffer
}

/** Hashes the leaves and the tree above them, and keeps both as they come. */
async function hashLeaves(
  database: Database,
  { area, batch, key, secret }: Making,
): Promise<{ tree: Uint8Array; leaves: number }> {
  let nodes: NodeChunk[] = []
  let seats: SeatLeaves[] = []
  let leaves = 0
  const builder = new TreeBuilder((level, chunk, hashes) => nodes.push({ level, chunk, hashes }))
  const hasher = new LeafHasher(area.area)
  const keep = async () => {
    await keepPieces(database, key, { nodes, seats })
    nodes = []
    seats = []
  }
  for await (const { seat, fills } of fillsOfBatch(database, area.areaId, batch)) {
    const seed = seatSeed(secret, key.number, seat)
    seats.push({ seat, first: leaves, leaves: fills.length, seed })
    hasher.beginSeat(seat, seed)
    for (const fill of fills) builder.add(hasher.next(fill))
    leaves += fills.length
    if (nodes.length + seats.length >= piecesAtOnce) await keep()
  }
  const tree = builder.finish()
  await keep()
  return { tree, leaves }
}

async function factsOf(database: Database, area: StoredArea, batch: CutBatch) {
  const { parts, ids } = await partsOfBatch(database, area, batch)
  return statedFactsOf(parts, await readingsStated(database, area.areaId, batch), (arrival) => ids.get(arrival)!)
}
