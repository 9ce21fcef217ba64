/**
 * Reports over HTTP: for the grid operator alone, in every format, compressed, numbered, refused with a reason. Documents of the same
 * month: previewed, approved by two accounts, issued, read by those whom they concern, and proved. Reports released by two.
 */
import { createHash } from 'node:crypto'
import type { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { recoverSigner, signFull } from '../../contracts/protocol/typed-data.ts'
import { hashOfManifest } from '../../server/billing/approval.ts'
import { readParties } from '../../server/billing/parties.ts'
import { keepParties } from '../../server/store/billing-parties.ts'
import { faultsOf } from '../billing/en16931.ts'
import { batchSeconds, intervalSeconds, t0 } from '../market/engine/street.ts'
import { linesOf } from '../reports/rows.ts'
import { domain, lower, meters, people, settings } from './people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const range = `from=${iso(t0)}&to=${iso(t0 + 900)}`

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  token = await tokenOf(street, people.grid)
})
afterAll(() => street.stop())

const report = (query: string, headers: Record<string, string> = {}) =>
  ask(street, 'GET', `areas/1/report?${query}`, { token, headers })

describe('the settlement report', () => {
  test('is for the grid operator only, the export of a batch also for the watchers of the area', async () => {
    for (const [path, code] of [
      [`areas/1/report?${range}`, 'NOT_GRID_ACCOUNT'],
      ['areas/1/reports', 'NOT_GRID_ACCOUNT'],
      [`areas/1/batches/${iso(t0 + batchSeconds)}/export`, 'NOT_WATCHER'],
    ] as const) {
      expect((await ask(street, 'GET', path)).body.code).toBe('SESSION_NEEDED')
      const foreign = await ask(street, 'GET', path, { token: await tokenOf(street, people.alice) })
      expect(foreign.body.code).toBe(code)
    }
  })

  test('comes packed without a warning in the log that something leaks', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error) => warnings.push(message)
    process.on('warning', note)
    expect((await report(range, { 'accept-encoding': 'gzip' })).headers.get('content-encoding')).toBe('gzip')
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test('has a row per metering point that reconciles to the watt-hour and the ledger unit', async () => {
    const reply = await report(range)
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toContain('text/csv')
    const [alice, bob, end] = linesOf(reply.body)
    expect(alice).toMatchObject({
      ...{
        gridArea: 'Test street',
        zone: 'north',
        intervalStart: '2027-01-15T08:00:00Z',
        importWh: '0',
        exportWh: '500',
      },
      ...{ soldWh: '400', residualExportWh: '100', averagePricePerKwh: '0.155000', energyAmount: '0.044' },
      ...{ gridFeeAmount: '0.004', congestionAmount: '-0.022', batch: '2027-01-15T09:00:00Z', soldSpotWh: '400' },
      ...{ paidAmount: '0', receivedAmount: '0.062', exportAtStartWh: '', exportAtEndWh: '500' },
    })
    expect(bob).toMatchObject({
      ...{ importWh: '800', boughtWh: '400', residualImportWh: '400', energyAmount: '-0.044' },
      ...{ gridFeeAmount: '0.004', congestionAmount: '0.03', paidAmount: '0.078', importAtEndWh: '800' },
    })
    expect(end).toMatchObject({ importWh: '800', exportWh: '500', paidAmount: '0.078', receivedAmount: '0.062' })
    for (const line of reply.body.split('\r\n').slice(1, 3)) {
      const at = line.lastIndexOf(',')
      expect(line.slice(at + 1)).toBe(createHash('sha256').update(line.slice(0, at)).digest('hex'))
    }
  })

  test('comes compressed to whoever takes it', async () => {
    const path = `${street.origin}/api/v1/areas/1/report?${range}`
    const get = (encoding: string) =>
      fetch(path, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': encoding } })
    const [packed, plain] = [await get('gzip'), await get('identity')]
    expect([packed, plain].map(({ headers }) => headers.get('content-encoding'))).toEqual(['gzip', null])
    expect(await packed.text()).toBe(await plain.text())
  })

  test('sums, selects and has the formats of the table', async () => {
    const day = linesOf((await report(`from=${iso(t0)}&to=${iso(t0 + 3_600)}&by=day&zone=north`)).body)
    expect(day[0]).toMatchObject({ intervals: '4', exportWh: '2000', exportAtEndWh: '2000' })
    expect(day).toHaveLength(2)
    const one = linesOf((await report(`${range}&point=${lower(meters.bob)}`)).body)
    expect(one[0]).toMatchObject({ meter: lower(meters.bob) })
    expect(linesOf((await report(`${range}&changedSince=1`)).body)).toHaveLength(1)
    const formats = (await ask(street, 'GET', 'report-formats')).body.items
    expect(formats.map(({ name }: { name: string }) => name)).toContain('espi')
    const feed = await report(`${range}&format=espi`)
    expect(feed.headers.get('content-type')).toContain('application/atom+xml')
    expect(feed.body.match(/<espi:value>/g)).toHaveLength(8)
  })

  test.each([
    ['a range that ends before it begins', `from=${iso(t0 + 900)}&to=${iso(t0)}`, 'REPORT_RANGE'],
    ['an empty range', `from=${iso(t0)}&to=${iso(t0)}`, 'REPORT_RANGE'],
    ['an unknown format', `${range}&format=pdf`, 'REPORT_FORMAT'],
    ['an unknown period', `${range}&by=week`, 'REPORT_SELECTION'],
    ['an unknown time zone', `${range}&timeZone=Mars`, 'VALUES_ZONE'],
    ['a run that is none', `${range}&changedSince=monday`, 'REPORT_SELECTION'],
    [
      'a format that cannot be without rows',
      `from=${iso(t0 + 86_400)}&to=${iso(t0 + 2 * 86_400)}&format=energy-account`,
      'REPORT_FORMAT',
    ],
    ['intervals of another length', `${range}&format=nem12&by=day`, 'REPORT_LENGTH'],
  ])('is refused for %s, with a problem document', async (_name, query, code) => {
    const reply = await report(query)
    expect(reply.status).toBe(400)
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
    expect(reply.body.code).toBe(code)
  })

  test('has versions: the same again, and the next one once something changed', async () => {
    const query = `from=${iso(t0)}&to=${iso(t0 + 2 * intervalSeconds)}`
    const [first, again] = [await report(query), await report(query)]
    expect(again.body).toBe(first.body)
    expect(first.headers.get('content-disposition')).toContain('-v1.csv')
    await street.database`update intervals set computed_at = computed_at + interval '1 hour' where start = ${t0}`
    expect((await report(query)).headers.get('content-disposition')).toContain('-v2.csv')
    const changed = linesOf((await report(`${query}&changedSince=${iso(t0 + intervalSeconds + 3_600)}`)).body)
    expect(changed.slice(0, -1).map(({ intervalStart }) => intervalStart)).toEqual(
      Array(2).fill('2027-01-15T08:00:00Z'),
    )
    const { items } = (await ask(street, 'GET', 'areas/1/reports', { token })).body
    const own = items.filter(({ report }: { report: { to: number } }) => report.to === t0 + 2 * intervalSeconds)
    expect(own.map(({ version }: { version: number }) => version)).toEqual([1, 2, 1])
    expect(own[2].manifest).toMatchObject({ rows: 4, sha256: createHash('sha256').update(first.body).digest('hex') })
  })
})

const place = { street: 'Weg 1', postcode: '4020', city: 'Linz', country: 'AT', vatId: 'ATU12345678' }
const vat = [{ from: '2026-01-01', kind: 'small' }]
const parties = readParties({
  site: 'https://street.example',
  issuer: { ...place, name: 'Community', registration: 'ZVR 1', vat },
  approvers: [lower(people.grid), lower(people.stranger)],
  members: (['alice', 'bob'] as const).map((name) => {
    return { ...place, name, account: lower(people[name]), language: 'en', vat }
  }),
})

describe('documents', () => {
  const base = 'areas/1/bills/2027-01'
  let tokens: Record<'grid' | 'stranger' | 'alice' | 'bob', string>
  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2027-02-02T10:00:00Z') })
    const { database } = street
    await database`
      insert into batch_progress (area_id, end_at, number, status) select area_id, end_at, number, 'settled' from batches
      on conflict (area_id, end_at) do update set status = 'settled'`
    await database`
      insert into statements (area_id, end_at, number, leaves, root, stated)
      select area_id, end_at, number, 1, '0xab', '' from batches on conflict do nothing`
    const [grid, stranger, alice, bob] = await Promise.all(
      (['grid', 'stranger', 'alice', 'bob'] as const).map((name) => tokenOf(street, people[name])),
    )
    tokens = { grid: grid!, stranger: stranger!, alice: alice!, bob: bob! }
  })
  afterAll(() => {
    vi.useRealTimers()
  })
  const get = (path: string, who: keyof typeof tokens = 'grid') => ask(street, 'GET', path, { token: tokens[who] })
  const post = (path: string, body: unknown, who: keyof typeof tokens = 'grid') =>
    ask(street, 'POST', `${base}/${path}`, { token: tokens[who], body })
  const preview = (incompleteBecause: string | null) => post('previews', { incompleteBecause })
  async function approve(wallet: Wallet, change: object = {}, who: keyof typeof tokens = 'grid') {
    const { revision, documentsHash } = (await get(base)).body.preview
    const rules = settings.rulesHash
    const approval = { account: lower(wallet), rules, month: 202_701, revision, documents: documentsHash, ...change }
    const signature = await signFull(wallet, domain, 'DocumentApproval', approval)
    return post('approvals', { approval, signature }, who)
  }

  test('need the word of whoever issues them, and of why a month with gaps is billed', async () => {
    expect((await get(base, 'alice')).body.code).toBe('NOT_GRID_ACCOUNT')
    expect((await get(base, 'stranger')).body.code).toBe('NOT_GRID_ACCOUNT')
    expect((await get(base)).body).toMatchObject({ parties: null, preview: null })
    expect((await preview(null)).body.code).toBe('BILL_PARTIES')
    await keepParties(street.database, 1, { parties, now: new Date() })
    const shown = (await preview(null)).body.preview
    expect(shown.gaps.join()).toMatch(/intervals are not measured, the newest value is of 2027-01-15T09:00:00Z/)
    const refused = await approve(people.grid)
    expect([refused.status, refused.body.code]).toEqual([409, 'BILL_INCOMPLETE'])
    const { body } = await preview('the street began to trade in the middle of the month')
    expect(body.preview).toMatchObject({
      ...{ revision: 2, documents: 2, approvals: [], issuedAt: null, currency: 'EUR' },
      sums: { paid: '0.31', received: '0.25', paidRemainder: '0.002', receivedRemainder: '-0.002' },
      settled: { paid: '0.312', received: '0.248' },
    })
    expect(body.preview.coverage.map(({ member }: { member: string }) => member).toSorted()).toEqual(['alice', 'bob'])
    // Who may approve is a clerk, too.
    const { items } = (await get(`${base}/documents`, 'stranger')).body
    expect(items.map(({ kind, number, total }: Record<string, string>) => [kind, number, total]).toSorted()).toEqual([
      ['380', null, '0.31'],
      ['389', null, '0.25'],
    ])
  })

  test.each(['a\u0000b', '\ud800 half a letter', 'a\u001b[2Jb', '\ufffe'])(
    'take no reason that nobody could read or keep: %j',
    async (reason) => {
      const refused = await preview(reason)
      expect([refused.status, refused.body.code]).toEqual([400, 'REQUEST_INVALID'])
      expect(() => readParties({ ...parties, issuer: { ...parties.issuer, name: reason } })).toThrow('issuer.name: ')
    },
  )

  test.each(['2027-13', '2027-1', '0000-00', '2027-01-01', '+2027-01'])('are of no month like %s', async (name) => {
    const asked = await ask(street, 'POST', `areas/1/bills/${name}/previews`, {
      ...{ token: tokens.grid, body: { incompleteBecause: null } },
    })
    expect([asked.status, asked.body.code]).toEqual([400, 'REQUEST_INVALID'])
  })

  test.each(['2027-02', '2099-12', '9999-12', '0001-01', '1969-12', '2026-11'])(
    'are of no month that is to come, or of which nothing is known: %s',
    async (name) => {
      const asked = await ask(street, 'POST', `areas/1/bills/${name}/previews`, {
        ...{ token: tokens.grid, body: { incompleteBecause: null } },
      })
      expect(asked.body.code).toMatch(/^BILL_(MONTH|NOTHING)$/)
    },
  )

  test('are issued once two different accounts have signed exactly this', async () => {
    expect((await post('issue', {})).body.code).toBe('BILL_APPROVAL')
    expect((await approve(people.alice)).body.code).toBe('BILL_APPROVAL')
    expect((await approve(people.grid, { month: 202_612 })).body.code).toBe('BILL_CHANGED')
    expect((await approve(people.grid, { revision: 1 })).body.code).toBe('BILL_CHANGED')
    expect((await approve(people.grid, { documents: `0x${'1'.repeat(64)}` })).body.code).toBe('BILL_CHANGED')
    // What was signed for another area is none of this one.
    expect((await approve(people.grid, { rules: `0x${'1'.repeat(64)}` })).status).toBeGreaterThan(399)
    expect((await get(base)).body.preview.approvals).toEqual([])
    expect((await approve(people.grid)).body.preview.approvals).toEqual([lower(people.grid)])
    // The same person by another session, and once more at the same moment, is one person.
    const again = await tokenOf(street, people.grid)
    expect(again).not.toBe(tokens.grid)
    await Promise.all([approve(people.grid), approve(people.grid, {}, 'stranger')])
    tokens.grid = again
    await approve(people.grid)
    expect((await get(base)).body.preview.approvals).toEqual([lower(people.grid)])
    expect((await post('issue', {})).body.detail).toContain('1 of 2 approvers')
    await approve(people.stranger, {}, 'stranger')
    expect((await post('issue', {}, 'stranger')).body.preview.issuedAt).toBe('2027-02-02T10:00:00.000Z')
    expect((await post('issue', {})).status).toBe(200)
    // What is issued waits for nobody's word any more.
    expect((await approve(people.grid)).body.code).toBe('BILL_CHANGED')
    const { items } = (await get('areas/1/documents?month=2027-01')).body
    expect(items.map(({ number }: { number: string }) => number)).toEqual(['1-000001', '1-000002'])
  })

  test('are read by whom they concern, as JSON, UBL and PDF', async () => {
    const all = (await get('areas/1/documents?limit=1')).body
    const rest = (await get(`areas/1/documents?limit=1&cursor=${all.cursor}`)).body
    expect([...all.items, ...rest.items]).toHaveLength(2)
    const [own, ...others] = (await get('areas/1/documents', 'bob')).body.items
    expect(others).toEqual([])
    expect(own).toMatchObject({ kind: '380', member: 'bob', total: '0.31', takenBackBy: null, corrects: null })
    expect((await get(`areas/1/documents?account=${lower(people.alice)}`, 'bob')).body.code).toBe('ACCOUNT_FOREIGN')
    expect((await get(`areas/1/documents/${own.number}`, 'alice')).body.code).toBe('BILL_UNKNOWN')
    expect((await get('areas/1/documents/1-000009')).body.code).toBe('BILL_UNKNOWN')
    expect((await get(`areas/1/documents/${own.number}`, 'bob')).body).toEqual(own)
    const ubl = await get(`areas/1/documents/${own.number}/ubl`, 'bob')
    expect(ubl.headers.get('content-disposition')).toContain(`${own.number}.xml`)
    expect(faultsOf(ubl.body)).toEqual([])
    expect((await get(`areas/1/documents/${own.number}/pdf`, 'bob')).body).toMatch(/^%PDF-/)
    const reads = (await get(`accounts/${lower(people.bob)}/reads`, 'bob')).body.items
    expect(reads.map(({ what }: { what: string }) => what)).toContain('documents')
  })

  test('have lines that are proved by the batches that settled them', async () => {
    const [own] = (await get('areas/1/documents', 'bob')).body.items
    const proof = (await get(`areas/1/documents/${own.number}/lines/1`, 'bob')).body
    expect(proof).toMatchObject({
      agrees: true,
      intervals: 4,
      energyWh: 1_600,
      amount: '0.312',
      hash: own.lines[0].proof,
    })
    expect(proof.batches).toEqual([
      expect.objectContaining({
        end: '2027-01-15T09:00:00.000Z',
        statementRoot: '0xab',
        energyWh: 1_600,
        amount: '0.312',
      }),
    ])
    street.statements.set(`1 2 ${t0 + batchSeconds}`, new Error('asked for'))
    expect((await get(proof.batches[0].statement.slice(1), 'bob')).status).toBe(500)
    expect((await get(`areas/1/documents/${own.number}/lines/2`)).body.code).toBe('BILL_UNKNOWN')
    await street.database`update batch_progress set status = 'submitted'`
    expect((await get(`areas/1/documents/${own.number}/lines/1`)).body).toMatchObject({ agrees: false, intervals: 0 })
  })
})

