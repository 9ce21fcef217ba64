/** Where a server shows its batches to the watchers of their areas, and takes what they say of them. */
import type { RefusalReason } from '../../contracts/protocol/batch.ts'
import type { Address, Hex, Watchers } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaSettings, EscrowFacts } from '../areas/settings.ts'
import { registerArea } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import { keepWord, type WatcherWord, wordsAbout } from '../store/watching-store.ts'
import { type ApprovalSource, type BatchToWatch, signerOfApproval, signerOfRefusal } from './batch-approvals.ts'
import { ChainError } from './error.ts'
import type { Indexer } from './indexer.ts'

/** A batch that waits for the watchers of its area, with what they have said of it. */
export interface WaitingBatch {
  area: number
  batch: BatchToWatch
  watchers: Watchers
  words: readonly WatcherWord[]
  /** From when on it settles without them; null where their time has not begun. */
  settlesFrom: UtcSeconds | null
}

/** What a watcher says of a batch. */
export type SaidWord =
  | { says: 'approved'; header: Hex; signature: Hex }
  | { says: 'refused'; header: Hex; reason: RefusalReason; sentence: string; signature: Hex }
  | { says: 'withheld'; header: Hex; reason: RefusalReason; sentence: string }

export interface WatchingDesk extends ApprovalSource {
  /** The watchers of an area, as its rules name them; null where nobody watches it, or the chain has not been read yet. */
  watchersOf(area: number): Watchers | null
  /** The batch that waits for the area's watchers, or null. */
  waiting(area: number): WaitingBatch | null
  /**
   * Takes a word of a watcher about the batch that waits. Throws `ChainError`: `CHAIN_NOT_WATCHED` where none with this header
   * waits, `CHAIN_WATCHER` where the word is not signed by this watcher of the area.
   */
  take(area: number, watcher: Address, said: SaidWord): Promise<void>
}

interface DeskParts {
  database: Database
  facts: Pick<EscrowFacts, 'chainId' | 'escrow'>
  indexer: Pick<Indexer, 'head'>
  settings: readonly Pick<AreaSettings, 'area' | 'chain'>[]
}

export function createWatchingDesk({ database, facts, indexer, settings }: DeskParts): WatchingDesk {
  const shown = new Map<number, Omit<WaitingBatch, 'watchers' | 'area'>>()
  const ids = new Map<number, Promise<number>>()

  function idOf(area: number): Promise<number> {
    const known = ids.get(area) ?? registerArea(database, { ...settings.find((one) => one.area === area)!.chain, area })
    ids.set(area, known)
    return known
  }

  function watchersOf(area: number): Watchers | null {
    const watchers = indexer.head.view.get(area)?.watchers
    return watchers === undefined || watchers.keys.length === 0 ? null : watchers
  }

  return {
    watchersOf,
    async show(batch) {
      const { area, header } = batch
      const words = await wordsAbout(database, await idOf(area), header)
      const before = shown.get(area)
      shown.set(area, { batch, words, settlesFrom: before?.batch.header === header ? before.settlesFrom : null })
      return words
    },
    settlesFrom(area, time) {
      const own = shown.get(area)
      if (own !== undefined) own.settlesFrom = time
    },
    done: (area) => void shown.delete(area),
    waiting(area) {
      const [own, watchers] = [shown.get(area), watchersOf(area)]
      return own === undefined || watchers === null ? null : { area, watchers, ...own }
    },
    async take(area, watcher, said) {
      const [own, view] = [shown.get(area), indexer.head.view.get(area)]
      const { header } = said
      if (own?.batch.header !== header || view === undefined) {
        throw new ChainError(
          'CHAIN_NOT_WATCHED',
          `area ${area}: no batch with the header ${header} waits for its watchers`,
        )
      }
      const word = wordOf(watcher, said)
      const signed = { rules: view.rulesHash, header }
      const domain = { chainId: facts.chainId, escrow: facts.escrow }
      const signer =
        said.says === 'withheld'
          ? watcher
          : said.says === 'approved'
            ? signerOfApproval(domain, signed, said.signature)
            : signerOfRefusal(domain, { ...signed, reason: said.reason }, said.signature)
      if (signer !== watcher || !view.watchers.keys.includes(watcher)) {
        throw new ChainError('CHAIN_WATCHER', `this is not signed by ${watcher} as a watcher of area ${area}`)
      }
      // Whoever has the watcher's session alone cannot sign, and so takes nothing back that the key has said.
      const isSigned = own.words.some((each) => each.watcher === watcher && each.signature !== null)
      if (word.signature === null && isSigned) {
        throw new ChainError(
          'CHAIN_WATCHER',
          `${watcher} has signed a word about this batch: only another signed one replaces it`,
        )
      }
      await keepWord(database, await idOf(area), header, word)
      own.words = [...own.words.filter((each) => each.watcher !== watcher), word]
    },
  }
}

function wordOf(watcher: Address, said: SaidWord): WatcherWord {
  if (said.says === 'approved') return { watcher, reason: null, sentence: null, signature: said.signature }
  const { reason, sentence } = said
  return { watcher, reason, sentence, signature: said.says === 'refused' ? said.signature : null }
}

/** How far a batch is that waits for watchers, in a sentence. */
export function sentenceOfWaiting({ area, batch, watchers, words, settlesFrom }: WaitingBatch, nowMs: number): string {
  const signed = words.filter(({ reason }) => reason === null).length
  const against = words.filter(({ reason }) => reason !== null)
  const seconds = Math.max(0, Math.round((nowMs - batch.since.getTime()) / 1000))
  const said = against.map(({ watcher, sentence }) => `; ${watcher} does not sign: ${sentence}`).join('')
  const until =
    settlesFrom === null ? '' : `; it settles without them from ${new Date(settlesFrom * 1000).toISOString()}`
  const name = `area ${area}: the batch to ${new Date(batch.end * 1000).toISOString()}`
  return `${name} has waited ${seconds} s for its watchers: ${signed} of ${watchers.quorum} have signed${said}${until}`
}
