/** Session keys: what their grants allow, when they end, and how an account takes one back. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Order, type SessionKey, signFull } from '../../contracts/protocol/typed-data.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { domain, grantOf, lower, orderOf, people, settings } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

let street: Street
beforeAll(async () => {
  street = await startStreet()
})
afterAll(() => street.stop())

let nonce = 100
const newKey = () => Wallet.createRandom() as unknown as Wallet

/** Bob's order, signed by a session key under a grant of his. */
async function sessionOrder(key: Wallet, grant: Partial<SessionKey> = {}, change: Partial<Order> = {}) {
  nonce += 1
  const order = orderOf('bob', { nonce, ...change })
  const { account, ...bounds } = { ...grantOf('bob', key), ...grant }
  const signature = await signFull(people.bob, domain, 'SessionKey', { account, ...bounds })
  return { order, signature: await signFull(key, domain, 'Order', order), session: { ...bounds, signature } }
}

const send = async (key: Wallet, grant?: Partial<SessionKey>, change?: Partial<Order>) =>
  ask(street, 'POST', 'orders', { body: await sessionOrder(key, grant, change) })

async function revoke(key: Wallet, from: number, { signer = people.bob, area = 1 } = {}) {
  const value = { account: lower(people.bob), key: lower(key), from }
  const signature = await signFull(signer, domain, 'RevokeSessionKey', value)
  return ask(street, 'POST', 'session-keys/revocations', { body: { area, ...value, signature } })
}

describe('a grant', () => {
  test.each<[string, Partial<SessionKey>, string, RegExp]>([
    ['for the other side', { sides: 2 }, 'SESSION_KEY_SIDE', /orders to buy/],
    ['up to a lower price', { highestPrice: 2_499 }, 'SESSION_KEY_PRICE', /25\.0.ct\/kWh lies outside.*24\.99/],
    ['from a higher price on', { lowestPrice: 2_501 }, 'SESSION_KEY_PRICE', /25\.01.ct\/kWh to/],
    ['that has ended', { validUntil: t0 - 60 }, 'SESSION_KEY_EXPIRED', /until 2027-01-15 07:59 UTC/],
    ['that has not begun', { validFrom: t0 + 900 }, 'SESSION_KEY_EXPIRED', /from 2027-01-15 08:15 UTC/],
    ['for longer than a year', { validUntil: t0 + 400 * 86_400 }, 'SESSION_KEY_HORIZON', /too far ahead/],
  ])('%s covers nothing', async (_name, grant, code, detail) => {
    const reply = await send(newKey(), grant)
    expect([reply.status, reply.body.code]).toEqual([422, code])
    expect(reply.body.detail).toMatch(detail)
  })

  test('ends the order that it covers', async () => {
    const key = newKey()
    const reply = await send(key, { validUntil: t0 + 2 * intervalSeconds + 5 })
    expect(reply.body).toMatchObject({
      status: 'active',
      sessionKey: lower(key),
      end: new Date((t0 + 100 * intervalSeconds) * 1000).toISOString(),
      effectiveUntil: new Date((t0 + 2 * intervalSeconds) * 1000).toISOString(),
    })
  })
})

describe('a key that is taken back', () => {
  test('signs nothing any more, and what it had signed ends', async () => {
    const key = newKey()
    const { order } = (await send(key)).body
    const revoked = await revoke(key, 0)
    expect(revoked.body).toEqual({
      account: lower(people.bob),
      key: lower(key),
      areas: [{ area: settings.area, from: new Date(t0 * 1000).toISOString() }],
    })
    const token = await tokenOf(street, people.bob)
    const { items } = (await ask(street, 'GET', `accounts/${lower(people.bob)}/orders`, { token })).body
    expect(items.find((each: { order: string }) => each.order === order).status).toBe('revoked')
    expect((await send(key)).body.code).toBe('SESSION_KEY_REVOKED')
    expect((await revoke(key, t0 + 90_000)).body).toEqual(revoked.body)
    const value = { account: lower(people.bob), order }
    const signature = await signFull(people.bob, domain, 'CancelOrder', value)
    const ended = await ask(street, 'POST', `orders/${order}/cancel`, { body: { signature } })
    expect([ended.body.code, ended.body.detail]).toEqual([
      'ORDER_ENDED',
      'the order ended when its session key was taken back',
    ])
  })

  test('is taken back by its account alone, and only where that has a seat', async () => {
    const key = newKey()
    expect((await revoke(key, 0, { signer: people.alice })).body.code).toBe('REVOCATION_SIGNATURE')
    expect((await revoke(key, 0, { area: 2 })).body.code).toBe('AREA_UNKNOWN')
    const value = { account: lower(people.stranger), key: lower(key), from: 0 }
    const signature = await signFull(people.stranger, domain, 'RevokeSessionKey', value)
    const stranger = await ask(street, 'POST', 'session-keys/revocations', { body: { area: 1, ...value, signature } })
    expect([stranger.status, stranger.body.code]).toEqual([404, 'SEAT_UNKNOWN'])
  })
})

test('a key cancels what it signed only while its grant lasts', async () => {
  const key = newKey()
  const { order } = (await send(key, { validUntil: t0 + 2 * intervalSeconds + 5 })).body
  const other = newKey()
  const grant = { validUntil: t0 + 3 * intervalSeconds }
  const { order: started } = (await send(other, grant, { end: t0 + 3 * intervalSeconds })).body
  const { order: lasting } = (await send(other, { validUntil: t0 + 5 * intervalSeconds })).body
  await street.setTime(t0 + 2 * intervalSeconds + 10)
  const cancel = async (id: string, signer: Wallet) => {
    const value = { account: lower(people.bob), order: id }
    const body = { signature: await signFull(signer, domain, 'CancelOrder', value) }
    return (await ask(street, 'POST', `orders/${id}/cancel`, { body })).body
  }
  expect((await cancel(lasting, other)).status).toBe('cancelled')
  expect((await cancel(order, key)).code).toBe('ORDER_ENDED')
  expect((await cancel(started, other)).code).toBe('ORDER_ENDED')
})
