/** Grants of data: who reads what of a seat, how the owner takes it back, and what the owner is told of every read. */
import type { Wallet } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { digestOfRevocation, longestRevocationStep, signRevocation } from '../../contracts/protocol/data-grants.ts'
import { type DataGrant, digestOf, signFull } from '../../contracts/protocol/typed-data.ts'
import { dataReadSchema, grantSchema, nextGrantSchema, ownReadingSchema } from '../../server/api/grant-resources.ts'
import { pageOf } from '../../server/api/resources.ts'
import { ChainError } from '../../server/chain/error.ts'
import { deleteExpired } from '../../server/store/account-store.ts'
import { requireArea } from '../../server/store/areas.ts'
import { grantsFor } from '../../server/store/grant-store.ts'
import { batchSeconds, intervalSeconds, t0 } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
import { domain, lower, people, seatIds, settings } from './people.ts'
import { ask, type Reply, revocations, type Street, startStreet, tokenOf, trade } from './street.ts'

type Name = keyof typeof people
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const daySeconds = 86_400
const midnight = Math.floor(t0 / daySeconds) * daySeconds
const alice = lower(people.alice)
const bob = lower(people.bob)
const stranger = lower(people.stranger)

let street: Street
const tokens: Partial<Record<Name, string>> = {}
/** The street trades in a time of its own, which is that of the server where days must be over. */
const atDay = (days: number) => {
  minutes += 1
  vi.spyOn(Date, 'now').mockReturnValue((midnight + days * daySeconds + 60 * minutes) * 1000)
}
/** Each test has a minute of its own, in which allowances have come back. */
let minutes = 15
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  for (const [name, wallet] of Object.entries(people)) tokens[name as Name] = await tokenOf(street, wallet)
  street.statements.set(`1 1 ${t0 + batchSeconds}`, { anything: true } as never)
})
afterAll(() => street.stop())
beforeEach(() => void atDay(0))
afterEach(() => vi.restoreAllMocks())

const as = (name: Name | undefined) => (name === undefined ? {} : { token: tokens[name]! })
const get = (name: Name | undefined, path: string) => ask(street, 'GET', `accounts/${path}`, as(name))
const post = (name: Name, path: string, body: unknown) => ask(street, 'POST', `accounts/${path}`, { body, ...as(name) })

let nonce = 0
/** Alice lets the stranger read everything of a wide time, unless it is said otherwise. */
function grantOf(change: Partial<DataGrant> = {}): DataGrant {
  nonce += 1
  return {
    ...{ account: alice, seat: BigInt(seatIds.alice), grantee: stranger, scope: 7, granularity: 0 },
    ...{ from: midnight, until: midnight + 30 * daySeconds, nonce },
    ...change,
  }
}

const signed = async (grant: DataGrant, signer: Wallet = people.alice) => ({
  grant: { ...grant, seat: grant.seat.toString() },
  signature: await signFull(signer, domain, 'DataGrant', grant),
})
const give = async (change: Partial<DataGrant> = {}) => {
  const grant = grantOf(change)
  const reply = await post('alice', `${alice}/grants`, await signed(grant))
  expect(reply.status).toBe(201)
  return { ...grant, digest: digestOf(domain, 'DataGrant', grant) }
}

const contract = { chainId: domain.chainId, revocations }
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600
async function revoke(below: number, signer: Wallet = people.alice, name: Name = 'alice') {
  const value = { account: alice, below, deadline: inAnHour() }
  const signature = await signRevocation(signer, contract, value)
  return post(name, `${alice}/grants/revocations`, { area: 1, below, deadline: value.deadline, signature })
}
const revokeAll = () => revoke(nonce + 1)
const readsOf = async () => pageOf(dataReadSchema).parse((await get('alice', `${alice}/reads?limit=500`)).body).items

