/** `commonwatt found`: from an empty folder to everything that a community's server is told, by questions or by flags. */
import { Command } from 'commander'
import { flagOf, questions } from '../founding/answers.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function foundCommand(): Command {
  const command = new Command('found').argument('[folder]', 'a new folder', 'community')
  for (const question of questions) command.option(`${flagOf(question)} <answer>`, describe(question))
  return command
    .option('--yes', 'ask nothing: take the defaults for what is not given')
    .option('--json', 'print JSON, and ask nothing')
    .action(async (folder: string, flags) => {
      const { runFound } = await import('./run-found.ts')
      try {
        await runFound(folder, flags)
      } catch (error) {
        refuseKnown(error)
      }
    })
}

function describe({ asks, choices }: (typeof questions)[number]): string {
  return choices === undefined ? asks : `${asks} (${choices.join(', ')})`
}
