/**
 * Brings an area's batches onto the chain, each exactly once and in order.
 *
 * What has been settled is read from the escrow's events and from nowhere else; the rest follows from the database: the
 * next batch's words are made against the bases on chain, sent under a purpose of their own, and sent again whenever
 * chain, node or this process lose them. An account that cannot pay, by a block that counts, has its batch cut anew
 * without it. Any other batch that the escrow refuses stops its area, loudly, until it can be settled.
 */
import type { JsonRpcProvider } from 'ethers'
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import { escrowInterface } from '../../contracts/build/deploy.ts'
import { type Hex, hashRules } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { neededToPay } from '../settlement/solvency.ts'
import { registerArea } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import {
  batchesAfter,
  markCut,
  markSettled,
  markSubmitted,
  type SignedEntry,
  type StoredBatch,
  signedEntries,
} from '../store/settlement-store.ts'
import { forgetStatement } from '../store/statement-store.ts'
import { keepShown, readShown, wordsAbout } from '../store/watching-store.ts'
import {
  type ApprovalSource,
  type Approvals,
  approvalsOf,
  noApprovals,
  requireNotRefused,
  silentFrom,
} from './batch-approvals.ts'
import { divideIntoParts } from './batch-parts.ts'
import { ChainError } from './error.ts'
import { asChainError } from './escrow-client.ts'
import type { Indexer } from './indexer.ts'
import { createMissedBatches } from './missed-batches.ts'
import { startPoller } from './poller.ts'
import type { AreaView, SettledBatch } from './seat-view.ts'
import type { Sender } from './sender.ts'
import { type BatchPlan, type BatchWork, planBatch, settleCall } from './settle-call.ts'

/** What a server says of the settlement of all its areas. */
export interface SettlementMetrics {
  settled: Counter<'area'>
  stopped: Gauge<'area'>
}

export function settlementMetrics(registry: Registry): SettlementMetrics {
  return {
    settled: new Counter({
      name: 'commonwatt_batches_settled_total',
      help: 'Batches whose settlement the chain has confirmed',
      labelNames: ['area'],
      registers: [registry],
    }),
    stopped: new Gauge({
      name: 'commonwatt_settlement_stopped',
      help: '1 while the next batch of the area cannot be settled',
      labelNames: ['area'],
      registers: [registry],
    }),
  }
}

export interface SettlementOptions {
  database: Database
  provider: JsonRpcProvider
  sender: Pick<Sender, 'send'>
  indexer: Pick<Indexer, 'head' | 'counted'>
  /** The settings of each area that is to be settled. */
  settings: readonly AreaSettings[]
  log: Logger
  metrics: SettlementMetrics
  /** Has a batch cut anew without these seats; says whether it was. */
  leaveOut(area: number, request: { end: UtcSeconds; number: number; seats: number[] }): Promise<boolean>
  /** Names a batch as one that only the chain knows; says whether the area did so. */
  disown(area: number, batch: { start: UtcSeconds; end: UtcSeconds }): Promise<boolean>
  /** How often an area has been made anew: each time its journal may know less than before. */
  loadsOf(area: number): number
  /** The most entries of one transaction, where they shall be fewer than fit into it. */
  entriesPerPart?: number
  /** Shows batches to the watchers of their areas; without it a batch waits until their silence counts. */
  approvals?: ApprovalSource
}

export interface Settlement {
  /** Does for one area what can be done now. Throws what stops it. */
  advance(area: number): Promise<void>
  /** How many batches of an area only the chain knows, and nobody has named yet; null until that has been looked at. */
  unnamed(area: number): number | null
}

