/** Trading ahead over HTTP: placing, trading, cancelling, the gate, what was delivered, and each way in which it is refused. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import {
  forwardBookSchema,
  forwardOrderSchema,
  intervalSchema,
  ownForwardTradeSchema,
  pageOf,
  placedForwardOrderSchema,
  seatIntervalSchema,
} from '../../server/api/resources.ts'
import { intervalSeconds, t0, terms } from '../market/engine/street.ts'
import { domain, grantOf, lower, meters, people, seatIds, seatOfPerson, signedOrder } from './people.ts'
import { announce, ask, meter, type Street, startStreet, tokenOf } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const startOf = (interval: number) => t0 + interval * intervalSeconds
type Name = 'alice' | 'bob'

let street: Street
let tokens: Record<Name | 'grid' | 'stranger', string>
beforeAll(async () => {
  street = await startStreet({ bobZone: 'north' })
  tokens = {
    alice: await tokenOf(street, people.alice),
    bob: await tokenOf(street, people.bob),
    grid: await tokenOf(street, people.grid),
    stranger: await tokenOf(street, people.stranger),
  }
})
afterAll(() => street.stop())

let nonce = 100
/** A forward order for one interval, signed. */
async function signedForward(name: Name, interval: number, change: Partial<Order> = {}, signer?: Wallet) {
  const start = startOf(interval)
  nonce += 1
  return signedOrder(name, { market: 1, start, end: start + intervalSeconds, nonce, ...change }, signer)
}

async function place(name: Name, interval: number, change: Partial<Order> = {}) {
  return ask(street, 'POST', 'orders', { body: await signedForward(name, interval, change) })
}

async function cancel(order: string, name: Name, signer = people[name]) {
  const signature = await signFull(signer, domain, 'CancelOrder', { account: lower(people[name]), order })
  return ask(street, 'POST', `orders/${order}/cancel`, { body: { signature } })
}

async function bookOf(interval: number, zone = 'north') {
  const reply = await ask(street, 'GET', `areas/1/forward-book?start=${iso(startOf(interval))}&zone=${zone}`)
  return forwardBookSchema.parse(reply.body)
}

async function ordersOf(name: Name, query = '') {
  const path = `accounts/${lower(people[name])}/forward-orders?limit=500${query}`
  return pageOf(forwardOrderSchema).parse((await ask(street, 'GET', path, { token: tokens[name] })).body).items
}

async function tradesOf(name: Name) {
  const path = `accounts/${lower(people[name])}/forward-trades`
  return pageOf(ownForwardTradeSchema).parse((await ask(street, 'GET', path, { token: tokens[name] })).body).items
}

