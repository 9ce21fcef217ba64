/** `commonwatt export`: a settled batch of an area with all that `commonwatt verify` needs to compute it again. */
import { Command } from 'commander'
import { SettlementError } from '../settlement/error.ts'
import { areaFile } from '../store/area-export.ts'
import { openDatabase } from '../store/database.ts'
import { areaNumber, databaseUrl, time } from './options.ts'
import { InputError, refuse, writeOutput } from './streams.ts'

interface ExportOptions {
  databaseUrl: string
  area: number
  end: number
}

/** The subcommand, ready to be added to the program. */
export function exportCommand(): Command {
  return new Command('export')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .requiredOption('--end <time>', 'end of the batch, ISO 8601 UTC or seconds since 1970', time)
    .action(async (options: ExportOptions) => {
      try {
        await exportArea(options)
      } catch (error) {
        if (!(error instanceof SettlementError || error instanceof InputError)) throw error
        refuse(error.message)
      }
    })
}

async function exportArea({ databaseUrl, area, end }: ExportOptions): Promise<void> {
  const database = openDatabase(databaseUrl, 1)
  try {
    const file = await areaFile(database, { area, end })
    if (file === null)
      throw new InputError(`area ${area} has no batch that ends at ${new Date(end * 1000).toISOString()}`)
    await writeOutput(`${JSON.stringify(file)}\n`)
  } finally {
    await database.end()
  }
}
