/** A month that was billed changes: its clerks hear of it, once for each look at the month, and what is only reported is told as that. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { approvalOf } from '../../server/billing/approval.ts'
import { changesInWords } from '../../server/billing/changes.ts'
import { makeBill } from '../../server/commands/run-bill.ts'
import { tellClerks } from '../../server/notices/bill-notices.ts'
import { requireArea, type StoredArea } from '../../server/store/areas.ts'
import { billChanges } from '../../server/store/bill-changes.ts'
import { approveDraft, draftToApprove, issueMonth, previewMonth } from '../../server/store/bill-desk.ts'
import { keepParties } from '../../server/store/billing-parties.ts'
import { keepDraft } from '../../server/store/billing-store.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { readNotices } from '../../server/store/notice-store.ts'
import { lower, people } from '../api/people.ts'
import { patiently } from '../patience.ts'
import { fillStreet, month, area as number, parties, pointOf } from './billed-street.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

const now = new Date('2027-02-02T10:00:00Z')
const clerks = [lower(people.grid), lower(people.stranger)]
const folder = mkdtempSync(join(tmpdir(), 'commonwatt-bill-'))
let server: ScratchServer
let database: Database
let url: string
let area: StoredArea
beforeAll(async () => {
  server = await startScratchServer()
})
beforeEach(async () => {
  ;({ database, url } = await server.fresh())
  await fillStreet(database)
  area = await requireArea(database, { area: number })
  await keepParties(database, area.areaId, { parties, now })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
})

const preview = () => previewMonth(database, area, { month, incompleteBecause: null, now })
const changes = () => billChanges(database, area.areaId)

async function bill(): Promise<void> {
  await preview()
  await approveByBoth()
  await issueMonth(database, area, month, { now, isWalletSignature: null })
}

async function approveByBoth(): Promise<void> {
  for (const wallet of [people.grid, people.stranger]) {
    const { domain, draft } = await draftToApprove(database, area, month)
    const approver = lower(wallet)
    const signature = await signFull(wallet, domain, 'DocumentApproval', approvalOf(draft, approver))
    const said = { month, revision: draft.revision, hash: draft.hash, approver, signature }
    await approveDraft(database, area, said, { now, isWalletSignature: null })
  }
}

/** Lets something else happen in the moment in which a month is about to get its numbers. */
async function whileIssuing(meanwhile: () => Promise<unknown>): Promise<unknown> {
  const holder = openDatabase(url, 1)
  await holder`begin`
  await holder`select pg_advisory_xact_lock(hashtextextended(${`documents ${area.areaId}`}, 0))`
  const waiting = () => database`
    select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`
  // Who asked first is served first.
  const other = meanwhile()
  await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), patiently)
  const issuing = issueMonth(database, area, month, { now, isWalletSignature: null }).catch((error: unknown) => error)
  await vi.waitFor(async () => expect(await waiting()).toHaveLength(2), patiently)
  await holder`rollback`
  await holder.end()
  await other
  return issuing
}

const nothing = {
  settledBatches: 0,
  isRosterChanged: false,
  isTaxationChanged: false,
  correctedIntervals: 0,
  replacedValues: 0,
}

/** An interval of the month is corrected by a value that came after its batch was cut. */
async function correctAfterwards(start = Date.UTC(2026, 9, 12, 9) / 1000): Promise<void> {
  await database`
    insert into intervals
    select (jsonb_populate_record(own, '{"run": 2, "kind": "corrected"}')).* from intervals own
    where area_id = ${area.areaId} and start = ${start}`
  await database`
    insert into official_differences (area_id, start, point, direction, channel, file_before, file, kind)
    values (${area.areaId}, ${start}, ${pointOf(2)}, 'import', 'total', 1, 2, 'replaced')`
}

test('a month of which nothing changed is no news, nor is one that was never billed', async () => {
  await correctAfterwards()
  expect(await changes()).toEqual([])
  await bill()
  expect(await changes()).toEqual([])
})

test('an official value that is corrected after the bill is told, moves nothing, and is over once somebody has looked', async () => {
  await bill()
  await correctAfterwards()
  const [found, ...others] = await changes()
  expect(others).toEqual([])
  expect(found).toMatchObject({ ...nothing, month, correctedIntervals: 1, replacedValues: 1 })
  expect(changesInWords(found!)).toBe(
    '2026-10 was billed, and since then 1 official value was replaced and 1 interval corrected: documents stay, since nothing moves',
  )
  await expect(preview()).rejects.toThrowError(
    'nothing is to be issued for 2026-10: since it was last looked at 1 official value was replaced and 1 interval corrected: documents stay, since nothing moves',
  )
  expect(await changes()).toEqual([])
  await correctAfterwards(Date.UTC(2026, 9, 12, 10) / 1000)
  expect(await changes()).toMatchObject([{ ...nothing, correctedIntervals: 1, replacedValues: 1 }])
})

