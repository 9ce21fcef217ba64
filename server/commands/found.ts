/** `commonwatt found`: from an empty folder to everything that a community's server is told, by questions or by flags. */
import { Command, Option } from 'commander'
import { type Answers, flagOf, questions } from '../founding/answers.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function foundCommand(): Command {
  const command = new Command('found').argument('[folder]', 'a new folder', 'community')
  for (const question of questions) {
    const option = new Option(`${flagOf(question)} <answer>`, describe(question))
    command.addOption(question.variable === undefined ? option : option.env(question.variable))
  }
  return command
    .addOption(
      new Option(
        '--area-file <file>',
        'an area file that is there already, instead of the questions about the area',
      ).env('AREA_FILE'),
    )
    .option('--embedded', 'for trials: with a database and a chain of its own, which "commonwatt embedded" runs')
    .option('--yes', 'ask nothing: take the defaults for what is not given')
    .option('--json', 'print JSON, and ask nothing')
    .action(async (folder: string, flags: { areaFile?: string; embedded?: boolean; yes?: boolean; json?: boolean }) => {
      const { runFound } = await import('./run-found.ts')
      try {
        await runFound(folder, { ...flags, given: givenIn(flags) })
      } catch (error) {
        refuseKnown(error)
      }
    })
}

function givenIn(flags: Record<string, unknown>): Answers {
  const given = questions.map(({ name }) => [name, flags[name]] as const)
  return Object.fromEntries(given.filter((each): each is [string, string] => typeof each[1] === 'string'))
}

function describe({ asks, choices }: (typeof questions)[number]): string {
  return choices === undefined ? asks : `${asks} (${choices.join(', ')})`
}
