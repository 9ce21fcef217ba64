/** `commonwatt allocate`: declares as the grid operator who got how much, by which key energy is shared, or what the exchange paid. */
import { Command, Option } from 'commander'
import { configFile } from './configured.ts'
import { areaNumber, keyFile, whole } from './options.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function allocateCommand(): Command {
  return new Command('allocate')
    .argument(
      '<file...>',
      'official values with allocated series, triples (producer,consumer,start,energyWh,coefficient), or a key or prices as JSON',
    )
    .addOption(configFile().makeOptionMandatory())
    .addOption(keyFile('is the grid operator’s'))
    .addOption(areaNumber().makeOptionMandatory(false))
    .option('--server <url>', 'where the server is (this machine, on the port of the configuration)')
    .option('--timezone <zone>', 'the zone of local times in the files')
    .addOption(
      new Option(
        '--revision <number>',
        'of what is declared of one time the highest revision counts (seconds since 1970)',
      ).argParser(whole),
    )
    .action(async (files: string[], flags) => {
      const { runAllocate } = await import('./run-allocate.ts')
      try {
        await runAllocate(files, flags)
      } catch (error) {
        refuseKnown(error)
      }
    })
}
