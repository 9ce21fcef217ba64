/**
 * A month from the tables to numbered documents: complete or not, compared with what batches settled, approved by two, without gaps,
 * corrected by credit notes.
 */
import type { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, signFull } from '../../contracts/protocol/typed-data.ts'
import { filesOf } from '../../server/api/document-files.ts'
import { approvalOf, approversOf, ofDocuments } from '../../server/billing/approval.ts'
import { corrected } from '../../server/billing/corrections.ts'
import { documentsOf } from '../../server/billing/documents.ts'
import { sumsOf } from '../../server/billing/draft.ts'
import { readParties } from '../../server/billing/parties.ts'
import { requireArea, type StoredArea } from '../../server/store/areas.ts'
import { approveDraft, draftToApprove, issueMonth, previewMonth } from '../../server/store/bill-desk.ts'
import { readMonth } from '../../server/store/bill-month.ts'
import { proofOfLine } from '../../server/store/bill-proof.ts'
import { keepParties, partiesOfArea } from '../../server/store/billing-parties.ts'
import {
  draftDocuments,
  issueDraft,
  issuedDocument,
  issuedDocuments,
  keepDraft,
  notTakenBack,
  takenBackBy,
} from '../../server/store/billing-store.ts'
import { openDatabase } from '../../server/store/database.ts'
import { lower, people } from '../api/people.ts'
import { type Street, startStreet, trade } from '../api/street.ts'
import { faultsOf } from '../billing/en16931.ts'
import { fillStreet, month, area as number, parties, pointOf } from './billed-street.ts'

const now = new Date('2027-02-02T10:00:00Z')
const place = { street: 'Weg 1', postcode: '4020', city: 'Linz', country: 'AT', vatId: 'ATU12345678' }
const vat = [{ from: '2026-01-01', kind: 'small' }]
const small = readParties({
  site: 'http://localhost:8080',
  issuer: { ...place, name: 'Community', registration: 'ZVR 1', vat },
  approvers: [lower(people.grid), lower(people.stranger)],
  members: (['alice', 'bob'] as const).map((name) => ({
    ...place,
    name,
    account: lower(people[name]),
    language: 'de',
    vat,
  })),
})

let street: Street
let area: StoredArea
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  await fillStreet(street.database)
  area = await requireArea(street.database, { area: number })
})
afterAll(() => street.stop())

describe('a month that is not complete', () => {
  test('names who is late since when, and batches that are not settled; none of what those moved is billed', async () => {
    const { gaps, days, coverage } = await readMonth(street.database, 1, '2027-01', now)
    expect(gaps.join('\n')).toMatch(/of \d+ intervals are not measured, the newest value is of 2027-01-15T09:00:00Z/)
    expect(gaps.join('\n')).toContain('8 traded intervals of points lie in batches that are not settled')
    expect(days.reduce((sum, { bought, sold }) => sum + bought.amount + sold.amount, 0n)).toBe(0n)
    // From the opening of its seat to the end of the month, in the area's calendar.
    expect(coverage.map(({ expected, measured }) => [expected, measured])).toEqual([
      [1_600, 4],
      [1_600, 4],
    ])
  })

  test('is none where it has not ended, or nothing is known of it', async () => {
    await expect(readMonth(street.database, 1, '2027-01', new Date('2027-01-31T23:59:59Z'))).rejects.toMatchObject({
      code: 'BILL_MONTH',
    })
    await expect(readMonth(street.database, 1, '2026-12', now)).rejects.toMatchObject({ code: 'BILL_NOTHING' })
    await expect(readMonth(street.database, 1, '2026-13', now)).rejects.toMatchObject({ code: 'BILL_MONTH' })
  })

  test('is billed once its batches are settled, of what they moved', async () => {
    await street.database`
      insert into batch_progress (area_id, end_at, number, status)
      select area_id, end_at, number, 'settled' from batches where area_id = 1
      on conflict (area_id, end_at) do update set status = 'settled'`
    await street.database`
      insert into statements (area_id, end_at, number, leaves, root, stated)
      select area_id, end_at, number, 1, '0xab', '' from batches where area_id = 1 on conflict do nothing`
    const { gaps, days, batches } = await readMonth(street.database, 1, '2027-01', now)
    expect(gaps.join('\n')).not.toContain('not settled')
    expect(batches).toHaveLength(1)
    const documents = documentsOf(days, small, { area: 1, priceDecimals: 4, currency: 'EUR' })
    const sums = sumsOf(documents, 4)
    const [{ paid, received }] = await street.database<[{ paid: string; received: string }]>`
      select sum(paid)::text as paid, sum(received)::text as received from batch_entries where area_id = 1`
    expect([sums.paid, sums.received]).toEqual([BigInt(paid), BigInt(received)])
  })
})

