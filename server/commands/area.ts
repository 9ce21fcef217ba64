/** `commonwatt area`: what a grid operator and an operator do on the chain, each act a subcommand that is one transaction. */
import { Command, Option } from 'commander'
import { configFile } from './configured.ts'
import { addressText, areaNumber, keyFile, whole } from './options.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function areaCommand(): Command {
  const seat = () => new Option('--seat <number>', 'the seat, as the page and the API number it').makeOptionMandatory()
  const to = (who: string) => new Option('--to <address>', who).argParser(addressText).makeOptionMandatory()
  return new Command('area')
    .addCommand(
      act('open', 'open the area by the rules of its file, and appoint its operator', 'the grid operator’s').addOption(
        new Option('--operator <address>', 'whose key submits batches').argParser(addressText).makeOptionMandatory(),
      ),
    )
    .addCommand(act('show', 'print who holds which office, and what the grid operator’s account holds', null))
    .addCommand(
      act('confirm', 'confirm a meter: its zone and what its connection can feed in', 'the grid operator’s')
        .addOption(seat())
        .addOption(new Option('--zone <zone>', 'where in the grid it is').makeOptionMandatory())
        .addOption(
          new Option('--most-export-wh <Wh>', 'the most that it can feed in within one interval')
            .argParser(whole)
            .makeOptionMandatory(),
        )
        .option('--companion', 'it is the home’s own agent beside its official meter, which alone settles'),
    )
    .addCommand(
      act('revoke', 'revoke a meter: it trades nothing from the next interval on', 'the grid operator’s').addOption(
        seat(),
      ),
    )
    .addCommand(
      act('appoint', 'offer the operator’s office to a key, which then accepts it', 'the grid operator’s').addOption(
        to('the next operator'),
      ),
    )
    .addCommand(act('accept', 'accept the operator’s office', 'the next operator’s'))
    .addCommand(act('dismiss', 'take the operator’s office back', 'the grid operator’s'))
    .addCommand(
      act(
        'hand-over',
        'offer the grid operator’s office to a key, which then accepts it',
        'the grid operator’s',
      ).addOption(to('the next grid operator')),
    )
    .addCommand(act('take-over', 'accept the grid operator’s office', 'the next grid operator’s'))
    .addCommand(act('claim-succession', 'begin to follow a grid operator that has been silent', 'the successor’s'))
    .addCommand(act('present', 'show that the grid operator is there, against its successor', 'the grid operator’s'))
    .addCommand(
      act('withdraw-fees', 'pay out all grid fees that have been earned', 'the grid operator’s').addOption(
        to('who gets them'),
      ),
    )
}

/** One act. It is signed by the key of the office that `holder` names; null for one that only looks. */
function act(name: string, does: string, holder: string | null): Command {
  const command = new Command(name)
    .description(does)
    .addOption(configFile().makeOptionMandatory())
    .addOption(areaNumber().makeOptionMandatory(false))
  if (holder !== null) command.addOption(keyFile(`is ${holder}`))
  return command.option('--json', 'print JSON').action(async (flags) => {
    const { carryOutAreaCommand } = await import('./run-area.ts')
    try {
      await carryOutAreaCommand(name, flags)
    } catch (error) {
      refuseKnown(error)
    }
  })
}
