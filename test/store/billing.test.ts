/** A month from the tables to numbered documents: complete or not, approved by two, without gaps, corrected by credit notes. */
import type { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approvalText, approversOf } from '../../server/billing/approval.ts'
import { corrected, documentsOf, sumsOf } from '../../server/billing/documents.ts'
import { readParties } from '../../server/billing/parties.ts'
import { readMonth } from '../../server/store/bill-month.ts'
import {
  documentsOfMonth,
  issueDraft,
  keepApproval,
  keepDraft,
  newestDraft,
  notTakenBack,
} from '../../server/store/billing-store.ts'
import { lower, people } from '../api/people.ts'
import { type Street, startStreet, trade } from '../api/street.ts'

const now = new Date('2027-02-02T10:00:00Z')
const key = { areaId: 1, month: '2027-01-01' }
const place = { street: 'Weg 1', postcode: '4020', city: 'Linz', country: 'AT', vatId: 'ATU12345678' }
const vat = [{ from: '2026-01-01', kind: 'small' }]
const parties = readParties({
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
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
})
afterAll(() => street.stop())

async function draft() {
  const month = await readMonth(street.database, 1, '2027-01', now)
  const { priceDecimals, currency, batches } = month
  const standing = notTakenBack(await documentsOfMonth(street.database, 1, key))
  return {
    month,
    documents: corrected(documentsOf(month.days, parties, { priceDecimals, currency, paidBy: batches }), standing),
  }
}

describe('a month', () => {
  test('names what is missing: readings that are not there, and batches that are not settled', async () => {
    const { month } = await draft()
    expect(month.gaps.join('\n')).toMatch(/of \d+ intervals are not measured/)
    expect(month.gaps.join('\n')).toContain('lie in batches that are not settled')
    await expect(readMonth(street.database, 1, '2027-01', new Date('2027-01-31T23:59:59Z'))).rejects.toMatchObject({
      code: 'BILL_MONTH',
    })
    await expect(readMonth(street.database, 1, '2026-12', now)).rejects.toMatchObject({ code: 'BILL_NOTHING' })
    await street.database`
      insert into batch_progress (area_id, end_at, number, status)
      select area_id, end_at, number, 'settled' from batches on conflict (area_id, end_at) do update set status = 'settled'`
    const settled = await draft()
    expect(settled.month.gaps.join('\n')).not.toContain('not settled')
    expect(settled.month.batches).toHaveLength(1)
  })

  test('is numbered without gaps once, whoever asks how often, and corrected by credit notes', async () => {
    const { month, documents } = await draft()
    const sums = sumsOf(documents, month.priceDecimals)
    const [{ paid, received }] = await street.database<[{ paid: string; received: string }]>`
      select sum(paid)::text as paid, sum(received)::text as received from seat_intervals where current`
    expect([sums.paid, sums.received]).toEqual([BigInt(paid), BigInt(received)])
    const revision = await keepDraft(street.database, key, { hash: 'a', incompleteBecause: null, now })
    expect(await keepDraft(street.database, key, { hash: 'a', incompleteBecause: null, now })).toBe(revision)
    await Promise.all([1, 2, 3].map(() => issueDraft(street.database, key, { revision, documents, now })))
    const issued = await documentsOfMonth(street.database, 1, key)
    expect(issued.map(({ number }) => number)).toEqual(['1-000001', '1-000002'])
    expect(issued.map(({ document }) => document)).toEqual(documents)
    expect((await draft()).documents).toEqual([])

    await street.database`
      update seat_intervals set paid = paid + 100000
      where current and paid > 0 and start = (select min(start) from seat_intervals where paid > 0)`
    const later = (await draft()).documents
    expect(later.map(({ kind, corrects }) => [kind, corrects])).toEqual([
      ['381', issued.find(({ document }) => document.kind === '380')!.number],
      ['380', null],
    ])
    const next = await keepDraft(street.database, key, { hash: 'a2', incompleteBecause: null, now })
    await issueDraft(street.database, key, { revision: next, documents: later, now })
    expect((await documentsOfMonth(street.database, 1, key)).map(({ number }) => number)).toHaveLength(4)
    expect((await draft()).documents).toEqual([])
  })

  test('counts an approval only of who signed exactly this', async () => {
    const revision = await keepDraft(street.database, key, { hash: 'b', incompleteBecause: 'storm', now })
    const of = { area: 1, month: '2027-01', revision, hash: 'b' }
    const sign = (wallet: Wallet, hash: string) => wallet.signMessage(approvalText({ ...of, hash }))
    const keep = async (wallet: Wallet, signature: string) =>
      keepApproval(street.database, key, { revision, approver: lower(wallet) as `0x${string}`, signature, now })
    await keep(people.grid, await sign(people.grid, 'b'))
    await keep(people.grid, await sign(people.grid, 'b'))
    await keep(people.stranger, await sign(people.stranger, 'a'))
    const stored = await newestDraft(street.database, key)
    expect(stored).toMatchObject({ revision, hash: 'b', incompleteBecause: 'storm', issuedAt: null })
    expect([...approversOf(of, stored!.approvals)]).toEqual([lower(people.grid)])
  })
})
