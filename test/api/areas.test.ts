/** Two areas of two escrows with two tokens in one server: each goes by its own settings, also the highest number. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { areaSchema, orderSchema, pageOf, seatSchema } from '../../server/api/resources.ts'
import { intervalSeconds, t0, terms } from '../market/engine/street.ts'
import { lower, orderOf, people, seatIds, seatOfPerson, settings, settingsOfArea, signedOrder } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

/** The tick is a tenth of a cent, and the escrow another one. */
const base = settingsOfArea(0xffff_ffff)
const rules = { ...base.rules, priceTick: 1_000 }
const other = settingsOfArea(0xffff_ffff, {
  ...{ name: 'Hill', currency: 'CHF', priceDecimals: 3, rules, rulesHash: `0x${'5'.repeat(64)}` },
  chain: { ...base.chain, chainId: 1337, escrow: `0x${'e'.repeat(40)}`, tokenName: 'Local Franc' },
})
const highest = String(2n ** 64n - 2n ** 32n + 1n)

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet({ others: [other] })
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
  ])
  expect(items[1]!.retailPerKwh).toBe('3.000')
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
