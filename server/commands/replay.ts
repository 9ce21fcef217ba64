/** `commonwatt replay`: runs a journal of order-book commands. */
import { Command } from 'commander'
import { ForwardMarket } from '../market/book/forward-market.ts'
import { eventLine, readCommand, stateLine } from '../market/book/replay-json.ts'
import { MarketError } from '../market/errors.ts'
import { InputError, readInput, refuse, writeOutput } from './streams.ts'

/** The subcommand, ready to be added to the program. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('run a journal of order-book commands, JSON lines in, JSON lines out')
    .argument('[file]', 'the journal; - for standard input', '-')
    .action(async (file: string) => {
      try {
        await writeOutput(replay(await readInput(file)))
      } catch (error) {
        if (!(error instanceof MarketError || error instanceof InputError)) throw error
        refuse(error.message)
      }
    })
}

/** All events of a journal and then the state of every book, one a line. */
function replay(journal: string): string {
  const market = new ForwardMarket()
  const lines = journal.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const output: string[] = []
  for (const [i, line] of lines.entries()) {
    for (const event of market.apply(readCommand(line, i + 1))) output.push(eventLine(event))
  }
  for (const state of market.states()) output.push(stateLine(state))
  return `${output.join('\n')}\n`
}
