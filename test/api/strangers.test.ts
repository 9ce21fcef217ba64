/** What strangers send waits in no queue and is answered under no foreign name. */
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { OrdersAnswer } from '../../server/api/live-resources.ts'
import { createOrderGate } from '../../server/api/order-gate.ts'
import type { AreaHandle } from '../../server/areas/area-handle.ts'
import { patiently } from '../patience.ts'
import { lower, meters, people, settings, signedOrder } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

let street: Street
beforeAll(async () => {
  street = await startStreet({ demo: true, homesUrl: await openDoor() })
})
afterAll(async () => {
  await street.stop()
  door.close()
})

/** Where the demo gives visitors homes; it has one. */
const door = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  if (text !== '') asked.push(JSON.parse(text))
  const answers = { GET: [200, [{ area: 1, most: 1, free: 1 }]], POST: [201, { code: 'ABCD2345' }] } as const
  const [status, body] = asked.length > 1 ? [409, { detail: 'all 1 homes' }] : answers[request.method as 'GET' | 'POST']
  response.writeHead(status).end(JSON.stringify(body))
})
const asked: unknown[] = []

async function openDoor(): Promise<string> {
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  return `http://127.0.0.1:${(door.address() as AddressInfo).port}/`
}

test('a home of the demo is for whoever has signed in, and as long as there are some', async () => {
  expect((await ask(street, 'GET', 'demo/homes')).body).toEqual([{ area: 1, most: 1, free: 1 }])
  expect((await ask(street, 'POST', 'demo/homes', { body: { area: 1 } })).body.code).toBe('SESSION_NEEDED')
  expect(asked).toEqual([])
  const token = await tokenOf(street, people.bob)
  const { status, body } = await ask(street, 'POST', 'demo/homes', { token, body: { area: 1 } })
  expect([status, body]).toEqual([201, { code: 'ABCD2345' }])
  expect(asked).toEqual([{ account: lower(people.bob), area: 1 }])
  const refused = await ask(street, 'POST', 'demo/homes', { token, body: { area: 1 } })
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([409, 'DEMO_HOME_REFUSED', 'all 1 homes'])
})

describe('another name of this machine', () => {
  const get = (path: string, host?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { port } = new URL(street.origin)
      const headers = host === undefined ? {} : { host }
      const options = { host: '127.0.0.1', port, path, headers, setHost: host !== undefined }
      httpRequest(options, (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, text }))
      })
        .on('error', reject)
        .end()
    })

  test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '192.0.2.1', '['])(
    '%j is answered nothing',
    async (host) => {
      for (const path of ['/api/v1/demo/people', '/api/v1/areas', '/openapi.json', '/docs/', '/']) {
        const { status, text } = await get(path, host)
        expect([path, status >= 400]).toEqual([path, true])
        expect(text).not.toContain('Alice')
      }
      expect((await get('/socket.io/?EIO=4&transport=polling', host)).status).toBeGreaterThanOrEqual(400)
    },
  )

  test('its own addresses are answered, and whoever asks for its health', async () => {
    const { host, port } = new URL(street.origin)
    for (const own of [host, '127.0.0.1', 'localhost', `LOCALHOST:${port}`, 'localhost:1234', '[::1]:9']) {
      expect([own, (await get('/api/v1/areas', own)).status]).toEqual([own, 200])
    }
    expect((await get('/healthz', '10.0.0.9')).status).toBe(200)
    expect((await get('/readyz', 'probe')).status).toBe(200)
  })
})

test.each([
  [401, 'who has no session', async () => ({})],
  [
    403,
    'who has one and no office',
    async () => ({ authorization: `Bearer ${await tokenOf(street, people.stranger)}` }),
  ],
])('%i: %s is answered before a body has come, however long it is', async (refusal, _who, shown) => {
  const { port } = new URL(street.origin)
  for (const path of ['areas/1/official-values?name=x', 'areas/1/declarations']) {
    const own = await shown()
    const headers = { 'content-type': 'application/octet-stream', 'content-length': 4_000_000, ...own }
    const options = { host: '127.0.0.1', port, path: `/api/v1/${path}`, method: 'POST', headers }
    const status = await new Promise((resolve, reject) => {
      const asking = httpRequest(options, (response) => {
        resolve(response.statusCode)
        asking.destroy()
      })
      asking.on('error', reject).flushHeaders()
    })
    expect([path, status]).toEqual([path, refusal])
  }
})

