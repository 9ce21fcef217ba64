/** What `commonwatt exit` does: step by step until nothing of the account is left in the escrow, and a sentence for each. */
import type { JsonRpcProvider } from 'ethers'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { ChainError } from '../chain/error.ts'
import { openProvider, readEscrowFacts } from '../chain/escrow-client.ts'
import { type ExitOptions, type ExitSeat, exitStep, type SeatExit, seatsToExit } from '../chain/exit.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read; addresses are not checked yet. */
export interface ExitFlags {
  rpcUrl: string
  escrow: string
  keyFile: string
  account?: string
  to?: string
  firstBlock: number
  wait: boolean
}

/** Requests and claims what the account's seats hold; with `wait` until nothing is left. Throws `ChainError` and `InputError`. */
export async function exitEscrow(flags: ExitFlags): Promise<void> {
  const { rpcUrl, keyFile, firstBlock, wait } = flags
  const escrow = addressOf(flags.escrow)
  const [of, to] = [flags.account, flags.to].map((text) => (text === undefined ? undefined : addressOf(text)))
  const wallet = readWalletFile(keyFile)
  const { chainId } = await readEscrowFacts(rpcUrl, escrow)
  const provider = openProvider(rpcUrl, chainId)
  const account = of ?? parseAddress(wallet.address)
  const options = { provider, chainId, escrow, wallet, account, to: to ?? account, firstBlock }
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

function addressOf(text: string): Address {
  try {
    return parseAddress(text)
  } catch {
    throw new InputError(`${text} is no address: its capital letters do not fit`)
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
