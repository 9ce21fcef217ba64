/** `commonwatt replay`: runs a journal of order-book commands. */
import { Command } from 'commander'
import { ForwardMarket } from '../market/book/forward-market.ts'
import { eventLine, readBookCommand, stateLine } from '../market/book/replay-json.ts'
import { MarketError } from '../market/errors.ts'
import { InputError, readInput, refuse, writeOutput } from './streams.ts'

/** The subcommand, ready to be added to the program. */
export function replayCommand(): Command {
  return new Command('replay')
    .argument('[file]', 'the journal; - for standard input', '-')
    .action(async (file: string) => {
      try {
        await writeOutput(...replay(await readInput(file)))
      } catch (error) {
        if (!(error instanceof MarketError || error instanceof InputError)) throw error
        refuse(error.message)
      }
    })
}

/** So much of the output is made into bytes at a time, since that of a long journal does not fit into one string. */
const partLength = 2 ** 20

/** All events of a journal and then the state of every book, one a line. */
function replay(journal: string): Buffer[] {
  const market = new ForwardMarket()
  const parts: Buffer[] = []
  let part = ''
  const print = (line: string) => {
    part += `${line}\n`
    if (part.length < partLength) return
    parts.push(Buffer.from(part))
    part = ''
  }
  let lineNumber = 0
  for (const line of linesOf(journal)) {
    for (const event of market.apply(readBookCommand(line, ++lineNumber))) print(eventLine(event))
  }
  for (const state of market.states()) print(stateLine(state))
  return [...parts, Buffer.from(part)]
}

function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from)
    yield text.slice(from, end < 0 ? text.length : end)
    from = end < 0 ? text.length : end + 1
  }
}
