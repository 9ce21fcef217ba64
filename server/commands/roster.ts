/** `commonwatt roster`: takes the list of who stands behind which meter, and says where the area lies. */
import { Command, InvalidArgumentError } from 'commander'
import { pointFaultIn } from '../exchange/identifiers.ts'
import { readRosterCsv } from '../exchange/roster-csv.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import type { ZoneMeter } from '../metering/feeder-balance.ts'
import { seatedRows } from '../reports/roster-rows.ts'
import { requireArea } from '../store/areas.ts'
import { openDatabase, transact } from '../store/database.ts'
import { metersOf, replaceRoster, setAreaPlace } from '../store/roster-store.ts'
import { newestSettings } from '../store/settings-store.ts'
import { changeZoneMeters, zoneMeters } from '../store/zone-meters.ts'
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
  transformer: ZoneMeter[]
  withoutTransformer: string[]
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
    .option(
      '--transformer <zone=point>',
      'metering point of the meter of the zone’s transformer; once for each, those of other zones stay',
      (text: string, all: ZoneMeter[]) => [...all, zoneMeterOf(text)],
      [],
    )
    .option(
      '--without-transformer <zone>',
      'a zone whose transformer has no meter any more; once for each',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .action(async (file: string, options: Options) => {
      try {
        await takeRoster(file, options)
      } catch (error) {
        refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}

function zoneMeterOf(text: string): ZoneMeter {
  const [, zone, point] = /^([^=]{1,60})=([0-9A-Za-z]{4,60})$/.exec(text) ?? []
  if (zone === undefined || point === undefined)
    throw new InvalidArgumentError('expected a zone and its point: street=AT00…')
  return { zone, point }
}

/** An area that no server has run yet does not say its zones. */
function requireZones(
  { country, transformer, withoutTransformer }: Options,
  settings: { zones: readonly { zone: string }[] } | null,
  meters: readonly ZoneMeter[],
): void {
  const named = [...transformer.map(({ zone }) => zone), ...withoutTransformer]
  const twice = named.find((zone, i) => named.indexOf(zone) !== i)
  if (twice !== undefined) throw new InputError(`--transformer ${twice}: the zone is named twice, and has one meter`)
  const points = transformer.map(({ point }) => point)
  const shared = points.find((point, i) => points.indexOf(point) !== i)
  if (shared !== undefined) throw new InputError(`--transformer: ${shared} is named for two zones, and is at one`)
  for (const { zone, point } of transformer) {
    const fault = pointFaultIn(country, point)
    if (fault !== null) throw new InputError(`--transformer ${zone}: ${point} ${fault}`)
  }
  for (const { zone } of transformer) {
    if (settings?.zones.some((own) => own.zone === zone) === false) {
      throw new InputError(`--transformer ${zone}: the area has no such zone`)
    }
  }
  // A transformer may also be of a zone that the area had once.
  const absent = withoutTransformer.find((zone) => !meters.some((own) => own.zone === zone))
  if (absent !== undefined) throw new InputError(`--without-transformer ${absent}: no meter is named for this zone`)
}

async function takeRoster(file: string, options: Options): Promise<void> {
  const { databaseUrl, country, timezone, sender = null, receiver = null, domain = null, community = null } = options
  const timeZone = new TimeZone(timezone).id
  if (!/^[A-Z]{2}$/.test(country)) throw new InputError(`--country ${country}: two letters, as in AT`)
  const bytes = await readBounded(file).catch((error: Error) => {
    throw new InputError(`${file}: ${error.message}`)
  })
  const roster = readRosterCsv(bytes, country)
  const database = openDatabase(databaseUrl, 1)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    requireZones(options, await newestSettings(database, areaId), await zoneMeters(database, areaId))
    const { rows, refused } = seatedRows(roster, await metersOf(database, areaId), community)
    for (const { row, code, reason } of refused) refuse(`${row}: ${code} ${reason}`)
    // A list for another country or area takes nobody out of this one.
    if (rows.length === 0 && refused.length > 0) {
      throw new InputError(`none of ${refused.length} lines can be taken: the roster stays as it was`)
    }
    await transact(database, async (sql) => {
      await setAreaPlace(sql, areaId, { country, timeZone, sender, receiver, domain, community })
      await replaceRoster(sql, areaId, rows)
      await changeZoneMeters(sql, areaId, { meters: options.transformer, without: options.withoutTransformer })
    })
    await writeOutput(`${rows.length} lines taken, ${refused.length} refused\n`)
  } finally {
    await database.end()
  }
}