export function createSettlement(options: SettlementOptions): Settlement {
  const { database, provider, sender, indexer, settings, log, metrics, leaveOut, disown, entriesPerPart, approvals } =
    options
  for (const { area } of settings) metrics.settled.inc({ area }, 0)
  const ids = new Map<number, number>()
  const missed = createMissedBatches(options)

  /** The area's number in the database. */
  async function idOf({ area, chain: { chainId, escrow } }: AreaSettings): Promise<number> {
    const id = ids.get(area) ?? (await registerArea(database, { chainId, escrow, area }))
    ids.set(area, id)
    return id
  }

  async function advance(area: number): Promise<void> {
    const own = settings.find((one) => one.area === area)!
    const { rulesHash, chain } = own
    const counted = indexer.counted.view.get(area)
    const newest = indexer.head.view.get(area)
    if (newest === undefined) return
    if (hashRules(newest.rules) !== rulesHash) {
      throw new ChainError('CHAIN_RULES', `area ${area} has other rules on chain than in its settings`)
    }
    const areaId = await idOf(own)
    await missed.name({ area, areaId }, counted)
    const batches = await batchesAfter(database, areaId, counted?.settledUntil ?? 0)
    for (const one of batches) await noteOutcome({ area, areaId }, one, counted?.batches.get(one.end))
    const batch = batches.find(({ end }) => !newest.batches.has(end))
    // Its statement is being made.
    if (batch === undefined || !isStated(batch)) return approvals?.done(area)
    const { chainId, escrow, withdrawalDelaySeconds } = chain
    const now = (await provider.getBlock('latest'))!.timestamp
    const work = { area, areaId, escrow, chainId, batch, view: newest, counted, now }
    const isTooOld = now > batch.start + newest.rules.batchSeconds + withdrawalDelaySeconds
    if (isTooOld && (await giveUp(work))) return
    try {
      await submit(work)
    } catch (error) {
      const refusal = asChainError(error)
      if (!(refusal instanceof ChainError)) throw error
      if (refusal.code === 'CHAIN_BATCH_CHANGED') return abandon(work, refusal.message)
      if (refusal.contractError !== 'Insolvent') throw error
      await setAside(work, refusal)
    }
  }

  /**
   * The escrow takes what was traded so long ago no more: it becomes residual, for all its seats, and the batch moves their
   * bases alone. Says whether there was anything of the kind.
   */
  async function giveUp(work: Work): Promise<boolean> {
    const { area, areaId, batch, view } = work
    const entries = await signedEntries(database, areaId, batch.end)
    const traded = entries.filter(({ soldWh, boughtWh }) => soldWh + boughtWh > 0)
    if (traded.length === 0) return false
    if (view.open?.end === batch.end) {
      await abandon(work, 'it has become too old for the escrow')
      return true
    }
    const seats = [...new Set(traded.map(({ seat }) => seat))]
    log.error(
      { area, end: batch.end, seats },
      'a batch has become too old for the escrow: what was traded in it is void',
    )
    if (!(await leaveOut(area, { end: batch.end, number: batch.number, seats }))) {
      const what = `the batch to ${batch.end} is too old and could not be cut anew`
      throw new ChainError('CHAIN_OVERTAKEN', `area ${area}: ${what}`)
    }
    return true
  }

  async function abandon(work: Work, why: string): Promise<void> {
    const { area, escrow, batch } = work
    log.warn({ area, end: batch.end }, `a batch that had begun is given up: ${why}`)
    const data = escrowInterface.encodeFunctionData('abandonBatch', [area])
    await sender.send(`abandon ${nameOf(work)}`, async () => ({ to: escrow, data }))
  }

  /** Notes what the chain says of the batch, at the depth that counts. */
  async function noteOutcome(
    { area, areaId }: Pick<Work, 'area' | 'areaId'>,
    batch: StoredBatch,
    settled: SettledBatch | undefined,
  ): Promise<void> {
    if (settled === undefined) {
      if (batch.status !== 'settled') return
      log.warn({ area, end: batch.end }, 'the settlement of a batch disappeared from the chain')
      await markCut(database, areaId, batch.end)
      return
    }
    // Until its statement is made nobody can say whether it is the one that was settled.
    if (!isStated(batch)) return
    if (settled.statementRoot !== batch.statementRoot) {
      const what = `another batch that ends at ${batch.end} was settled than the journal has`
      if (!(await disown(area, batch))) throw new ChainError('CHAIN_OVERTAKEN', `area ${area}: ${what}`)
      await forgetStatement(database, areaId, batch.end)
      log.error(
        { area, start: batch.start, end: batch.end },
        `${what}: the journal was restored, or lost its newest rows`,
      )
      return
    }
    if (batch.status === 'settled') return
    const transaction = settled.transactions.at(-1)!
    const gasUsed = await gasOf(settled.transactions)
    if (gasUsed === null) return
    const { block, approvals: signed } = settled
    if (await markSettled(database, areaId, batch.end, { transaction, block, gasUsed, approvals: signed })) {
      metrics.settled.inc({ area })
      log.info({ area, end: batch.end, transaction, block, gasUsed }, 'batch settled')
    }
  }

  async function gasOf(transactions: Hex[]): Promise<number | null> {
    let gas = 0
    for (const hash of transactions) {
      const receipt = await provider.getTransactionReceipt(hash)
      if (receipt === null) return null
      gas += Number(receipt.gasUsed)
    }
    return gas
  }

  /** Sends the part that the chain expects next, if it is not on its way. */
  async function submit(work: Work): Promise<void> {
    const { area, areaId, batch, view } = work
    if (batch.start < view.settledUntil) {
      throw new ChainError('CHAIN_OVERTAKEN', `area ${area}: the batch from ${batch.start} was overtaken on chain`)
    }
    if (view.abandoned.has(batch.end) && view.open === null && (await dropMoved(work))) return
    if (view.open !== null && view.open.end !== batch.end) {
      throw new ChainError('CHAIN_OVERTAKEN', `area ${area}: another batch, to ${view.open.end}, is open on chain`)
    }
    const part = view.open?.settledParts ?? 0
    const purpose = `settle ${nameOf(work)} part ${part}`
    const { hash } = await sender.send(purpose, async () => {
      const entries = await signedEntries(database, areaId, batch.end)
      if (view.watchers.keys.length === 0)
        return settleCall(work, planBatch(work, entries, { entriesPerPart }), noApprovals)
      const { plan, since } = await plannedForWatchers(work, entries)
      return settleCall(work, plan, await watched(work, plan, since))
    })
    approvals?.done(area)
    await markSubmitted(database, areaId, batch.end, hash)
  }

  /**
   * The plan of a batch that watchers sign, divided as it was shown to them first, and since when it is shown. What an account
   * does on chain meanwhile can still change it: then the watchers, who sign one header of a batch, keep silent.
   */
  async function plannedForWatchers(
    work: Work,
    entries: readonly SignedEntry[],
  ): Promise<{ plan: BatchPlan; since: Date }> {
    const { areaId, batch, view, now } = work
    const { end, number } = batch
    const key = { areaId, end, number, attempt: attemptOf(work) }
    const known = await readShown(database, key)
    const plan = planBatch(work, entries, { entriesPerPart, partSizes: known?.partSizes })
    const since = known?.shownAt ?? new Date(now * 1000)
    if (view.open === null && known?.header !== plan.hash) {
      const partSizes = plan.parts.map(({ length }) => length)
      await keepShown(database, key, { header: plan.hash, partSizes, shownAt: since })
    }
    return { plan, since }
  }

  /** What the watchers have signed. Throws `CHAIN_WATCHERS` where they refuse, `CHAIN_UNWATCHED` while they are waited for. */
  async function watched(work: Work, plan: BatchPlan, since: Date): Promise<Approvals> {
    const { area, areaId, escrow, chainId, batch, view, now } = work
    const { hash: header } = plan
    const { quorum } = view.watchers
    if (plan.part > 0) {
      requireNotRefused(view, header, await wordsAbout(database, areaId, header))
      return noApprovals
    }
    const parts = plan.parts.map((part) => part.map(({ fields }) => fields))
    const attempt = { number: batch.number, attempt: attemptOf(work), block: indexer.head.block, since }
    const shown = { ...plan.header, header, parts, ...attempt }
    const words = (await approvals?.show(shown)) ?? []
    requireNotRefused(view, header, words)
    const given = approvalsOf({ chainId, escrow }, view, header, words)
    if (given.count === quorum) return given
    const from = await silentFrom(provider, { escrow, area, header })
    if (from !== null && now >= from) return given
    if (from !== null) approvals?.settlesFrom(area, from)
    // Their time to answer unasked has passed: now it counts.
    if (from === null && now >= since.getTime() / 1000 + view.rules.watcherGraceSeconds * unaskedShare) {
      const data = escrowInterface.encodeFunctionData('announceBatch', [area, header])
      await sender.send(`announce ${header} of ${escrow}`, async () => ({ to: escrow, data }))
    }
    const until = from === null ? '' : `, without them it settles from ${from} on`
    const message = `area ${area}: ${given.count} of ${quorum} watchers have signed the batch to ${batch.end}${until}`
    throw new ChainError('CHAIN_UNWATCHED', message)
  }

  /**
   * Has the batch cut anew without the seats that cannot pay it, once a block that counts says so; one that has begun is
   * given up first. Throws the refusal where the seats can pay after all, so that it is tried again.
   */
  async function setAside(work: Work, refusal: ChainError): Promise<void> {
    const { area, areaId, batch, view, counted } = work
    if (view.open !== null) return abandon(work, 'it cannot be paid')
    const entries = await signedEntries(database, areaId, batch.end)
    const isOnePart = divideIntoParts(entries, view, entriesPerPart).length === 1
    // What the batch before paid out has to count as well.
    const isBehind = counted === undefined || counted.settledUntil < view.settledUntil
    const seats = isBehind ? [] : seatsThatCannotPay(entries, counted, isOnePart)
    if (seats.length === 0) throw refusal
    log.warn({ area, end: batch.end, seats }, 'seats cannot pay their batch: it is cut anew without them')
    if (!(await leaveOut(area, { end: batch.end, number: batch.number, seats }))) throw refusal
  }

  /**
   * The parts of an abandoned batch have moved bases: what these seats traded cannot be settled any more. Says whether the
   * batch has to wait, for the abandonment to count or to be cut anew without them.
   */
  async function dropMoved({ area, areaId, batch, counted }: Work): Promise<boolean> {
    if (counted === undefined || !counted.abandoned.has(batch.end) || counted.open !== null) return true
    const entries = await signedEntries(database, areaId, batch.end)
    const moved = entries.filter(
      (entry) => entry.soldWh + entry.boughtWh > 0 && counted.seats.get(entry.seat)!.base.time >= entry.time,
    )
    if (moved.length === 0) return false
    const seats = [...new Set(moved.map(({ seat }) => seat))]
    log.warn({ area, end: batch.end, seats }, 'an abandoned batch is cut anew without the seats of its first parts')
    if (!(await leaveOut(area, { end: batch.end, number: batch.number, seats }))) {
      const what = `the batch to ${batch.end} was abandoned on chain after its first parts`
      throw new ChainError('CHAIN_OVERTAKEN', `area ${area}: ${what} and could not be cut anew`)
    }
    return true
  }

  return {
    advance: (area) =>
      advance(area).catch((error) => {
        throw asChainError(error)
      }),
    unnamed: missed.unnamed,
  }
}

