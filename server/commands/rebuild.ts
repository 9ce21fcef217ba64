/** `commonwatt rebuild`: whether every table of an area is what its journal gives. */
import { Command } from 'commander'
import { requireArea } from '../store/areas.ts'
import { openDatabase } from '../store/database.ts'
import { type Difference, rebuildArea } from '../store/rebuild.ts'
import { takesConfig } from './configured.ts'
import { archiveFolder, areaNumber, databaseUrl, escrowOfArea, namedArea } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { writeOutput } from './streams.ts'

interface Options {
  databaseUrl: string
  area: number
  escrow?: string
  archiveFolder?: string
}

export function rebuildCommand(): Command {
  const command = new Command('rebuild')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .addOption(archiveFolder())
    .action(async (options: Options) => {
      try {
        await rebuild(options)
      } catch (error) {
        refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}

async function rebuild({ databaseUrl: url, archiveFolder: folder, ...named }: Options): Promise<void> {
  const { sequence, difference } = await rebuildArea({
    databaseUrl: url,
    areaId: await areaIdOf(url, named),
    archiveFolder: folder,
    progress,
  })
  const isSame = difference === null
  await writeOutput(
    isSame
      ? `same: the journal's ${sequence} rows give every table as it stands\n`
      : `different: ${sentenceOf(difference)}\n`,
  )
  if (!isSame) process.exitCode = 1
}

async function areaIdOf(url: string, named: Pick<Options, 'area' | 'escrow'>): Promise<number> {
  const database = openDatabase(url, 1)
  try {
    return (await requireArea(database, namedArea(named))).areaId
  } finally {
    await database.end()
  }
}

const millisecondsBetween = 500
let saidMs = 0

/** On a terminal, in one line that is written over. */
function progress(done: { sequence: number; of: number } | { comparing: string }): void {
  const nowMs = performance.now()
  if (!process.stderr.isTTY || ('sequence' in done && nowMs - saidMs < millisecondsBetween)) return
  saidMs = nowMs
  const text = 'sequence' in done ? `row ${done.sequence} of ${done.of}` : `comparing ${done.comparing}`
  process.stderr.write(`\r\x1b[K${text}`)
}

function sentenceOf({ table, key, stored, rebuilt, columns }: Difference): string {
  const named = Object.entries(key).map(([name, value]) => `${name} ${value}`)
  const row = `${table}, row ${named.join(', ')}`
  if (stored === null) return `${row} is missing; the journal gives one`
  if (rebuilt === null) return `${row} is there; the journal gives none`
  const values = columns.map((column) => {
    return `${column} is ${JSON.stringify(stored[column])}, the journal gives ${JSON.stringify(rebuilt[column])}`
  })
  return `${row}: ${values.join('; ')}`
}
