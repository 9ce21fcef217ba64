/** `commonwatt offer-point`: lets the owner of a metering point without an agent join, by a code, with the metering operator's key. */
import { Command, Option } from 'commander'
import { pointFault } from '../exchange/identifiers.ts'
import { configFile, readConfigOf } from './configured.ts'
import { areaNumber, whole } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError, writeOutput } from './streams.ts'

interface Flags {
  config: string
  area?: number
  serverUrl?: string
  epoch?: number
  drawsOnly: boolean
}

/** The subcommand, ready to be added to the program. It ends when the owner has opened the seat. */
export function offerPointCommand(): Command {
  return new Command('offer-point')
    .argument('<point>', 'the official identifier; of a home with two, the one through which it draws')
    .addOption(configFile().makeOptionMandatory())
    .addOption(areaNumber().makeOptionMandatory(false))
    .addOption(new Option('--server-url <url>', 'where the server is, where not on this machine').env('SERVER_URL'))
    .addOption(
      new Option(
        '--epoch <number>',
        'the one that the meter begins, where it is not one more than its last on chain',
      ).argParser(whole),
    )
    .option('--draws-only', 'nothing is fed in there, as in most flats: its owner only buys', false)
    .action(async (point: string, flags: Flags) => {
      try {
        await offer(point, flags)
      } catch (error) {
        refuseKnown(error)
      }
    })
}

async function offer(point: string, flags: Flags): Promise<void> {
  // The meter's key is made from every letter of it.
  const fault = pointFault(point)
  if (fault !== null) {
    throw new InputError(
      `${JSON.stringify(point)} ${fault}: write it as the metering operator’s files do, without spaces`,
    )
  }
  const [{ readWalletFile }, { keyOfPoint }, { offerPoint }, { configuredArea }, { nextEpoch }] = await Promise.all([
    import('../chain/key-file.ts'),
    import('../official/metering-keys.ts'),
    import('../official/offer-point.ts'),
    import('./configured-area.ts'),
    import('../founding/meter-seats.ts'),
  ])
  const config = await readConfigOf(flags)
  const { meteringKeyFile } = config
  if (meteringKeyFile === undefined) {
    throw new InputError(`"metering-key-file" is missing in ${flags.config}: "commonwatt key new FILE" makes the key`)
  }
  const place = await configuredArea(config, flags.area)
  const key = keyOfPoint(readWalletFile(meteringKeyFile), point)
  const epoch = flags.epoch ?? (await nextEpoch(place, key.address))
  const account = await offerPoint({
    ...{ settings: place.settings, point, epoch, key, feedsIn: !flags.drawsOnly },
    serverUrl: flags.serverUrl ?? `http://localhost:${config.port ?? 8080}`,
    nowMs: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    show: ({ code, link }) => process.stdout.write(`code ${code}, or ${link}\n`),
  })
  await writeOutput(`${point} is the meter of ${account} now\n`)
}
