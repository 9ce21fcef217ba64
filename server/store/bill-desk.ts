/**
 * The documents of a month from the tables to numbers: previewed, approved by two people, issued. Command and API do it by these steps
 * alone.
 */
import type { Address, EscrowDomain, Hex } from '../../contracts/protocol/typed-data.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import {
  type ApprovedDraft,
  approvalsNeeded,
  approversOf,
  ofDocuments,
  type SignedByWallet,
} from '../billing/approval.ts'
import { centsText } from '../billing/cents.ts'
import { listOf } from '../billing/changes.ts'
import { corrected } from '../billing/corrections.ts'
import { documentsOf } from '../billing/documents.ts'
import { type Draft, hashOfDraft, sumsOf } from '../billing/draft.ts'
import { BillingError } from '../billing/error.ts'
import type { Parties } from '../billing/parties.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { StoredArea } from './areas.ts'
import { billChanges, keepLook, monthState } from './bill-changes.ts'
import { type BilledMonth, readMonth } from './bill-month.ts'
import { requireParties } from './billing-parties.ts'
import {
  issueDraft,
  issuedDocuments,
  keepApproval,
  keepDraft,
  monthKey,
  newestDraft,
  notTakenBack,
  type StoredDraft,
} from './billing-store.ts'
import type { Database, Queries } from './database.ts'
import { newestSettings } from './settings-store.ts'

/** What a preview says beside its documents; money in tokens, documents' sums to the cent. */
export interface ShownDraft {
  currency: string
  documents: number
  /** The sums that settled batches moved in the month. */
  settled: { paid: string; received: string }
  /** What the documents of the month say together, also those that were issued before. */
  sums: { paid: string; received: string; paidRemainder: string; receivedRemainder: string }
  gaps: string[]
  coverage: {
    point: string
    account: Address
    member: string | null
    expected: number
    measured: number
    final: number
    lastMeasured: string | null
  }[]
}

/** A refusal names so many gaps, and counts the others; a preview shows them all. */
const mostNamedGaps = 20

interface Prepared {
  draft: Draft
  hash: string
  shown: ShownDraft
}

/** Makes the documents as they would be now. */
async function prepare(
  database: Database,
  { area, areaId }: StoredArea,
  { month: name, incompleteBecause, now }: { month: string; incompleteBecause: string | null; now: Date },
): Promise<Prepared> {
  const { parties } = await requireParties(database, areaId)
  const month = await readMonth(database, areaId, name, now)
  const { priceDecimals, currency } = month
  const issued = await issuedDocuments(database, { area, areaId, month: name })
  const documents = corrected(documentsOf(month.days, parties, { area, priceDecimals, currency }), notTakenBack(issued))
  if (documents.length === 0) throw new BillingError('BILL_NOTHING', `nothing is to be issued for ${name}`)
  const { approvers } = parties
  const draft: Draft = { month: name, documents, approvers, incompleteBecause }
  const all = [...issued.map(({ document }) => document), ...documents]
  return { draft, hash: hashOfDraft(draft), shown: shownOf(month, parties, draft, all) }
}

function shownOf(
  { priceDecimals, currency, days, gaps, coverage }: BilledMonth,
  { members }: Parties,
  { documents }: Draft,
  all: Draft['documents'],
): ShownDraft {
  const sums = sumsOf(all, priceDecimals)
  const settled = (side: 'bought' | 'sold') => days.reduce((sum, day) => sum + day[side].amount, 0n)
  const money = (units: bigint) => formatMoney(units, priceDecimals)
  const nameOf = new Map(members.map(({ account, name }) => [account, name]))
  return {
    ...{ currency, documents: documents.length },
    settled: { paid: money(settled('bought')), received: money(settled('sold')) },
    sums: {
      ...{ paid: centsText(sums.paidCents), received: centsText(sums.receivedCents) },
      ...{ paidRemainder: money(sums.paidRemainder), receivedRemainder: money(sums.receivedRemainder) },
    },
    gaps,
    coverage: coverage.map(({ account, lastMeasured, ...point }) => ({
      ...{ ...point, account, member: nameOf.get(account) ?? null },
      lastMeasured: lastMeasured === null ? null : isoSeconds(lastMeasured),
    })),
  }
}

/** Makes a preview and keeps it, with its documents and with what the month said before. Throws what `prepare` and `readMonth` throw. */
export async function previewMonth(
  database: Database,
  area: StoredArea,
  { month, incompleteBecause, now }: { month: string; incompleteBecause: string | null; now: Date },
): Promise<StoredDraft<ShownDraft>> {
  const key = monthKey(area.areaId, month)
  const state = await monthState(database, area.areaId, month)
  const changed = (await billChanges(database, area.areaId)).find((each) => each.month === month)
  let prepared: Prepared
  try {
    prepared = await prepare(database, area, { month, incompleteBecause, now })
  } catch (error) {
    if (!(error instanceof BillingError && error.code === 'BILL_NOTHING')) throw error
    await keepLook(database, key, { state, now })
    if (changed === undefined) throw error
    throw new BillingError('BILL_NOTHING', `${error.message}: since it was last looked at ${listOf(changed)}`)
  }
  const { draft, hash, shown } = prepared
  await keepLook(database, key, { state, now })
  await keepDraft(database, key, { hash, incompleteBecause, documents: draft.documents, shown, now })
  return (await newestDraft<ShownDraft>(database, key))!
}