/** For this part of the watchers' time they are left alone, before the batch is announced, which costs gas. */
const unaskedShare = 0.1

/** A batch whose statement has been made. */
type StatedBatch = StoredBatch & { statementRoot: Hex }

function isStated(batch: StoredBatch): batch is StatedBatch {
  return batch.statementRoot !== null
}

interface Work extends BatchWork {
  chainId: number
  /** The area's number in the database. */
  areaId: number
  /** The area at the newest block that is deep enough to count. */
  counted: AreaView | undefined
  /** The time of the newest block. */
  now: UtcSeconds
}

/** Names one attempt to settle a batch, so that a batch that was abandoned may be sent again under another name. */
function nameOf(work: Work): string {
  const { area, escrow, batch } = work
  return `${escrow} area ${area} from ${batch.start} to ${batch.end} attempt ${batch.number}.${attemptOf(work)}`
}

/** How often the batch was given up on chain before. */
function attemptOf({ batch, view }: Work): number {
  return view.abandoned.get(batch.end) ?? 0
}

/** The seats whose balance some entry of theirs would take below zero. */
function seatsThatCannotPay(entries: readonly SignedEntry[], view: AreaView, isOnePart: boolean): number[] {
  return [...neededToPay(entries, isOnePart)]
    .filter(([seat, needed]) => (view.seats.get(seat)?.balance ?? 0n) < needed)
    .map(([seat]) => seat)
}

