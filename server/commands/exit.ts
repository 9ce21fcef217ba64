/** `commonwatt exit`: an account takes all its money out of the escrow, with a node and its key alone. */
import { Command, InvalidArgumentError } from 'commander'
import type { JsonRpcProvider } from 'ethers'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { ChainError } from '../chain/error.ts'
import { openProvider, readEscrowFacts } from '../chain/escrow-client.ts'
import { type ExitOptions, type ExitSeat, exitStep, type SeatExit, seatsToExit } from '../chain/exit.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { refuse, writeOutput } from './streams.ts'

interface ExitCommandOptions {
  rpc: string
  escrow: Address
  keyFile: string
  account?: Address
  to?: Address
  firstBlock: number
  wait: boolean
}

/** The subcommand, ready to be added to the program. */
export function exitCommand(): Command {
  return new Command('exit')
    .description('withdraw everything from the escrow with nothing but a node and the account’s key')
    .requiredOption('--rpc <url>', 'JSON-RPC of a node of the chain')
    .requiredOption('--escrow <address>', 'the escrow contract', address)
    .requiredOption('--key-file <file>', 'file with the private key that signs and pays the gas')
    .option(
      '--account <address>',
      'a contract wallet that the key signs for; the key’s own account if not given',
      address,
    )
    .option('--to <address>', 'where the tokens go; the account itself if not given', address)
    .option('--first-block <number>', 'block at which the escrow was deployed, to look no further back', blockNumber, 0)
    .option('--wait', 'wait until the delay has passed and claim then', false)
    .action(async (options: ExitCommandOptions) => {
      try {
        await exit(options)
      } catch (error) {
        if (!(error instanceof ChainError)) throw error
        refuse(error.message)
      }
    })
}

function address(text: string): Address {
  try {
    return parseAddress(text)
  } catch {
    throw new InvalidArgumentError('an address is 0x and 40 hexadecimal digits')
  }
}

function blockNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a block number is a whole number')
  return Number(text)
}

async function exit(flags: ExitCommandOptions): Promise<void> {
  const { rpc, escrow, keyFile, firstBlock, wait } = flags
  const wallet = readWalletFile(keyFile)
  const { chainId } = await readEscrowFacts(rpc, escrow)
  const provider = openProvider(rpc, chainId)
  const account = flags.account ?? parseAddress(wallet.address)
  const options = { provider, chainId, escrow, wallet, account, to: flags.to ?? account, firstBlock }
  try {
    const seats = await seatsToExit(options)
    if (seats.length === 0) await writeOutput(`${account} has no seat in this escrow\n`)
    let exits = await report(options, seats, [])
    while (wait && exits.some(({ step }) => step !== 'done')) {
      await pause(provider, exits)
      exits = await tryAgain(options, seats, exits)
    }
  } finally {
    provider.destroy()
  }
}

const shortPauseMs = 2_000
const longPauseMs = 60_000

/** Until the next step can be taken by the chain's clock, and at most a minute: the chain may not go by ours. */
async function pause(provider: JsonRpcProvider, exits: readonly SeatExit[]): Promise<void> {
  const next = Math.min(...exits.filter(({ step }) => step !== 'done').map(({ possibleAt }) => possibleAt ?? 0))
  const now = (await provider.getBlock('latest').catch(() => null))?.timestamp ?? next
  const pauseMs = Math.max(shortPauseMs, Math.min(longPauseMs, (next - now) * 1_000))
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
}

/** Who waits for days outlasts a node that is away for a while. */
async function tryAgain(options: ExitOptions, seats: ExitSeat[], before: SeatExit[]): Promise<SeatExit[]> {
  try {
    return await report(options, seats, before)
  } catch (error) {
    if (!(error instanceof ChainError && error.code === 'CHAIN_UNREACHABLE')) throw error
    return before
  }
}

/** Takes a step and prints what is new. */
async function report(options: ExitOptions, seats: ExitSeat[], before: SeatExit[]): Promise<SeatExit[]> {
  const exits = await exitStep(options, seats)
  for (const exit of exits) {
    const last = before.find(({ seat }) => seat === exit.seat)
    if (last?.step !== exit.step && !(last?.step === 'requested' && exit.step === 'waiting')) {
      await writeOutput(`seat ${exit.seat}: ${sentenceOf(exit)}\n`)
    }
  }
  return exits
}

function sentenceOf({ step, possibleAt, transaction, balance }: SeatExit): string {
  const when = possibleAt === null ? '' : new Date(possibleAt * 1000).toISOString()
  switch (step) {
    case 'requested':
      return `everything requested (${balance} ledger units now), to be claimed from ${when}: ${transaction}`
    case 'waiting':
      return `everything is requested, to be claimed from ${when}`
    case 'held':
      return `what is left lies in a batch that has begun; if nobody ends it, it can be freed from ${when}`
    case 'claimed':
      return `claimed: ${transaction}`
    case 'freed':
      return `the batch that held some of its money was given up: ${transaction}`
    case 'done':
      return 'nothing is left to withdraw'
  }
}
