/**
 * Every route that the document lists, asked by everybody with everything: no answer is the server's failure, whatever stands
 * in path, query and body. The routes are read from the document, so a new one is asked from its first day.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lower, orderOf, people, seatIds, settings, settingsOfArea, signedOrder } from './people.ts'
import { ask, type Reply, type Street, startStreet, tokenOf, trade } from './street.ts'

let street: Street
const roles: Record<string, string | undefined> = { stranger: undefined }
let operations: { method: string; path: string; query: string[]; body: Schema | null; takesFile: boolean }[]

type Schema = {
  type?: string
  pattern?: string
  properties?: Record<string, Schema>
  items?: Schema
  $ref?: string
  anyOf?: Schema[]
}
let schemas: Record<string, Schema>

beforeAll(async () => {
  street = await startStreet({ others: [settingsOfArea(2)] })
  await trade(street, 3)
  for (const name of ['alice', 'grid', 'stranger'] as const)
    roles[`${name} signed in`] = await tokenOf(street, people[name])
  const { body } = await ask(street, 'GET', '/openapi.json')
  schemas = body.components.schemas
  operations = Object.entries<Record<string, Operation>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((each) => each.in === 'query').map(({ name }) => name),
      body: requestBody?.content['application/json']?.schema ?? null,
      takesFile: requestBody !== undefined && requestBody.content['application/json'] === undefined,
    })),
  )
})
afterAll(() => street.stop())
interface Operation {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: { 'application/json'?: { schema: Schema } } }
}

const cursor = (list: string, place: unknown) => Buffer.from(JSON.stringify([list, place])).toString('base64url')
const huge = {
  area: 2 ** 53,
  seat: 2 ** 40,
  start: 1e15,
  end: 2 ** 52,
  number: 2 ** 50,
  arrival: 1,
  acceptedAtMs: 9e15,
}
const lists = ['areas', 'intervals', 'batches', 'seats', 'orders', 'seat-intervals', 'seat-batches', 'agreements']
const places = [2 ** 52, -1, '\u0000', huge, { ...huge, area: 1 }, { ...huge, area: 1, seat: 1 }, [], null, 1e300]
const cursors = [...lists, 'forward-orders', 'forward-trades'].flatMap((list) =>
  places.map((place) => cursor(list, place)),
)

const texts = [
  ...[
    '',
    '\u0000',
    'a\u0000b',
    'ä',
    '\u{1f31e}'.repeat(20),
    'x'.repeat(300),
    '-1',
    '0',
    '1',
    '1e99',
    '4294967296',
    '99999999999999999999',
  ],
  ...[
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2026-11-22T08:00:00Z',
    'NaN',
    '1.5',
    '__proto__',
    "' or 1=1 --",
    '../..',
    '%00',
    '%ff',
  ],
  ...[
    `0x${'f'.repeat(40)}`,
    `0x${'f'.repeat(64)}`,
    `0x${'ff'.repeat(65)}`,
    `0x${'00'.repeat(64)}`,
    seatIds.alice,
    '18446744073709551615',
  ],
  ...['north', lower(people.alice), settings.rulesHash],
]
const text = fc.oneof(fc.constantFrom(...texts), fc.constantFrom(...cursors), fc.string({ maxLength: 40 }))
const number = fc.oneof(
  fc.constantFrom(0, 1, 2, 900, 2 ** 24 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 48 - 1, 2 ** 53 - 1),
  fc.constantFrom(-1, 1.5, 2 ** 32, 2 ** 48, 2 ** 53, 1e300),
)
const anything = fc.oneof(text, number, fc.constantFrom(null, true, [], {}, [[]], { toString: 1 }))

/** Mostly what a schema asks for, with rubbish here and there: what is refused at the door tests nothing behind it. */
function bodyOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const { $ref, anyOf, type, properties, items } = schema
  const like =
    depth > 6
      ? fc.constant(null)
      : $ref !== undefined
        ? bodyOf(schemas[$ref.split('/').at(-1)!]!, depth + 1)
        : anyOf !== undefined
          ? fc.oneof(...anyOf.map((each) => bodyOf(each, depth + 1)))
          : type === 'object'
            ? fc.record(
                Object.fromEntries(
                  Object.entries(properties ?? {}).map(([name, each]) => [name, bodyOf(each, depth + 1)]),
                ),
              )
            : type === 'array'
              ? fc.array(bodyOf(items!, depth + 1), { maxLength: 3 })
              : type === 'string'
                ? stringLike(schema as { pattern?: string })
                : type === 'integer' || type === 'number'
                  ? fc.oneof(
                      { weight: 9, arbitrary: fc.constantFrom(0, 1, 2, 900, 2 ** 23 - 1, 1_795_000_500) },
                      { weight: 1, arbitrary: number },
                    )
                  : anything
  return fc.oneof({ weight: 30, arbitrary: like }, { weight: 1, arbitrary: anything })
}