const times = `from=${iso(midnight)}&to=${iso(midnight + daySeconds)}`
const seat = `seat=${seatIds.alice}`
const month = iso(t0).slice(0, 7)
/** Every read of the document that is of an account, by its operation. */
const resources = {
  listSeats: `${alice}/seats`,
  listOrders: `${alice}/orders?${seat}`,
  getWallet: `${alice}/wallet?area=1`,
  listAgreements: `${alice}/agreements?${seat}`,
  listForwardOrders: `${alice}/forward-orders?${seat}`,
  listDailyBudgets: `${alice}/budgets?${seat}`,
  getBudgetDay: `${alice}/budget-day?${seat}&at=${iso(t0)}`,
  listForwardTrades: `${alice}/forward-trades?${seat}`,
  getPartnerChoices: `${alice}/partner-choices`,
  listSeatIntervals: `${alice}/intervals?${seat}`,
  getSummary: `${alice}/summary?${seat}&${times}`,
  getTotals: `${alice}/totals?${seat}&${times}&by=hour&timeZone=UTC`,
  getMonth: `${alice}/months/${month}?${seat}&timeZone=UTC`,
  getPartners: `${alice}/partners?${seat}&${times}`,
  listSeatBatches: `${alice}/batches?${seat}`,
  listReadings: `${alice}/readings?${seat}&${times}`,
  getSeatWitnesses: `${alice}/witnesses?${seat}&${times}`,
  getStatement: `${alice}/statements/${iso(t0 + batchSeconds)}?${seat}`,
  getOtherPrices: `${alice}/other-prices?${seat}&side=sell&${times}&limits=0.1`,
  getBetterLimits: `${alice}/better-limits?${seat}&side=sell&start=${iso(t0)}`,
  listGrants: `${alice}/grants`,
  getNextGrant: `${alice}/grants/next?area=1`,
  listGrantsReceived: `${alice}/grants-received`,
  listReads: `${alice}/reads`,
  listNotices: `${alice}/notices`,
  takeEverything: `${alice}/everything`,
} as const
type Resource = keyof typeof resources
const everything = Object.keys(resources) as Resource[]
const ofOwnerAlone: Resource[] = [
  ...([
    'getPartnerChoices',
    'getOtherPrices',
    'getBetterLimits',
    'listGrants',
    'getNextGrant',
    'listGrantsReceived',
    'listReads',
  ] as const),
  ...(['listNotices', 'takeEverything'] as const),
]

async function readableBy(name: Name | undefined): Promise<Resource[]> {
  const replies = await Promise.all(everything.map((what) => get(name, resources[what])))
  return everything.filter((_, n) => replies[n]!.status === 200)
}

