/** What keeps a server from doing its work, each in a sentence; asked by `/readyz`. */
import type { AreaHandle } from './areas/area-handle.ts'
import type { EscrowServices } from './escrow-services.ts'
import type { Database } from './store/database.ts'

/** The database has to answer within this. */
const databaseWithinMs = 2_000
/** A chain whose newest block was seen longer ago is not followed any more. */
const chainSeenWithinMs = 60_000

export interface ReadinessParts {
  database: Database
  areas(): readonly AreaHandle[]
  escrows: readonly EscrowServices[]
}

/** Asks every part; the answer is empty when everything is ready, and never later than the parts' deadlines. */
export function readiness({ database, areas, escrows }: ReadinessParts): () => Promise<string[]> {
  return async () => {
    const missing: string[] = []
    for (const { settings, status } of areas()) {
      const { condition } = status
      if (condition.is !== 'ready') missing.push(`area ${settings.area}: ${condition.reason}`)
    }
    for (const { indexer } of escrows) {
      const silentMs = indexer.silentMs
      if (indexer.head.block < 0) missing.push('chain: no block has been read yet')
      else if (silentMs > chainSeenWithinMs) {
        missing.push(`chain: the node has shown no block for ${Math.round(silentMs / 1000)} s`)
      }
    }
    if (!(await answers(database))) missing.push('database: no answer within 2 s')
    return missing
  }
}

async function answers(database: Database): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), databaseWithinMs)
  })
  const asked = database`select 1`.then(
    () => true,
    () => false,
  )
  const isThere = await Promise.race([asked, late])
  clearTimeout(timer)
  return isThere
}
