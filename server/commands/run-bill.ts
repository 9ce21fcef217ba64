/** What `commonwatt bill` does with a month: previews it, approves what was previewed, issues what was approved. */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { isPlainText, notPlainText } from '../../contracts/protocol/plain-text.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { filesOf } from '../api/document-files.ts'
import { approvalOf } from '../billing/approval.ts'
import { centsText } from '../billing/cents.ts'
import { changesInWords } from '../billing/changes.ts'
import { BillingError } from '../billing/error.ts'
import { type Parties, readParties } from '../billing/parties.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { walletSignatures } from '../chain/wallet-signature.ts'
import { requireArea, type StoredArea } from '../store/areas.ts'
import { billChanges } from '../store/bill-changes.ts'
import { approveDraft, draftToApprove, issueMonth, previewMonth, requireComplete } from '../store/bill-desk.ts'
import { keepParties, requireParties } from '../store/billing-parties.ts'
import { draftDocuments, issuedDocuments, monthKey } from '../store/billing-store.ts'
import { type Database, endless, openDatabase } from '../store/database.ts'
import { writeWhole } from '../store/whole-file.ts'
import { namedArea } from './options.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read. */
export interface BillOptions {
  databaseUrl: string
  area: number
  escrow?: string
  month: string
  parties?: string
  incompleteBecause?: string
  approve?: boolean
  issue?: boolean
  keyFile?: string
  rpcUrl?: string
  out?: string
}

/** Throws what its parts throw: each says what to do. */
export async function makeBill(options: BillOptions): Promise<void> {
  const database = openDatabase(options.databaseUrl, 2, endless)
  try {
    const area = await requireArea(database, namedArea(options))
    const now = new Date()
    if (!isPlainText(options.incompleteBecause ?? '')) throw new InputError(`--incomplete-because ${notPlainText}`)
    if (options.parties !== undefined) {
      await keepParties(database, area.areaId, { parties: partiesOf(options.parties), now })
    }
    if (options.issue) await issue(database, area, options, now)
    else if (options.approve) await approve(database, area, options, now)
    else await preview(database, area, options, now)
    for (const changes of await billChanges(database, area.areaId)) {
      process.stderr.write(`${changesInWords(changes)}\n`)
    }
  } finally {
    await database.end()
  }
}

async function preview(
  database: Database,
  area: StoredArea,
  { month, incompleteBecause = null }: Pick<BillOptions, 'month'> & { incompleteBecause?: string | null },
  now: Date,
): Promise<void> {
  const stored = await previewMonth(database, area, { month, incompleteBecause, now })
  const { revision, hash, shown } = stored
  const { version, sha256, parties } = await requireParties(database, area.areaId)
  const all = { revision, after: 0, limit: shown.documents }
  const documents = await draftDocuments(database, monthKey(area.areaId, month), all)
  const list = documents.map(({ document: { kind, member, account, total, tax, corrects } }) => {
    return { kind, member: member.name, account, total: centsText(total), tax: centsText(tax), corrects }
  })
  const said = { month, revision, hash, incompleteBecause, parties: { version, sha256, approvers: parties.approvers } }
  await writeOutput(`${JSON.stringify({ ...said, ...shown, list }, null, 1)}\n`)
  requireComplete(month, stored)
}

async function approve(
  database: Database,
  area: StoredArea,
  { month, keyFile }: BillOptions,
  now: Date,
): Promise<void> {
  if (keyFile === undefined) throw new InputError('--approve needs --key-file')
  const wallet = readWalletFile(keyFile)
  const approver = wallet.address.toLowerCase() as Address
  const { domain, draft } = await draftToApprove(database, area, month)
  const signature = (await signFull(wallet, domain, 'DocumentApproval', approvalOf(draft, approver))) as Hex
  const { revision, hash } = draft
  const said = { month, revision, hash, approver, signature }
  await approveDraft(database, area, said, { now, isWalletSignature: null })
  await writeOutput(`${approver} approves revision ${revision} of ${month}: ${hash}\n`)
}

/** Issues the documents; those that were issued before are written to files again. */
async function issue(
  database: Database,
  area: StoredArea,
  { month, out, rpcUrl }: BillOptions,
  now: Date,
): Promise<void> {
  if (out === undefined) throw new InputError('--issue needs --out')
  const provider = rpcUrl === undefined ? null : openProvider(rpcUrl, area.chainId)
  try {
    const isWalletSignature = provider === null ? null : walletSignatures(provider)
    const revision = await issueMonth(database, area, month, { now, isWalletSignature })
    await mkdir(out, { recursive: true })
    const all = await issuedDocuments(database, { ...area, month })
    const documents = all.filter((document) => document.revision === revision)
    for (const document of documents) {
      const { ubl, pdf } = filesOf(document)
      const keep = (kind: string, content: string | Uint8Array) =>
        writeWhole(join(out, `${document.number}.${kind}`), (partial) => writeFile(partial, content))
      if (ubl !== null) await keep('xml', ubl())
      await keep('pdf', await pdf())
    }
    await writeOutput(`${documents.length} documents of ${month}, revision ${revision}, in ${out}\n`)
  } finally {
    provider?.destroy()
  }
}

function partiesOf(path: string): Parties {
  let json: unknown
  try {
    json = parseJsonText(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InputError(`${path}: ${fileTrouble(cause)}`, { cause })
  }
  try {
    return readParties(json)
  } catch (error) {
    if (!(error instanceof BillingError)) throw error
    throw new BillingError(error.code, error.message.replace(/^/gm, `${path}: `), { cause: error })
  }
}