/** Two accounts approve what waits. */
async function approve(wallet: Wallet, change: { hash?: string } = {}) {
  const { domain, draft } = await draftToApprove(street.database, area, month)
  const approver = lower(wallet)
  const value = approvalOf({ ...draft, ...change }, approver)
  const signature = await signFull(wallet, domain, 'DocumentApproval', value)
  const said = { month, revision: draft.revision, hash: draft.hash, approver, signature }
  await approveDraft(street.database, area, said, { now, isWalletSignature: null })
}

const preview = (incompleteBecause: string | null = null) =>
  previewMonth(street.database, area, { month, incompleteBecause, now })
const issue = () => issueMonth(street.database, area, month, { now, isWalletSignature: null })
const issued = () => issuedDocuments(street.database, { ...area, month })

describe('a month of 30 homes', () => {
  test('needs to know who issues, approves and gets its documents; every version of that stays', async () => {
    await expect(preview()).rejects.toMatchObject({ code: 'BILL_PARTIES' })
    expect(await keepParties(street.database, area.areaId, { parties: small, now })).toBe(1)
    await expect(preview()).rejects.toThrowError(/nobody among the members has account/)
    expect(await keepParties(street.database, area.areaId, { parties, now })).toBe(2)
    expect(await keepParties(street.database, area.areaId, { parties, now })).toBe(2)
    expect((await partiesOfArea(street.database, area.areaId))!.parties).toEqual(parties)
  })

  test('is previewed whole: 745 hours a point, and documents that are what settled batches moved, to the cent', async () => {
    const { revision, shown } = await preview()
    expect((await preview()).revision).toBe(revision)
    expect(shown.gaps).toEqual([])
    expect(shown.coverage).toHaveLength(30)
    for (const { expected, measured, final } of shown.coverage)
      expect([expected, measured, final]).toEqual([745, 745, 745])
    const [{ paid, received }] = await street.database<[{ paid: number; received: number }]>`
      select sum(paid)::bigint as paid, sum(received)::bigint as received from seat_intervals
      where area_id = ${area.areaId} and start >= ${Date.UTC(2026, 8, 30, 22) / 1000} and start < ${Date.UTC(2026, 9, 31, 23) / 1000}`
    const exact = (cents: string, remainder: string) =>
      Math.round(Number(cents) * 1e7) + Math.round(Number(remainder) * 1e7)
    expect(exact(shown.sums.paid, shown.sums.paidRemainder)).toBe(paid)
    expect(exact(shown.sums.received, shown.sums.receivedRemainder)).toBe(received)
    expect(Math.round(Number(shown.settled.paid) * 1e7)).toBe(paid)
    const all = { revision, after: 0, limit: 1_000 }
    const documents = await draftDocuments(street.database, { areaId: area.areaId, month: `${month}-01` }, all)
    // Who sold and is taxed anew from the 16th on has two documents; two homes traded nothing.
    const kinds = documents.map(({ document }) => document.kind)
    expect([kinds.filter((kind) => kind === '380').length, kinds.filter((kind) => kind === 'sheet').length]).toEqual([
      14, 2,
    ])
    expect(kinds.filter((kind) => kind === '389').length).toBeGreaterThan(14)
  })

  test('is issued once two different approvers have signed exactly this', async () => {
    await expect(issue()).rejects.toThrowError(/0 of 2 approvers/)
    await approve(people.grid)
    await approve(people.grid)
    await expect(issue()).rejects.toThrowError(/1 of 2 approvers/)
    await expect(approve(people.alice)).rejects.toThrowError(/none of the approvers/)
    await expect(approve(people.stranger, { hash: 'ab'.repeat(32) })).rejects.toThrowError(/this is no signature/)
    await approve(people.stranger)
    await Promise.all([issue(), issue()])
    await issue()
    const documents = await issued()
    expect(documents.map(({ number }) => number)).toEqual(
      documents.map((_, i) => `${number}-${String(i + 1).padStart(6, '0')}`),
    )
    expect(await issuedDocument(street.database, area, documents[3]!.number)).toEqual(documents[3])
    expect(await issuedDocument(street.database, area, '8-000001')).toBeNull()
    await expect(preview()).rejects.toMatchObject({ code: 'BILL_NOTHING' })
  })

  test('as files: UBL by the rules of EN 16931, PDF in two languages', async () => {
    const documents = await issued()
    for (const each of documents) {
      const { ubl } = filesOf(each)
      if (ubl !== null) expect(faultsOf(ubl())).toEqual([])
      else expect(each.document.kind).toBe('sheet')
    }
    for (const language of ['de', 'en']) {
      const own = documents.find(({ document }) => document.member.language === language)!
      expect((await filesOf(own).pdf()).subarray(0, 5).toString()).toBe('%PDF-')
    }
  })

  test('has lines that the settled batches prove, interval by interval', async () => {
    for (const each of (await issued()).slice(0, 6)) {
      for (const [i, line] of each.document.lines.entries()) {
        const { batches, ...sums } = await proofOfLine(street.database, area.areaId, each, i)
        if (line.proof === null) continue
        const { intervals, energyWh, amount } = line
        expect(sums).toEqual({ intervals, energyWh, amount, hash: line.proof })
        expect(batches.map(({ end }) => end)).toEqual(each.document.paidBy)
        expect(batches.reduce((sum, batch) => sum + batch.amount, 0n)).toBe(amount)
      }
    }
  })

  test('is never changed, not even by a statement of the database', async () => {
    const { database } = street
    for (const statement of [
      database`update documents set kind = '381'`,
      database`delete from documents`,
      database`truncate documents`,
    ])
      await expect(statement).rejects.toThrowError('an issued document is never changed')
  })

  test('is refused once the tables say something else than the batches settled', async () => {
    const { database } = street
    const one = database`area_id = ${area.areaId} and seat = 2 and start = ${Date.UTC(2026, 9, 7) / 1000}`
    const change = (by: number) => database`update seat_intervals set paid = paid + ${by} where ${one}`
    const ofBatch = database`area_id = ${area.areaId} and end_at = ${Date.UTC(2026, 9, 8) / 1000}`
    const entry = (by: number) => database`update batch_entries set paid = paid + ${by} where ${ofBatch} and seat = 4`
    const all = (by: number) => database`update batches set received = received + ${by} where ${ofBatch}`
    for (const each of [change, entry, all]) await each(1)
    const said: unknown = await preview().catch((error: unknown) => error)
    expect(said).toMatchObject({ code: 'BILL_DIFFERS' })
    expect(String(said).match(/the fills.*?(?=;|$)|its fills.*?(?=;|$)/g)).toEqual([
      'the fills are not the money of its row',
      'its fills are not what the batch that ends at 2026-10-08T00:00:00Z moved for it',
      'the fills of the batch that ends at 2026-10-08T00:00:00Z are not what it moved',
    ])
    for (const each of [change, entry, all]) await each(-1)
  })

  test('stays as it is billed where an official value is corrected after the cut, since nothing moves', async () => {
    const { database } = street
    const start = Date.UTC(2026, 9, 12, 9) / 1000
    const ofHome = database`area_id = ${area.areaId} and start = ${start} and seat = 2`
    await database`
      insert into intervals
      select (jsonb_populate_record(own, '{"run": 2, "kind": "corrected"}')).* from intervals own
      where area_id = ${area.areaId} and start = ${start}`
    const correct = (by: number, run: number) =>
      database`update seat_intervals set import_wh = import_wh + ${by}, run = ${run} where ${ofHome}`
    await correct(90, 2)
    await expect(preview()).rejects.toThrowError(`nothing is to be issued for ${month}`)
    await correct(-90, 1)
    await database`delete from intervals where area_id = ${area.areaId} and start = ${start} and run = 2`
  })

  test('is corrected by credit notes, and an approval of what changed since counts for nothing', async () => {
    const { database } = street
    // Home 2 is somebody else from the 20th on.
    await database`
      update roster_entries set end_day = 20746 where area_id = ${area.areaId} and point = ${pointOf(2)}`
    await database`
      insert into roster_entries (area_id, meter, direction, from_day, member, point)
      select area_id, meter, direction, 20746, member, ${pointOf(99)} from roster_entries
      where area_id = ${area.areaId} and point = ${pointOf(2)}`
    const before = await issued()
    await preview()
    await approve(people.grid)
    await approve(people.stranger)
    await database`update roster_entries set point = ${pointOf(98)} where area_id = ${area.areaId} and point = ${pointOf(99)}`
    await expect(issue()).rejects.toMatchObject({ code: 'BILL_CHANGED' })
    await preview()
    await expect(issue()).rejects.toThrowError(/0 of 2 approvers/)
    await approve(people.grid)
    await approve(people.stranger)
    await issue()
    const later = (await issued()).slice(before.length)
    const taken = before.find(({ document }) => document.lines[0]!.point === pointOf(2) && document.kind === '380')!
    expect(later.map(({ document }) => [document.kind, document.corrects])).toEqual([
      ['381', taken.number],
      ['380', null],
    ])
    expect(later[1]!.document.lines.map(({ point }) => point)).toEqual([pointOf(2), pointOf(98)])
    expect(later[1]!.document.total).toBe(taken.document.total)
    expect(await takenBackBy(database, area, taken.place)).toBe(later[0]!.number)
    const standing = notTakenBack(await issued())
    expect(standing.map(({ number }) => number)).not.toContain(taken.number)
    // What the issued line of the old document summed is no longer what the month says: the proof shows it.
    expect((await proofOfLine(database, area.areaId, taken, 0)).hash).not.toBe(taken.document.lines[0]!.proof)
  })
})

