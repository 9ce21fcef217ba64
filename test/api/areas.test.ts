/**
 * Two areas of two escrows with two tokens in one server: each goes by its own settings, also the highest number. In a third one
 * the grid operator allocates.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Declaration, digestOf, hashRules, signCompact, signFull } from '../../contracts/protocol/typed-data.ts'
import { areaSlugs } from '../../server/api/area-places.ts'
import { awaitedSchema, declarationSchema } from '../../server/api/declaration-resources.ts'
import { areaSchema, orderSchema, pageOf, seatSchema } from '../../server/api/resources.ts'
import { contentOf, type Declared, kindOfDeclared } from '../../server/market/area/declarations.ts'
import { intervalSeconds, t0, terms } from '../market/engine/street.ts'
import {
  lower,
  meters,
  orderOf,
  people,
  seatIds,
  seatOfPerson,
  settings,
  settingsOfArea,
  signedOrder,
} from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

/** The tick is a tenth of a cent, and the escrow another one. */
const base = settingsOfArea(0xffff_ffff)
const rules = { ...base.rules, priceTick: 1_000 }
const other = settingsOfArea(0xffff_ffff, {
  ...{ name: 'Hill', currency: 'CHF', priceDecimals: 3, rules, rulesHash: `0x${'5'.repeat(64)}` },
  chain: { ...base.chain, chainId: 1337, escrow: `0x${'e'.repeat(40)}`, tokenName: 'Local Franc' },
})
const imported = { ...settingsOfArea(3).rules, allocation: 1 }
const allocated = settingsOfArea(3, {
  ...{ name: 'Mill', rules: imported, rulesHash: hashRules(imported) },
  sharing: { price: { type: 'fixed', ticks: 1_200 }, waitMs: 86_400_000 },
})
const highest = String(2n ** 64n - 2n ** 32n + 1n)

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet({ others: [other, allocated] })
  await street.syncSeats(
    [seatOfPerson('alice', 'north', { balance: 5_000_000n, terms: [terms({ sellFloor: 50 })] })],
    other.area,
  )
  token = await tokenOf(street, people.alice)
})
afterAll(() => street.stop())

const own = (path: string) => ask(street, 'GET', `accounts/${lower(people.alice)}/${path}`, { token })

test('areas come with tick, token and escrow of their own', async () => {
  const { items } = pageOf(areaSchema).parse((await ask(street, 'GET', 'areas')).body)
  expect(
    items.map(({ area, priceDecimals, currency, chain }) => [area, priceDecimals, currency, chain.escrow]),
  ).toEqual([
    [1, 4, 'EUR', settings.chain.escrow],
    [0xffff_ffff, 3, 'CHF', other.chain.escrow],
    [3, 4, 'EUR', settings.chain.escrow],
  ])
  expect(items.map(({ sharing }) => sharing)).toEqual([null, null, { price: 'fixed', waitSeconds: 86_400 }])
  expect(items[1]!.retailPerKwh).toBe('3.000')
})

test('an area is found by name, zone or number, and by who operates its grid', async () => {
  const found = async (query: string) => {
    const { items } = pageOf(areaSchema).parse((await ask(street, 'GET', `areas?${query}`)).body)
    return items.map(({ slug }) => slug)
  }
  expect(await found('')).toEqual(['test-street', 'hill', 'mill'])
  expect(await found('search=hill')).toEqual(['hill'])
  expect(await found('search=H%C3%ADLL')).toEqual(['hill'])
  expect(await found('search=street%20north')).toEqual(['test-street', 'hill', 'mill'])
  expect(await found('search=test%20north')).toEqual(['test-street'])
  expect(await found('search=4294967295')).toEqual(['hill'])
  expect(await found('search=valley')).toEqual([])
  expect(await found(`grid=${people.grid.address}`)).toEqual(['test-street', 'hill', 'mill'])
  expect(await found(`grid=${people.alice.address}`)).toEqual([])
  const first = (await ask(street, 'GET', 'areas?search=north&limit=1')).body
  expect(await found(`search=north&cursor=${first.cursor}`)).toEqual(['hill', 'mill'])
  const gone = Buffer.from(JSON.stringify(['areas', 7])).toString('base64url')
  expect((await ask(street, 'GET', `areas?cursor=${gone}`)).body.code).toBe('CURSOR_INVALID')
})