describe('who reads what', () => {
  const ofIntervals: Resource[] = [
    ...(['listSeatIntervals', 'getSummary', 'getTotals', 'getPartners', 'listSeatBatches'] as const),
  ]
  const ofReadings: Resource[] = ['listReadings', 'getSeatWitnesses']
  test('and every read of an account is asked', async () => {
    const { paths } = (await ask(street, 'GET', '/openapi.json')).body
    const reads = Object.entries<{ get?: { operationId: string } }>(paths).flatMap(([path, { get: read }]) =>
      path.startsWith('/api/v1/accounts/{account}') && read !== undefined ? [read.operationId] : [],
    )
    expect([...everything].sort()).toEqual(reads.sort())
  })

  const roles: [string, () => Promise<unknown>, Name | undefined, Resource[]][] = [
    ['the owner', async () => {}, 'alice', everything],
    ['the grid operator', async () => {}, 'grid', everything.filter((what) => !ofOwnerAlone.includes(what))],
    ['a neighbour', async () => {}, 'bob', []],
    ['nobody', async () => {}, undefined, []],
    ['one with a grant of all', () => give(), 'stranger', [...ofIntervals, ...ofReadings, 'getStatement']],
    ['one with a grant of intervals', () => give({ scope: 1 }), 'stranger', ofIntervals],
    ['one with a grant of readings', () => give({ scope: 2 }), 'stranger', ofReadings],
    ['one with a grant of statements', () => give({ scope: 4 }), 'stranger', ['getStatement']],
    [
      'one with a grant of sums of days',
      () => give({ scope: 1, granularity: 1 }).then(() => atDay(1)),
      'stranger',
      ['getSummary'],
    ],
    [
      'one with a grant of a time to come',
      () => give({ from: t0 + 9 * daySeconds }),
      'stranger',
      ['listSeatIntervals', 'listSeatBatches'],
    ],
    [
      'one with a grant of intervals and readings',
      () => give({ scope: 3 }),
      'stranger',
      [...ofIntervals, ...ofReadings],
    ],
    [
      'one with a grant of intervals and statements',
      () => give({ scope: 5 }),
      'stranger',
      [...ofIntervals, 'getStatement'],
    ],
    [
      'one with a grant of readings and statements',
      () => give({ scope: 6 }),
      'stranger',
      [...ofReadings, 'getStatement'],
    ],
    ['one with a grant of another seat', () => give({ seat: BigInt(seatIds.bob) }).catch(() => {}), 'stranger', []],
    [
      'one with a grant of intervals of a whole month',
      () => give({ scope: 1, from: Date.parse(`${month}-01`) / 1000 }),
      'stranger',
      everything.filter((what) => ofIntervals.includes(what) || what === 'getMonth'),
    ],
    ['one whose grant is taken back', () => give().then(revokeAll), 'stranger', []],
    ['one with a grant of somebody else', () => give({ grantee: bob }), 'stranger', []],
  ]
  test.each(roles)('%s', async (_, prepare, name, expected) => {
    await revokeAll()
    await prepare()
    expect(await readableBy(name)).toEqual(expected)
  })

  test('whoever has followed the grid operator, and that one no more', async () => {
    await revokeAll()
    street.offices.grid = stranger
    try {
      expect(await readableBy('grid')).toEqual([])
      expect(await readableBy('stranger')).toEqual(everything.filter((what) => !ofOwnerAlone.includes(what)))
      const report = (name: Name) => ask(street, 'GET', `areas/1/report?${times}`, as(name))
      expect([(await report('grid')).status, (await report('stranger')).status]).toEqual([403, 200])
      const { body } = await ask(street, 'GET', 'areas/1')
      expect([body.offices.grid, body.rules.grid]).toEqual([stranger, lower(people.grid)])
    } finally {
      street.offices.grid = lower(people.grid)
    }
  })

  test('one member who asks for what takes long again and again keeps nobody else waiting', async () => {
    const name = `1 1 ${t0 + batchSeconds}`
    const statement = street.statements.get(name)!
    let finish = (_: typeof statement) => {}
    street.statements.set(name, new Promise((resolve) => (finish = resolve)) as never)
    const refused: Reply[] = []
    const asked = Array.from({ length: 12 }, async () => {
      const reply = await get('alice', resources.getStatement)
      if (reply.status !== 200) refused.push(reply)
      return reply.status
    })
    await vi.waitFor(() => expect(refused).toHaveLength(4), patiently)
    for (const { body, headers } of refused)
      expect([body.code, headers.get('retry-after')]).toEqual(['TOO_MANY_REQUESTS', '1'])
    expect((await get('bob', `${bob}/statements/${iso(t0 + batchSeconds)}?seat=${seatIds.bob}`)).status).toBe(404)
    finish(statement)
    expect((await Promise.all(asked)).filter((status) => status === 200)).toHaveLength(8)
    expect((await get('alice', resources.getStatement)).status).toBe(200)
    street.statements.set(name, statement)
  })

  test('a grant opens the time that it names, and no more', async () => {
    await revokeAll()
    const [from, until] = [t0 + intervalSeconds, t0 + 3 * intervalSeconds]
    await give({ from, until })
    const intervals = await get('stranger', resources.listSeatIntervals)
    expect(intervals.body.items.map(({ start }: { start: string }) => start)).toEqual(
      [2, 1].map((n) => iso(t0 + n * intervalSeconds)),
    )
    expect((await get('stranger', resources.listSeatBatches)).body.items).toEqual([])
    expect((await get('stranger', resources.getStatement)).body.code).toBe('GRANT_COARSER')
    const readings = pageOf(ownReadingSchema).parse((await get('stranger', resources.listReadings)).body).items
    expect(readings.map(({ time }) => time)).toEqual([1, 2].map((n) => iso(t0 + n * intervalSeconds)))
    const summary = await get('stranger', resources.getSummary)
    expect(summary.body).toMatchObject({ from: iso(from), to: iso(until), exportWh: 1_000, soldWh: 800 })
    expect((await get('stranger', `${alice}/intervals`)).body.code).toBe('ACCOUNT_FOREIGN')
  })

  test('sums of days are of whole days that are over', async () => {
    await revokeAll()
    await give({ scope: 1, granularity: 1 })
    atDay(1)
    const sum = (from: number, to: number) =>
      get('stranger', `${alice}/summary?${seat}&from=${iso(from)}&to=${iso(to)}`)
    expect((await sum(midnight, midnight + daySeconds)).body).toMatchObject({ exportWh: 2_000, soldWh: 1_600 })
    expect((await sum(midnight + 900, midnight + daySeconds)).body.code).toBe('GRANT_COARSER')
    expect((await sum(midnight, midnight + 900)).body.code).toBe('GRANT_COARSER')
    expect((await sum(midnight, midnight + 2 * daySeconds)).body.code).toBe('GRANT_COARSER')
  })

  test('readings come page by page as they were signed', async () => {
    const page = await get('alice', `${resources.listReadings}&limit=3`)
    expect(page.body.items).toHaveLength(3)
    const next = await get('alice', `${resources.listReadings}&limit=3&cursor=${page.body.cursor}`)
    expect(next.body.items.map(({ exportWh }: { exportWh: number }) => exportWh)).toEqual([2_000])
    expect((await get('alice', `${alice}/readings?${seat}&from=${iso(t0)}&to=${iso(t0)}`)).body.code).toBe(
      'RANGE_EMPTY',
    )
    const long = `${alice}/readings?${seat}&from=${iso(t0)}&to=${iso(t0 + 32 * daySeconds)}`
    expect((await get('alice', long)).body.code).toBe('RANGE_TOO_LONG')
  })
})

