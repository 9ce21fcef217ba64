/**
 * Leaving without anybody's help: finds an account's seats from the chain alone, asks everything back and claims it when
 * the withdrawal delay has passed; what lies in a batch that nobody ends is freed first. Needs a node, a key and a little
 * gas; no server.
 */
import { type Contract, isError, type JsonRpcProvider, type Log, toBeHex, type Wallet, zeroPadValue } from 'ethers'
import { escrowAt, escrowInterface, tokenAt } from '../../contracts/build/deploy.ts'
import { decodeWords, partsOfSeatId } from '../../contracts/protocol/entry.ts'
import { type Address, type AreaRules, type Hex, signFull } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds } from '../../contracts/protocol/units.ts'
import { ChainError } from './error.ts'
import { asChainError, readLogs } from './escrow-client.ts'

export interface ExitOptions {
  provider: JsonRpcProvider
  chainId: number
  escrow: Address
  /** Sends and pays the gas. */
  wallet: Wallet
  /** Owns the seats: the wallet's own account, or a contract wallet that accepts its signature (EIP-1271). */
  account: Address
  /** The address to which the tokens go. */
  to: Address
  /** The block at which the escrow was deployed: nothing of it happened before. */
  firstBlock: number
}

export interface ExitSeat {
  /** The seat's number in the escrow: area × 2³² + its number in the area. */
  seat: bigint
  /** The least ledger units that the purse can pay: one base unit of the token. */
  smallest: LedgerUnits
}

export interface SeatExit {
  seat: bigint
  /** The seat's balance before this step. */
  balance: LedgerUnits
  /**
   * `done`: nothing that can be paid is left. `waiting`: for the delay to pass. `held`: what is left lies in a batch of
   * several parts that has begun; `freed`: such a batch, which nobody had ended, was given up.
   */
  step: 'requested' | 'claimed' | 'held' | 'freed' | 'waiting' | 'done'
  /** When the next step can be taken; null where that is at once, or never again. */
  possibleAt: UtcSeconds | null
  transaction: Hex | null
}

/** More than any balance can be, which means all of it. */
const everything = 2n ** 128n - 1n
const signatureLifeSeconds = 86_400
const blocksPerRequest = 10_000
/** A transaction that no block has taken by then may have been forgotten. */
const mostMinutes = 5

/**
 * Takes for each seat the one step that can be taken now; calling it again and again until every seat is `done` withdraws
 * everything. Throws `ChainError`; `CHAIN_BEHIND` where a transaction is not mined for long: calling it again is safe.
 */
export async function exitStep(options: ExitOptions, seats: readonly ExitSeat[]): Promise<SeatExit[]> {
  try {
    const exits: SeatExit[] = []
    for (const seat of seats) exits.push(await stepOf(options, seat))
    return exits
  } catch (error) {
    throw asChainError(error, options.wallet.address)
  }
}

async function stepOf(options: ExitOptions, { seat, smallest }: ExitSeat): Promise<SeatExit> {
  const { provider, wallet, account, to, chainId } = options
  const escrow = escrowAt(options.escrow, wallet.connect(provider))
  const balance: bigint = await escrow.getFunction('balanceOf')(seat)
  const open = await escrow.getFunction('withdrawalOf')(seat)
  const claimableAt = Number(open.claimableAt)
  const now = (await provider.getBlock('latest'))!.timestamp
  const stuckUntil = await openBatchOf(options, seat)
  if (stuckUntil !== null && now >= stuckUntil) {
    const transaction = await transact(escrow, 'abandonBatch', [partsOfSeatId(seat).area])
    return { seat, balance, step: 'freed', possibleAt: null, transaction }
  }
  if (balance < smallest) {
    const step = stuckUntil === null ? 'done' : 'held'
    return { seat, balance, step, possibleAt: stuckUntil, transaction: null }
  }
  const isOurs = open.amount > 0n && open.to.toLowerCase() === to
  if (isOurs && now >= claimableAt) {
    return { seat, balance, step: 'claimed', possibleAt: null, transaction: await transact(escrow, 'claim', [seat]) }
  }
  if (isOurs && open.amount >= balance) {
    return { seat, balance, step: 'waiting', possibleAt: claimableAt, transaction: null }
  }
  // A smaller request, or one to another address, is replaced: that is sooner than waiting for both in turn.
  const withdrawal = {
    account,
    seat,
    amount: everything,
    to,
    nonce: Number(open.nextNonce),
    deadline: now + signatureLifeSeconds,
  }
  const isSender = account === wallet.address.toLowerCase()
  const domain = { chainId, escrow: options.escrow }
  const signature = isSender ? '0x' : await signFull(wallet, domain, 'Withdrawal', withdrawal)
  const transaction = await transact(escrow, 'requestWithdrawal', [withdrawal, signature])
  const requested = await escrow.getFunction('withdrawalOf')(seat)
  return { seat, balance, step: 'requested', possibleAt: Number(requested.claimableAt), transaction }
}