describe('the release of a report', () => {
  const query = `from=${iso(t0)}&to=${iso(t0 + 3 * intervalSeconds)}`
  const asked = { format: 'csv', from: t0, to: t0 + 3 * intervalSeconds, by: 'interval', timeZone: 'UTC' }
  let tokens: Record<'grid' | 'stranger' | 'alice', string>
  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2027-02-02T10:00:00Z') })
    await keepParties(street.database, 1, { parties, now: new Date() })
    const [grid, stranger, alice] = await Promise.all(
      (['grid', 'stranger', 'alice'] as const).map((name) => tokenOf(street, people[name])),
    )
    tokens = { grid: grid!, stranger: stranger!, alice: alice! }
  })
  afterAll(() => {
    vi.useRealTimers()
  })
  const written = () => ask(street, 'GET', `areas/1/report?${query}`, { token: tokens.grid })
  type Who = keyof typeof tokens
  const list = async (who: Who = 'grid') => (await ask(street, 'GET', 'areas/1/releases', { token: tokens[who] })).body
  const propose = (version: number, report: object = asked, who: Who = 'grid') =>
    ask(street, 'POST', 'areas/1/releases', { token: tokens[who], body: { report, version } })
  async function approve(wallet: Wallet, change: object = {}, who: Who = 'grid') {
    const { items } = await list()
    const waiting = items.find(({ state }: { state: string }) => state === 'waiting')
    const { manifestHash: manifest, version } = waiting ?? items[0]
    const { from, to } = asked
    const approval = { account: lower(wallet), rules: settings.rulesHash, from, to, version, manifest, ...change }
    const signature = await signFull(wallet, domain, 'ReportApproval', approval)
    const body = { approval, signature }
    return ask(street, 'POST', `areas/1/releases/${manifest}/approvals`, { token: tokens[who], body })
  }
  const change = () =>
    street.database`update intervals set computed_at = computed_at + interval '1 minute' where start = ${t0}`

  test('begins with a version that was written to its end, and is still what the report says', async () => {
    expect((await propose(1)).body.code).toBe('REPORT_UNKNOWN')
    // No database counts so far.
    expect((await propose(2 ** 48)).body.code).toBe('REQUEST_INVALID')
    await written()
    expect((await propose(2)).body.code).toBe('REPORT_UNKNOWN')
    expect((await propose(1, { ...asked, format: 'espi' })).body.code).toBe('REPORT_UNKNOWN')
    await change()
    const refused = await propose(1)
    expect([refused.status, refused.body.code]).toEqual([409, 'REPORT_CHANGED'])
    await written()
    // Whose names stand in another order is the same report.
    const { body } = await propose(2, Object.fromEntries(Object.entries(asked).reverse()))
    expect(body).toMatchObject({ version: 2, state: 'waiting', approvals: [], releasedAt: null, approvalsNeeded: 2 })
    expect(body.manifestHash).toBe(`0x${hashOfManifest(body.manifest)}`)
    expect(body.manifest.sha256).toBe(
      createHash('sha256')
        .update((await written()).body)
        .digest('hex'),
    )
    expect((await propose(2)).body).toEqual(body)
    expect((await list('stranger')).items).toEqual([body])
  })

  test('needs two different approvers, who sign exactly this manifest', async () => {
    for (const [code, wallet, said] of [
      ['REPORT_APPROVAL', people.alice, {}],
      ['REPORT_APPROVAL', people.alice, { account: lower(people.grid) }],
      ['REPORT_CHANGED', people.grid, { manifest: `0x${'1'.repeat(64)}` }],
      ['REPORT_CHANGED', people.grid, { version: 1 }],
      ['REPORT_CHANGED', people.grid, { to: t0 + intervalSeconds }],
      ['REPORT_CHANGED', people.grid, { rules: `0x${'1'.repeat(64)}` }],
    ] as const) {
      expect((await approve(wallet, said)).body.code).toBe(code)
    }
    const once = (await approve(people.grid)).body
    expect(once.approvals.map(({ account }: { account: string }) => account)).toEqual([lower(people.grid)])
    // The same person twice is one person.
    expect((await approve(people.grid)).body).toEqual(once)
    expect((await list()).items[0].state).toBe('waiting')
  })

  test('counts no word on what has changed since: the next version begins without any', async () => {
    await change()
    expect((await list()).items[0]).toMatchObject({ version: 2, state: 'changed' })
    const refused = await approve(people.stranger, {}, 'stranger')
    expect([refused.status, refused.body.code]).toEqual([409, 'REPORT_CHANGED'])
    await written()
    await propose(3)
    const [waiting, ...older] = (await list()).items
    expect(waiting).toMatchObject({ version: 3, state: 'waiting', approvals: [] })
    expect(older).toEqual([])
  })

  test('is done with the second word, and stays whatever comes after it', async () => {
    await Promise.all([approve(people.grid), approve(people.stranger, {}, 'stranger')])
    const [released] = (await list()).items
    expect(released).toMatchObject({ version: 3, state: 'released', releasedAt: '2027-02-02T10:00:00.000Z' })
    expect(released.approvals).toHaveLength(2)
    for (const { account, signature } of released.approvals) {
      const { from, to } = asked
      const value = { account, rules: settings.rulesHash, from, to, version: 3, manifest: released.manifestHash }
      expect(recoverSigner(domain, 'ReportApproval', value, signature)).toBe(account)
    }
    await change()
    expect((await approve(people.grid)).body).toEqual(released)
    await written()
    await propose(4)
    expect((await list()).items.map(({ state }: { state: string }) => state).toSorted()).toEqual([
      'released',
      'waiting',
    ])
  })

  test('does not count whoever approved and is no approver any more', async () => {
    await approve(people.grid)
    const successors = { ...parties, approvers: [lower(people.stranger), lower(people.alice)] }
    await keepParties(street.database, 1, { parties: successors, now: new Date() })
    await approve(people.stranger, {}, 'stranger')
    const fourth = async () => {
      return (await list()).items.find(({ version }: { version: number }) => version === 4).state
    }
    expect(await fourth()).toBe('waiting')
    await approve(people.alice, {}, 'alice')
    expect(await fourth()).toBe('released')
  })
})
