/** What a client keeps of an answer, and that it is not sent it again, nor anything of somebody else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { lower, people, seatIds, signedOrder } from './people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const alice = lower(people.alice)
const report = `areas/1/report?from=${iso(t0)}&to=${iso(t0 + 900)}`
const own = `accounts/${alice}/orders?seat=${seatIds.alice}`

let street: Street
const tokens: Partial<Record<keyof typeof people, string>> = {}
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 2)
  for (const name of ['alice', 'bob', 'grid'] as const) tokens[name] = await tokenOf(street, people[name])
})
afterAll(() => street.stop())

type Who = keyof typeof people | null
const get = (path: string, who: Who, headers: Record<string, string> = {}, method = 'GET') =>
  ask(street, method, path, { ...(who === null ? {} : { token: tokens[who]! }), headers })

/** Asks once for the answer and once more with what it is known by. */
async function twice(path: string, who: Who) {
  const first = await get(path, who)
  const etag = first.headers.get('etag') ?? ''
  return { first, etag, again: await get(path, who, { 'if-none-match': etag }) }
}

const kept = (headers: Headers) => ['etag', 'cache-control', 'vary'].map((name) => headers.get(name))

describe('whoever has an answer', () => {
  test.each<[string, Who, string]>([
    ['areas', null, 'no-cache'],
    ['areas/1/intervals', null, 'no-cache'],
    ['areas/1/intervals', 'grid', 'private, no-cache'],
    ['areas/1/watchers', null, 'no-cache'],
    [own, 'alice', 'private, no-cache'],
    ['areas/1/members', 'grid', 'private, no-cache'],
    [report, 'grid', 'private, no-cache'],
  ])('is not sent %s again, asked by %s', async (path, who, control) => {
    const { first, etag, again } = await twice(path, who)
    expect(first.status).toBe(200)
    expect(kept(first.headers)).toEqual([
      expect.stringMatching(/^W\/"[\w-]{24}"$/),
      control,
      'Accept-Encoding, Authorization, Cookie, Commonwatt-Account',
    ])
    expect([again.status, again.body]).toEqual([304, ''])
    expect(kept(again.headers)).toEqual(kept(first.headers))
    for (const name of ['content-type', 'content-encoding', 'content-length', 'content-disposition'])
      expect(again.headers.get(name)).toBeNull()
    const others = `W/"${'x'.repeat(24)}"`
    expect((await get(path, who, { 'if-none-match': others })).status).toBe(200)
    expect((await get(path, who, { 'if-none-match': `${others}, ${etag}` })).status).toBe(304)
    expect((await get(path, who, { 'if-none-match': etag }, 'HEAD')).status).toBe(304)
  })

  test('knows it by the same name, packed and as it is', async () => {
    const bodies = await Promise.all(
      ['gzip', 'identity'].map(async (encoding) => {
        const answer = await fetch(`${street.origin}/api/v1/areas/1/intervals`, {
          headers: { 'accept-encoding': encoding },
        })
        return {
          etag: answer.headers.get('etag'),
          encoding: answer.headers.get('content-encoding'),
          text: await answer.text(),
        }
      }),
    )
    expect(bodies.map(({ encoding }) => encoding)).toEqual(['gzip', null])
    expect(new Set(bodies.map(({ etag, text }) => `${etag} ${text}`)).size).toBe(1)
  })

  test('is sent what has changed', async () => {
    const { etag } = await twice(own, 'alice')
    const order = await signedOrder('alice', { nonce: 77, start: t0 + 50 * intervalSeconds })
    expect((await ask(street, 'POST', 'orders', { body: order })).status).toBe(201)
    const now = await get(own, 'alice', { 'if-none-match': etag })
    expect(now.status).toBe(200)
    expect(now.headers.get('etag')).not.toBe(etag)
  })

  test('is told so of the document of the API as well', async () => {
    const { again } = await twice('/openapi.json', null)
    expect([again.status, again.body, again.headers.get('cache-control')]).toEqual([304, '', 'no-cache'])
  })
})

describe('a 304 says nothing to whoever may not see the answer', () => {
  test.each<[string, Who, Who, number]>([
    [own, 'alice', 'bob', 403],
    [own, 'alice', null, 401],
    ['areas/1/members', 'grid', 'alice', 403],
    [report, 'grid', 'bob', 403],
    [report, 'grid', null, 401],
  ])('%s of %s, asked by %s', async (path, who, other, status) => {
    const { etag } = await twice(path, who)
    for (const shown of [etag, '*']) {
      const refused = await get(path, other, { 'if-none-match': shown })
      expect([refused.status, refused.headers.get('etag'), refused.headers.get('cache-control')]).toEqual([
        status,
        null,
        'no-store',
      ])
    }
  })

  test('and what is another answer for another account is another one', async () => {
    const { etag } = await twice('areas/1/intervals', 'grid')
    const others = await get('areas/1/intervals', null, { 'if-none-match': etag })
    expect(others.status).toBe(200)
    expect(others.headers.get('etag')).not.toBe(etag)
  })

  test('a session that has ended has nothing to compare', async () => {
    const token = await tokenOf(street, people.alice)
    const { etag } = await twice(own, 'alice')
    await ask(street, 'DELETE', 'session', { token })
    expect((await ask(street, 'GET', own, { token, headers: { 'if-none-match': etag } })).status).toBe(401)
  })

  test('nothing of a refusal or of a write is kept', async () => {
    const missing = await get('areas/9', null, { 'if-none-match': '*' })
    const order = await signedOrder('alice', { nonce: 78 })
    const written = await ask(street, 'POST', 'orders', { body: order, headers: { 'if-none-match': '*' } })
    expect([missing.status, written.status]).toEqual([404, 201])
    for (const { headers } of [missing, written]) expect(kept(headers).slice(0, 2)).toEqual([null, 'no-store'])
  })
})

describe('the document', () => {
  interface Answer {
    headers?: Record<string, { schema: { description?: string } }>
  }
  test('says of each read what its answer is known by, or why nobody keeps it', async () => {
    const { paths } = (await ask(street, 'GET', '/openapi.json')).body
    const reads = Object.values<Record<string, { operationId: string; responses: Record<string, Answer> }>>(paths)
      .map(({ get }) => get)
      .filter((read) => read !== undefined)
    const without = reads.filter(({ responses }) => responses[304] === undefined)
    for (const { operationId, responses } of reads) {
      const headers = responses[200]?.headers ?? {}
      const said = responses[304] === undefined ? headers['Cache-Control'] : headers.ETag
      expect(said?.schema.description, operationId).toMatch(/\w{2}/)
    }
    expect(without.map(({ operationId }) => operationId).sort()).toEqual([
      'exportBatch',
      'exportValues',
      'getStatement',
      'takeEverything',
    ])
  })

  test('and such an answer has none', async () => {
    const batch = await get(`areas/1/batches/${iso(t0 + 900)}/export`, 'grid')
    const everything = await get(`accounts/${alice}/everything`, 'alice')
    for (const { headers } of [batch, everything]) expect(kept(headers).slice(0, 2)).toEqual([null, 'no-store'])
  })
})