describe('a forward order', () => {
  test('rests in the book of its seat’s zone; the same again is the same resource', async () => {
    const body = await signedForward('alice', 10, { limitPrice: 1_500, maxWh: 200 })
    const token = await tokenOf(street, people.alice)
    const first = await ask(street, 'POST', 'orders', { body, key: 'forward-1', token })
    expect(first.status).toBe(201)
    expect(placedForwardOrderSchema.parse(first.body)).toMatchObject({
      order: digestOf(domain, 'Order', body.order),
      seat: seatIds.alice,
      zone: 'north',
      side: 'sell',
      limitPerKwh: '0.1500',
      start: iso(startOf(10)),
      end: iso(startOf(11)),
      timeInForce: 'GTC',
      status: 'open',
      openWh: 200,
      tradedWh: 0,
      cancelReason: null,
      trades: [],
    })
    const again = await ask(street, 'POST', 'orders', { body })
    expect([again.status, again.body]).toEqual([200, first.body])
    const keyed = await ask(street, 'POST', 'orders', { body, key: 'forward-1', token })
    expect([keyed.status, keyed.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await bookOf(10)).toEqual({
      area: 1,
      zone: 'north',
      start: iso(startOf(10)),
      end: iso(startOf(11)),
      lowestPerKwh: '0.0000',
      highestPerKwh: '0.4000',
      bids: [],
      asks: [{ pricePerKwh: '0.1500', energyWh: 200, orders: 1 }],
      lastTrades: [],
    })
    expect((await bookOf(10, 'street')).asks).toEqual([])
  })

  test('trades at the resting price, and both sides see their own side of it', async () => {
    const reply = await place('bob', 10, { limitPrice: 2_000, maxWh: 300 })
    const bid = placedForwardOrderSchema.parse(reply.body)
    expect(bid).toMatchObject({ status: 'open', openWh: 100, tradedWh: 200 })
    expect(bid.trades).toMatchObject([
      { arrival: bid.arrival, side: 'buy', number: 1, pricePerKwh: '0.1500', energyWh: 200, status: 'agreed' },
    ])
    const [bought] = await tradesOf('bob')
    const [sold] = await tradesOf('alice')
    expect(bought).toMatchObject({ seat: seatIds.bob, side: 'buy', deliveredWh: null, deviationWh: null, amount: null })
    expect(sold).toMatchObject({ seat: seatIds.alice, side: 'sell', pricePerKwh: '0.1500', energyWh: 200 })
    const [offer] = await ordersOf('alice')
    expect(offer).toMatchObject({ status: 'filled', openWh: 0, tradedWh: 200, cancelReason: null })
    const book = await bookOf(10)
    expect(book.bids).toEqual([{ pricePerKwh: '0.2000', energyWh: 100, orders: 1 }])
    expect(book.lastTrades).toMatchObject([{ number: 1, pricePerKwh: '0.1500', energyWh: 200 }])
    expect(JSON.stringify(book)).not.toMatch(/account|seat|order"/)
  })

  test('is cancelled by its account or its session key, again and again, and its trades stay', async () => {
    const [bid] = await ordersOf('bob', '&status=open')
    expect((await cancel(bid!.order, 'bob', people.alice)).body.code).toBe('CANCEL_SIGNATURE')
    for (let n = 0; n < 2; n++) {
      const reply = await cancel(bid!.order, 'bob')
      expect(reply.status).toBe(200)
      expect(forwardOrderSchema.parse(reply.body)).toMatchObject({
        status: 'cancelled',
        cancelReason: 'requested',
        openWh: 0,
        tradedWh: 200,
      })
    }
    expect((await bookOf(10)).bids).toEqual([])

    const key = Wallet.createRandom() as unknown as Wallet
    const grant = grantOf('bob', key)
    const session = { ...grant, signature: await signFull(people.bob, domain, 'SessionKey', grant) }
    const { account: _, ...sent } = session
    const signed = await signedForward('bob', 10, { maxWh: 50 }, key)
    const placed = await ask(street, 'POST', 'orders', { body: { ...signed, session: sent } })
    expect(placed.status).toBe(201)
    expect((await cancel(placed.body.order, 'bob', key)).body.status).toBe('cancelled')
  })

  test('that was wholly traded or never was cannot be cancelled', async () => {
    const [sold] = await ordersOf('alice', '&status=filled')
    const ended = await cancel(sold!.order, 'alice')
    expect([ended.status, ended.body.code]).toEqual([422, 'ORDER_ENDED'])
    const unknown = await cancel(`0x${'0'.repeat(64)}`, 'alice')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'ORDER_UNKNOWN'])
  })

  test('immediate or cancel takes what there is; fill or kill all or nothing', async () => {
    await place('alice', 11, { limitPrice: 1_200, maxWh: 100 })
    expect((await place('bob', 11, { maxWh: 101, timeInForce: 2 })).body).toMatchObject({
      status: 'cancelled',
      cancelReason: 'fill-or-kill',
      tradedWh: 0,
      trades: [],
    })
    expect((await place('bob', 11, { maxWh: 130, timeInForce: 1 })).body).toMatchObject({
      status: 'cancelled',
      cancelReason: 'immediate-or-cancel',
      tradedWh: 100,
      trades: [{ energyWh: 100, pricePerKwh: '0.1200' }],
    })
    await place('alice', 11, { maxWh: 100 })
    expect((await place('bob', 11, { maxWh: 100, timeInForce: 2 })).body).toMatchObject({
      status: 'filled',
      tradedWh: 100,
    })
  })

  test('levels add up by price and come best first', async () => {
    for (const [limitPrice, maxWh] of [
      [1_300, 10],
      [1_100, 20],
      [1_300, 30],
    ] as const) {
      await place('alice', 12, { limitPrice, maxWh })
    }
    for (const limitPrice of [800, 900]) await place('bob', 12, { limitPrice, maxWh: 40 })
    const { asks, bids } = await bookOf(12)
    expect(asks.map(({ pricePerKwh, energyWh, orders }) => [pricePerKwh, energyWh, orders])).toEqual([
      ['0.1100', 20, 1],
      ['0.1300', 40, 2],
    ])
    expect(bids.map(({ pricePerKwh }) => pricePerKwh)).toEqual(['0.0900', '0.0800'])
  })

  test('reserves its worst case from the free funds', async () => {
    const available = async () =>
      (await ask(street, 'GET', `accounts/${lower(people.bob)}/seats`, { token: tokens.bob })).body.items[0].available
    const before = Number(await available())
    const { order } = (await place('bob', 13, { limitPrice: 2_000, maxWh: 500 })).body
    expect(before - Number(await available())).toBeCloseTo(0.1, 7)
    await cancel(order, 'bob')
    expect(Number(await available())).toBe(before)
  })
})