test('an area lies at its number and at its name in addresses', async () => {
  for (const place of ['hill', '4294967295']) {
    expect((await ask(street, 'GET', `areas/${place}`)).body.area).toBe(0xffff_ffff)
  }
  expect((await ask(street, 'GET', 'areas/valley')).body.code).toBe('AREA_UNKNOWN')
  expect((await ask(street, 'GET', 'areas/Hill')).body.code).toBe('REQUEST_INVALID')
})

test('areas of one name lie at their numbers, as do those whose name no address can hold', () => {
  const named = (area: number, name: string) => ({ settings: { ...settings, area, name } })
  const areas = [named(1, 'Hill'), named(2, 'hill!'), named(3, '東'), named(4, '17'), named(5, 'Dale')]
  expect([...areaSlugs(areas)]).toEqual([
    [1, '1'],
    [2, '2'],
    [3, '3'],
    [4, '4'],
    [5, 'dale'],
  ])
})

test('an agent’s link leads into the area of its meter', async () => {
  const found = {
    ...{ name: 'house', devices: [], powerW: null, productionW: null },
    ...{ importWh: null, exportWh: null },
  }
  const value = { meter: lower(meters.stranger), time: Math.floor(Date.now() / 1000) }
  const signed = { ...value, signature: await signCompact(meters.stranger, other.chain, 'AgentHello', value) }
  const body = {
    area: other.area,
    hello: signed,
    found: { ...found, sells: false, promise: 'counts-import', sentence: 'Buys only.' },
  }
  const { link } = (await ask(street, 'POST', 'pairings', { body })).body
  expect(link).toMatch(new RegExp(`^${street.origin}/areas/hill/join/[A-Z2-9]{8}$`))
})

test('a seat of the highest area keeps every digit of its number', async () => {
  const { items } = pageOf(seatSchema).parse((await own('seats')).body)
  expect(items.map(({ seat, balance }) => [seat, balance])).toEqual([
    [seatIds.alice, '100'],
    [highest, '5'],
  ])
  expect((await own(`intervals?seat=${highest}`)).status).toBe(200)
  expect((await own(`intervals?seat=${BigInt(highest) + 1n}`)).body.code).toBe('SEAT_UNKNOWN')
  for (const seat of ['0', '-1', '1.5', '01', String(2n ** 64n), 'one']) {
    expect((await own(`intervals?seat=${seat}`)).body.code).toBe('REQUEST_INVALID')
  }
})

test('an order goes to the area whose rules it names, signed for its escrow', async () => {
  const order = orderOf('alice', { rules: other.rulesHash, limitPrice: 100 })
  const send = async (domain: typeof settings.chain) =>
    ask(street, 'POST', 'orders', { body: { order, signature: await signFull(people.alice, domain, 'Order', order) } })
  expect((await send(settings.chain)).body.code).toBe('ORDER_SIGNATURE')
  const placed = orderSchema.parse((await send(other.chain)).body)
  expect(placed).toMatchObject({ seat: highest, limitPerKwh: '0.100' })
  const low = { ...order, limitPrice: 49, nonce: 2 }
  const signature = await signFull(people.alice, other.chain, 'Order', low)
  const refused = await ask(street, 'POST', 'orders', { body: { order: low, signature } })
  expect(refused.body.detail).toMatch(/^4\.9.ct\/kWh is below the mandate’s floor of 5\.0.ct\/kWh$/)
  expect((await ask(street, 'POST', 'orders', { body: await signedOrder('alice') })).body.seat).toBe(seatIds.alice)
  const listed = pageOf(orderSchema).parse((await own('orders')).body).items
  expect(new Set(listed.map(({ seat }) => seat))).toEqual(new Set([seatIds.alice, highest]))
})