describe('numbers', () => {
  test('have no gap and none is given twice, whoever is ended in the middle', async () => {
    const { database } = street
    const [first] = await issued()
    const numbersOf = async () =>
      (
        await database<
          { number: number }[]
        >`select number from documents where area_id = ${area.areaId} order by number`
      ).map((row) => row.number)
    const before = await numbersOf()
    const keys = ['2026-07-01', '2026-08-01', '2026-09-01'].map((each) => ({ areaId: area.areaId, month: each }))
    const documents = Array.from({ length: 5 }, () => first!.document)
    for (const key of keys) {
      const own = { hash: key.month, incompleteBecause: null, documents, shown: {}, now }
      expect(await keepDraft(database, key, own)).toBe(1)
    }
    // Somebody holds the number in the middle of the first month, so that its issue stands still there and is ended.
    const holder = openDatabase(street.databaseUrl, 1)
    await holder`begin`
    await holder`
      insert into documents select area_id, ${before.length + 3}, month, revision, account, kind, corrects, issued_at, content
      from documents where area_id = ${area.areaId} and number = 1`
    const ended = issueDraft(database, keys[0]!, { revision: 1, now }).catch((error: unknown) => error)
    let pid: number | undefined
    while (pid === undefined) {
      const [row] = await database<{ pid: number }[]>`
        select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into documents%'`
      pid = row?.pid
    }
    await database`select pg_terminate_backend(${pid})`
    expect(await ended).toBeInstanceOf(Error)
    await holder`rollback`
    await holder.end()
    expect(await numbersOf()).toEqual(before)
    const results = await Promise.all([...keys, ...keys].map((key) => issueDraft(database, key, { revision: 1, now })))
    expect(results.filter((isNow) => isNow)).toHaveLength(3)
    expect(await numbersOf()).toEqual(Array.from({ length: before.length + 15 }, (_, i) => i + 1))
  })
})

test('an approval counts of whoever signed it, by key or as a contract wallet', async () => {
  const domain = { chainId: 31_337, escrow: `0x${'6'.repeat(40)}` }
  const draft = { rules: `0x${'7'.repeat(64)}`, month: '2026-10', revision: 3, hash: 'cd'.repeat(32) }
  const [grid, wallet] = [lower(people.grid), lower(people.bob)]
  const signature = await signFull(people.grid, domain, 'DocumentApproval', approvalOf(draft, grid))
  const ofWallet = digestOf(domain, 'DocumentApproval', approvalOf(draft, wallet))
  const approvals = [
    { approver: grid, signature },
    { approver: lower(people.alice), signature },
    { approver: wallet, signature: '0x1234' },
  ]
  const isWalletSignature = async (account: string, digest: string) => account === wallet && digest === ofWallet
  expect([...(await approversOf(domain, ofDocuments(draft), approvals, null))]).toEqual([grid])
  expect([...(await approversOf(domain, ofDocuments(draft), approvals, isWalletSignature))]).toEqual([grid, wallet])
  expect([...(await approversOf(domain, ofDocuments({ ...draft, revision: 4 }), approvals, null))]).toEqual([])
  expect(corrected([], [])).toEqual([])
})
