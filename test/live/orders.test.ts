/** Orders over a page's socket: many in one message, bad ones among good ones, each durable when it is answered. */
import type { Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../../contracts/protocol/typed-data.ts'
import type { OrdersAnswer } from '../../server/api/live-resources.ts'
import { domain, orderOf, people, signedOrder } from '../api/people.ts'
import { ask, type Street, startStreet } from '../api/street.ts'
import { t0 } from '../market/engine/street.ts'

let street: Street
let page: Socket
beforeAll(async () => {
  street = await startStreet()
})
afterAll(() => street.stop())
afterEach(() => page.close())

const send = (message: unknown): Promise<OrdersAnswer> => page.emitWithAck('orders', message)
const codesOf = (answer: OrdersAnswer) =>
  answer.ok ? answer.results.map((result) => ('code' in result ? result.code : result.status)) : [answer.code]

test('each order of a message is judged by itself and is in its table when it is answered', async () => {
  page = street.page()
  const good = await signedOrder('alice', { nonce: 1 })
  const answer = await send([
    good,
    await signedOrder('bob', { nonce: 1 }, people.stranger),
    { order: 'none' },
    await signedOrder('bob', { nonce: 2, rules: `0x${'0'.repeat(64)}` }),
    await signedOrder('bob', { nonce: 3, limitPrice: 9_000 }),
    await signedOrder('bob', { nonce: 4 }),
  ])
  expect(codesOf(answer)).toEqual([
    'accepted',
    'ORDER_SIGNATURE',
    'REQUEST_INVALID',
    'RULES_UNKNOWN',
    'ORDER_ABOVE_CEILING',
    'accepted',
  ])
  const order = digestOf(domain, 'Order', orderOf('alice', { nonce: 1 }))
  expect(answer.ok && answer.results[0]).toEqual({
    status: 'accepted',
    order,
    effectiveFrom: new Date(t0 * 1000).toISOString(),
  })
  expect(await street.database`select from orders where order_id = ${Buffer.from(order.slice(2), 'hex')}`).toHaveLength(
    1,
  )
  const again = await send([good])
  expect(codesOf(again)).toEqual(['known'])
  expect((await ask(street, 'POST', 'orders', { body: good })).status).toBe(200)
})

test('an order replaced within its own message ends as replaced', async () => {
  page = street.page()
  const nonces = [11, 12, 13]
  const answer = await send(await Promise.all(nonces.map((nonce) => signedOrder('alice', { nonce }))))
  expect(codesOf(answer)).toEqual(['accepted', 'accepted', 'accepted'])
  const rows =
    await street.database`select nonce, status from orders where nonce in ${street.database(nonces)} order by nonce`
  expect(rows.map(({ status }) => status)).toEqual(['replaced', 'replaced', 'active'])
})

test('a message that is no list of orders, and too many messages at once, are refused as a whole', async () => {
  page = street.page()
  expect(codesOf(await send([]))).toEqual(['ORDERS_MALFORMED'])
  expect(codesOf(await send('orders'))).toEqual(['ORDERS_MALFORMED'])
  const order = await signedOrder('bob', { nonce: 30 })
  const answers = await Promise.all(Array.from({ length: 12 }, () => send([order])))
  expect(answers.flatMap(codesOf).filter((code) => code === 'ORDERS_BUSY').length).toBeGreaterThan(0)
  expect(answers.flatMap(codesOf).filter((code) => code === 'accepted')).toHaveLength(1)
})
