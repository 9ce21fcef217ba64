/** `commonwatt invite`: prints links by which people join an area at the relay's cost, signed by the area's grid operator. */
import { Command, Option } from 'commander'
import { configFile } from './configured.ts'
import { areaNumber, keyFile, whole } from './options.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function inviteCommand(): Command {
  return new Command('invite')
    .addOption(configFile().makeOptionMandatory())
    .addOption(keyFile('is the grid operator’s'))
    .addOption(areaNumber().makeOptionMandatory(false))
    .addOption(new Option('--links <number>', 'how many links').argParser(whole).default(1))
    .addOption(new Option('--accounts <number>', 'how many accounts each link is good for').argParser(whole).default(1))
    .option('--for <duration>', 'how long they are good', '30d')
    .option('--json', 'print JSON')
    .action(async (flags) => {
      const { runInvite } = await import('./run-invite.ts')
      try {
        await runInvite(flags)
      } catch (error) {
        refuseKnown(error)
      }
    })
}
