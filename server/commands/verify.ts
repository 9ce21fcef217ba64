/** `commonwatt verify`: checks a seat's statement against the chain, with any node and without the server. */
import { Command, InvalidArgumentError } from 'commander'
import { ChainError } from '../chain/error.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readSettledSeat } from '../chain/settled-seat.ts'
import { SettlementError } from '../settlement/error.ts'
import { readStatementFile } from '../settlement/statement-file.ts'
import { verifyStatement } from '../settlement/verify.ts'
import { InputError, readInput, refuse, writeOutput } from './streams.ts'

interface VerifyOptions {
  rpc: string
  firstBlock: number
}

/** The subcommand, ready to be added to the program. Ends with status 1 and names the first difference where one is found. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('check a seat’s statement: signed readings, fills, mandate and settlement on chain')
    .argument('<file>', 'the statement; - for standard input')
    .requiredOption('--rpc <url>', 'JSON-RPC of a node of the chain')
    .option('--first-block <number>', 'block at which the escrow was deployed, to look no further back', blockNumber, 0)
    .action(async (file: string, options: VerifyOptions) => {
      try {
        await verify(file, options)
      } catch (error) {
        if (!(error instanceof ChainError || error instanceof SettlementError || error instanceof InputError))
          throw error
        refuse(error.message)
      }
    })
}

async function verify(path: string, { rpc, firstBlock }: VerifyOptions): Promise<void> {
  const file = readStatementFile(parseJson(path, await readInput(path)))
  const { chainId, escrow, area, seat, end } = file
  const provider = openProvider(rpc, chainId)
  try {
    const actual = Number(await provider.send('eth_chainId', []))
    if (actual !== chainId) throw new InputError(`the statement is of chain ${chainId}, the node is on ${actual}`)
    const chain = await readSettledSeat({ provider, escrow, area, seat, end, firstBlock })
    const difference = verifyStatement(file, chain)
    if (difference !== null) throw new InputError(difference)
    await writeOutput('right\n')
  } finally {
    provider.destroy()
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${path} is not JSON: ${(cause as Error).message.slice(0, 200)}`)
  }
}

function blockNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a block number is a whole number')
  return Number(text)
}
