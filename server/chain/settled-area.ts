/**
 * What the chain says of one batch, settled or about to be, and all of its area's seats, from the escrow's events through any
 * node.
 */
import type { JsonRpcProvider } from 'ethers'
import { escrowAt } from '../../contracts/build/deploy.ts'
import type { ShownBatch } from '../../contracts/protocol/batch.ts'
import { decodeWords, type EntryFields, seatIdOf } from '../../contracts/protocol/entry.ts'
import type { Address, AreaRules, Hex } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds } from '../../contracts/protocol/units.ts'
import type { ChainSeat } from '../market/area/area.ts'
import type { SettledArea } from '../settlement/verify/settled.ts'
import { ChainError } from './error.ts'
import { asChainError, eventsOfEscrow } from './escrow-client.ts'
import {
  type AreaView,
  applyEvent,
  chainSeatOf,
  type EscrowEvent,
  type EscrowView,
  type SeatRecord,
  termsOnChain,
} from './seat-view.ts'

export interface SettledAreaQuery {
  provider: JsonRpcProvider
  escrow: Address
  area: number
  /** When the batch ends. */
  end: UtcSeconds
  /** The block at which the escrow was deployed: nothing of it happened before. */
  firstBlock: number
  /** From this block on, all that was known of seats is wanted. */
  knownFrom: number
}

/**
 * Folds all events up to now. Throws `ChainError` `CHAIN_REQUEST` where the batch is not settled, and `CHAIN_OVERTAKEN`
 * where the events do not add up to the balances that the contract holds for the area.
 */
export async function readSettledArea(query: SettledAreaQuery): Promise<SettledArea> {
  const { provider, escrow, area, end, firstBlock } = query
  try {
    const newest = await provider.getBlockNumber()
    const overAt = await firstBlockSince(provider, end, { first: query.knownFrom, newest })
    const folded = await fold(
      { ...query, overAt },
      eventsOfEscrow(provider, { escrow, fromBlock: firstBlock, toBlock: newest }),
    )
    const batch = folded.view?.batches.get(end)
    if (batch === undefined) {
      throw new ChainError('CHAIN_REQUEST', `area ${area} has settled no batch that ends at ${end}`)
    }
    await compareBalances({ provider, escrow, area, newest }, folded.view!)
    const { start, statementRoot } = batch
    const { rules } = folded.view!
    const { seats, versions, bases, leastBalances, entries, gridTake, grids } = folded
    const isTooOld = await isTooOldAt({ provider, escrow, block: batch.block }, { start, rules })
    return {
      ...{ rules, grids, statementRoot, start, end, seats, versions: versions.noted },
      ...{ bases, leastBalances, isTooOld, entries, gridTake, band: null },
    }
  } catch (error) {
    throw asChainError(error)
  }
}

/**
 * A batch that is shown and has not begun on chain, as if it settled after these events, which are all up to the block `newest`.
 * Throws as `readSettledArea` does: `CHAIN_REQUEST` where the area is not open, `CHAIN_OVERTAKEN` also where the batch's time is settled.
 */
export async function readShownArea(
  query: Omit<SettledAreaQuery, 'end' | 'firstBlock'> & { newest: number },
  events: Iterable<EscrowEvent>,
  shown: ShownBatch,
): Promise<SettledArea> {
  const { start, end, bandLow, bandHigh, statementRoot, gridTake } = shown
  try {
    const { provider, escrow, knownFrom, newest } = query
    const overAt = await firstBlockSince(provider, end, { first: knownFrom, newest })
    const { view, seats, versions, least, grids } = await fold({ ...query, end, overAt }, events)
    if (view === undefined) throw new ChainError('CHAIN_REQUEST', `area ${query.area} is not open`)
    if (view.settledUntil > start) {
      throw new ChainError('CHAIN_OVERTAKEN', `area ${query.area} has settled until ${view.settledUntil} already`)
    }
    await compareBalances(query, view)
    const records = [...view.seats.values()]
    const hasBegun = seats.length > 0
    if (!hasBegun) versions.note(Number.POSITIVE_INFINITY, records)
    least.note(Number.POSITIVE_INFINITY, records)
    const isTooOld = await isTooOldAt({ provider, escrow, block: newest }, { start, rules: view.rules })
    return {
      ...{ rules: view.rules, grids, statementRoot, start, end, gridTake, entries: shown.parts.flat() },
      seats: hasBegun ? seats : records.map(wholeSeat),
      // An attempt that was given up has moved some of them.
      bases: new Map(records.map(({ seat, base }) => [seat, base])),
      leastBalances: least.bySeat,
      isTooOld,
      versions: versions.noted,
      band: { low: bandLow, high: bandHigh },
    }
  } catch (error) {
    throw asChainError(error)
  }
}

