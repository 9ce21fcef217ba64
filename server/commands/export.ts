/** `commonwatt export`: a settled batch of an area with all that `commonwatt verify` needs to compute it again. */
import { Command } from 'commander'
import { SettlementError } from '../settlement/error.ts'
import { areaFileLines } from '../store/area-export.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase, transact } from '../store/database.ts'
import { StoreError } from '../store/error.ts'
import { addressText, areaNumber, databaseUrl, time } from './options.ts'
import { InputError, refuse, writeOutput } from './streams.ts'

interface ExportOptions {
  databaseUrl: string
  area: number
  escrow?: string
  end: number
}

/** The subcommand, ready to be added to the program. */
export function exportCommand(): Command {
  return new Command('export')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .option('--escrow <address>', 'the escrow contract, where several have an area of this number', addressText)
    .requiredOption('--end <time>', 'end of the batch, ISO 8601 UTC or seconds since 1970', time)
    .action(async (options: ExportOptions) => {
      try {
        await exportArea(options)
      } catch (error) {
        if (!(error instanceof SettlementError || error instanceof InputError || error instanceof StoreError))
          throw error
        refuse(error.message)
      }
    })
}

/** In one view of the tables, so that a batch that is cut anew meanwhile is not seen in parts. */
async function exportArea({ databaseUrl, area, escrow, end }: ExportOptions): Promise<void> {
  const database = openDatabase(databaseUrl, 1, endless)
  try {
    const stored = await requireArea(database, escrow === undefined ? { area } : { area, escrow: escrow.toLowerCase() })
    await transact(database, async (sql) => {
      await sql`set transaction isolation level repeatable read, read only`
      let lines = 0
      for await (const line of areaFileLines(sql, stored, end)) {
        await writeOutput(line)
        lines += 1
      }
      if (lines > 0) return
      throw new InputError(`area ${area} has no batch that ends at ${new Date(end * 1000).toISOString()}`)
    })
  } finally {
    await database.end()
  }
}
