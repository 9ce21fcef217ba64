/**
 * Follows the chain and keeps the escrow's events, so that everything it says can be rebuilt from them alone.
 *
 * Each step reads a run of blocks after the newest one stored and appends it in one database transaction. A stored block
 * that the chain no longer has (another hash, or a shorter chain) is a reorganisation: everything after the newest block
 * that both have is forgotten and read again.
 */
import type { Block, JsonRpcProvider, Log } from 'ethers'
import type { Logger } from 'pino'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { ChainSeat } from '../market/area/area.ts'
import {
  appendBlocks,
  blockAtOrBelow,
  eventsBetween,
  newestBlock,
  rollBackTo,
  type StoredBlock,
} from '../store/chain-store.ts'
import type { Database } from '../store/database.ts'
import { ChainError } from './error.ts'
import { asChainError, decodeEvent, readLogs, readLogsOfBlock } from './escrow-client.ts'
import { startPoller } from './poller.ts'
import {
  type AreaView,
  applyEvent,
  chainSeatOf,
  copyView,
  type EscrowEvent,
  type EscrowView,
  type SeatRecord,
} from './seat-view.ts'

/** An area as the engine takes it: seats that changed since the delivery before, or since the start all. */
export interface AreaDelivery {
  /** The newest block deep enough to count. */
  block: number
  /** The time of that block: everything that was arranged before is known. */
  time: UtcSeconds
  settledUntil: UtcSeconds
  seats: ChainSeat[]
  /** More seats of the same block follow. */
  isPart: boolean
}

export interface Indexer {
  /** Reads what is new and delivers it. Throws `CHAIN_UNREACHABLE` and lets the caller try again. */
  advance(): Promise<void>
  /** The escrow at the newest block that was read, with that block's number and time; the time is 0 before the first. */
  readonly head: { block: number; time: UtcSeconds; view: EscrowView }
  /** The escrow at the newest block that is deep enough to count. */
  readonly counted: { block: number; time: UtcSeconds; view: EscrowView }
  /** For how long the node has been asked for its newest block and has shown none: 0 while nobody asks. */
  readonly silentMs: number
  /** What the node says that cannot be, and for how long it has; null while it can be followed, or where it says nothing. */
  readonly trouble: NodeTrouble | null
}

export interface NodeTrouble {
  sentence: string
  ms: number
}

export interface IndexerOptions {
  database: Database
  provider: JsonRpcProvider
  escrow: Address
  chainId: number
  log: Logger
  /** Blocks from an event's to the newest, both counted, before it counts. 1 counts at once. */
  confirmations: number
  /** The first block in which something of the escrow can be. */
  firstBlock: number
  /** Takes what is new of one area; called again with the same after a failure. */
  deliver(area: number, delivery: AreaDelivery): Promise<void>
  /** How often an area has been made anew: what it was told before is told again. */
  loadsOf?(area: number): number
  /** Hears until when an area has been told everything that counts. */
  hasTold?(area: number, time: UtcSeconds): void
  /** Hears the time of the newest block whenever the node has shown one. */
  seen?(time: UtcSeconds): void
}

/** Seats told at once, so that no command is long. */
const seatsPerDelivery = 500
/** Blocks read in one step. */
const longestRun = 2_000
/** Blocks without events that are kept to find where a reorganisation began; deeper ones cost a longer way back. */
const keptBlocks = 256

/** So often in a row the chain may change while it is read; then the node is asked again later. */
const mostChanges = 8

/** So many of the newest blocks some node may not have yet. At most as many as are kept. */
const exactBlocks = 64

/** What a step came to: everything there is, a part of it, or that what was read is no more what the chain says. */
type Found = 'all' | 'part' | 'change'

interface Point {
  block: number
  /** 0 before the first block. */
  time: UtcSeconds
  /** Null before the first block. */
  hash: Hex | null
  view: EscrowView
}

/** What an area was told last. A record is never changed in place, so the same records say the same. */
interface Told {
  /** The end of the newest batch that had ended by then. */
  batchEnd: UtcSeconds
  loads: number
  settledUntil: UtcSeconds
  seats: Map<number, { counted: SeatRecord; newest: SeatRecord | undefined; form: string }>
}

