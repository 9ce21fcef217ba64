/** What people send: signing in, orders, messages to be relayed; and each way in which it is refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { digestOf, signCompact, signFull } from '../../contracts/protocol/typed-data.ts'
import { orderSchema } from '../../server/api/resources.ts'
import { sessionSchema } from '../../server/api/session-resources.ts'
import { ChainError } from '../../server/chain/error.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
import { domain, grantOf, lower, meters, type orderOf, people, seatIds, settings, signedOrder } from './people.ts'
import { ask, type Street, signInMessage, startStreet, tokenOf } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const pageFolder = mkdtempSync(join(tmpdir(), 'commonwatt-page-'))

let street: Street
beforeAll(async () => {
  mkdirSync(join(pageFolder, 'assets'))
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>Commonwatt</title>')
  writeFileSync(join(pageFolder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  street = await startStreet({ demo: true, pageFolder })
})
afterAll(async () => {
  await street.stop()
  rmSync(pageFolder, { recursive: true })
})

describe('signing in', () => {
  const signIn = async (message: string, signer: Wallet = people.alice) =>
    ask(street, 'POST', 'session', { body: { message, signature: await signer.signMessage(message) } })

  test('opens a session that can be read and ended', async () => {
    const reply = await signIn(await signInMessage(street, people.alice))
    expect(reply.status).toBe(201)
    const { token, account, expiresAt } = sessionSchema.parse(reply.body)
    expect(account).toBe(lower(people.alice))
    expect((await ask(street, 'GET', 'session', { token })).body).toEqual({ account, expiresAt })
    expect((await ask(street, 'DELETE', 'session', { token })).status).toBe(204)
    const after = await ask(street, 'GET', 'session', { token })
    expect([after.status, after.body.code]).toEqual([401, 'SESSION_NEEDED'])
    expect(after.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('keeps no token, only its hash', async () => {
    const token = await tokenOf(street, people.alice)
    const rows = await street.database`select * from sessions`
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  test('a message is good once', async () => {
    const message = await signInMessage(street, people.alice)
    expect((await signIn(message)).status).toBe(201)
    const again = await signIn(message)
    expect([again.status, again.body.code]).toEqual([422, 'SIGN_IN_NONCE'])
  })

  test.each([
    ['a message for another site', { domain: 'evil.example' }, 'SIGN_IN_DOMAIN'],
    ['a message whose URI is elsewhere', { uri: 'https://evil.example' }, 'SIGN_IN_DOMAIN'],
    ['another chain', { chainId: 1 }, 'SIGN_IN_CHAIN'],
    ['a nonce made up', { nonce: 'abcdefgh12345678' }, 'SIGN_IN_NONCE'],
    ['a nonce of the right form made up', { nonce: 'f'.repeat(64) }, 'SIGN_IN_NONCE'],
    ['an expired message', { expirationTime: '2020-01-01T00:00:00.000Z' }, 'SIGN_IN_TIME'],
    ['a message not valid yet', { notBefore: '2090-01-01T00:00:00.000Z' }, 'SIGN_IN_TIME'],
    ['a message of the future', { issuedAt: '2090-01-01T00:00:00.000Z' }, 'SIGN_IN_TIME'],
    ['a message of long ago', { issuedAt: '2020-01-01T00:00:00.000Z' }, 'SIGN_IN_TIME'],
    ['a message of eleven minutes ago', { issuedAt: new Date(Date.now() - 660_000).toISOString() }, 'SIGN_IN_TIME'],
  ])('%s is refused', async (_name, change, code) => {
    const reply = await signIn(await signInMessage(street, people.alice, change))
    expect([reply.status, reply.body.code]).toEqual([422, code])
  })

  test('a foreign signature, a broken one and a text that is no message are refused', async () => {
    const message = await signInMessage(street, people.alice)
    expect((await signIn(message, people.bob)).body.code).toBe('SIGN_IN_SIGNATURE')
    const broken = await ask(street, 'POST', 'session', { body: { message, signature: `0x${'11'.repeat(65)}` } })
    expect(broken.body.code).toBe('SIGN_IN_SIGNATURE')
    expect((await signIn('let me in')).body.code).toBe('SIGN_IN_MESSAGE')
    expect((await signIn(message)).status).toBe(201)
  })
})

describe('orders', () => {
  test('a signed order is taken once; the same again is the same resource', async () => {
    const body = await signedOrder('alice')
    const first = await ask(street, 'POST', 'orders', { body })
    expect(first.status).toBe(201)
    expect(orderSchema.parse(first.body)).toMatchObject({
      order: digestOf(domain, 'Order', body.order),
      seat: seatIds.alice,
      side: 'sell',
      limitPerKwh: '0.1000',
      maxWh: 1_000,
      status: 'active',
      effectiveFrom: iso(t0),
      end: iso(t0 + 100 * intervalSeconds),
    })
    const again = await ask(street, 'POST', 'orders', { body })
    expect([again.status, again.body]).toEqual([200, first.body])
  })

  test('a newer order replaces the older; cancelling ends it, again and again', async () => {
    const body = await signedOrder('alice', { nonce: 2, limitPrice: 1_100 })
    const { order } = (await ask(street, 'POST', 'orders', { body })).body
    const value = { account: lower(people.alice), order }
    const cancel = { signature: await signCompact(people.alice, domain, 'CancelOrder', value) }
    const foreign = { signature: await signCompact(people.bob, domain, 'CancelOrder', value) }
    expect((await ask(street, 'POST', `orders/${order}/cancel`, { body: foreign })).body.code).toBe('CANCEL_SIGNATURE')
    for (let n = 0; n < 2; n++) {
      const reply = await ask(street, 'POST', `orders/${order}/cancel`, { body: cancel })
      expect([reply.status, reply.body.status]).toEqual([200, 'cancelled'])
    }
    const token = await tokenOf(street, people.alice)
    const { items } = (await ask(street, 'GET', `accounts/${lower(people.alice)}/orders`, { token })).body
    expect(items.map(({ nonce, status }: { nonce: number; status: string }) => [nonce, status])).toEqual([
      [2, 'cancelled'],
      [1, 'replaced'],
    ])
    const replaced = items[1].order
    const late = { signature: await signFull(people.alice, domain, 'CancelOrder', { ...value, order: replaced }) }
    const refusal = await ask(street, 'POST', `orders/${replaced}/cancel`, { body: late })
    expect([refusal.status, refusal.body.code]).toEqual([422, 'ORDER_ENDED'])
  })

  test('a session key signs in the account’s place, while it is valid', async () => {
    const key = Wallet.createRandom()
    const grant = grantOf('bob', key as unknown as Wallet)
    const signature = await signFull(people.bob, domain, 'SessionKey', grant)
    const { account: _, ...bounds } = grant
    const session = { ...bounds, signature }
    const signed = await signedOrder('bob', { nonce: 5 }, key as unknown as Wallet)
    const reply = await ask(street, 'POST', 'orders', { body: { ...signed, session } })
    expect(reply.status).toBe(201)

    const cancel = { account: lower(people.bob), order: reply.body.order }
    const cancelled = await ask(street, 'POST', `orders/${reply.body.order}/cancel`, {
      body: { signature: await signFull(key as unknown as Wallet, domain, 'CancelOrder', cancel) },
    })
    expect(cancelled.body.status).toBe('cancelled')

    const other = await signedOrder('bob', { nonce: 6 }, key as unknown as Wallet)
    const refusedWith = async (change: Partial<typeof session>, order = other) =>
      (await ask(street, 'POST', 'orders', { body: { ...order, session: { ...session, ...change } } })).body.code
    expect((await ask(street, 'POST', 'orders', { body: other })).body.code).toBe('ORDER_SIGNATURE')
    expect(await refusedWith({ validUntil: session.validUntil - 1 })).toBe('SESSION_KEY_SIGNATURE')
    expect(await refusedWith({ rules: `0x${'00'.repeat(32)}` })).toBe('SESSION_KEY_RULES')
    expect(await refusedWith({ key: lower(people.stranger) })).toBe('ORDER_SIGNATURE')
  })

  test('a contract wallet signs by its own word: orders, the grant of a session key, cancellations', async () => {
    const bob = lower(people.bob)
    const says = (name: 'Order' | 'SessionKey' | 'CancelOrder', value: never, signature: string) =>
      street.walletSignatures.add(`${bob} ${digestOf(domain, name, value)} ${signature}`)
    const word = `0x${'ab'.repeat(100)}`
    const { order } = await signedOrder('bob', { nonce: 7 })
    const send = (body: object) => ask(street, 'POST', 'orders', { body })
    expect((await send({ order, signature: word })).body.code).toBe('ORDER_SIGNATURE')
    says('Order', order as never, word)
    expect((await send({ order: { ...order, maxWh: 1 }, signature: word })).body.code).toBe('ORDER_SIGNATURE')
    const placed = await send({ order, signature: word })
    expect(placed.status).toBe(201)

    const cancel = (signature: string) =>
      ask(street, 'POST', `orders/${placed.body.order}/cancel`, { body: { signature } })
    expect((await cancel(word)).body.code).toBe('CANCEL_SIGNATURE')
    says('CancelOrder', { account: bob, order: placed.body.order } as never, word)
    expect((await cancel(word)).body.status).toBe('cancelled')

    const key = Wallet.createRandom() as unknown as Wallet
    const grant = grantOf('bob', key)
    const { account: _, ...bounds } = grant
    const session = { ...bounds, signature: word }
    const body = { ...(await signedOrder('bob', { nonce: 8 }, key)), session }
    expect((await send(body)).body.code).toBe('SESSION_KEY_SIGNATURE')
    says('SessionKey', grant as never, word)
    expect((await send(body)).status).toBe(201)
  })

  test.each([
    ['outside the mandate’s floor', { limitPrice: 400 }, 'ORDER_BELOW_FLOOR'],
    ['for more than the mandate allows', { maxWh: 5_000 }, 'ORDER_ABOVE_MANDATE_ENERGY'],
    ['for other rules', { rules: `0x${'00'.repeat(32)}` }, 'RULES_UNKNOWN'],
    ['for another meter', { meter: `0x${'5'.repeat(40)}` }, 'ORDER_NO_SEAT'],
    ['with a nonce that was used', { nonce: 2, limitPrice: 1_200 }, 'ORDER_NONCE'],
    ['between boundaries', { nonce: 50, start: t0 + 1 }, 'ORDER_TIME'],
    ['with a nonce that leaves none', { nonce: 2 ** 53 - 1 }, 'ORDER_NONCE_STEP'],
    ['of another market', { nonce: 51, timeInForce: 1 }, 'ORDER_TIME_IN_FORCE'],
  ])('an order %s is refused by name', async (_name, change, code) => {
    const reply = await ask(street, 'POST', 'orders', { body: await signedOrder('alice', { nonce: 40, ...change }) })
    expect([reply.status, reply.body.code]).toEqual([422, code])
  })

  test.each([
    ['unsigned', (body: Signed) => ({ order: body.order }), 'REQUEST_INVALID'],
    ['with a broken signature', (body: Signed) => ({ ...body, signature: `0x${'00'.repeat(65)}` }), 'ORDER_SIGNATURE'],
    [
      'with another’s signature',
      (body: Signed) => ({ ...body, order: { ...body.order, nonce: 99 } }),
      'ORDER_SIGNATURE',
    ],
    ['with an unknown field', (body: Signed) => ({ ...body, order: { ...body.order, extra: 1 } }), 'REQUEST_INVALID'],
    [
      'with a fraction of a Wh',
      (body: Signed) => ({ ...body, order: { ...body.order, maxWh: 1.5 } }),
      'REQUEST_INVALID',
    ],
    [
      'with a price beyond 24 bits',
      (body: Signed) => ({ ...body, order: { ...body.order, limitPrice: 2 ** 23 } }),
      'REQUEST_INVALID',
    ],
  ])('an order %s is refused by name', async (_name, change, code) => {
    const reply = await ask(street, 'POST', 'orders', { body: change(await signedOrder('alice', { nonce: 60 })) })
    expect(reply.body.code).toBe(code)
    if (code === 'REQUEST_INVALID') expect(reply.body.errors[0].path).toMatch(/^body/)
  })

  test('cancelling an order that is not there', async () => {
    const body = { signature: `0x${'11'.repeat(65)}` }
    const reply = await ask(street, 'POST', `orders/0x${'0'.repeat(64)}/cancel`, { body })
    expect([reply.status, reply.body.code]).toEqual([404, 'ORDER_UNKNOWN'])
  })
})
type Signed = { order: ReturnType<typeof orderOf>; signature: string }

describe('relayed messages', () => {
  test.each([
    ['claims', { seat: seatIds.alice }, 'claim'],
    ['deposits', { seat: seatIds.alice, amount: '5', deadline: 9, signature: `0x${'11'.repeat(65)}` }, 'deposit'],
    [
      'withdrawals',
      {
        seat: seatIds.alice,
        amount: '5',
        to: lower(people.alice),
        nonce: 0,
        deadline: 9,
        signature: `0x${'11'.repeat(65)}`,
      },
      'requestWithdrawal',
    ],
    [
      'moves',
      {
        ...{ from: seatIds.alice, to: seatIds.bob, amount: '5', nonce: 0, deadline: 9 },
        signature: `0x${'11'.repeat(65)}`,
      },
      'requestMove',
    ],
    ['closures', { seat: seatIds.alice, version: 2, deadline: 9, signature: `0x${'11'.repeat(65)}` }, 'closeSeat'],
    [
      'revocations',
      { seat: seatIds.alice, from: 9, version: 1, deadline: 9, signature: `0x${'11'.repeat(65)}` },
      'revokeMeter',
    ],
    [
      'confirmations',
      {
        ...{ seat: seatIds.alice, zone: 'north', nameplateWh: 5, grade: 0, from: 9, bars: 0, version: 1, deadline: 9 },
        signature: `0x${'11'.repeat(65)}`,
      },
      'confirmMeter',
    ],
    [
      'epochs',
      {
        seat: seatIds.alice,
        epoch: {
          account: lower(people.alice),
          rules: settings.rulesHash,
          meter: lower(people.alice),
          epoch: 2,
          time: 900,
          importWh: 0,
          exportWh: 0,
        },
        meterSignature: `0x${'11'.repeat(65)}`,
        accountSignature: `0x${'11'.repeat(65)}`,
      },
      'startEpoch',
    ],
    [
      'keys',
      {
        rotation: {
          account: lower(people.alice),
          meter: lower(meters.alice),
          key: lower(meters.alice),
          next: lower(people.stranger),
          from: 900,
          deadline: 1_800,
        },
        accountSignature: `0x${'11'.repeat(65)}`,
        keySignature: `0x${'11'.repeat(64)}`,
        nextSignature: `0x${'11'.repeat(64)}`,
      },
      'rotateKey',
    ],
  ])('%s go to the chain', async (path, body, method) => {
    const token = await tokenOf(street, ['confirmations', 'revocations'].includes(path) ? people.grid : people.alice)
    const reply = await ask(street, 'POST', `relay/${path}`, { body, token })
    expect(reply.status).toBe(202)
    expect(reply.body.transaction).toMatch(/^0x/)
    expect(street.relayed.at(-1)).toEqual({ method, request: body })
  })

  test('the contract’s refusal comes through by name, an unreachable chain says when to try again', async () => {
    const token = await tokenOf(street, people.bob)
    const body = { seat: seatIds.bob }
    street.relayError.next = new ChainError('CHAIN_REFUSED', 'the withdrawal delay has not passed')
    const refused = await ask(street, 'POST', 'relay/claims', { body, token })
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      422,
      'CHAIN_REFUSED',
      'the withdrawal delay has not passed',
    ])
    street.relayError.next = new ChainError('CHAIN_UNREACHABLE', 'the node does not answer')
    const down = await ask(street, 'POST', 'relay/claims', { body, token })
    expect([down.status, down.body.code, down.headers.get('retry-after')]).toEqual([503, 'CHAIN_UNREACHABLE', '5'])
  })
})

describe('Idempotency-Key', () => {
  const body = { seat: seatIds.bob }
  let token: string
  beforeAll(async () => {
    token = await tokenOf(street, people.bob)
  })
  const claim = (key: string) => ask(street, 'POST', 'relay/claims', { body, key, token })

  test('a repeated request has effect once and gets the first answer', async () => {
    const before = street.relayed.length
    const replies = [await claim('k1'), await claim('k1')]
    expect(street.relayed).toHaveLength(before + 1)
    expect(replies[1]!.body).toEqual(replies[0]!.body)
    expect(replies.map(({ status }) => status)).toEqual([202, 202])
    expect(replies.map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true'])
  })

  test('many at once have effect once', async () => {
    const before = street.relayed.length
    const replies = await Promise.all(Array.from({ length: 8 }, () => claim('k2')))
    expect(street.relayed).toHaveLength(before + 1)
    for (const { status, body } of replies) expect(status === 202 || body.code === 'IDEMPOTENCY_UNDER_WAY').toBe(true)
  })

  test('the key of another request is refused', async () => {
    const other = { body: { seat: seatIds.alice }, key: 'k1', token }
    const reply = await ask(street, 'POST', 'relay/claims', other)
    expect([reply.status, reply.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect((await claim('ä ö')).body.code).toBe('IDEMPOTENCY_KEY_FORM')
  })

  test('keys of different accounts do not meet', async () => {
    const alices = { body: { seat: seatIds.alice }, key: 'k1', token: await tokenOf(street, people.alice) }
    expect((await ask(street, 'POST', 'relay/claims', alices)).status).toBe(202)
  })

  test('no refusal is kept: nothing was done', async () => {
    const keys = async () => (await street.database`select from idempotency_keys`).length
    const before = await keys()
    for (const code of ['CHAIN_UNREACHABLE', 'CHAIN_REFUSED'] as const) {
      street.relayError.next = new ChainError(code, 'no')
      const refusal = await claim('k3')
      expect(refusal.body.code).toBe(code)
      expect(refusal.headers.get('content-type')).toContain('application/problem+json')
      expect(await keys()).toBe(before)
    }
    expect((await claim('k3')).status).toBe(202)
  })

  test('a request that was lost with its process may be run again', async () => {
    await claim('k5')
    await street.database`update idempotency_keys set status = null, response = null where key = 'k5'`
    expect((await claim('k5')).body.code).toBe('IDEMPOTENCY_UNDER_WAY')
    await street.database`update idempotency_keys set created_at = now() - interval '2 minutes' where key = 'k5'`
    expect((await claim('k5')).status).toBe(202)
  })

  test('a request that takes longer than one that was lost is not begun twice', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      let go = () => {}
      street.relayError.until = new Promise<void>((resolve) => {
        go = resolve
      })
      const before = street.relayed.length
      const slow = claim('k8')
      const begunAgo = async (seconds: number) => {
        const { database } = street
        const rows = await database`
          select from idempotency_keys
          where key = 'k8' and status is null and created_at <= now() - make_interval(secs => ${seconds})`
        return rows.length === 1
      }
      await vi.waitFor(async () => expect(await begunAgo(0)).toBe(true), patiently)
      await street.database`update idempotency_keys set created_at = now() - interval '2 minutes' where key = 'k8'`
      vi.advanceTimersByTime(20_000)
      await vi.waitFor(async () => expect(await begunAgo(100)).toBe(false), patiently)
      expect((await claim('k8')).body.code).toBe('IDEMPOTENCY_UNDER_WAY')
      go()
      expect((await slow).status).toBe(202)
      expect(street.relayed).toHaveLength(before + 1)
      expect((await claim('k8')).headers.get('idempotency-replayed')).toBe('true')
    } finally {
      delete street.relayError.until
      vi.useRealTimers()
    }
  })

  test('what is done and cannot be noted is answered as done, and is not run again', async () => {
    const { database } = street
    await database`create function no_room() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`
    await database`create trigger full_disk before update or delete on idempotency_keys for each row execute function no_room()`
    const before = street.relayed.length
    expect((await claim('k6')).status).toBe(202)
    expect((await claim('k6')).body.code).toBe('IDEMPOTENCY_UNDER_WAY')
    expect(street.relayed).toHaveLength(before + 1)
    street.relayError.next = new ChainError('CHAIN_REFUSED', 'no')
    expect((await claim('k7')).body.code).toBe('CHAIN_REFUSED')
    await database`drop function no_room cascade`
    await database`update idempotency_keys set created_at = now() - interval '2 minutes' where key in ('k6', 'k7')`
    expect((await claim('k7')).status).toBe(202)
  })

  test('strangers have no keys and leave no rows', async () => {
    const before = await street.database`select from idempotency_keys`
    for (let n = 0; n < 5; n++) {
      const order = await signedOrder('alice', { nonce: 70 }, people.stranger)
      expect((await ask(street, 'POST', 'orders', { body: order, key: `s${n}` })).body.code).toBe('ORDER_SIGNATURE')
    }
    const own = await signedOrder('alice', { nonce: 71 })
    expect((await ask(street, 'POST', 'orders', { body: own, key: 's' })).status).toBe(201)
    expect((await ask(street, 'POST', 'orders', { body: own, key: 's' })).status).toBe(200)
    expect(await street.database`select from idempotency_keys`).toHaveLength(before.length)
  })
})

describe('bodies', () => {
  test.each([
    ['that are not JSON', '{"order":', {}, 400, 'BODY_NOT_JSON'],
    ['that are too large', JSON.stringify({ signature: 'x'.repeat(70_000) }), {}, 413, 'BODY_TOO_LARGE'],
    ['of another type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'BODY_CONTENT_TYPE'],
    ['that are no object', '[]', {}, 400, 'REQUEST_INVALID'],
  ])('%s are refused by name', async (_name, body, headers, status, code) => {
    const reply = await ask(street, 'POST', 'orders', { body, headers })
    expect([reply.status, reply.body.code]).toEqual([status, code])
  })
})

describe('the page', () => {
  const html = { accept: 'text/html,*/*' }

  test('is served for every address that is no file', async () => {
    for (const path of ['/', '/household', '/utility/1']) {
      const reply = await ask(street, 'GET', path, { headers: html })
      expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-cache'])
      expect(reply.body).toContain('Commonwatt')
    }
    expect((await ask(street, 'GET', '/icon.svg')).status).toBe(200)
  })

  test('is not given for what is missing', async () => {
    expect((await ask(street, 'GET', '/missing.js', { headers: html })).status).toBe(404)
    expect((await ask(street, 'GET', '/assets/missing.js', { headers: html })).status).toBe(404)
    expect((await ask(street, 'GET', '/..%2f..%2fetc%2fpasswd', { headers: html })).body).not.toContain('root:')
    expect((await ask(street, 'GET', 'nothing', { headers: html })).body.code).toBe('ROUTE_UNKNOWN')
  })

  test('the demo shows its people', async () => {
    expect((await ask(street, 'GET', 'demo/people')).body[0].name).toBe('Alice')
  })
})
