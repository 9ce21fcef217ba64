/** What `commonwatt archive` does: says which files were written, which months left the tables, and what stands against the next. */
import type { Command } from 'commander'
import { version } from '../../package.json' with { type: 'json' }
import { requireDatabase } from '../start-up.ts'
import { archiveMonths } from '../store/archive-files.ts'
import { endless, openDatabase } from '../store/database.ts'
import { nameOfMonth } from '../store/months.ts'
import { givenOption, neededOption, readConfigOf } from './configured.ts'
import { writeOutput } from './streams.ts'

export interface ArchiveUse {
  config?: string
}

/** Ends with status 0 where there is nothing to do yet. Throws `InputError`, `ServeError` and `StoreError`. */
export async function runArchive(flags: ArchiveUse, command: Command): Promise<void> {
  const config = await readConfigOf(flags)
  const databaseUrl = neededOption<string>(command, 'databaseUrl', config.databaseUrl)
  const retainMonths = givenOption<number>(command, 'retain', config.retain)
  if (retainMonths === undefined) {
    await writeOutput(
      'everything is kept: "retain" in the configuration, or --retain, says how much stays in the database\n',
    )
    return
  }
  const folder = neededOption<string>(command, 'archiveFolder', config.archiveFolder)
  const database = openDatabase(databaseUrl, 2, endless)
  const lines: string[] = []
  try {
    await requireDatabase(database, { databaseUrl, migrates: false })
    const against = await archiveMonths(database, {
      ...{ folder, retainMonths, now: Math.floor(Date.now() / 1000), release: version },
      done: (what) => {
        if ('dropped' in what) lines.push(`${nameOfMonth(what.dropped)} is out of the database`)
        else lines.push(`${what.file} (${(what.bytes / 1e6).toFixed(1)} MB)`)
      },
    })
    lines.push(against === null ? 'nothing more is old enough' : `the next month waits: ${against}`)
  } finally {
    await database.end()
    if (lines.length > 0) await writeOutput(`${lines.join('\n')}\n`)
  }
}
