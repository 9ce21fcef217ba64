/** What a watcher says of a batch that is shown to it, computed from what accounts and meters signed and from the chain. */
import {
  entryWordsOf,
  hashOfEntryWords,
  headerOf,
  type RefusalReason,
  type ShownBatch,
} from '../../contracts/protocol/batch.ts'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { AreaFile } from '../settlement/area-file.ts'
import { chancesOf, keptOut, mostInARow } from '../settlement/passed-over.ts'
import type { SettledArea } from '../settlement/verify/settled.ts'
import { differenceInArea } from '../settlement/verify/verify-area.ts'
import type { Verifying } from '../settlement/verify/verifying.ts'

export interface Judgement {
  /** A batch that is wrong is refused, so that it can never settle. Where a watcher only withholds its signature, the batch settles later. */
  says: 'approved' | 'refused' | 'withheld'
  reason: RefusalReason | null
  sentence: string | null
  /** The seats that the batch keeps from trading. */
  keptOut: number[]
}

export interface Case {
  /** The place that the watcher was started for. */
  place: { chainId: number; escrow: Address; area: number }
  shown: ShownBatch
  file: AreaFile
  /** What the node that the watcher trusts says of the batch. */
  chain: SettledArea
  verifying: Verifying
  /** In how many batches right before this one a seat was kept out, as far as the watcher knows. */
  keptOutBefore(seat: number): number
}

export function judge({ place, shown, file, chain, verifying, keptOutBefore }: Case): Judgement {
  const refused = (reason: RefusalReason, sentence: string): Judgement => ({
    says: 'refused',
    reason,
    sentence,
    keptOut: [],
  })
  const parts = shown.parts.map((entries) => hashOfEntryWords(entryWordsOf(entries)))
  if (headerOf({ ...shown, parts }) !== shown.header) return refused('header', 'the header does not bind what is shown')
  const { chainId, escrow, area } = place
  if (shown.area !== area || file.area !== area || file.chainId !== chainId || file.escrow !== escrow) {
    return refused('other', 'the batch or its file is of another area')
  }
  const difference = differenceInArea(file, chain, verifying)
  if (difference !== null) return refused(difference.reason, difference.sentence)
  const kept = keptOut(chancesOf(file, chain.rules.intervalSeconds), shown.parts.flat())
  const tooOften = kept.find((seat) => keptOutBefore(seat) >= mostInARow)
  if (tooOften === undefined) return { says: 'approved', reason: null, sentence: null, keptOut: kept }
  const sentence = `seat ${tooOften} is kept from trading for more than ${mostInARow} batches in a row`
  return { says: 'withheld', reason: 'passed-over', sentence, keptOut: kept }
}