describe('lists', () => {
  test('of orders come newest first, page by page, each order once', async () => {
    const all = (await ordersOf('alice')).map(({ order }) => order)
    expect(all.length).toBeGreaterThan(4)
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const path: string = `accounts/${lower(people.alice)}/forward-orders?limit=2${cursor && `&cursor=${cursor}`}`
      const { body } = await ask(street, 'GET', path, { token: tokens.alice })
      seen.push(...body.items.map(({ order }: { order: string }) => order))
      cursor = body.cursor
    }
    expect(seen).toEqual(all)
    const open = await ordersOf('alice', `&status=open&seat=${seatIds.alice}`)
    expect(open.map(({ status }) => status)).toEqual(['open', 'open', 'open'])
  })

  test('of trades come newest interval first, page by page', async () => {
    const all = (await tradesOf('bob')).map(({ start, number }) => [start, number])
    expect(all).toEqual([
      [iso(startOf(11)), 2],
      [iso(startOf(11)), 1],
      [iso(startOf(10)), 1],
    ])
    const path = `accounts/${lower(people.bob)}/forward-trades?limit=2`
    const first = (await ask(street, 'GET', path, { token: tokens.bob })).body
    const second = (await ask(street, 'GET', `${path}&cursor=${first.cursor}`, { token: tokens.bob })).body
    const pages = [...first.items, ...second.items].map(({ start, number }) => [start, number])
    expect([pages, second.cursor]).toEqual([all, null])
  })

  test('are private; the grid operator sees those of its area', async () => {
    for (const list of ['forward-orders', 'forward-trades']) {
      const path = `accounts/${lower(people.alice)}/${list}`
      expect((await ask(street, 'GET', path)).body.code).toBe('SESSION_NEEDED')
      expect((await ask(street, 'GET', path, { token: tokens.stranger })).body.code).toBe('ACCOUNT_FOREIGN')
      expect((await ask(street, 'GET', path, { token: tokens.grid })).body.items.length).toBeGreaterThan(0)
      expect((await ask(street, 'GET', `${path}?seat=9`, { token: tokens.alice })).body.code).toBe('SEAT_UNKNOWN')
      expect((await ask(street, 'GET', `${path}?cursor=abc`, { token: tokens.alice })).body.code).toBe('CURSOR_INVALID')
    }
  })

  test.each([
    ['areas/1/forward-book', 400, 'REQUEST_INVALID'],
    [`areas/1/forward-book?start=${iso(t0 + 1)}&zone=north`, 400, 'REQUEST_INVALID'],
    [`areas/1/forward-book?start=${iso(t0)}&zone=west`, 404, 'ZONE_UNKNOWN'],
    [`areas/2/forward-book?start=${iso(t0)}&zone=north`, 404, 'AREA_UNKNOWN'],
  ])('of levels: %s is refused: %i %s', async (path, status, code) => {
    const reply = await ask(street, 'GET', path)
    expect([reply.status, reply.body.code]).toEqual([status, code])
  })
})

