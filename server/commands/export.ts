/** `commonwatt export`: a settled batch of an area with all that `commonwatt verify` needs to compute it again. */
import { Command } from 'commander'
import { areaFileLines } from '../store/area-export.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase, transact } from '../store/database.ts'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, namedArea, time } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError, writeOutput } from './streams.ts'

interface ExportOptions {
  databaseUrl: string
  area: number
  escrow?: string
  end: number
}

/** The subcommand, ready to be added to the program. */
export function exportCommand(): Command {
  const command = new Command('export')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--end <time>', 'end of the batch, ISO 8601 UTC or seconds since 1970', time)
    .action(async (options: ExportOptions) => {
      try {
        await exportArea(options)
      } catch (error) {
        refuseKnown(error)
      }
    })
  return takesConfig(command)
}

/** In one view of the tables, so that a batch that is cut anew meanwhile is not seen in parts. */
async function exportArea({ databaseUrl, end, ...named }: ExportOptions): Promise<void> {
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
