/** `commonwatt offer-point`: lets the owner of a metering point without an agent join, by a code, with the metering operator's key. */
import { Command, Option } from 'commander'
import { configFile, readConfigOf } from './configured.ts'
import { areaNumber, whole } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError, writeOutput } from './streams.ts'

interface Flags {
  config: string
  area?: number
  serverUrl?: string
  epoch: number
}

/** The subcommand, ready to be added to the program. It ends when the owner has opened the seat. */
export function offerPointCommand(): Command {
  return new Command('offer-point')
    .argument('<point>', 'the official identifier; of a home with two, the one through which it draws')
    .addOption(configFile().makeOptionMandatory())
    .addOption(areaNumber().makeOptionMandatory(false))
    .addOption(new Option('--server-url <url>', 'where the server is, where not on this machine').env('SERVER_URL'))
    .addOption(
      new Option('--epoch <number>', 'one more than the last, where the meter has had a seat')
        .argParser(whole)
        .default(1),
    )
    .action(async (point: string, flags: Flags) => {
      try {
        await offer(point, flags)
      } catch (error) {
        refuseKnown(error)
      }
    })
}

async function offer(point: string, flags: Flags): Promise<void> {
  const [{ readWalletFile }, { keyOfPoint }, { offerPoint }, { configuredArea }] = await Promise.all([
    import('../chain/key-file.ts'),
    import('../official/metering-keys.ts'),
    import('../official/offer-point.ts'),
    import('./configured-area.ts'),
  ])
  const config = await readConfigOf(flags)
  const { meteringKeyFile } = config
  if (meteringKeyFile === undefined) {
    throw new InputError(`"metering-key-file" is missing in ${flags.config}: "commonwatt key new FILE" makes the key`)
  }
  const { settings } = await configuredArea(config, flags.area)
  const account = await offerPoint({
    ...{ settings, point, epoch: flags.epoch, key: keyOfPoint(readWalletFile(meteringKeyFile), point) },
    serverUrl: flags.serverUrl ?? `http://localhost:${config.port ?? 8080}`,
    nowMs: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    show: ({ code, link }) => process.stdout.write(`code ${code}, or ${link}\n`),
  })
  await writeOutput(`${point} is the meter of ${account} now\n`)
}