test('a batch that is settled after the bill, another roster and other taxes call for new documents', async () => {
  const late = database`area_id = ${area.areaId} and end_at = ${Date.UTC(2026, 9, 20) / 1000}`
  await database`update batch_progress set status = 'submitted' where ${late}`
  await previewMonth(database, area, { month, incompleteBecause: 'the batch of a day waits', now })
  await approveByBoth()
  await issueMonth(database, area, month, { now, isWalletSignature: null })
  expect(await changes()).toEqual([])

  await database`update batch_progress set status = 'settled' where ${late}`
  expect(await changes()).toMatchObject([{ ...nothing, settledBatches: 1 }])
  await database`
    update roster_entries set point = ${pointOf(99)} where area_id = ${area.areaId} and point = ${pointOf(2)}`
  const [issuer, first, ...rest] = [parties.issuer, ...parties.members]
  const taxed = { ...first!, vat: [{ from: '2026-01-01', kind: 'small' as const }] }
  await keepParties(database, area.areaId, { parties: { ...parties, issuer, members: [taxed, ...rest] }, now })
  const [found] = await changes()
  expect(found).toMatchObject({ ...nothing, settledBatches: 1, isRosterChanged: true, isTaxationChanged: true })
  expect(changesInWords(found!)).toBe(
    '2026-10 was billed, and since then 1 batch was settled, the roster of the month changed, taxes of the month changed: preview it again',
  )
  await preview()
  expect(await changes()).toEqual([])
})

test('a preview that comes between the check of what was approved and its numbers is not passed over', async () => {
  await preview()
  await approveByBoth()

  const key = { areaId: area.areaId, month: `${month}-01` }
  const newer = () =>
    keepDraft(database, key, { hash: 'ab'.repeat(32), documents: [], incompleteBecause: null, shown: {}, now })
  expect(await whileIssuing(newer)).toMatchObject({ code: 'BILL_CHANGED' })
  expect(await database`select revision from bill_drafts where issued_at is not null`).toEqual([])
  expect(await database`select from documents`).toHaveLength(0)
  await preview()
  await approveByBoth()
  await issueMonth(database, area, month, { now, isWalletSignature: null })
  expect((await database`select from documents`).length).toBeGreaterThan(30)
})

test('names, other months of the roster and later taxes change no document, and nobody is told', async () => {
  await bill()
  const [first, ...rest] = parties.members
  const renamed = {
    ...first!,
    name: 'Somebody',
    vat: [...first!.vat, { from: '2026-11-01', kind: 'reverse' as const }],
  }
  await keepParties(database, area.areaId, { parties: { ...parties, members: [renamed, ...rest] }, now })
  await database`
    update roster_entries set end_day = 20800, supplier = 'Another' where area_id = ${area.areaId} and point = ${pointOf(2)}`
  await database`
    insert into roster_entries (area_id, meter, direction, from_day, member, point)
    select area_id, meter, direction, 20800, member, ${pointOf(99)} from roster_entries
    where area_id = ${area.areaId} and point = ${pointOf(2)}`
  expect(await changes()).toEqual([])
})

test('each clerk gets a notice of it once, and another one when something else changes after somebody has looked', async () => {
  await bill()
  const tell = () => tellClerks(database, { areaId: area.areaId, clerks, now })
  expect(await tell()).toEqual([])
  await correctAfterwards()
  const told = await tell()
  expect(told.map(({ account, kind, subject }) => [account, kind, subject])).toEqual(
    clerks.map((account) => [account, 'bill', `${month} 1`]),
  )
  expect(await tell()).toEqual([])
  // The command says it whatever month it is asked for.
  const said: string[] = []
  const keep = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  await makeBill({ databaseUrl: url, area: number, month, approve: true }).catch(() => {})
  expect(said).toEqual([])
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((_, ...rest: unknown[]) => {
    const written = rest.at(-1)
    if (typeof written === 'function') written()
    return true
  })
  await makeBill({
    databaseUrl: url,
    area: number,
    month,
    issue: true,
    out: folder,
  })
  keep.mockRestore()
  out.mockRestore()
  expect(said).toEqual([expect.stringMatching(/^2026-10 was billed, and since then 1 official value was replaced/)])
  await readNotices(database, clerks[0] as Address, told[0]!.id)
  await preview().catch(() => {})
  expect(await tell()).toEqual([])
  await correctAfterwards(Date.UTC(2026, 9, 13, 9) / 1000)
  expect((await tell()).map(({ account, subject }) => [account, subject])).toEqual(
    clerks.map((account) => [account, `${month} 2`]),
  )
})