/** The events of a batch and what they say of its area; `seats` is empty where it has not begun. */
async function fold(
  { area, end, knownFrom, overAt }: Pick<SettledAreaQuery, 'area' | 'end' | 'knownFrom'> & { overAt: number },
  events: AsyncIterable<EscrowEvent> | Iterable<EscrowEvent>,
) {
  const view: EscrowView = new Map()
  let entries: EntryFields[] = []
  let seats: ChainSeat[] = []
  let bases: SettledArea['bases'] = new Map()
  let leastBalances: SettledArea['leastBalances'] = new Map()
  let gridTake = 0n
  const grids: Address[] = []
  const versions = new SeatVersions(knownFrom)
  const least = new LeastBalances(overAt)
  for await (const event of events) {
    if (event.args.area === area && event.args.end === end) {
      if (event.name === 'PartSettled') {
        if (event.args.part === 0) {
          entries = []
          const records = [...view.get(area)!.seats.values()]
          if (seats.length === 0) {
            versions.note(Number.POSITIVE_INFINITY, records)
            seats = records.map(wholeSeat)
          }
          bases = new Map(records.map(({ seat, base }) => [seat, base]))
          least.note(Number.POSITIVE_INFINITY, records)
          leastBalances = new Map(least.bySeat)
        }
        entries.push(...decodeWords(event.args.words as Hex))
      }
      if (event.name === 'BatchSettled') gridTake = BigInt(event.args.gridTake as string)
    }
    if (seats.length === 0) versions.note(event.block, view.get(area)?.seats.values() ?? [])
    least.note(event.block, view.get(area)?.seats.values() ?? [])
    applyEvent(view, event)
    // What the batch before owed its seats, and they owed it, is paid.
    if (event.name === 'BatchSettled' && event.args.area === area && Number(event.args.end) < end) least.bySeat.clear()
    const grid = view.get(area)?.grid
    if (grid !== undefined && grid !== grids.at(-1)) grids.push(grid)
  }
  return { view: view.get(area), entries, seats, bases, leastBalances, least, gridTake, grids, versions }
}

/** The seat with all terms that it ever had: the engine remembers those that intervals in memory go by. */
function wholeSeat(record: SeatRecord): ChainSeat {
  return { ...chainSeatOf(record), terms: termsOnChain(record) }
}

/** How the seats of an area stood at the ends of blocks: as of one block all of them, then those that changed. */
class SeatVersions {
  readonly noted: SettledArea['versions'] = []
  private readonly from: number
  private block = -1
  private readonly last = new Map<number, SeatRecord>()

  constructor(from: number) {
    this.from = from
  }

  /** Before each event, in the order of the chain: the seats as they stand before it, which is in this block. */
  note(block: number, seats: Iterable<SeatRecord>): void {
    const before = this.block
    this.block = block
    if (block === before || block <= this.from) return
    for (const record of seats) {
      if (this.last.get(record.seat) === record) continue
      this.last.set(record.seat, record)
      this.noted.push({ block: before, seat: wholeSeat(record) })
    }
  }
}

/** The least that each seat's purse held at the ends of blocks, from one block on. */
class LeastBalances {
  readonly bySeat = new Map<number, LedgerUnits>()
  private readonly from: number
  private block = -1

  constructor(from: number) {
    this.from = from
  }

  /** Before each event, in the order of the chain: the seats as the blocks before the event's left them. */
  note(block: number, seats: Iterable<SeatRecord>): void {
    const before = this.block
    this.block = block
    if (block === before || block <= this.from) return
    for (const { seat, balance } of seats) {
      const least = this.bySeat.get(seat)
      if (least === undefined || balance < least) this.bySeat.set(seat, balance)
    }
  }
}

/** The first block, after `first`, whose time is `time` or later; the one after the newest where there is none. */
async function firstBlockSince(
  provider: JsonRpcProvider,
  time: UtcSeconds,
  { first, newest }: { first: number; newest: number },
): Promise<number> {
  let [low, high] = [first, newest + 1]
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2)
    if ((await timeOfBlock(provider, middle)) >= time) high = middle
    else low = middle
  }
  return high
}

async function timeOfBlock(provider: JsonRpcProvider, number: number): Promise<UtcSeconds> {
  const block = await provider.getBlock(number)
  if (block === null) throw new ChainError('CHAIN_REQUEST', `the node has no block ${number}`)
  return block.timestamp
}

/** Whether the escrow takes no trade of a batch any more that begins at `start`, in this block. */
async function isTooOldAt(
  { provider, escrow, block }: { provider: JsonRpcProvider; escrow: Address; block: number },
  { start, rules }: { start: UtcSeconds; rules: AreaRules },
): Promise<boolean> {
  const delay: bigint = await escrowAt(escrow, provider).getFunction('withdrawalDelaySeconds')()
  return (await timeOfBlock(provider, block)) > start + rules.batchSeconds + Number(delay)
}

const callsAtOnce = 50

async function compareBalances(
  { provider, escrow, area, newest }: { provider: JsonRpcProvider; escrow: Address; area: number; newest: number },
  { seats, gridBalance }: AreaView,
): Promise<void> {
  const contract = escrowAt(escrow, provider)
  const at = { blockTag: newest }
  const grid: bigint = await contract.getFunction('gridBalance')(area, at)
  if (grid !== gridBalance) throw differing('the grid operator', gridBalance, grid)
  const records = [...seats.values()]
  for (let from = 0; from < records.length; from += callsAtOnce) {
    await Promise.all(
      records.slice(from, from + callsAtOnce).map(async ({ seat, balance }) => {
        const held: bigint = await contract.getFunction('balanceOf')(seatIdOf(area, seat), at)
        if (held !== balance) throw differing(`seat ${seat}`, balance, held)
      }),
    )
  }
}

function differing(whose: string, said: bigint, held: bigint): ChainError {
  return new ChainError('CHAIN_OVERTAKEN', `${whose}: the events say a balance of ${said}, the contract ${held}`)
}