test('tokens are those of the area that is asked about', async () => {
  expect((await own('wallet?area=1')).body.tokens).toBe('12.5')
  expect((await own('wallet?area=4294967295')).body.tokens).toBe('42949672952.5')
  expect((await own('wallet?area=7')).body.code).toBe('AREA_UNKNOWN')
  expect((await own('wallet')).body.code).toBe('REQUEST_INVALID')
})

test('results of one area are not those of the other', async () => {
  await street.setTime(t0 + 1)
  await street.setTime(t0 + intervalSeconds + 120)
  for (const area of [1, 0xffff_ffff]) {
    const { items } = (await ask(street, 'GET', `areas/${area}/intervals`)).body
    expect(items.map((each: { area: number }) => each.area)).toEqual([area])
  }
})

test('the grid operator declares what it allocated, once, and nobody else does', async () => {
  const gridToken = await tokenOf(street, people.grid)
  const seats = [seatOfPerson('alice', 'north'), seatOfPerson('bob', 'south')]
  await street.syncSeats(seats, allocated.area)
  const start = Math.ceil((t0 + intervalSeconds + 120) / intervalSeconds) * intervalSeconds
  await street.setTime(start + 1)
  await street.setTime(start + intervalSeconds + 120)
  const awaited = async () =>
    awaitedSchema.parse((await ask(street, 'GET', 'areas/3/declarations/awaited')).body).intervals
  const iso = new Date(start * 1000).toISOString()
  expect(await awaited()).toContain(iso)
  const rows = [
    { seat: 1, allocatedWh: 0, sharedWh: 300 },
    { seat: 2, allocatedWh: 300, sharedWh: 0 },
  ]
  const body: Declared = { type: 'quantities', intervals: [{ start, seats: rows }] }
  const declare = async (change: Partial<Declaration> = {}, { by = people.grid, said = body } = {}) => {
    const declaration: Declaration = {
      ...{ rules: allocated.rulesHash, kind: kindOfDeclared(body), start, end: start + intervalSeconds, version: 7 },
      ...{ content: contentOf(body), evidence: `0x${'e'.repeat(64)}`, ...change },
    }
    const signature = await signFull(by, allocated.chain, 'Declaration', declaration)
    return {
      ...(await ask(street, 'POST', 'areas/3/declarations', {
        ...{ body: { declaration, body: said, signature }, token: gridToken },
      })),
      id: digestOf(allocated.chain, 'Declaration', declaration),
    }
  }
  const first = await declare()
  expect(first.status).toBe(201)
  const known = declarationSchema.parse(first.body)
  expect(known).toMatchObject({ area: 3, declaration: first.id, kind: 'quantities', start: iso, version: 7 })
  expect(await declare()).toMatchObject({ status: 200, body: known })
  expect(await awaited()).not.toContain(iso)
  const codes = [
    await declare({ version: 6 }),
    await declare({ rules: settings.rulesHash }),
    await declare({ version: 8 }, { by: people.alice }),
    await declare({ version: 8 }, { said: { type: 'quantities', intervals: [{ start, seats: [] }] } }),
    await declare({ version: 8, kind: 1 }),
  ].map((answer) => answer.body.code)
  expect(codes).toEqual([
    ...['DECLARATION_VERSION', 'RULES_UNKNOWN', 'DECLARATION_SIGNATURE', 'DECLARATION_CONTENT', 'DECLARATION_KIND'],
  ])
  const { items } = pageOf(declarationSchema).parse((await ask(street, 'GET', 'areas/3/declarations')).body)
  expect(items).toEqual([known])
  const forward = { market: 1, start: start + 3 * intervalSeconds, end: start + 4 * intervalSeconds }
  const order = orderOf('alice', { rules: allocated.rulesHash, ...forward })
  const signature = await signFull(people.alice, allocated.chain, 'Order', order)
  expect((await ask(street, 'POST', 'orders', { body: { order, signature } })).body.code).toBe('ORDER_ALLOCATION')
})
