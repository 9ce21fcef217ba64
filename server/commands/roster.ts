/** `commonwatt roster`: takes the list of who stands behind which meter, and says where the area lies. */
import { Command } from 'commander'
import { readRosterCsv } from '../exchange/roster-csv.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { seatedRows } from '../reports/roster-rows.ts'
import { requireArea } from '../store/areas.ts'
import { openDatabase, transact } from '../store/database.ts'
import { metersOf, replaceRoster, setAreaPlace } from '../store/roster-store.ts'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, namedArea } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError, refuse, writeOutput } from './streams.ts'
import { readBounded } from './values-file.ts'

interface Options {
  databaseUrl: string
  area: number
  escrow?: string
  country: string
  timezone: string
  sender?: string
  receiver?: string
  domain?: string
  community?: string
}

/** The subcommand, ready to be added to the program. Ends with status 1 where a line was refused. */
export function rosterCommand(): Command {
  const command = new Command('roster')
    .argument('<file>', 'CSV: member,point,direction,community,supplier,balanceGroup,factor,share,from,to')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--country <code>', 'two letters (AT): by whose rule identifiers are checked')
    .requiredOption('--timezone <zone>', 'whose clocks local times, days and months go by (Europe/Vienna)')
    .option('--sender <code>', 'who sends reports (EIC or GLN)')
    .option('--receiver <code>', 'who receives them (EIC or GLN)')
    .option('--domain <code>', 'the market balance area (EIC)')
    .option('--community <name>', 'which community of the list the area is, where points take part in several')
    .action(async (file: string, options: Options) => {
      try {
        await takeRoster(file, options)
      } catch (error) {
        refuseKnown(error)
      }
    })
  return takesConfig(command)
}

async function takeRoster(file: string, options: Options): Promise<void> {
  const { databaseUrl, country, timezone, sender = null, receiver = null, domain = null, community = null } = options
  const timeZone = new TimeZone(timezone).id
  if (!/^[A-Z]{2}$/.test(country)) throw new InputError(`--country ${country}: two letters, as in AT`)
  const roster = readRosterCsv(await readBounded(file), country)
  const database = openDatabase(databaseUrl, 1)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    const { rows, refused } = seatedRows(roster, await metersOf(database, areaId), community)
    await transact(database, async (sql) => {
      await setAreaPlace(sql, areaId, { country, timeZone, sender, receiver, domain, community })
      await replaceRoster(sql, areaId, rows)
    })
    await writeOutput(`${rows.length} lines taken, ${refused.length} refused\n`)
    for (const { row, code, reason } of refused) refuse(`${row}: ${code} ${reason}`)
  } finally {
    await database.end()
  }
}
