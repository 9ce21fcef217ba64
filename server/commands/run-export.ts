/** What `commonwatt export` does: reads a batch with all that it rests on, in one view of the tables. */
import { areaFileLines } from '../store/area-export.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase, transact } from '../store/database.ts'
import { namedArea } from './options.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface ExportOptions {
  databaseUrl: string
  area: number
  escrow?: string
  end: number
}

/** In one view of the tables, so that a batch that is cut anew meanwhile is not seen in parts. */
/** Throws what its parts throw: each says what to do. */
export async function exportBatch({ databaseUrl, end, ...named }: ExportOptions): Promise<void> {
  const database = openDatabase(databaseUrl, 1, endless)
  try {
    const stored = await requireArea(database, namedArea(named))
    await transact(database, async (sql) => {
      await sql`set transaction isolation level repeatable read, read only`
      let lines = 0
      for await (const line of areaFileLines(sql, stored, end)) {
        lines += 1
        if (!(await writeOutput(line))) break
      }
      if (lines > 0) return
      throw new InputError(`area ${named.area} has no batch that ends at ${new Date(end * 1000).toISOString()}`)
    })
  } finally {
    await database.end()
  }
}
