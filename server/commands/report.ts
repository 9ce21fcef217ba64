/** `commonwatt report`: the settlement report of an area, from the database to standard output. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { writeReport } from '../reports/csv.ts'
import { ReportError } from '../reports/row.ts'
import { requireArea } from '../store/areas.ts'
import { openDatabase } from '../store/database.ts'
import { reportRows } from '../store/queries-report.ts'
import { settingsFor, settingsHistory } from '../store/settings-store.ts'
import { areaNumber, databaseUrl, time } from './options.ts'

interface Options {
  databaseUrl: string
  area: number
  from: number
  to: number
}

export function reportCommand(): Command {
  return new Command('report')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .requiredOption('--from <time>', 'first interval, ISO 8601 UTC (2026-11-01T00:00:00Z)', time)
    .requiredOption('--to <time>', 'end of the range, exclusive', time)
    .action(async (options: Options, command: Command) => {
      try {
        await report(options)
      } catch (error) {
        if (isBrokenPipe(error)) return
        command.error(`error: ${(error as Error).message}`, { exitCode: 1 })
      }
    })
}

async function report({ databaseUrl, area, from, to }: Options): Promise<void> {
  if (from >= to) throw new ReportError('REPORT_RANGE', '--from must be before --to')
  const database = openDatabase(databaseUrl, 1)
  try {
    const { areaId } = await requireArea(database, { area })
    const history = await settingsHistory(database, areaId)
    const rows = reportRows(database, { area: areaId, from, to })
    const lines = writeReport((start) => settingsFor(history, start), rows)
    await pipeline(Readable.from(lines), process.stdout, { end: false })
  } finally {
    await database.end()
  }
}

/** Who reads our output (`head`) may have had enough. */
function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE'
}