describe('giving', () => {
  test('takes what the account itself signed, for its own seat and a sensible time, once', async () => {
    await revokeAll()
    const refused = async (change: Partial<DataGrant>, name: Name = 'alice', signer: Wallet = people.alice) => {
      const grant = grantOf(change)
      return (await post(name, `${grant.account}/grants`, await signed(grant, signer))).body.code
    }
    expect(await refused({}, 'alice', people.bob)).toBe('GRANT_SIGNATURE')
    expect(await refused({}, 'bob')).toBe('ACCOUNT_FOREIGN')
    expect(await refused({ seat: BigInt(seatIds.bob) })).toBe('SEAT_UNKNOWN')
    expect(await refused({ account: stranger }, 'stranger', people.stranger)).toBe('SEAT_UNKNOWN')
    expect(await refused({ grantee: alice })).toBe('GRANT_INVALID')
    expect(await refused({ until: midnight })).toBe('GRANT_INVALID')
    expect(await refused({ until: Math.floor(Date.now() / 1000) + 366 * daySeconds })).toBe('GRANT_INVALID')
    expect(await refused({ granularity: 1 })).toBe('GRANT_INVALID')
    expect(await refused({ granularity: 1, scope: 1, from: midnight + 1 })).toBe('GRANT_INVALID')
    expect(await refused({ nonce: 0 })).toBe('GRANT_INVALID')
    expect(await refused({ nonce: 2 ** 52 })).toBe('GRANT_INVALID')
    expect(await refused({ scope: 8 })).toBe('REQUEST_INVALID')
    const body = await signed(grantOf())
    const [first, again] = [await post('alice', `${alice}/grants`, body), await post('alice', `${alice}/grants`, body)]
    expect(grantSchema.parse(first.body)).toMatchObject({
      grantee: stranger,
      scopes: ['intervals', 'readings', 'statements'],
    })
    expect(again.body).toEqual(first.body)
    const received = pageOf(grantSchema).parse((await get('stranger', `${stranger}/grants-received`)).body).items
    expect(received[0]).toEqual(first.body)
    expect((await get('stranger', `${alice}/grants-received`)).body.code).toBe('ACCOUNT_FOREIGN')
  })

  test('is each account’s for itself: nobody gives in the name, and so uses up the places, of another', async () => {
    const named = await signed(grantOf({ seat: BigInt(seatIds.bob) }), people.bob)
    const listed = () => get('alice', `${alice}/grants`).then(({ body }) => body.items)
    const before = await listed()
    expect((await post('bob', `${bob}/grants`, named)).body.code).toBe('ACCOUNT_FOREIGN')
    expect(await listed()).toEqual(before)
  })

  test('takes the word of a contract wallet', async () => {
    const word = `0x${'ab'.repeat(90)}`
    const grant = grantOf()
    street.walletSignatures.add(`${alice} ${digestOf(domain, 'DataGrant', grant)} ${word}`)
    const body = { ...(await signed(grant)), signature: word }
    expect((await post('alice', `${alice}/grants`, body)).status).toBe(201)
    const value = { account: alice, below: nonce + 1, deadline: 9 }
    street.walletSignatures.add(`${alice} ${digestOfRevocation(contract, value)} ${word}`)
    const request = { area: 1, below: value.below, deadline: 9, signature: word }
    expect((await post('alice', `${alice}/grants/revocations`, request)).status).toBe(200)
  })
})

