/**
 * Leaving without anybody's help: finds an account's seats from the chain alone, asks everything back and claims it when
 * the withdrawal delay has passed. Needs a node, the account's key and a little gas; no server.
 */
import { type Contract, type JsonRpcProvider, type Log, toBeHex, type Wallet, zeroPadValue } from 'ethers'
import { escrowAt, escrowInterface, tokenAt } from '../../contracts/deploy.ts'
import { partsOfSeatId } from '../../contracts/entry.ts'
import type { Address, AreaRules, Hex } from '../../contracts/typed-data.ts'
import type { LedgerUnits, UtcSeconds } from '../../contracts/units.ts'
import { asChainError, readLogs } from './escrow-client.ts'

export interface ExitOptions {
  provider: JsonRpcProvider
  escrow: Address
  /** The account that owns the seats. */
  wallet: Wallet
  /** Where the tokens go. */
  to: Address
  /** Nothing of the escrow is before this block. */
  firstBlock: number
}

export interface SeatExit {
  /** As the escrow numbers it. */
  seat: bigint
  /** Before this step. */
  balance: LedgerUnits
  /** `done`: nothing that can be paid is left. `waiting`: until `claimableAt`. */
  step: 'requested' | 'claimed' | 'waiting' | 'done'
  claimableAt: UtcSeconds | null
  transaction: Hex | null
}

/** More than any balance: all of it. */
const everything = 2n ** 128n - 1n
const noDeadline = 2 ** 32 - 1
const blocksPerRequest = 10_000

/**
 * Takes for each seat of the account the one step that can be taken now; calling it again and again until every seat is
 * `done` withdraws everything. Throws `ChainError`.
 */
export async function exitStep(options: ExitOptions): Promise<SeatExit[]> {
  try {
    const exits: SeatExit[] = []
    for (const { seat, smallest } of await seatsOf(options)) exits.push(await stepOf(options, seat, smallest))
    return exits
  } catch (error) {
    throw asChainError(error)
  }
}

async function stepOf(options: ExitOptions, seat: bigint, smallest: LedgerUnits): Promise<SeatExit> {
  const { provider, wallet, to } = options
  const escrow = escrowAt(options.escrow, wallet.connect(provider))
  const balance: bigint = await escrow.getFunction('balanceOf')(seat)
  const open = await escrow.getFunction('withdrawalOf')(seat)
  const claimableAt = Number(open.claimableAt)
  if (balance < smallest) return { seat, balance, step: 'done', claimableAt: null, transaction: null }
  const isOurs = open.amount > 0n && open.to.toLowerCase() === to
  const now = (await provider.getBlock('latest'))!.timestamp
  if (isOurs && now >= claimableAt) {
    return { seat, balance, step: 'claimed', claimableAt: null, transaction: await transact(escrow, 'claim', [seat]) }
  }
  if (isOurs && open.amount >= balance) return { seat, balance, step: 'waiting', claimableAt, transaction: null }
  // A smaller request, or one to another address, is replaced: that is sooner than waiting for both in turn.
  const nonce = open.nextNonce
  const withdrawal = { account: wallet.address, seat, amount: everything, to, nonce, deadline: noDeadline }
  const transaction = await transact(escrow, 'requestWithdrawal', [withdrawal, '0x'])
  const requested = await escrow.getFunction('withdrawalOf')(seat)
  return { seat, balance, step: 'requested', claimableAt: Number(requested.claimableAt), transaction }
}

async function transact(escrow: Contract, name: string, args: unknown[]): Promise<Hex> {
  const sent = await escrow.getFunction(name)(...args)
  await sent.wait()
  return sent.hash
}

/** The account's seats, and the least ledger units that their area's purse can pay: one base unit of the token. */
async function seatsOf({
  provider,
  escrow,
  wallet,
  firstBlock,
}: ExitOptions): Promise<{ seat: bigint; smallest: bigint }[]> {
  const token = await escrowAt(escrow, provider).getFunction('token')()
  const decimals: bigint = await tokenAt(token, provider).getFunction('decimals')()
  const account = zeroPadValue(wallet.address, 32)
  const opened = await logsOf(provider, escrow, firstBlock, [
    escrowInterface.getEvent('SeatOpened')!.topicHash,
    null,
    account,
  ])
  const seats: { seat: bigint; smallest: bigint }[] = []
  for (const { topics } of opened) {
    const seat = BigInt(topics[1]!)
    const area = zeroPadValue(toBeHex(partsOfSeatId(seat).area), 32)
    const [log] = await logsOf(provider, escrow, firstBlock, [escrowInterface.getEvent('AreaOpened')!.topicHash, area])
    const { priceTick } = escrowInterface.parseLog(log!)!.args.rules as unknown as AreaRules
    const units = 10n ** 9n / (BigInt(priceTick) * 10n ** decimals)
    seats.push({ seat, smallest: units > 1n ? units : 1n })
  }
  return seats
}

async function logsOf(
  provider: JsonRpcProvider,
  address: Address,
  firstBlock: number,
  topics: (string | null)[],
): Promise<Log[]> {
  const newest = await provider.getBlockNumber()
  const logs: Log[] = []
  for (let fromBlock = firstBlock; fromBlock <= newest; fromBlock += blocksPerRequest) {
    const toBlock = Math.min(newest, fromBlock + blocksPerRequest - 1)
    logs.push(...(await readLogs(provider, { address, fromBlock, toBlock, topics })))
  }
  return logs
}