/** Why the next batch of an area cannot be settled, and since when that is so. */
export interface HeldUp {
  code: string
  sentence: string
  since: Date
}

export interface RunningSettlement extends Pick<Settlement, 'unnamed'> {
  /** Null while nothing is in the way of the area's next batch. */
  heldUp(area: number): HeldUp | null
  stop(): Promise<void>
}

/** Settlement of all areas, each at its own pace: one that is stopped holds up no other. */
export function startSettlement(options: SettlementOptions & { pollMs: number }): RunningSettlement {
  const { settings, log, metrics, pollMs } = options
  const settlement = createSettlement(options)
  const held = new Map<number, HeldUp>()
  const pollers = settings.map(({ area }) =>
    startPoller({
      name: `settlement of area ${area}`,
      everyMs: pollMs,
      log,
      async run() {
        try {
          await settlement.advance(area)
          metrics.stopped.set({ area }, 0)
          held.delete(area)
        } catch (error) {
          // Its watchers are asked again soon: nothing has failed.
          const isWaiting = error instanceof ChainError && error.code === 'CHAIN_UNWATCHED'
          metrics.stopped.set({ area }, isWaiting ? 0 : 1)
          if (isWaiting) return void held.delete(area)
          const { message: sentence, code = 'unknown' } = error as Error & { code?: string }
          held.set(area, { code, sentence, since: held.get(area)?.since ?? new Date() })
          throw error
        }
      },
    }),
  )
  return {
    unnamed: settlement.unnamed,
    heldUp: (area) => held.get(area) ?? null,
    async stop() {
      await Promise.all(pollers.map((poller) => poller.stop()))
    },
  }
}
