/** What `commonwatt export-values` does: writes the files of a range into a folder. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ExchangeError } from '../exchange/error.ts'
import { ReportError } from '../reports/row.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase } from '../store/database.ts'
import { type ValueFile, type ValueFilesRequest, valueFiles } from '../store/value-files.ts'
import { writeWhole } from '../store/whole-file.ts'
import { namedArea } from './options.ts'
import { refuse, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface ExportValuesOptions extends Omit<ValueFilesRequest, 'now'> {
  databaseUrl: string
  escrow?: string
  out: string
}

/** A file that cannot be written is named, and the others are written. Throws what its parts throw: each says what to do. */
export async function exportValues(options: ExportValuesOptions): Promise<void> {
  const { databaseUrl, out } = options
  const database = openDatabase(databaseUrl, 2, endless)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    const files = await valueFiles(database, areaId, { ...options, now: Math.floor(Date.now() / 1000) })
    await mkdir(out, { recursive: true })
    for (const file of files) await keep(join(out, file.name), file)
  } finally {
    await database.end()
  }
}

async function keep(path: string, { pieces }: ValueFile): Promise<void> {
  try {
    await writeWhole(path, (partial) =>
      pipeline(Readable.from(pieces(), { objectMode: false }), createWriteStream(partial)),
    )
    await writeOutput(`${path}\n`)
  } catch (error) {
    if (!(error instanceof ExchangeError || error instanceof ReportError)) throw error
    refuse(`${path}: ${error.message}`)
  }
}
