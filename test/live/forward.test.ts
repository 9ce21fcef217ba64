/** Forward trading as pages see it live: books and trades for who watches, each account's own orders for itself alone. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { forwardOrderSchema, forwardTradeSchema } from '../../server/api/resources.ts'
import { lower, people, signedOrder } from '../api/people.ts'
import { ask, type Street, startStreet, tokenOf } from '../api/street.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { connected, listen } from './view.ts'

let street: Street
beforeAll(async () => {
  street = await startStreet({ bobZone: 'north' })
})
afterAll(() => street.stop())

const forwardEvents = new Set(['forwardTrade', 'forwardBook', 'forwardOrder'])
let nonce = 0
async function place(name: 'alice' | 'bob', limitPrice: number, maxWh: number) {
  nonce += 1
  const body = await signedOrder(name, { market: 1, nonce, limitPrice, maxWh, end: t0 + intervalSeconds })
  const reply = await ask(street, 'POST', 'orders', { body })
  expect(reply.status).toBe(201)
  return reply.body.order as string
}

test('changed levels and trades reach who watches, orders their account, and nobody what is not theirs', async () => {
  const tokens = { alice: await tokenOf(street, people.alice), bob: await tokenOf(street, people.bob) }
  const sockets = {
    visitor: street.page(),
    alice: street.page(tokens.alice),
    bob: street.page(tokens.bob),
    idle: street.page(),
  }
  const views = {
    visitor: listen(sockets.visitor),
    alice: listen(sockets.alice),
    bob: listen(sockets.bob),
    idle: listen(sockets.idle),
  }
  await Promise.all(Object.values(sockets).map(connected))
  await sockets.visitor.emitWithAck('watch', 1)

  const book = { area: 1, zone: 'north', start: new Date(t0 * 1000).toISOString() }
  const untouched = await place('alice', 1_800, 70)
  await views.visitor.until('forwardBook')
  expect(views.visitor.received.find(({ name }) => name === 'forwardBook')!.value).toEqual({
    ...book,
    bids: [],
    asks: [{ pricePerKwh: '0.1800', energyWh: 70, orders: 1 }],
  })

  const offer = await place('alice', 1_500, 100)
  await views.visitor.until('forwardBook', ({ asks }) => asks[0]?.pricePerKwh === '0.1500')
  const bid = await place('bob', 1_600, 130)
  const trade = forwardTradeSchema.parse(await views.visitor.until('forwardTrade'))
  expect(trade).toMatchObject({ ...book, number: 1, pricePerKwh: '0.1500', energyWh: 100 })
  const change = await views.visitor.until('forwardBook', ({ bids }) => bids.length > 0)
  expect(change).toEqual({
    ...book,
    bids: [{ pricePerKwh: '0.1600', energyWh: 30, orders: 1 }],
    asks: [{ pricePerKwh: '0.1500', energyWh: 0, orders: 0 }],
  })

  const filled = await views.alice.until('forwardOrder', ({ order, status }) => order === offer && status === 'filled')
  expect(forwardOrderSchema.parse(filled)).toMatchObject({ tradedWh: 100 })
  expect(await views.bob.until('forwardOrder', ({ order }) => order === bid)).toMatchObject({
    openWh: 30,
    tradedWh: 100,
  })
  const seat = await views.bob.until('seat', ({ available }) => available !== '100')
  expect(seat.available).toBe('99.9802')

  await street.setTime(t0 + 1)
  const closed = await views.alice.until(
    'forwardOrder',
    ({ order, status }) => order === untouched && status === 'cancelled',
  )
  expect(closed).toMatchObject({ cancelReason: 'gate-closed', openWh: 0 })
  await views.visitor.until('forwardBook', ({ asks, bids }) =>
    [...asks, ...bids].every(({ energyWh }) => energyWh === 0),
  )

  const foreign = (name: 'alice' | 'bob') =>
    views[name].received.filter((event) => event.name === 'forwardOrder' && event.value.account !== lower(people[name]))
  expect([...foreign('alice'), ...foreign('bob')]).toEqual([])
  expect(views.alice.received.filter(({ name }) => name === 'forwardBook' || name === 'forwardTrade')).toEqual([])
  expect(views.visitor.received.filter(({ name }) => name === 'forwardOrder')).toEqual([])
  expect(views.idle.received.filter(({ name }) => forwardEvents.has(name))).toEqual([])
})