describe('is refused by name', () => {
  const week = 7 * 96
  test.each<[string, number, Partial<Order>, string]>([
    ['below the mandate’s floor', 20, { limitPrice: 499 }, 'ORDER_BELOW_FLOOR'],
    ['for more than the mandate allows', 20, { maxWh: 2_001 }, 'ORDER_ABOVE_MANDATE_ENERGY'],
    ['above the prices of the area', 20, { limitPrice: 4_001 }, 'ORDER_OUTSIDE_WINDOW'],
    ['for other rules', 20, { rules: `0x${'00'.repeat(32)}` }, 'RULES_UNKNOWN'],
    ['for another meter', 20, { meter: lower(meters.bob) }, 'ORDER_NO_SEAT'],
    ['for two intervals', 20, { end: startOf(22) }, 'ORDER_TIME'],
    ['between boundaries', 20, { start: startOf(20) + 1, end: startOf(21) + 1 }, 'ORDER_TIME'],
    ['that ends before it starts', 20, { end: startOf(19) }, 'ORDER_TIME'],
    ['further ahead than a week', week + 1, {}, 'ORDER_HORIZON'],
    ['with a nonce that was used', 20, { nonce: 1 }, 'ORDER_NONCE'],
    ['for an interval that has started', -1, {}, 'ORDER_GATE_CLOSED'],
  ])('an order %s', async (_name, interval, change, code) => {
    const reply = await place('alice', interval, change)
    expect([reply.status, reply.body.code]).toEqual([422, code])
    expect((await ordersOf('alice')).some(({ start }) => start === iso(startOf(interval)))).toBe(false)
  })

  test('an order whose form or signature is wrong', async () => {
    const body = await signedForward('alice', 20)
    const codeOf = async (changed: object) =>
      (await ask(street, 'POST', 'orders', { body: { ...body, ...changed } })).body.code
    expect(await codeOf({ order: { ...body.order, timeInForce: 3 } })).toBe('REQUEST_INVALID')
    expect(await codeOf({ order: { ...body.order, market: 2 } })).toBe('REQUEST_INVALID')
    expect(await codeOf({ order: { ...body.order, side: 2 } })).toBe('REQUEST_INVALID')
    expect(await codeOf({ order: { ...body.order, maxWh: 0 } })).toBe('REQUEST_INVALID')
    expect(await codeOf({ order: { ...body.order, maxWh: 7 } })).toBe('ORDER_SIGNATURE')
    const { account: _, ...bounds } = grantOf('alice', people.stranger)
    const session = { ...bounds, signature: body.signature }
    expect(await codeOf({ session })).toBe('ORDER_SIGNATURE')
    const byStranger = await signedForward('alice', 20, {}, people.stranger)
    expect(await codeOf({ ...byStranger, session })).toBe('SESSION_KEY_SIGNATURE')
  })

  test('an order goes to the market that was signed, and to no other', async () => {
    const spot = await signedForward('alice', 21, { market: 0 })
    expect((await ask(street, 'POST', 'orders', { body: spot })).body.market).toBe('spot')
    const ahead = await signedForward('alice', 21)
    expect((await ask(street, 'POST', 'orders', { body: ahead })).body.market).toBe('forward')
    const turned = { ...ahead, order: { ...ahead.order, market: 0 } }
    expect((await ask(street, 'POST', 'orders', { body: turned })).body.code).toBe('ORDER_SIGNATURE')
  })

  test('orders that together are more than the mandate allows, or too many', async () => {
    await place('alice', 22, { maxWh: 1_985 })
    expect((await place('alice', 22, { maxWh: 16 })).body.code).toBe('ORDER_ABOVE_MANDATE_ENERGY')
    for (let n = 0; n < 15; n++) expect((await place('alice', 22, { maxWh: 1 })).status).toBe(201)
    expect((await place('alice', 23, { maxWh: 1 })).status).toBe(201)
    for (let n = 0; n < 15; n++) await place('alice', 23, { maxWh: 1 })
    expect((await place('alice', 23, { maxWh: 1 })).body.code).toBe('ORDER_LIMIT')
  })

  test('an order that free funds do not cover', async () => {
    const show = (balance: bigint) => street.syncSeats([seatOfPerson('bob', 'north', { balance })])
    await show(1_000n)
    const reply = await place('bob', 24, { limitPrice: 2_500, maxWh: 1_000 })
    expect([reply.status, reply.body.code]).toEqual([422, 'ORDER_FUNDS'])
    expect(reply.body.detail).toContain('0.25')
    await show(1_000_000_000n)
  })
})