test('a body of nothing but faults is answered with the first ones, whatever its size', async () => {
  const token = await tokenOf(street, people.grid)
  const round = { ofMillionths: 1, key: { type: 'cascade', ranks: Array(1_000).fill(-1) } }
  const steps = Array(200).fill({ from: 0, rounds: [round] })
  const key = { type: 'key', consumers: [], producers: [], steps }
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`a${n}`, 1]))
  for (const body of [
    { body: key },
    { body: { type: 'prices', stepSeconds: 900, ticks: Array(20_000).fill('') } },
    unknown,
  ]) {
    const { status, body: said } = await ask(street, 'POST', 'areas/1/declarations', { body, token })
    expect([status, said.code]).toEqual([400, 'REQUEST_INVALID'])
    expect(said.errors.length).toBeLessThanOrEqual(20)
    expect(JSON.stringify(said).length).toBeLessThan(4_000)
  }
})

test('what has the chain’s node asked is asked seldom', async () => {
  const path = 'areas/1/batches/2026-01-01T00:00:00Z/settled-root'
  // At once, since what was used up comes back while a slow machine asks one after the other.
  const replies = await Promise.all(Array.from({ length: 80 }, () => ask(street, 'GET', path)))
  expect(new Set(replies.map(({ body }) => body.code))).toEqual(new Set(['BATCH_UNKNOWN', 'TOO_MANY_REQUESTS']))
})

describe('orders', () => {
  const pages: { close(): void }[] = []
  afterEach(() => {
    for (const page of pages.splice(0)) page.close()
  })
  const connected = () => {
    const page = street.page()
    pages.push(page)
    return page
  }

  test('of strangers are refused before anybody looks at their signature', async () => {
    const checks = async () => {
      const metrics = await street.registry.getMetricsAsJSON()
      const counter = metrics.find(({ name }) => name === 'commonwatt_signatures_checked_total')
      return counter!.values.reduce((sum, { value }) => sum + value, 0)
    }
    const before = await checks()
    const stranger = await signedOrder('alice', { account: lower(people.stranger) }, people.stranger)
    const elsewhere = await signedOrder('alice', { meter: lower(meters.stranger) })
    const page = connected()
    const answer: OrdersAnswer = await page.emitWithAck('orders', [stranger, elsewhere])
    expect(answer.ok && answer.results.map((each) => 'code' in each && each.code)).toEqual([
      'ORDER_NO_SEAT',
      'ORDER_NO_SEAT',
    ])
    expect((await ask(street, 'POST', 'orders', { body: stranger })).body.code).toBe('ORDER_NO_SEAT')
    expect(await checks()).toBe(before)
  })

  test('a crowd of strangers does not keep an honest one waiting or away', async () => {
    const stranger = await signedOrder('alice', { account: lower(people.stranger) }, people.stranger)
    const crowd = Array.from({ length: 14 }, connected)
    const flood = crowd.flatMap((page) =>
      Array.from({ length: 8 }, () =>
        page.emitWithAck(
          'orders',
          Array.from({ length: 100 }, () => stranger),
        ),
      ),
    )
    let answered = 0
    for (const each of flood) void each.then(() => answered++)
    // Their neighbour behind the same address has signed in: what they use up is not its own.
    const page = street.page(await tokenOf(street, people.bob))
    pages.push(page)
    const honest: OrdersAnswer = await page.emitWithAck('orders', [await signedOrder('bob', { nonce: 2 })])
    expect(honest).toMatchObject({ ok: true, results: [{ status: 'accepted' }] })
    await vi.waitFor(() => expect(answered).toBe(flood.length), patiently)
  })

  test('that somebody else signed use up what their address may send', async () => {
    const body = await signedOrder('alice', { nonce: 3 }, people.stranger)
    const codes: string[] = []
    while (codes.length < 200 && codes.at(-1) !== 'TOO_MANY_REQUESTS')
      codes.push((await ask(street, 'POST', 'orders', { body })).body.code)
    expect(codes.filter((code) => code === 'ORDER_SIGNATURE').length).toBeGreaterThanOrEqual(60)
    expect(codes.at(-1)).toBe('TOO_MANY_REQUESTS')
    // A neighbour behind the same address who has signed in goes on.
    const bobs = await signedOrder('bob', { nonce: 20 })
    expect((await ask(street, 'POST', 'orders', { body: bobs })).body.code).toBe('TOO_MANY_REQUESTS')
    const token = await tokenOf(street, people.bob)
    expect((await ask(street, 'POST', 'orders', { body: bobs, token })).status).toBe(201)
    const page = street.page(token)
    pages.push(page)
    const answer: OrdersAnswer = await page.emitWithAck('orders', [await signedOrder('bob', { nonce: 21 })])
    expect(answer).toMatchObject({ ok: true, results: [{ status: 'accepted' }] })
  })

  test('of strangers are counted each, whatever else is in their message', async () => {
    const mine = await signedOrder('alice', { nonce: 40 }, people.stranger)
    const message = [mine, ...Array.from({ length: 99 }, () => ({}))]
    const page = connected()
    const answers: OrdersAnswer[] = []
    while (answers.length < 60 && answers.at(-1)?.ok !== false) answers.push(await page.emitWithAck('orders', message))
    expect(answers.at(-1)).toMatchObject({ ok: false, code: 'TOO_MANY_REQUESTS' })
    expect(answers.length).toBeLessThan(40)
  })

  test('of strangers are not even read once their address has sent too many', async () => {
    const stranger = await signedOrder('alice', { account: lower(people.stranger) }, people.stranger)
    const page = connected()
    const send = (orders: unknown[]): Promise<OrdersAnswer> => page.emitWithAck('orders', orders)
    let answer = await send([stranger])
    for (let n = 0; n < 4_000 && answer.ok; n++) answer = await send(n % 2 === 0 ? [{}] : [stranger, {}])
    expect(answer).toMatchObject({ ok: false, code: 'TOO_MANY_REQUESTS' })
    const token = await tokenOf(street, people.bob)
    const known = street.page(token)
    pages.push(known)
    const own: OrdersAnswer = await known.emitWithAck('orders', [await signedOrder('bob', { nonce: 30 })])
    expect(own).toMatchObject({ ok: true, results: [{ status: 'accepted' }] })
  })
})

