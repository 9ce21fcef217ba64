/** What `commonwatt export` does: reads a batch with all that it rests on, in one view of the tables. */
import { areaFileLines } from '../store/area-export.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase, transact } from '../store/database.ts'
import { clerkOf, exportedLines } from './clerk-client.ts'
import { namedArea } from './options.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface ExportOptions {
  databaseUrl?: string
  /** The server that is asked instead of a database. */
  serverUrl?: string
  keyFile?: string
  area: number
  escrow?: string
  end: number
}

/** Throws what its parts throw: each says what to do. */
export async function exportBatch({ serverUrl, keyFile, databaseUrl, ...rest }: ExportOptions): Promise<void> {
  if (serverUrl !== undefined) {
    const clerk = await clerkOf({ serverUrl, ...(keyFile === undefined ? {} : { keyFile }) }, rest.area)
    for await (const line of exportedLines(clerk, rest.area, rest.end)) {
      if (!(await writeOutput(`${line}\n`))) break
    }
    return
  }
  if (databaseUrl === undefined) throw new InputError('give --database-url, or --server-url with --key-file')
  await exportFromTables({ databaseUrl, ...rest })
}

/** In one view of the tables, so that a batch that is cut anew meanwhile is not seen in parts. */
async function exportFromTables({
  databaseUrl,
  end,
  ...named
}: Omit<ExportOptions, 'databaseUrl'> & { databaseUrl: string }): Promise<void> {
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