describe('taking back', () => {
  test('holds here at once, and is carried to the chain; what keeps it from there is said', async () => {
    const { nonce: older } = await give({ scope: 1 })
    await give({ scope: 2 })
    street.relayError.next = new ChainError('CHAIN_UNREACHABLE', 'the chain’s node cannot be reached')
    const reply = await revoke(older + 1)
    expect(reply.body).toMatchObject({
      below: older + 1,
      transaction: null,
      notCarried: 'the chain’s node cannot be reached',
    })
    expect(await readableBy('stranger')).toEqual(['listReadings', 'getSeatWitnesses'])
    expect((await revoke(older + 1)).body).toMatchObject({
      transaction: expect.stringMatching(/^0x/),
      notCarried: null,
    })
    expect(street.relayed.at(-1)).toMatchObject({
      method: 'revokeGrants',
      request: { account: alice, below: older + 1 },
    })
    const { items } = pageOf(grantSchema).parse((await get('alice', `${alice}/grants`)).body)
    expect(items.slice(0, 2).map(({ revoked }) => revoked)).toEqual([false, true])
  })

  test('by the longest step leaves the account able to give: it is told the lowest nonce that is taken', async () => {
    const valid = () => get('alice', `${alice}/grants/next?area=1`).then(({ body }) => body.lowestNonce as number)
    const far = (await valid()) + longestRevocationStep
    expect((await revoke(far)).status).toBe(200)
    const next = nextGrantSchema.parse((await get('alice', `${alice}/grants/next?area=1`)).body)
    expect(next).toEqual({ account: alice, area: 1, lowestNonce: far })
    // What the clock would give is taken back already.
    const late = await signed(grantOf({ nonce: Date.now() }))
    expect((await post('alice', `${alice}/grants`, late)).body.code).toBe('GRANT_INVALID')
    nonce = far - 1
    await give({ scope: 1 })
    expect(await readableBy('stranger')).toContain('listSeatIntervals')
    await revokeAll()
    expect(await readableBy('stranger')).toEqual([])
  })

  test('is not undone by what was signed earlier: an older taking back gives nothing back', async () => {
    const { nonce: given } = await give({ scope: 1 })
    const older = given - 1
    expect((await revoke(given + 1)).status).toBe(200)
    expect((await revoke(older)).status).toBe(200)
    expect(await readableBy('stranger')).toEqual([])
    expect((await get('alice', `${alice}/grants/next?area=1`)).body.lowestNonce).toBe(given + 1)
  })

  test('needs the account’s signature, and reaches no further than the contract lets it', async () => {
    expect((await revoke(nonce + 1, people.bob)).body.code).toBe('GRANT_SIGNATURE')
    expect((await revoke(nonce + 1, people.alice, 'bob')).body.code).toBe('ACCOUNT_FOREIGN')
    expect((await revoke(2 ** 52)).body.code).toBe('GRANT_INVALID')
  })

  test('holds when the grant is sent again, and what was signed for another seat, reader or time opens nothing', async () => {
    await revokeAll()
    const body = await signed(grantOf())
    expect((await post('alice', `${alice}/grants`, body)).status).toBe(201)
    expect(await readableBy('stranger')).not.toEqual([])
    await revokeAll()
    expect((await post('alice', `${alice}/grants`, body)).body.code).toBe('GRANT_INVALID')
    // Whoever reads by it has it as well: it is not theirs to give.
    expect((await post('stranger', `${alice}/grants`, body)).body.code).toBe('ACCOUNT_FOREIGN')
    expect(await readableBy('stranger')).toEqual([])
    const fresh = await signed(grantOf())
    for (const change of [
      { grantee: bob },
      { until: midnight + 31 * daySeconds },
      { scope: 3 },
      { nonce: nonce + 1 },
    ]) {
      const changed = { ...fresh, grant: { ...fresh.grant, ...change } }
      expect((await post('alice', `${alice}/grants`, changed)).body.code).toBe('GRANT_SIGNATURE')
    }
    expect(await readableBy('stranger')).toEqual([])
    // Of another seat of the same account, too, nothing is opened.
    await give({ scope: 1 })
    const { areaId } = await requireArea(street.database, { area: 1 })
    const asked = { areaId, account: alice, grantee: stranger, scope: 1 }
    expect(await grantsFor(street.database, { ...asked, seat: 1 })).toHaveLength(1)
    expect(await grantsFor(street.database, { ...asked, seat: 7 })).toEqual([])
    expect(await grantsFor(street.database, { ...asked, seat: 1, account: bob })).toEqual([])
    await revokeAll()
  })
})

