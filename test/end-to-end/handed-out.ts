/** What the utility hands out of a month: batches, statements, reports in every format and documents, as files in a folder. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Wallet } from 'ethers'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { filesOf } from '../../server/api/document-files.ts'
import { presentDocument } from '../../server/api/present-documents.ts'
import { approvalOf } from '../../server/billing/approval.ts'
import { eicCheckCharacter } from '../../server/reports/energy-codes.ts'
import { reportFormat } from '../../server/reports/formats.ts'
import type { ReportManifest } from '../../server/reports/manifest.ts'
import type { Refusal } from '../../server/reports/refusals.ts'
import { seatStatement } from '../../server/statements/seat-statement.ts'
import { areaFileLines } from '../../server/store/area-export.ts'
import type { StoredArea } from '../../server/store/areas.ts'
import {
  approveDraft,
  draftToApprove,
  issueMonth,
  previewMonth,
  type ShownDraft,
} from '../../server/store/bill-desk.ts'
import { keepParties } from '../../server/store/billing-parties.ts'
import { issuedDocuments } from '../../server/store/billing-store.ts'
import type { Database } from '../../server/store/database.ts'
import { openReport, type ReportRequest } from '../../server/store/report-source.ts'
import { lower, people } from '../api/people.ts'
import { partiesOf } from '../store/billed-street.ts'
import type { PlayedMonth } from './played-month.ts'

const day = 86_400
const eic = (text: string) => text + eicCheckCharacter(text)
const parties = { sender: eic('11XSENDER------'), receiver: eic('11XRECEIVER----'), domain: eic('10YDOMAIN------') }

export interface HandedOut {
  folder: string
  /** Ends of the batches. */
  ends: number[]
  /** What the reports are about. */
  range: { from: number; to: number }
  /** By the format's name. */
  reports: Map<string, { manifest: ReportManifest; refusals: Refusal[] }>
  bill: ShownDraft
  documents: number
  /** Of the documents. */
  languages: Set<string>
}

/** Writes everything. `now` is after the month (`2050-10`), and `taxedFrom` a day in it. */
export async function handOut(
  { market, database, street, homes }: PlayedMonth,
  { folder, month, taxedFrom, now }: { folder: string; month: string; taxedFrom: string; now: Date },
): Promise<HandedOut> {
  for (const kind of ['batches', 'statements', 'reports', 'documents'])
    mkdirSync(join(folder, kind), { recursive: true })
  const { stored } = market
  const rows = await database<{ end: number }[]>`
    select end_at as "end" from batches where area_id = ${stored.areaId} order by end_at`
  const ends = rows.map((row) => row.end)
  for (const end of ends) {
    const lines: string[] = []
    for await (const line of areaFileLines(database, stored, end)) lines.push(line)
    await writeFile(
      join(folder, 'batches', `${end}.jsonl`),
      lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join(''),
    )
    for (const { number: seat } of homes) {
      const statement = await seatStatement(database, stored, { seat, end })
      writeFileSync(join(folder, 'statements', `${seat}-${end}.json`), JSON.stringify(statement))
    }
  }
  const range = { from: ends[0]! - day, to: ends.at(-1)! }
  const reports: HandedOut['reports'] = new Map()
  for (const name of ['csv', 'csv-excel', 'espi', 'energy-account']) {
    reports.set(name, await writeReportTo(folder, database, stored, { name, ...range }, now))
  }
  const members = partiesOf(
    street.homes.slice(0, homes.length).map(({ account }) => lower(account)),
    taxedFrom,
  )
  await keepParties(database, stored.areaId, { parties: members, now })
  const { shown } = await previewMonth(database, stored, { month, incompleteBecause: 'values are missing', now })
  for (const wallet of [people.grid, people.stranger]) await approve(database, stored, { month, wallet, now })
  await issueMonth(database, stored, month, { now, isWalletSignature: null })
  const issued = await issuedDocuments(database, { ...stored, month })
  for (const each of issued) {
    const { number, issuedAt, document } = each
    const { ubl, pdf } = filesOf(each)
    const file = (ending: string) => join(folder, 'documents', `${number}.${ending}`)
    const said = presentDocument(document, { number, issuedAt: issuedAt.toISOString(), month })
    writeFileSync(file('json'), JSON.stringify(said))
    if (ubl !== null) writeFileSync(file('xml'), ubl())
    writeFileSync(file('pdf'), await pdf())
  }
  const languages = new Set(issued.map(({ document }) => document.member.language as string))
  return { folder, ends, range, reports, bill: shown, documents: issued.length, languages }
}

export async function writeReportTo(
  folder: string,
  database: Database,
  { areaId }: StoredArea,
  { name, ...asked }: { name: string } & Pick<ReportRequest, 'from' | 'to' | 'timeZone'>,
  now: Date,
): Promise<{ manifest: ReportManifest; refusals: Refusal[] }> {
  const format = reportFormat(name)
  const refusals: Refusal[] = []
  const request = { format, ...asked, by: 'interval' as const, selection: {}, parties }
  const pieces = (await openReport(database, areaId, request, now)).write((refusal) => refusals.push(refusal))
  const texts: string[] = []
  for (;;) {
    const { done, value } = await pieces.next()
    if (done) {
      await writeFile(join(folder, 'reports', `${name}.${format.ending}`), texts.join(''))
      return { manifest: value, refusals }
    }
    texts.push(value)
  }
}

async function approve(
  database: Database,
  area: StoredArea,
  { month, wallet, now }: { month: string; wallet: Wallet; now: Date },
): Promise<void> {
  const { domain, draft } = await draftToApprove(database, area, month)
  const approver = lower(wallet)
  const signature = await signFull(wallet, domain, 'DocumentApproval', approvalOf(draft, approver))
  const { revision, hash } = draft
  await approveDraft(database, area, { month, revision, hash, approver, signature }, { now, isWalletSignature: null })
}
