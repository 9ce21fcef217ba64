/** `commonwatt exit`: an account takes all its money out of the escrow, with a node and its key alone. */
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { Wallet } from 'ethers'
import { type Address, parseAddress } from '../../contracts/typed-data.ts'
import { ChainError } from '../chain/error.ts'
import { openProvider, readEscrowFacts } from '../chain/escrow-client.ts'
import { type ExitOptions, exitStep, type SeatExit } from '../chain/exit.ts'
import { InputError, refuse, writeOutput } from './streams.ts'

interface ExitCommandOptions {
  rpc: string
  escrow: Address
  keyFile: string
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
    .requiredOption('--key-file <file>', 'file with the account’s private key; the account pays the gas')
    .option('--to <address>', 'where the tokens go; the account itself if not given', address)
    .option('--first-block <number>', 'block at which the escrow was deployed, to look no further back', blockNumber, 0)
    .option('--wait', 'wait until the delay has passed and claim then', false)
    .action(async (options: ExitCommandOptions) => {
      try {
        await exit(options)
      } catch (error) {
        if (!(error instanceof ChainError || error instanceof InputError)) throw error
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

async function exit({ rpc, escrow, keyFile, to, firstBlock, wait }: ExitCommandOptions): Promise<void> {
  const wallet = readKey(keyFile)
  const { chainId } = await readEscrowFacts(rpc, escrow)
  const provider = openProvider(rpc, chainId)
  const options = { provider, escrow, wallet, to: to ?? parseAddress(wallet.address), firstBlock }
  try {
    let seats = await report(options)
    while (wait && seats.some(({ step }) => step !== 'done')) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      seats = await report(options, seats)
    }
  } finally {
    provider.destroy()
  }
}

const pauseMs = 2_000

/** Takes a step and prints what is new. */
async function report(options: ExitOptions, before: SeatExit[] = []): Promise<SeatExit[]> {
  const seats = await exitStep(options)
  if (seats.length === 0) await writeOutput(`${options.wallet.address} has no seat in this escrow\n`)
  for (const exit of seats) {
    const last = before.find(({ seat }) => seat === exit.seat)
    if (last?.step !== exit.step && !(last?.step === 'requested' && exit.step === 'waiting')) {
      await writeOutput(`seat ${exit.seat}: ${sentenceOf(exit)}\n`)
    }
  }
  return seats
}

function sentenceOf({ step, claimableAt, transaction, balance }: SeatExit): string {
  const when = claimableAt === null ? '' : new Date(claimableAt * 1000).toISOString()
  switch (step) {
    case 'requested':
      return `everything requested (${balance} ledger units now), to be claimed from ${when}: ${transaction}`
    case 'waiting':
      return `everything is requested, to be claimed from ${when}`
    case 'claimed':
      return `claimed: ${transaction}`
    case 'done':
      return 'nothing is left to withdraw'
  }
}

function readKey(file: string): Wallet {
  try {
    return new Wallet(readFileSync(file, 'utf8').trim())
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === undefined ? 'it holds no private key' : (cause as Error).message
    throw new InputError(`${file}: ${reason}`)
  }
}