describe('the owner is told', () => {
  test('of every read by others: who, when, what, and by which right', async () => {
    await revokeAll()
    await street.database`delete from data_reads`
    const { digest } = await give({ scope: 1 })
    await get('alice', resources.listSeatIntervals)
    await get('bob', resources.listSeatIntervals)
    await get('stranger', resources.listReadings)
    expect(await readsOf()).toEqual([])

    for (let n = 0; n < 3; n++) await get('stranger', resources.getSummary)
    await get('grid', resources.listOrders)
    await ask(street, 'GET', `areas/1/report?${times}`, as('grid'))
    await ask(street, 'GET', `areas/1/report?${times}&point=${settings.rulesHash.slice(0, 42)}`, as('grid'))
    await ask(street, 'GET', `areas/1/batches/${iso(t0 + batchSeconds)}/export`, as('grid'))
    const reads = await readsOf()
    const grid = { reader: lower(people.grid), as: 'grid operator', grant: null, area: 1, times: 1 }
    const day = { from: iso(midnight), until: iso(midnight + daySeconds) }
    expect(reads).toMatchObject([
      { ...grid, what: 'batch export', seat: null, from: iso(t0), until: iso(t0 + batchSeconds) },
      { ...grid, what: 'report', seat: null, ...day },
      { ...grid, what: 'orders', seat: seatIds.alice, from: null, until: null },
      { reader: stranger, as: 'grantee', grant: digest, what: 'summary', seat: seatIds.alice, ...day, times: 3 },
    ])
    const page = (await get('alice', `${alice}/reads?limit=2`)).body
    const rest = (await get('alice', `${alice}/reads?limit=2&cursor=${page.cursor}`)).body
    expect([...page.items, ...rest.items]).toEqual(reads)
    expect((await get('bob', `${bob}/reads`)).body.items.map(({ what }: { what: string }) => what)).toEqual([
      'batch export',
      'report',
    ])
    expect((await get('stranger', `${stranger}/reads`)).body.items).toEqual([])
    await street.database`update data_reads set hour = hour - ${401 * 24}`
    await deleteExpired(street.database, new Date())
    expect((await street.database`select from data_reads`).length).toBe(0)
  })
})