/** From when anyone may give up the open batch, where one of its parts has moved the seat's money; else null. */
async function openBatchOf({ provider, escrow, firstBlock }: ExitOptions, seat: bigint): Promise<UtcSeconds | null> {
  const { area, number } = partsOfSeatId(seat)
  const open = await escrowAt(escrow, provider).getFunction('openBatchOf')(area)
  if (Number(open.nextPart) === 0) return null
  const [part, ...ends] = ['PartSettled', 'BatchSettled', 'BatchAbandoned'].map((name) => topicOf(name))
  const topics = [[part!, ...ends], zeroPadValue(toBeHex(area), 32)]
  const logs = await logsOf(provider, escrow, { firstBlock, topics })
  const begun = logs.findLastIndex((log) => log.topics[0] !== part) + 1
  const isIn = logs.slice(begun).some((log) => {
    const entries = decodeWords(escrowInterface.parseLog(log)!.args.words)
    return entries.some((entry) => entry.number === number && entry.received !== entry.paid)
  })
  return isIn ? Number(open.abandonableAt) : null
}

async function transact(escrow: Contract, name: string, args: unknown[]): Promise<Hex> {
  const sent = await escrow.getFunction(name)(...args)
  try {
    await sent.wait(1, mostMinutes * 60_000)
  } catch (error) {
    if (!isError(error, 'TIMEOUT')) throw error
    const message = `transaction ${sent.hash} is in no block after ${mostMinutes} minutes: run this again later`
    throw new ChainError('CHAIN_BEHIND', message, { transaction: sent.hash })
  }
  return sent.hash
}

/** The account's seats. Throws `ChainError`. */
export async function seatsToExit(options: ExitOptions): Promise<ExitSeat[]> {
  const { provider, escrow, account, firstBlock } = options
  try {
    const token = await escrowAt(escrow, provider).getFunction('token')()
    const decimals: bigint = await tokenAt(token, provider).getFunction('decimals')()
    const seatTopics = [topicOf('SeatOpened'), null, zeroPadValue(account, 32)]
    const opened = await logsOf(provider, escrow, { firstBlock, topics: seatTopics })
    const seats: ExitSeat[] = []
    for (const { topics } of opened) {
      const seat = BigInt(topics[1]!)
      const area = zeroPadValue(toBeHex(partsOfSeatId(seat).area), 32)
      const [log] = await logsOf(provider, escrow, { firstBlock, topics: [topicOf('AreaOpened'), area] })
      const { priceTick } = escrowInterface.parseLog(log!)!.args.rules as unknown as AreaRules
      const units = 10n ** 9n / (BigInt(priceTick) * 10n ** decimals)
      seats.push({ seat, smallest: units > 1n ? units : 1n })
    }
    return seats
  } catch (error) {
    throw asChainError(error)
  }
}

function topicOf(event: string): Hex {
  return escrowInterface.getEvent(event)!.topicHash
}

async function logsOf(
  provider: JsonRpcProvider,
  address: Address,
  { firstBlock, topics }: { firstBlock: number; topics: (string | string[] | null)[] },
): Promise<Log[]> {
  const newest = await provider.getBlockNumber()
  const logs: Log[] = []
  for (let fromBlock = firstBlock; fromBlock <= newest; fromBlock += blocksPerRequest) {
    const toBlock = Math.min(newest, fromBlock + blocksPerRequest - 1)
    logs.push(...(await readLogs(provider, { address, fromBlock, toBlock, topics })))
  }
  return logs
}
