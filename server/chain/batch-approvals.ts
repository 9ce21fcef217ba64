/** What the watchers of an area say of a batch: who signed it, who refused it, and when their silence counts. */
import type { JsonRpcProvider } from 'ethers'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { refusalReasons, type ShownBatch } from '../../contracts/protocol/batch.ts'
import { type EscrowDomain, type Hex, recoverSigner } from '../../contracts/protocol/typed-data.ts'
import { ChainError } from './error.ts'
import type { AreaView } from './seat-view.ts'

/**
 * Where the watchers' signatures of a batch come from: shows it to them, if that has not been done, and gives what they have
 * signed by now (`BatchApproval`, 64 bytes each). What is no watcher's is passed over.
 */
export type ApprovalSource = (request: ShownBatch & { domain: EscrowDomain; rules: Hex }) => Promise<readonly Hex[]>

/** As the escrow takes them: of as many as are needed, in ascending order of their keys. */
export interface Approvals {
  count: number
  signatures: Hex
}

export const noApprovals: Approvals = { count: 0, signatures: '0x' }

/** Of these signatures the watchers' own, each once, and no more than their quorum. */
export function approvalsOf(
  domain: EscrowDomain,
  { rulesHash: rules, watchers }: Pick<AreaView, 'rulesHash' | 'watchers'>,
  header: Hex,
  signatures: readonly Hex[],
): Approvals {
  const keys = new Set(watchers.keys)
  const own = new Map<string, Hex>()
  for (const signature of signatures) {
    const signer = signerOf(domain, { rules, header }, signature)
    if (signer !== null && keys.has(signer)) own.set(signer, signature)
  }
  const taken = [...own].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, watchers.quorum)
  return { count: taken.length, signatures: `0x${taken.map(([, signature]) => signature.slice(2)).join('')}` }
}

function signerOf(domain: EscrowDomain, value: { rules: Hex; header: Hex }, signature: Hex): string | null {
  if (!/^0x[0-9a-f]{128}$/i.test(signature)) return null
  try {
    return recoverSigner(domain, 'BatchApproval', value, signature)
  } catch {
    return null // No form that a key's signature has.
  }
}

/** Throws `CHAIN_WATCHERS` where so many refuse the batch that it can never settle, with who and why. */
export function requireNotRefused({ watchers, refusals }: Pick<AreaView, 'watchers' | 'refusals'>, header: Hex): void {
  const against = refusals.get(header) ?? []
  if (against.length + watchers.quorum <= watchers.keys.length) return
  const reasons = against.map(({ watcher, reason }) => `${watcher}: ${refusalReasons[reason] ?? reason}`).join('; ')
  throw new ChainError('CHAIN_WATCHERS', `the watchers refuse this batch (${reasons})`)
}

/** From when on the silence about a batch lets it settle, by the escrow's word; null where it was not announced. */
export async function silentFrom(
  provider: JsonRpcProvider,
  { escrow, area, header }: { escrow: Hex; area: number; header: Hex },
): Promise<number | null> {
  const [announced, from] = await escrowAt(escrow, provider).getFunction('announcementOf')(area)
  return announced === header ? Number(from) : null
}
