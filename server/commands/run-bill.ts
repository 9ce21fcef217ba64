/** What `commonwatt bill` does with a month: previews it, approves what was previewed, issues what was approved. */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatMoney } from '../../contracts/protocol/units.ts'
import { approvalText, approversOf } from '../billing/approval.ts'
import { centsText } from '../billing/cents.ts'
import { corrected, type Draft, documentsOf, hashOfDraft, sumsOf } from '../billing/documents.ts'
import { BillingError } from '../billing/error.ts'
import { type Parties, readParties } from '../billing/parties.ts'
import { ublOf } from '../billing/ubl.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { isoDay, secondsPerDay } from '../exchange/instants.ts'
import { requireArea } from '../store/areas.ts'
import { type BilledMonth, readMonth } from '../store/bill-month.ts'
import {
  documentsOfMonth,
  issueDraft,
  keepApproval,
  keepDraft,
  type MonthKey,
  newestDraft,
  notTakenBack,
} from '../store/billing-store.ts'
import { type Database, endless, openDatabase } from '../store/database.ts'
import { pdfOf } from './bill-pdf.ts'
import { namedArea } from './options.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface BillOptions {
  databaseUrl: string
  area: number
  escrow?: string
  month: string
  parties: string
  incompleteBecause?: string
  approve?: boolean
  issue?: boolean
  keyFile?: string
  out?: string
}

interface Prepared {
  draft: Draft
  hash: string
  month: BilledMonth
}

/** Throws what its parts throw: each says what to do. */
export async function makeBill(options: BillOptions): Promise<void> {
  const parties = partiesOf(options.parties)
  const database = openDatabase(options.databaseUrl, 2, endless)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    const key: MonthKey = { areaId, month: `${options.month}-01` }
    const now = new Date()
    const month = await readMonth(database, areaId, options.month, now)
    if (options.issue) return await issue(database, key, options, parties, month, now)
    const prepared = await prepare(database, key, options, parties, month)
    const { hash, draft } = prepared
    if (options.approve) return await approve(database, key, options, parties, hash, now)
    const { incompleteBecause } = draft
    const revision = await keepDraft(database, key, { hash, incompleteBecause, now })
    await writeOutput(`${JSON.stringify(preview(prepared, revision), null, 1)}\n`)
  } finally {
    await database.end()
  }
}

/** What the documents would be now. Throws `BILL_INCOMPLETE` where something is missing and nobody says why it is issued. */
async function prepare(
  database: Database,
  key: MonthKey,
  {
    area,
    month: name,
    incompleteBecause = null,
  }: Pick<BillOptions, 'area' | 'month'> & { incompleteBecause?: string | null | undefined },
  parties: Parties,
  month: BilledMonth,
): Promise<Prepared> {
  if (month.gaps.length > 0 && incompleteBecause === null) {
    throw new BillingError('BILL_INCOMPLETE', `${name} is not complete: ${month.gaps.join('; ')}`)
  }
  const { priceDecimals, currency } = month
  const standing = notTakenBack(await documentsOfMonth(database, area, key))
  const documents = corrected(
    documentsOf(month.days, parties, { priceDecimals, currency, paidBy: month.batches }),
    standing,
  )
  if (documents.length === 0) throw new BillingError('BILL_NOTHING', `nothing is to be issued for ${name}`)
  const draft: Draft = { month: name, priceDecimals, currency, documents, incompleteBecause }
  return { draft, hash: hashOfDraft(draft), month }
}

function preview({ draft, hash, month }: Prepared, revision: number) {
  const { documents, priceDecimals, currency } = draft
  const sums = sumsOf(documents, priceDecimals)
  const settled = (side: 'paid' | 'received') => month.days.reduce((sum, day) => sum + day[side], 0n)
  const money = (units: bigint) => formatMoney(units, priceDecimals)
  return {
    ...{ month: draft.month, revision, hash, currency, incompleteBecause: draft.incompleteBecause },
    settled: { paid: money(settled('paid')), received: money(settled('received')) },
    documents: {
      ...{ paid: centsText(sums.paidCents), received: centsText(sums.receivedCents) },
      ...{ paidRemainder: money(sums.paidRemainder), receivedRemainder: money(sums.receivedRemainder) },
    },
    ...{ gaps: month.gaps, coverage: month.coverage },
    list: documents.map(({ kind, member, total, tax, corrects }) => {
      return {
        kind,
        member: member.name,
        account: member.account,
        total: centsText(total),
        tax: centsText(tax),
        corrects,
      }
    }),
  }
}

async function approve(
  database: Database,
  key: MonthKey,
  { area, month, keyFile }: BillOptions,
  { approvers }: Parties,
  hash: string,
  now: Date,
): Promise<void> {
  if (keyFile === undefined) throw new InputError('--approve needs --key-file')
  const draft = await newestDraft(database, key)
  if (draft === null || draft.hash !== hash || draft.issuedAt !== null) {
    throw new BillingError('BILL_CHANGED', `what ${month} says is not what was previewed: preview it again`)
  }
  const wallet = readWalletFile(keyFile)
  const approver = wallet.address.toLowerCase() as `0x${string}`
  if (!approvers.includes(approver)) throw new BillingError('BILL_APPROVAL', `${approver} is none of the approvers`)
  const { revision } = draft
  const signature = await wallet.signMessage(approvalText({ area, month, revision, hash }))
  await keepApproval(database, key, { revision, approver, signature, now })
  await writeOutput(`${approver} approves revision ${revision} of ${month}: ${hash}\n`)
}

/** What was issued before is written again. */
async function issue(
  database: Database,
  key: MonthKey,
  options: BillOptions,
  parties: Parties,
  month: BilledMonth,
  now: Date,
): Promise<void> {
  const { area, month: name, out } = options
  if (out === undefined) throw new InputError('--issue needs --out')
  const stored = await newestDraft(database, key)
  if (stored === null) throw new BillingError('BILL_APPROVAL', `${name} was not previewed yet`)
  const { revision, hash, incompleteBecause } = stored
  if (stored.issuedAt === null) {
    const { draft, hash: current } = await prepare(
      database,
      key,
      { area, month: name, incompleteBecause },
      parties,
      month,
    )
    if (current !== hash) {
      throw new BillingError(
        'BILL_CHANGED',
        `what ${name} says is not what was previewed and approved: preview it again`,
      )
    }
    const approved = approversOf({ area, month: name, revision, hash }, stored.approvals)
    const counted = parties.approvers.filter((approver) => approved.has(approver))
    if (counted.length < 2) {
      throw new BillingError(
        'BILL_APPROVAL',
        `${counted.length} of two approvers have signed revision ${revision} of ${name}`,
      )
    }
    await issueDraft(database, key, { revision, documents: draft.documents, now })
  }
  await mkdir(out, { recursive: true })
  const documents = (await documentsOfMonth(database, area, key)).filter((document) => document.revision === revision)
  for (const { number, issuedAt, document } of documents) {
    const issuedOn = isoDay(Math.floor(issuedAt.getTime() / 1000 / secondsPerDay))
    const numbered = { number, issuedOn, document }
    if (document.kind !== 'sheet') await writeFile(join(out, `${number}.xml`), ublOf(numbered))
    await writeFile(join(out, `${number}.pdf`), await pdfOf(numbered, month.priceDecimals))
  }
  await writeOutput(`${documents.length} documents of ${name}, revision ${revision}, in ${out}\n`)
}

function partiesOf(path: string): Parties {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InputError(`${path}: ${(cause as Error).message}`, { cause })
  }
  return readParties(json)
}
