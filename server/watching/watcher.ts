/**
 * A watcher of one area. It asks the server which batch waits, computes the batch from the server's file and its own node, writes its
 * decision down, and says it. It asks again for whatever is missing, and repeats a decision only where it got lost. A batch that the
 * operator announces to the chain and shows to nobody is refused before silence settles it.
 */
import { type JsonRpcProvider, type Wallet, ZeroHash } from 'ethers'
import type { Logger } from 'pino'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { type RefusalReason, refusalReasons } from '../../contracts/protocol/batch.ts'
import {
  type Address,
  type Hex,
  hashRules,
  parseAddress,
  signCompact,
  type Watchers,
} from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type ApiClient, ApiClientError, signInWithKey } from '../api-client.ts'
import { asChainError } from '../chain/escrow-client.ts'
import { createEventLog } from '../chain/event-log.ts'
import { type AreaView, applyEvent, type EscrowEvent, type EscrowView } from '../chain/seat-view.ts'
import { readShownArea } from '../chain/settled-area.ts'
import { wordsOfWallets } from '../chain/wallet-words.ts'
import { type AreaFile, AreaFileReader } from '../settlement/area-file.ts'
import { type AttemptShown, readShownBatch } from '../settlement/shown-batch.ts'
import { signerOfReading } from '../signatures/reading-signer.ts'
import type { Decision, DecisionBook } from './decision-book.ts'
import { WatchError } from './error.ts'
import { judge } from './judge.ts'
import type { WatchMetrics } from './metrics.ts'

export interface WatcherOptions {
  serverUrl: string
  provider: JsonRpcProvider
  chainId: number
  escrow: Address
  /** Block at which the escrow was deployed. */
  firstBlock: number
  area: number
  wallet: Wallet
  book: DecisionBook
  metrics: WatchMetrics
  log: Logger
}

/** What a server tells everybody of an area's watchers. */
interface Asked {
  waiting: { header: Hex; words: { watcher: Address }[] } | null
}

export interface Watcher {
  /** Does what can be done now. Throws what is missing. */
  look(): Promise<void>
  /** Whether this key is a watcher of the area, as of the last reading of the node; null before the first. */
  readonly isNamed: boolean | null
  /** The header of a batch that the chain announces and this watcher could not compute yet; null where there is none. */
  readonly unseen: Hex | null
}

/** What is said of a header. */
type Word = Pick<Decision, 'header' | 'says' | 'reason' | 'sentence'>

/** The share of the watchers' time on the chain within which a server has to show what it announced. */
const patience = 0.75

