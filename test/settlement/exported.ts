/** A batch's files as people get them: written by the server's parts, read by the parts that check them. */
import { type AreaFile, AreaFileReader } from '../../server/settlement/area-file.ts'
import { readStatementFile, type StatementFile } from '../../server/settlement/statement-file.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import { seatStatement } from '../../server/statements/seat-statement.ts'
import { areaFileLines } from '../../server/store/area-export.ts'
import type { StoredArea } from '../../server/store/areas.ts'
import { batchesWithoutStatement } from '../../server/store/batch-store.ts'
import type { Database } from '../../server/store/database.ts'

/** The file of the batch that ends then, through its lines. */
export async function exportedBatch(database: Database, area: StoredArea, end: number): Promise<AreaFile> {
  const reader = new AreaFileReader()
  for await (const line of areaFileLines(database, area, end)) reader.take(line)
  return reader.finish()
}

/** A seat's statement, through JSON. */
export async function statementOfSeat(
  database: Database,
  area: StoredArea,
  query: { seat: number; end: number },
): Promise<StatementFile> {
  return readStatementFile(JSON.parse(JSON.stringify(await seatStatement(database, area, query))))
}

/** Makes the statements that are missing, as the thread of statements does. */
export async function makeStatements(database: Database, area: StoredArea): Promise<void> {
  const missing = await batchesWithoutStatement(database, area.areaId, { after: 0, limit: 1_000 })
  for (const { end } of missing) await makeStatement(database, area, end)
}

/** The lines of an area's file, whatever was changed in it. */
export function linesOfAny(file: object): string[] {
  const isList = ([name, value]: [string, unknown]) => Array.isArray(value) && name !== 'leftOut'
  const parts = Object.entries(file)
  const head = Object.fromEntries(parts.filter((part) => !isList(part)))
  const items = parts.filter(isList).flatMap(([list, own]) => (own as unknown[]).map((item) => ({ [list]: item })))
  return [{ head }, ...items].map((line) => JSON.stringify(line))
}

/** An area's file read from its lines. Throws as the reader does. */
export function readAreaFile(file: object): AreaFile {
  const reader = new AreaFileReader()
  for (const line of linesOfAny(file)) reader.take(line)
  return reader.finish()
}