/** Throws `BILL_INCOMPLETE` where something is missing and nobody has said why it is billed all the same. */
export function requireComplete(
  month: string,
  { incompleteBecause, shown: { gaps } }: Pick<StoredDraft<ShownDraft>, 'incompleteBecause' | 'shown'>,
): void {
  if (gaps.length === 0 || incompleteBecause !== null) return
  const others = gaps.length - mostNamedGaps
  const rest = others > 0 ? `; and ${others} more` : ''
  throw new BillingError(
    'BILL_INCOMPLETE',
    `${month} is not complete: ${gaps.slice(0, mostNamedGaps).join('; ')}${rest}`,
  )
}

/** What approvers sign of the newest preview, and who they are. Throws `BILL_APPROVAL` where there is none, and `BILL_INCOMPLETE`. */
export async function draftToApprove(
  sql: Queries,
  { areaId, chainId, escrow }: StoredArea,
  month: string,
): Promise<{ domain: EscrowDomain; draft: ApprovedDraft; stored: StoredDraft; approvers: readonly Address[] }> {
  const stored = await newestDraft<ShownDraft>(sql, monthKey(areaId, month))
  if (stored === null) throw new BillingError('BILL_APPROVAL', `${month} was not previewed yet`)
  const settings = await newestSettings(sql, areaId)
  if (settings === null) throw new BillingError('BILL_NOTHING', 'the area has no settings yet')
  requireComplete(month, stored)
  const { approvers } = (await requireParties(sql, areaId)).parties
  const draft = { rules: settings.rulesHash, month, revision: stored.revision, hash: stored.hash }
  return { domain: { chainId, escrow }, draft, stored, approvers }
}

/** Takes an account's word of a preview. Throws `BILL_APPROVAL` and `BILL_CHANGED`. */
export async function approveDraft(
  database: Database,
  area: StoredArea,
  {
    month,
    revision,
    hash,
    approver,
    signature,
  }: { month: string; revision: number; hash: string; approver: Address; signature: Hex },
  { now, isWalletSignature }: { now: Date; isWalletSignature: SignedByWallet | null },
): Promise<void> {
  const { domain, draft, stored, approvers } = await draftToApprove(database, area, month)
  if (stored.revision !== revision || stored.hash !== hash || stored.issuedAt !== null) {
    throw new BillingError(
      'BILL_CHANGED',
      `revision ${revision} of ${month} is not the preview that waits: look at it again`,
    )
  }
  if (!approvers.includes(approver)) throw new BillingError('BILL_APPROVAL', `${approver} is none of the approvers`)
  const signed = await approversOf(domain, ofDocuments(draft), [{ approver, signature }], isWalletSignature)
  if (!signed.has(approver)) {
    throw new BillingError('BILL_APPROVAL', `this is no signature by ${approver} of revision ${revision} of ${month}`)
  }
  await keepApproval(database, monthKey(area.areaId, month), { revision, approver, signature, now })
}

/**
 * Gives numbers to the documents of the newest preview, once two of the approvers have signed it and it is still what the month says.
 * Returns its revision; again where it was issued before. Throws `BILL_APPROVAL`, `BILL_CHANGED` and what `readMonth` throws.
 */
export async function issueMonth(
  database: Database,
  area: StoredArea,
  month: string,
  { now, isWalletSignature }: { now: Date; isWalletSignature: SignedByWallet | null },
): Promise<number> {
  const { domain, draft, stored, approvers } = await draftToApprove(database, area, month)
  const { revision, hash, incompleteBecause } = stored
  if (stored.issuedAt !== null) return revision
  const signed = await approversOf(domain, ofDocuments(draft), stored.approvals, isWalletSignature)
  const counted = approvers.filter((approver) => signed.has(approver))
  if (counted.length < approvalsNeeded) {
    const message = `${counted.length} of ${approvalsNeeded} approvers have signed revision ${revision} of ${month}`
    throw new BillingError('BILL_APPROVAL', message)
  }
  let current: Prepared
  try {
    current = await prepare(database, area, { month, incompleteBecause, now })
  } catch (error) {
    // Once somebody else has issued it meanwhile, there is nothing left of it.
    if ((await newestDraft(database, monthKey(area.areaId, month)))?.issuedAt === null) throw error
    return revision
  }
  const changed = () => {
    const message = `what ${month} says is not what was previewed and approved: preview it again`
    return new BillingError('BILL_CHANGED', message)
  }
  if (current.hash !== hash) throw changed()
  if (await issueDraft(database, monthKey(area.areaId, month), { revision, now })) return revision
  // Somebody else has issued it meanwhile, or previewed something else.
  const newest = await newestDraft(database, monthKey(area.areaId, month))
  if (newest?.revision !== revision || newest.issuedAt === null) throw changed()
  return revision
}
