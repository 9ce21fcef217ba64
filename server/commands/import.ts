/** `commonwatt import`: takes files of official values for an area. */
import { basename } from 'node:path'
import { Command } from 'commander'
import { ExchangeError } from '../exchange/error.ts'
import type { ReadOptions } from '../exchange/read-values.ts'
import type { TakenFile } from '../official/take-file.ts'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, namedArea } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError, refuse, writeOutput } from './streams.ts'

interface Options extends ReadOptions {
  databaseUrl: string
  area: number
  escrow?: string
  json?: boolean
}

/** The subcommand, ready to be added to the program. Ends with status 1 where a file or a part of one was refused. */
export function importCommand(): Command {
  const command = new Command('import')
    .argument('<files...>', 'files in any of the formats that read-values knows')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .option('--format <name>', 'refuse files that have another format than this')
    .option('--timezone <zone>', 'the zone of the files’ local times, instead of the format’s own (Atlantic/Canary)')
    .option('--json', 'print what became of each file as JSON, a line a file')
    .action(async (files: string[], options: Options) => {
      try {
        await takeFiles(files, options)
      } catch (error) {
        refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}

async function takeFiles(files: readonly string[], options: Options): Promise<void> {
  const { databaseUrl, format, timezone, json = false } = options
  const { readOfficialValues } = await import('../exchange/read-values.ts')
  const { takeFile } = await import('../official/take-file.ts')
  const { requireArea } = await import('../store/areas.ts')
  const { endless, openDatabase } = await import('../store/database.ts')
  const { readBounded } = await import('./values-file.ts')
  const database = openDatabase(databaseUrl, 1, endless)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    const reading = { ...(format === undefined ? {} : { format }), ...(timezone === undefined ? {} : { timezone }) }
    for (const path of files) {
      try {
        const content = await readBounded(path)
        const values = await readOfficialValues(content, reading)
        const taking = { name: basename(path), content, values, by: null, now: new Date() }
        await tell(path, await takeFile(database, areaId, taking), json)
      } catch (error) {
        // The other files stand.
        if (!(error instanceof ExchangeError || error instanceof InputError)) throw error
        refuse(`${path}: ${error.message}`)
      }
    }
  } finally {
    await database.end()
  }
}

async function tell(path: string, taken: TakenFile, json: boolean): Promise<void> {
  const { takenLines } = await import('../official/taken-lines.ts')
  const { said, refused } = takenLines(path, taken)
  await writeOutput(json ? `${JSON.stringify({ ...taken, path })}\n` : said.map((line) => `${line}\n`).join(''))
  for (const line of refused) refuse(line)
}