describe('when its interval comes, what was agreed', () => {
  async function runsOf(number: number) {
    const { body } = await ask(street, 'GET', `areas/1/intervals/${iso(startOf(number))}`)
    return pageOf(intervalSchema).parse(body).items
  }
  const interval = async (number: number) => (await runsOf(number))[0]!
  async function seatInterval(name: Name, number: number) {
    const path = `accounts/${lower(people[name])}/intervals?from=${iso(startOf(number))}&to=${iso(startOf(number + 1))}`
    return pageOf(seatIntervalSchema).parse((await ask(street, 'GET', path, { token: tokens[name] })).body).items[0]!
  }
  const tradeOf = async (name: Name, number: number) =>
    (await tradesOf(name)).find(({ start }) => start === iso(startOf(number)))!

  let late: Awaited<ReturnType<typeof ordersOf>>[number]
  let spot: string
  beforeAll(async () => {
    for (const number of [0, 1, 2]) {
      await place('alice', number, { limitPrice: 1_500, maxWh: 200 })
      await place('bob', number, { limitPrice: 1_500, maxWh: 200 })
    }
    nonce += 1
    const short = await signedOrder('alice', { nonce, end: startOf(1) })
    spot = (await ask(street, 'POST', 'orders', { body: short })).body.order
    late = (await place('alice', 0, { limitPrice: 2_900, maxWh: 10 })).body
    for (const name of ['alice', 'bob'] as const) {
      nonce += 1
      await ask(street, 'POST', 'orders', { body: await signedOrder(name, { nonce }) })
    }
    const agent = street.agent()
    for (const name of ['alice', 'bob'] as const) await announce(agent, name)
    await street.setTime(startOf(1) + 1)
    await meter(agent, startOf(1), { exportWh: 120, importWh: 800 })
    await street.setTime(startOf(2) - 1)
    const revoked = seatOfPerson('alice', 'north', {
      terms: [terms({ zone: 'north' }), terms({ zone: 'north', from: startOf(2), nameplateWh: null, closed: true })],
    })
    await street.syncSeats([revoked])
    // The readings come after the grace: a first run has nothing to honour, the second one has.
    await street.setTime(startOf(2) + 120)
    await meter(agent, startOf(2), { exportWh: 620, importWh: 1_600 })
    await street.setTime(startOf(3) + 1)
    await meter(agent, startOf(3), { exportWh: 920, importWh: 2_400 })
    await street.setTime(startOf(3) + 120)
    agent.close()
  })

  test('no longer rests: the gate closes at the start', async () => {
    const orders = await ordersOf('alice')
    expect(orders.find(({ order }) => order === late.order)).toMatchObject({
      status: 'cancelled',
      cancelReason: 'gate-closed',
    })
    expect((await bookOf(0)).asks).toEqual([])
    const reply = await cancel(late.order, 'alice')
    expect([reply.status, reply.body.code]).toEqual([422, 'ORDER_ENDED'])
    expect((await place('alice', 0)).body.code).toBe('ORDER_GATE_CLOSED')
  })

  test('is over for a spot order that ended before it: cancelling says so', async () => {
    const signature = await signFull(people.alice, domain, 'CancelOrder', {
      account: lower(people.alice),
      order: spot,
    })
    const reply = await ask(street, 'POST', `orders/${spot}/cancel`, { body: { signature } })
    expect([reply.status, reply.body.code]).toEqual([422, 'ORDER_ENDED'])
    expect(reply.body.detail).toBe('the order was replaced by a newer one')
  })

  test('and not delivered is not charged, and shown to both sides and the public as a deviation', async () => {
    for (const name of ['alice', 'bob'] as const) {
      expect(await tradeOf(name, 0)).toMatchObject({
        status: 'provisional',
        energyWh: 200,
        deliveredWh: 120,
        deviationWh: 80,
        amount: '0.018',
        message: expect.stringMatching(/^Only 120.Wh of 200.Wh: less was left over than had been agreed/),
      })
      expect(await seatInterval(name, 0)).toMatchObject({ deviationWh: 80 })
    }
    expect((await seatInterval('alice', 0)).outcomes.map(({ code }) => code).sort()).toEqual([
      'less-delivered',
      'traded-before',
    ])
    expect(await interval(0)).toMatchObject({ forwardWh: 200, deviationWh: 80, matchedWh: 120 })
  })

  test('is honoured before the spot auction, which has what is left', async () => {
    expect(await tradeOf('bob', 1)).toMatchObject({ deliveredWh: 200, deviationWh: 0, amount: '0.03' })
    expect(await seatInterval('alice', 1)).toMatchObject({ soldWh: 500, received: '0.105', deviationWh: 0 })
    expect((await seatInterval('bob', 1)).outcomes).toMatchObject([
      { code: 'honoured', filledWh: 200, pricePerKwh: '0.1500' },
      { filledWh: 300, pricePerKwh: '0.2500' },
    ])
    const runs = await runsOf(1)
    expect([runs[0], runs.at(-1)]).toMatchObject([
      { run: runs.length, forwardWh: 200, deviationWh: 0, matchedWh: 500 },
      { run: 1, forwardWh: 200, deviationWh: 200, matchedWh: 0 },
    ])
  })

  test('with a meter that was revoked is void', async () => {
    expect(await tradeOf('bob', 2)).toMatchObject({ deliveredWh: 0, deviationWh: 200, amount: '0' })
    expect((await tradeOf('bob', 2)).message).toContain('on the seller’s side the seat was closed')
    expect(await interval(2)).toMatchObject({ forwardWh: 200, deviationWh: 200, matchedWh: 0 })
    expect((await place('alice', 30)).body.code).toBe('ORDER_SEAT_CLOSED')
  })
})
