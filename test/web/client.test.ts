/** Requests are written by an operation's path, and what the API's document does not say of it does not compile. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { deleteAt, getBytes, getJson, postJson, relay } from '../../web/api/client.ts'
import { everyPage } from '../../web/api/every-page.ts'

let sent: { address: string; body?: unknown }[]
let answers: unknown[]
beforeEach(() => {
  sent = []
  answers = []
  vi.stubGlobal('fetch', async (address: string, { body }: RequestInit) => {
    sent.push({ address, ...(body ? { body: JSON.parse(String(body)) } : {}) })
    return new Response(JSON.stringify(answers.shift() ?? {}))
  })
})
afterEach(() => vi.unstubAllGlobals())

it('fills the path in and asks for the rest', async () => {
  await getJson('/areas/{area}/growth', { area: 7, timeZone: 'Europe/Vienna' })
  await getJson('/accounts/{account}/statements/{end}', { account: '0x1', end: '2026-11-01T00:00:00Z', seat: '5' })
  await getJson('/areas', { search: 'a&b {area} $&', limit: undefined })
  await getJson('/areas', {})
  await deleteAt('/sessions/{id}', { id: 'a/b' })
  expect(sent.map(({ address }) => address)).toEqual([
    '/api/v1/areas/7/growth?timeZone=Europe%2FVienna',
    '/api/v1/accounts/0x1/statements/2026-11-01T00%3A00%3A00Z?seat=5',
    '/api/v1/areas?search=a%26b+%7Barea%7D+%24%26',
    '/api/v1/areas',
    '/api/v1/sessions/a%2Fb',
  ])
})

it('sends what an operation takes', async () => {
  answers = [{ transaction: '0x12' }]
  expect(await relay('/relay/claims', { seat: '5' })).toEqual({ transaction: '0x12' })
  await postJson('/areas/{area}/releases', { area: 7 }, { report: { format: 'csv' }, version: 1 })
  expect(sent).toEqual([
    { address: '/api/v1/relay/claims', body: { seat: '5' } },
    { address: '/api/v1/areas/7/releases', body: { report: { format: 'csv' }, version: 1 } },
  ])
})

it('reads a list to its end', async () => {
  answers = [
    { items: [{ seat: '1' }], cursor: 'a b' },
    { items: [{ seat: '2' }], cursor: null },
  ]
  const seats = await everyPage((place) => getJson('/accounts/{account}/seats', { account: '0x1', ...place }))
  expect(seats.map(({ seat }) => seat)).toEqual(['1', '2'])
  expect(sent.map(({ address }) => address)).toEqual([
    '/api/v1/accounts/0x1/seats?limit=500',
    '/api/v1/accounts/0x1/seats?limit=500&cursor=a+b',
  ])
})

it('does not compile where it does not fit the operation', async () => {
  const range = { account: '0x1', seat: '5', from: '', to: '', timeZone: 'UTC' }
  const wrong = [
    // @ts-expect-error: there is no such path
    () => getJson('/areas/{area}/grown', { area: 7 }),
    // @ts-expect-error: the time zone is missing
    () => getJson('/areas/{area}/growth', { area: 7 }),
    // @ts-expect-error: the area is missing
    () => getJson('/areas/{area}/growth', { timeZone: 'UTC' }),
    // @ts-expect-error: an area is a number
    () => getJson('/areas/{area}/growth', { area: 'seven', timeZone: 'UTC' }),
    // @ts-expect-error: nothing is asked for by this name
    () => getJson('/areas/{area}/growth', { area: 7, timeZone: 'UTC', zone: 'north' }),
    // @ts-expect-error: it asks for nothing
    () => getJson('/report-formats', { area: 7 }),
    // @ts-expect-error: there is no such part of the calendar
    () => getJson('/accounts/{account}/totals', { ...range, by: 'week' }),
    // @ts-expect-error: a report is a file and no JSON
    () => getJson('/areas/{area}/report', { area: 7, from: '', to: '' }),
    // @ts-expect-error: a wallet is JSON and no file
    () => getBytes('/accounts/{account}/wallet', { account: '0x1', area: 7 }),
    // @ts-expect-error: an answer has no such member
    async () => (await getJson('/areas/{area}/growth', { area: 7, timeZone: 'UTC' })).homes,
    // @ts-expect-error: the body lacks its signature
    () => postJson('/orders/{order}/cancel', { order: '0x1' }, {}),
    // @ts-expect-error: the body has another form
    () => postJson('/demo/homes', {}, { area: 'seven' }),
    // @ts-expect-error: this is read and not written
    () => postJson('/areas/{area}/growth', { area: 7, timeZone: 'UTC' }, {}),
    // @ts-expect-error: this is not carried to the chain
    () => relay('/orders', {}),
    // @ts-expect-error: nobody can delete this
    () => deleteAt('/areas/{area}', { area: '7' }),
  ]
  expect(wrong.length).toBeGreaterThan(10)
})