export function createWatcher(options: WatcherOptions): Watcher {
  const { serverUrl, provider, chainId, escrow, firstBlock, area, wallet, book, metrics, log } = options
  const own = parseAddress(wallet.address)
  const place = { chainId, escrow, area }
  const domain = { chainId, escrow }
  const events = createEventLog(provider, { escrow, firstBlock })
  let client: Promise<ApiClient> | null = null
  let isNamed: boolean | null = null
  /** The header that was found wrong once. */
  let doubted: Hex | null = null
  const refusedOnChain = new Set<Hex>()
  /** The announced batch that was not shown, and since when by the chain's clock. */
  let unseen: { header: Hex; since: UtcSeconds } | null = null

  async function ask<Answer>(what: (client: ApiClient) => Promise<Answer>): Promise<Answer> {
    client ??= signInWithKey(serverUrl, wallet, chainId)
    try {
      return await what(await client)
    } catch (error) {
      // A session that has ended, or a server that was not there: signed in anew next time.
      if (!(error instanceof ApiClientError) || error.status === 401) client = null
      throw error
    }
  }

  async function look(): Promise<void> {
    isNamed ??= (await viewNow()).view.watchers.keys.includes(own)
    try {
      await lookAtServer()
    } finally {
      await lookAtAnnouncement()
    }
  }

  async function lookAtServer(): Promise<void> {
    const { waiting } = await ask((api) => api.get<Asked>(`/areas/${area}/watchers`))
    if (waiting === null) return
    const known = book.of(waiting.header) ?? (await refusedBefore(waiting.header))
    if (known !== null && waiting.words.some(({ watcher }) => watcher === own)) return
    const decision = known ?? (await decide())
    if (decision !== null) await say(decision)
  }

  /** What this key has refused on chain stays refused, whatever is shown afterwards. */
  async function refusedBefore(header: Hex): Promise<Word | null> {
    const { view } = await viewNow()
    const refusal = view.refusals.get(header)?.find(({ watcher }) => watcher === own)
    if (refusal === undefined) return null
    const reason = refusalReasons[refusal.reason] ?? 'other'
    return { header, says: 'refused', reason, sentence: 'this watcher has refused the header on chain' }
  }

  /**
   * Silence would settle a batch that is announced to the chain and shown to nobody, so it is refused in time. The server may be
   * down for a while, too: its day's trades then become residual, as those of every batch that does not settle.
   */
  async function lookAtAnnouncement(): Promise<void> {
    const [header] = (await escrowAt(escrow, provider).getFunction('announcementOf')(area)) as [Hex]
    const isKnown = header === ZeroHash || book.of(header) !== null
    const { newest, all, view } = isKnown ? { newest: 0, all: [], view: null } : await viewNow()
    const begun = all.some(({ name, args }) => name === 'BatchWatched' && args.area === area && args.header === header)
    const isSaid = view?.refusals.get(header)?.some(({ watcher }) => watcher === own)
    if (view === null || begun || isSaid || !view.watchers.keys.includes(own)) {
      unseen = null
      metrics.unseen.set(0)
      return
    }
    const now = (await provider.getBlock(newest))!.timestamp
    if (unseen?.header !== header) {
      unseen = { header, since: now }
      log.error({ header }, 'the chain announces a batch that the server does not show')
    }
    metrics.unseen.set(1)
    if (now < unseen.since + view.rules.watcherGraceSeconds * patience) return
    await refuseOnChain(view, header, 'incomplete')
  }

  /** The area as the node shows it now. */
  async function viewNow(): Promise<{ newest: number; all: readonly EscrowEvent[]; view: AreaView }> {
    const newest = await provider.getBlockNumber()
    const all = await events.upTo(newest)
    const escrowView: EscrowView = new Map()
    for (const event of all) applyEvent(escrowView, event)
    const view = escrowView.get(area)
    if (view === undefined) throw new WatchError('WATCH_BEHIND', `the node does not show area ${area} in ${escrow} yet`)
    return { newest, all, view }
  }

  /** Null where nothing waits any more. */
  async function decide(): Promise<Decision | null> {
    const endTimer = metrics.seconds.startTimer()
    const shown = await shownNow()
    if (shown === null) return null
    const file = await fileOf(shown)
    const { newest, all, view } = await viewNow()
    isNamed = view.watchers.keys.includes(own)
    const builtOn = Math.max(shown.block, ...file.intervals.map(({ block }) => block))
    if (newest < builtOn) {
      throw new WatchError('WATCH_BEHIND', `the batch is built on block ${builtOn}, the node has shown ${newest}`)
    }
    const knownFrom = file.intervals[0]?.block ?? firstBlock
    const chain = await readShownArea({ provider, escrow, area, newest, knownFrom }, all, shown).catch((error) => {
      events.forget()
      throw error
    })
    const { orders, forwardOrders, agreements, revocations, budgets, declarations } = file
    const words = await wordsOfWallets(provider, file, {
      orders: [...orders, ...forwardOrders],
      agreements,
      revocations,
      budgets,
      declared: { declarations, rules: hashRules(chain.rules), grids: chain.grids },
    })
    const keptOutBefore = (seat: number) => book.keptOutBefore(seat, shown.start)
    const judgement = judge({
      place,
      shown,
      file,
      chain,
      verifying: { words, signerOf: signerOfReading },
      keptOutBefore,
    })
    const { start, end, number, attempt, header } = shown
    if (judgement.says === 'refused' && doubted !== header) {
      doubted = header
      const what = `the batch to ${timeOf(end)} seems wrong (${judgement.sentence}); it is computed once more`
      throw new WatchError('WATCH_UNSURE', what)
    }
    const decision = book.keep({ start, end, number, attempt, header, ...judgement })
    endTimer()
    metrics.computed.inc({ says: decision.says })
    metrics.newestEnd.set(end)
    const { says, reason, sentence } = decision
    log[says === 'approved' ? 'info' : 'error']({ end: timeOf(end), header, says, reason, sentence }, 'batch computed')
    return decision
  }

  async function shownNow(): Promise<AttemptShown | null> {
    try {
      return readShownBatch(await ask((api) => api.get(`/areas/${area}/watchers/batch`)))
    } catch (error) {
      if (error instanceof ApiClientError && error.code === 'NOTHING_TO_WATCH') return null
      throw error
    }
  }

  async function fileOf({ end, number }: AttemptShown): Promise<AreaFile> {
    const reader = new AreaFileReader()
    await ask(async (api) => {
      for await (const line of api.lines(`/areas/${area}/batches/${timeOf(end)}/export`)) reader.take(line)
    })
    const file = reader.finish()
    if (file.end === end && file.number === number) return file
    throw new WatchError('WATCH_CHANGED', `the file is of number ${file.number} of the batch, ${number} was shown`)
  }

  async function say({ header, says, reason, sentence }: Word): Promise<void> {
    const { view } = await viewNow()
    const signed = { rules: view.rulesHash, header }
    let word: object = { says, header, reason, sentence }
    if (says === 'approved') {
      word = { says, header, signature: await signCompact(wallet, domain, 'BatchApproval', signed) }
    } else if (says === 'refused') {
      word = { ...word, signature: await refuseOnChain(view, header, reason!) }
    }
    await ask((api) => api.post(`/areas/${area}/watchers/words`, word, `${says} ${header}`.replaceAll(' ', '-')))
  }

  /** Refuses on chain, which also binds a server that does not listen; it costs this key some gas. Returns what it signed. */
  async function refuseOnChain(view: AreaView, header: Hex, because: RefusalReason): Promise<Hex> {
    const reason = refusalReasons.indexOf(because)
    const refusal = { rules: view.rulesHash, header, reason }
    const signature = await signCompact(wallet, domain, 'BatchRefusal', refusal)
    const isThere = view.refusals.get(header)?.some(({ watcher }) => watcher === own) ?? false
    if (isThere || refusedOnChain.has(header)) return signature
    const contract = escrowAt(escrow, wallet.connect(provider))
    const { keys, quorum }: Watchers = view.watchers
    try {
      const method = contract.getFunction('refuseBatch')
      const sent = await method(area, header, reason, { keys, quorum }, signature)
      refusedOnChain.add(header)
      log.warn({ header, transaction: sent.hash }, 'the refusal is on its way to the chain')
    } catch (error) {
      // The server is told all the same: with its word enough others can refuse.
      const known = asChainError(error)
      log.error({ header, err: known }, `the refusal could not be sent to the chain: ${(known as Error).message}`)
    }
    return signature
  }

  return {
    look,
    get isNamed() {
      return isNamed
    },
    get unseen() {
      return unseen?.header ?? null
    },
  }
}

function timeOf(time: UtcSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
