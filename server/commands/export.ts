/** `commonwatt export`: a settled batch of an area with all that `commonwatt verify` needs to compute it again. */
import { Command, InvalidArgumentError } from 'commander'
import { SettlementError } from '../settlement/error.ts'
import { areaFile } from '../store/area-export.ts'
import { openDatabase } from '../store/database.ts'
import { InputError, refuse, writeOutput } from './streams.ts'

interface ExportOptions {
  database?: string
  area: number
  end: number
}

/** The subcommand, ready to be added to the program. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write a batch of an area as JSON, with everything that verifying it takes; it shows all accounts')
    .option('--database <url>', 'PostgreSQL to read (default: the environment’s DATABASE_URL)')
    .requiredOption('--area <number>', 'the market area', whole)
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

async function exportArea({ database: url = process.env.DATABASE_URL, area, end }: ExportOptions): Promise<void> {
  if (url === undefined) throw new InputError('name the database: --database URL, or DATABASE_URL in the environment')
  const database = openDatabase(url, 1)
  try {
    const file = await areaFile(database, { area, end })
    if (file === null)
      throw new InputError(`area ${area} has no batch that ends at ${new Date(end * 1000).toISOString()}`)
    await writeOutput(`${JSON.stringify(file)}\n`)
  } finally {
    await database.end()
  }
}

function whole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('an area is a whole number')
  return Number(text)
}

function time(text: string): number {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (!Number.isInteger(seconds)) throw new InvalidArgumentError('a time looks like 2026-11-01T00:00:00Z')
  return seconds
}
