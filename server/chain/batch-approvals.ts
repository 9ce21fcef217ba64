/** What the watchers of an area say of a batch: who signed it, who refused it, and when their silence counts. */
import type { JsonRpcProvider } from 'ethers'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { type RefusalReason, refusalReasons } from '../../contracts/protocol/batch.ts'
import { type EscrowDomain, type Hex, recoverSigner } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AttemptShown } from '../settlement/shown-batch.ts'
import type { WatcherWord } from '../store/watching-store.ts'
import { languages } from '../words/languages.ts'
import { ChainError } from './error.ts'
import type { AreaView } from './seat-view.ts'

/** Shows batches to the watchers of their areas and gathers what they say. */
export interface ApprovalSource {
  /** Shows this batch and none before it, and gives what was said of its header by now. */
  show(batch: BatchToWatch): Promise<readonly WatcherWord[]>
  /** Says from when on the batch that is shown settles without the watchers. */
  settlesFrom(area: number, time: UtcSeconds): void
  /** Says that no batch waits for the area's watchers. */
  done(area: number): void
}

/** A batch that waits for the watchers of its area. */
export interface BatchToWatch extends AttemptShown {
  since: Date
}

/** As the escrow takes them: of as many as are needed, in ascending order of their keys. */
export interface Approvals {
  count: number
  signatures: Hex
}

export const noApprovals: Approvals = { count: 0, signatures: '0x' }

/** Of these words the watchers' own approvals, each once, and no more than their quorum. */
export function approvalsOf(
  domain: EscrowDomain,
  { rulesHash: rules, watchers }: Pick<AreaView, 'rulesHash' | 'watchers'>,
  header: Hex,
  words: readonly WatcherWord[],
): Approvals {
  const keys = new Set(watchers.keys)
  const own = new Map<string, Hex>()
  for (const { reason, signature } of words) {
    if (reason !== null || signature === null) continue
    const signer = signerOfApproval(domain, { rules, header }, signature)
    if (signer !== null && keys.has(signer)) own.set(signer, signature)
  }
  const taken = [...own].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, watchers.quorum)
  return { count: taken.length, signatures: `0x${taken.map(([, signature]) => signature.slice(2)).join('')}` }
}

/** Whose key approves, or null where the signature has no form that a key's has. */
export function signerOfApproval(
  domain: EscrowDomain,
  value: { rules: Hex; header: Hex },
  signature: Hex,
): string | null {
  return signerOf(signature, () => recoverSigner(domain, 'BatchApproval', value, signature))
}

/** Whose key refuses, or null where the signature has no form that a key's has. */
export function signerOfRefusal(
  domain: EscrowDomain,
  { reason, ...value }: { rules: Hex; header: Hex; reason: RefusalReason },
  signature: Hex,
): string | null {
  const numbered = { ...value, reason: refusalReasons.indexOf(reason) }
  return signerOf(signature, () => recoverSigner(domain, 'BatchRefusal', numbered, signature))
}

function signerOf(signature: Hex, recover: () => string): string | null {
  if (!/^0x[0-9a-f]{128}$/i.test(signature)) return null
  try {
    return recover()
  } catch {
    return null // No form that a key's signature has.
  }
}

/**
 * Throws `CHAIN_WATCHERS` where so many refuse the batch, on chain or to this server, that it can never settle; with who and
 * why.
 */
export function requireNotRefused(
  { watchers, refusals }: Pick<AreaView, 'watchers' | 'refusals'>,
  header: Hex,
  words: readonly WatcherWord[],
): void {
  const against = new Map(
    (refusals.get(header) ?? []).map(({ watcher, reason }) => [watcher, sentenceOf(refusalReasons[reason] ?? 'other')]),
  )
  for (const { watcher, reason, sentence, signature } of words) {
    if (reason !== null && signature !== null) against.set(watcher, sentence ?? sentenceOf(reason))
  }
  if (against.size + watchers.quorum <= watchers.keys.length) return
  const reasons = [...against].map(([watcher, sentence]) => `${watcher}: ${sentence}`).join('; ')
  throw new ChainError('CHAIN_WATCHERS', `the watchers refuse this batch (${reasons})`)
}

function sentenceOf(reason: RefusalReason): string {
  return languages.en.watcherReasons[reason]
}

/** From when on the silence about a batch lets it settle, by the escrow's word; null where it was not announced. */
export async function silentFrom(
  provider: JsonRpcProvider,
  { escrow, area, header }: { escrow: Hex; area: number; header: Hex },
): Promise<UtcSeconds | null> {
  const [announced, from] = await escrowAt(escrow, provider).getFunction('announcementOf')(area)
  return announced === header ? Number(from) : null
}