function stringLike({ pattern }: { pattern?: string }): fc.Arbitrary<string> {
  const known = [
    lower(people.alice),
    settings.rulesHash,
    seatIds.alice,
    seatIds.bob,
    'north',
    '5',
    `0x${'ff'.repeat(65)}`,
    `0x${'ff'.repeat(64)}`,
  ]
  const fitting = pattern === undefined ? known : texts.concat(known).filter((each) => new RegExp(pattern).test(each))
  return fitting.length === 0
    ? text
    : fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...fitting) }, { weight: 1, arbitrary: text })
}

function expectFitting(reply: Reply, asked: string): void {
  if (reply.status >= 500 && reply.status !== 503)
    throw new Error(`${asked}: ${reply.status} ${JSON.stringify(reply.body)}`)
  // What is wrong with a request is said in our words, not in those of the library that checks it.
  expect(reply.body?.code === 'REQUEST_INVALID' ? reply.body.detail : '', asked).not.toMatch(
    /Invalid|expected|received|Too (big|small)|Unrecognized/,
  )
}

describe('no request makes the server fail', () => {
  test('whatever it asks for', async () => {
    expect(operations.length).toBeGreaterThan(25)
    const asked = fc.record({
      operation: fc.nat(),
      role: fc.constantFrom('stranger', 'alice signed in', 'grid signed in', 'stranger signed in'),
      parts: fc.array(text, { minLength: 3, maxLength: 3 }),
      isKnown: fc.boolean(),
      values: fc.array(text, { minLength: 8, maxLength: 8 }),
      named: fc.integer({ min: 0, max: 255 }),
      body: fc.nat(),
    })
    const bodies = operations.map(({ body }) => (body === null ? null : fc.sample(bodyOf(body), 40)))
    await fc.assert(
      fc.asyncProperty(asked, async ({ operation, role, parts, isKnown, values, named, body }) => {
        const at = operation % operations.length
        const { method, path, query, takesFile } = operations[at]!
        const known: Record<string, string> = { area: '1', account: lower(people.alice), start: '2026-11-22T08:00:00Z' }
        let n = 0
        const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) =>
          encodeURIComponent((isKnown ? known[name] : undefined) ?? (parts[n++ % 3] || 'x')),
        )
        const search = new URLSearchParams(
          query.flatMap((name, index) => (named & (1 << index) ? [[name, values[index % 8]!]] : [])),
        )
        const url = `${filled.replace(/^\/api\/v1\//, '')}?${search}`
        const json = bodies[at]?.[body % 40]
        const token = roles[role]
        const reply = await ask(street, method, url, {
          ...(takesFile ? { body: values.join('\n'), headers: { 'content-type': 'application/octet-stream' } } : {}),
          ...(json === undefined || method === 'GET' ? {} : { body: json as object }),
          ...(token === undefined || method === 'DELETE' ? {} : { token }),
          key: `k${operation}`,
        })
        expectFitting(reply, `${role}: ${method} ${url} ${JSON.stringify(json)}`)
      }),
      { numRuns: 1_500 },
    )
  })

  test('with any cursor in any list', async () => {
    const own = operations.filter(({ query }) => query.includes('cursor'))
    expect(own.length).toBeGreaterThan(8)
    for (const { path } of own) {
      const filled = path
        .replace('{area}', '1')
        .replace('{account}', lower(people.alice))
        .replace(/^\/api\/v1\//, '')
      for (const each of cursors) {
        const reply = await ask(street, 'GET', `${filled}?cursor=${each}`, { token: roles['alice signed in']! })
        expectFitting(reply, `${path} ${Buffer.from(each, 'base64url')}`)
      }
    }
  })

  test('with values at and beyond every bound of an order', async () => {
    const bounds = [
      0,
      1,
      -1,
      2 ** 23,
      -(2 ** 23),
      2 ** 24 - 1,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53 - 1,
      2 ** 53,
    ]
    for (const field of ['market', 'side', 'timeInForce', 'limitPrice', 'maxWh', 'start', 'end', 'nonce'] as const) {
      for (const value of bounds) {
        const signed = await signedOrder('alice', { [field]: value }).catch(() => ({
          order: orderOf('alice', { [field]: value }),
          signature: `0x${'ff'.repeat(65)}`,
        }))
        expectFitting(await ask(street, 'POST', 'orders', { body: signed }), `${field} ${value}`)
      }
    }
  })
})