export function createIndexer(options: IndexerOptions): Indexer {
  const { database, provider, escrow, chainId, log, confirmations, firstBlock, deliver, seen, hasTold } = options
  const key = { chainId, escrow }
  const origin = (): Point => ({ block: firstBlock - 1, time: 0, hash: null, view: new Map() })
  let counted = origin()
  let head = origin()
  const told = new Map<number, Told>()
  let unansweredSinceMs: number | null = null
  let trouble: { sentence: string; sinceMs: number } | null = null

  async function advance(): Promise<void> {
    try {
      let changes = 0
      for (let found: Found | null = null; found !== 'all'; ) {
        found = await step()
        await refresh()
        changes = found === 'change' ? changes + 1 : 0
        if (changes > mostChanges)
          throw new ChainError('CHAIN_BEHIND', 'the node names newest blocks that it does not show')
      }
      trouble = null
    } catch (error) {
      const known = asChainError(error)
      const isSaid = known instanceof ChainError && known.code !== 'CHAIN_UNREACHABLE'
      trouble = isSaid ? { sentence: known.message, sinceMs: trouble?.sinceMs ?? performance.now() } : null
      throw known
    }
    await deliverChanges()
  }

  /** Stores one run of blocks, or takes back those that are gone; says whether there may be more, and whether the chain changed. */
  async function step(): Promise<Found> {
    const stored = await newestBlock(database, key)
    const newest = await askForNewest()
    if (stored !== null && (newest.number < stored.number || !(await isOnChain(stored)))) {
      await forgetLost(stored, newest.number)
      return 'change'
    }
    const from = stored === null ? firstBlock : stored.number + 1
    if (from > newest.number) return 'all'
    const to = Math.min(newest.number, from + longestRun - 1)
    const run = await readRun(from, to, newest.number)
    if (run === null) return 'change'
    await appendBlocks(database, key, stored, { ...run, keepFrom: to - keptBlocks })
    return to < newest.number ? 'part' : 'all'
  }

  async function askForNewest(): Promise<Block> {
    unansweredSinceMs ??= performance.now()
    const found = Number(await provider.send('eth_chainId', []))
    if (found !== chainId) {
      const todo = 'name a node of that chain with --rpc-url'
      throw new ChainError(
        'CHAIN_REQUEST',
        `the node is on chain ${found}, and the escrow is on chain ${chainId}: ${todo}`,
      )
    }
    const newest = await provider.getBlock('latest')
    if (newest === null) throw new ChainError('CHAIN_BEHIND', 'the node has no block yet')
    unansweredSinceMs = null
    seen?.(newest.timestamp)
    return newest
  }

  async function isOnChain(block: StoredBlock): Promise<boolean> {
    return (await provider.getBlock(block.number))?.hash === block.hash
  }

  async function forgetLost(tip: StoredBlock, newest: number): Promise<void> {
    let ancestor = await blockAtOrBelow(database, key, Math.min(tip.number, newest))
    while (ancestor !== null && !(await isOnChain(ancestor))) {
      ancestor = await blockAtOrBelow(database, key, ancestor.number - 1)
    }
    const kept = ancestor?.number ?? -1
    log.warn({ from: kept + 1, to: tip.number }, 'the chain was reorganised: reading its blocks again')
    if (!(await rollBackTo(database, key, tip, kept))) return
    if (head.block > kept) head = origin()
    if (counted.block > kept) counted = origin()
  }

  /** The events of `[from, to]` with the blocks to keep, or null where the chain changed while they were read. */
  async function readRun(from: number, to: number, newest: number) {
    const last = await provider.getBlock(to)
    if (last === null) return null
    const read = async (number: number) => (number === to ? last : await provider.getBlock(number))
    // A node that lags behind others at the same address answers a range with what it has: so the newest blocks are asked
    // for by their hash, one by one.
    const exactFrom = Math.max(from, newest - exactBlocks + 1)
    const old = from < exactFrom ? { address: escrow, fromBlock: from, toBlock: Math.min(to, exactFrom - 1) } : null
    const logs = old === null ? [] : await readLogs(provider, old)
    const hashes = new Map(logs.map(({ blockNumber, blockHash }) => [blockNumber, blockHash]))
    const numbers = new Set(hashes.keys())
    for (let number = Math.max(from, newest - keptBlocks); number <= to; number += 1) numbers.add(number)
    numbers.add(to)
    const headers = await Promise.all([...numbers].map(read))
    const blocks: StoredBlock[] = []
    for (const block of headers) {
      if (block?.hash == null || (hashes.get(block.number) ?? block.hash) !== block.hash) return null
      blocks.push({ number: block.number, hash: block.hash, time: block.timestamp })
    }
    const exact = blocks.filter(({ number }) => number >= exactFrom)
    const own = await Promise.all(
      exact.map(({ hash }) => readLogsOfBlock(provider, { address: escrow, blockHash: hash })),
    )
    if ((await provider.getBlock(to))?.hash !== last.hash) return null
    return { blocks, events: eventsOf([...logs, ...own.flat()]) }
  }

  /** Brings both views up to what is stored. */
  async function refresh(): Promise<void> {
    const tip = await newestBlock(database, key)
    if (tip === null || tip.hash === head.hash) return
    const countedTo = await blockAtOrBelow(database, key, tip.number - confirmations + 1)
    // Another process may have rolled back what this one has folded: then fold from the first event.
    const known = await blockAtOrBelow(database, key, counted.block)
    const gone = known?.number === counted.block ? known.hash !== counted.hash : counted.block > tip.number
    if (gone || counted.block > (countedTo?.number ?? firstBlock - 1)) counted = origin()
    if (countedTo !== null) counted = await foldUpTo(counted, countedTo)
    head = await foldUpTo(counted, tip)
  }

  async function foldUpTo({ block, view }: Point, { number, hash, time }: StoredBlock): Promise<Point> {
    let advanced = view
    for await (const events of eventsBetween(database, key, { after: block, upTo: number })) {
      if (advanced === view) advanced = copyView(view)
      for (const event of events) applyEvent(advanced, event)
    }
    return { block: number, time, hash, view: advanced }
  }

  /** An area that cannot take what is new keeps no other from it; it is told again. */
  async function deliverChanges(): Promise<void> {
    const failures: unknown[] = []
    for (const [number, area] of counted.view) {
      await deliverArea(number, area).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }

  async function deliverArea(number: number, area: AreaView): Promise<void> {
    const loads = options.loadsOf?.(number) ?? 0
    const known = told.get(number)
    const before = known?.loads === loads ? known : undefined
    const { batchSeconds } = area.rules
    const batchEnd = Math.floor(counted.time / batchSeconds) * batchSeconds
    const next: Told = { batchEnd, loads, settledUntil: area.settledUntil, seats: new Map() }
    const changed: ChainSeat[] = []
    for (const record of area.seats.values()) {
      const newest = head.view.get(number)?.seats.get(record.seat)
      const last = before?.seats.get(record.seat)
      if (last !== undefined && last.counted === record && last.newest === newest) {
        next.seats.set(record.seat, last)
        continue
      }
      const seat = withOpenRequest(chainSeatOf(record), newest)
      const form = JSON.stringify(seat, bigintAsText)
      next.seats.set(record.seat, { counted: record, newest, form })
      if (form !== last?.form) changed.push(seat)
    }
    const isNew = changed.length > 0 || before?.settledUntil !== area.settledUntil || before.batchEnd !== batchEnd
    const { block, time } = counted
    for (let from = 0; isNew && (from === 0 || from < changed.length); from += seatsPerDelivery) {
      const seats = changed.slice(from, from + seatsPerDelivery)
      const isPart = from + seatsPerDelivery < changed.length
      await deliver(number, { block, time, settledUntil: area.settledUntil, seats, isPart })
    }
    told.set(number, next)
    hasTold?.(number, time)
  }

  return {
    advance,
    get head() {
      return head
    },
    get counted() {
      return counted
    },
    get silentMs() {
      return unansweredSinceMs === null ? 0 : performance.now() - unansweredSinceMs
    },
    get trouble() {
      return trouble === null ? null : { sentence: trouble.sentence, ms: performance.now() - trouble.sinceMs }
    },
  }
}

/**
 * A withdrawal that was asked for binds funds as soon as any block shows it, and until a block that counts shows it paid:
 * of the two requests the larger one is told.
 */
function withOpenRequest(
  seat: ChainSeat,
  newest: { withdrawal: ChainSeat['withdrawal']; withdrawalNonce: number } | undefined,
): ChainSeat {
  if (newest === undefined) return seat
  const { withdrawal, withdrawalNonce } = newest
  const larger =
    withdrawal !== null && withdrawal.amount >= (seat.withdrawal?.amount ?? 0n) ? withdrawal : seat.withdrawal
  return { ...seat, withdrawal: larger, withdrawalNonce }
}

function eventsOf(logs: Log[]): EscrowEvent[] {
  return logs.map(decodeEvent).filter((event) => event !== null)
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** An indexer that goes on in short steps until it is stopped. */
export function startIndexer(options: IndexerOptions & { pollMs: number }): Indexer & { stop(): Promise<void> } {
  const indexer = createIndexer(options)
  const { log, pollMs } = options
  const poller = startPoller({ name: 'chain indexer', everyMs: pollMs, log, run: () => indexer.advance() })
  return {
    advance: indexer.advance,
    get head() {
      return indexer.head
    },
    get counted() {
      return indexer.counted
    },
    get silentMs() {
      return indexer.silentMs
    },
    get trouble() {
      return indexer.trouble
    },
    stop: poller.stop,
  }
}