describe('the gate of orders', () => {
  const area = {
    settings,
    status: { condition: { is: 'ready' } },
    seatsOfMeter: () => [{ account: 'a' }, { account: 'b' }],
  } as unknown as AreaHandle
  const never = () => new Promise<never>(() => {})

  test('gives no network more than its share, and leaves the others theirs', async () => {
    const gate = createOrderGate()
    const enter = (network: string) =>
      gate.enter(area, { account: 'a', meter: 'm', sender: { network, account: null } }, never)
    const refused: unknown[] = []
    for (let n = 0; n < 2_001; n++) void enter('one').catch((error) => refused.push(error))
    await vi.waitFor(() => expect(refused).toMatchObject([{ code: 'ORDERS_BUSY' }]), patiently)
    expect(
      await gate.enter(area, { account: 'b', meter: 'm', sender: { network: 'two', account: null } }, async () => 'in'),
    ).toBe('in')
  })

  test('gives no account more than its share, once it is known that it signed', async () => {
    const gate = createOrderGate()
    const refused: unknown[] = []
    const enter = (account: string, network: string, work: () => Promise<unknown>) =>
      gate.enter(area, { account, meter: 'm', sender: { network, account: null } }, (asAccount) => asAccount(work))
    for (let n = 0; n < 501; n++) void enter('a', `net ${n}`, never).catch((error) => refused.push(error))
    await vi.waitFor(() => expect(refused).toMatchObject([{ code: 'ORDERS_BUSY' }]), patiently)
    expect(await enter('b', 'net 0', async () => 'in')).toBe('in')
  })

  test('hears no more messages of a network or account once so many were nobody’s, and goes on hearing the others', () => {
    const gate = createOrderGate(() => 0)
    const [stranger, neighbour] = [
      { network: 'one', account: null },
      { network: 'one', account: 'a' },
    ]
    for (let n = 0; n < 31; n++) {
      if (n < 30) gate.hear(stranger)
      gate.heardInVain(stranger, 100)
    }
    expect(() => gate.hear(stranger)).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }))
    gate.hear(neighbour)
    gate.hear({ network: 'two', account: null })
  })

  test('makes nobody give up while the area does not know its seats', async () => {
    const waiting = {
      ...area,
      status: { condition: { is: 'waiting' } },
      seatsOfMeter: () => [],
    } as unknown as AreaHandle
    const entering = createOrderGate().enter(
      waiting,
      { account: 'a', meter: 'm', sender: { network: 'n', account: null } },
      async () => 1,
    )
    await expect(entering).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
  })
})
