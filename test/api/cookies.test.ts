/** Sessions in a browser: a cookie that no script reads, and no page of somebody else that writes or listens. */
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageSenders } from '../../server/api/hosts.ts'
import { lower, people, signedOrder } from './people.ts'
import { ask, type Street, signInMessage, startStreet, tokenOf } from './street.ts'

const market = 'https://market.example'
let street: Street
beforeAll(async () => {
  street = await startStreet({ origins: [market] })
})
afterAll(() => street.stop())

const alice = lower(people.alice)

/** Signs Alice in as a page at `origin` does. */
async function signIn(origin: string | undefined, cookie = true) {
  const message = await signInMessage(street, people.alice)
  const body = { message, signature: await people.alice.signMessage(message), cookie }
  return ask(street, 'POST', 'session', { body, ...(origin && { headers: { origin } }) })
}

/** The pair that a browser sends back, and what it was told about it. */
async function cookieAt(origin: string): Promise<{ cookie: string; attributes: string[] }> {
  const [text] = (await signIn(origin)).headers.getSetCookie()
  const [cookie, ...attributes] = text!.split('; ')
  return { cookie: cookie!, attributes }
}

describe('the cookie', () => {
  test('is for this host alone where the page is opened by https, and has a plain name where it cannot be', async () => {
    const secure = await cookieAt(market)
    expect(secure.cookie).toMatch(new RegExp(`^__Host-commonwatt-${alice}=[\\w-]{43}$`))
    expect(secure.attributes).toEqual(
      expect.arrayContaining([
        'Path=/',
        'HttpOnly',
        'SameSite=Strict',
        'Secure',
        expect.stringMatching(/^Max-Age=86\d{3}$/),
      ]),
    )
    expect(secure.attributes.join()).not.toMatch(/domain/i)
    const plain = await cookieAt(street.origin)
    expect(plain.cookie).toMatch(new RegExp(`^commonwatt-${new URL(street.origin).port}-${alice}=`))
    expect(plain.attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict']))
    expect(plain.attributes).not.toContain('Secure')
  })

  test('comes without a token, and a program has a token and no cookie', async () => {
    const page = await signIn(market)
    expect(Object.keys(page.body).sort()).toEqual(['account', 'expiresAt'])
    for (const program of [await signIn(undefined), await signIn(undefined, false)]) {
      expect(program.body.token).toMatch(/^[\w-]{43}$/)
      expect(program.headers.getSetCookie()).toEqual([])
    }
  })

  test('opens the session of the account that the request names, and of no other', async () => {
    const { cookie } = await cookieAt(market)
    const read = (headers: Record<string, string>) => ask(street, 'GET', `accounts/${alice}/seats`, { headers })
    expect((await read({ cookie, 'commonwatt-account': alice })).status).toBe(200)
    expect((await read({ cookie })).body.code).toBe('SESSION_NEEDED')
    expect((await read({ cookie, 'commonwatt-account': lower(people.bob) })).body.code).toBe('SESSION_NEEDED')
    // Alice's session under Bob's name, as a page of a neighbouring host may have planted it.
    const planted = cookie.replace(alice, lower(people.bob))
    expect((await read({ cookie: planted, 'commonwatt-account': lower(people.bob) })).body.code).toBe('SESSION_NEEDED')
  })

  test('takes along what the browser has cached, whichever way it ends', async () => {
    const signOut = async (path: (id: string) => string) => {
      const { cookie } = await cookieAt(market)
      const headers = { cookie, 'commonwatt-account': alice, origin: market }
      const { items } = (await ask(street, 'GET', 'sessions', { headers })).body
      const own = items.find(({ isThis }: { isThis: boolean }) => isThis)
      return ask(street, 'DELETE', path(own.id), { headers })
    }
    for (const path of [() => 'session', (id: string) => `sessions/${id}`]) {
      const ended = await signOut(path)
      expect(ended.status).toBe(204)
      expect(ended.headers.get('clear-site-data')).toBe('"cache"')
      expect(ended.headers.getSetCookie()[0]).toMatch(/=; Max-Age=0; /)
    }
    const [kept, ended] = [await cookieAt(market), await cookieAt(market)]
    const as = ({ cookie }: { cookie: string }) => ({
      headers: { cookie, 'commonwatt-account': alice, origin: market },
    })
    const { items } = (await ask(street, 'GET', 'sessions', as(ended))).body
    const id = items.find(({ isThis }: { isThis: boolean }) => isThis).id
    const elsewhere = await ask(street, 'DELETE', `sessions/${id}`, as(kept))
    expect([elsewhere.status, elsewhere.headers.get('clear-site-data')]).toEqual([204, null])
  })

  test('ends with the session', async () => {
    const { cookie } = await cookieAt(market)
    const headers = { cookie, 'commonwatt-account': alice, origin: market }
    const ended = await ask(street, 'DELETE', 'session', { headers })
    expect(ended.status).toBe(204)
    expect(ended.headers.getSetCookie()[0]).toMatch(new RegExp(`^__Host-commonwatt-${alice}=; Max-Age=0; `))
    expect((await ask(street, 'GET', 'session', { headers })).body.code).toBe('SESSION_NEEDED')
  })
})

test('an account sees where it is signed in, and ends it there', async () => {
  const bob = lower(people.bob)
  const message = await signInMessage(street, people.bob)
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
  const body = { message, signature: await people.bob.signMessage(message), cookie: true }
  const page = await ask(street, 'POST', 'session', { body, headers: { origin: market, 'user-agent': agent } })
  const [cookie] = page.headers.getSetCookie()[0]!.split(';')
  const headers = { cookie: cookie!, 'commonwatt-account': bob, origin: market }
  const token = await tokenOf(street, people.bob)
  const { items } = (await ask(street, 'GET', 'sessions', { headers })).body
  expect(items.map(({ client, isThis }: { client: string; isThis: boolean }) => [client, isThis])).toEqual([
    ['a program', false],
    ['Firefox on Linux', true],
  ])
  const end = (id: string, as: object) => ask(street, 'DELETE', `sessions/${id}`, as)
  const foreign = await end(items[0].id, { token: await tokenOf(street, people.alice) })
  expect(foreign.body.code).toBe('SESSION_UNKNOWN')
  expect((await ask(street, 'GET', 'session', { token })).status).toBe(200)
  expect((await end(items[0].id, { headers })).status).toBe(204)
  expect((await ask(street, 'GET', 'session', { token })).body.code).toBe('SESSION_NEEDED')
  expect((await end(items[1].id, { headers })).status).toBe(204)
  expect((await ask(street, 'GET', 'sessions', { headers })).body.code).toBe('SESSION_NEEDED')
})

describe('a page of somebody else', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://market.example' },
    { origin: 'https://market.example:8443' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  test.each(foreign)('writes nothing: %o', async (headers) => {
    const { cookie } = await cookieAt(market)
    const cookies = { cookie, 'commonwatt-account': alice }
    const order = await signedOrder('alice')
    const asked = await ask(street, 'POST', 'orders', { body: order, headers: { ...cookies, ...headers } })
    expect([asked.status, asked.body.code]).toEqual([403, 'ORIGIN_FOREIGN'])
    const token = await tokenOf(street, people.alice)
    expect((await ask(street, 'DELETE', 'session', { token, headers })).body.code).toBe('ORIGIN_FOREIGN')
    const read = await ask(street, 'GET', `accounts/${alice}/seats`, { headers: { ...cookies, ...headers } })
    expect(read.body.code).toBe('SESSION_NEEDED')
  })

  test.each(foreign)('opens no socket: %o', async (extraHeaders) => {
    const { cookie } = await cookieAt(market)
    expect(await connects({ ...extraHeaders, cookie }, { account: alice })).toBe('websocket error')
    expect(await connects(extraHeaders, {})).toBe('websocket error')
  })
})

test('a write with a cookie says from which page it comes; our own page, by whichever address, writes', async () => {
  const { cookie } = await cookieAt(market)
  const cookies = { cookie, 'commonwatt-account': alice }
  const signOut = (headers: Record<string, string>) =>
    ask(street, 'DELETE', 'session', { headers: { ...cookies, ...headers } })
  expect((await signOut({})).body.code).toBe('SESSION_NEEDED')
  expect((await signOut({ origin: street.origin })).status).toBe(204)
})

test('a socket takes the cookie of the account that it names', async () => {
  const { cookie } = await cookieAt(market)
  expect(await connects({ cookie, origin: market }, { account: alice })).toBe('connected')
  expect(await connects({ cookie, origin: market }, { account: lower(people.bob) })).toMatch(/session has ended/)
  expect(await connects({ origin: market }, { account: alice })).toMatch(/session has ended/)
  expect(await connects({}, { token: await tokenOf(street, people.alice) })).toBe('connected')
})

test('the machine’s own names are its own page, with the port that was asked, and no other name is', () => {
  const senderOf = pageSenders([market])
  const sender = (origin: string, host: string) => senderOf({ headers: { origin, host } })
  expect(sender('http://localhost:8080', 'localhost:8080')).toBe('own')
  expect(sender('http://192.168.1.7:8080', '192.168.1.7:8080')).toBe('own')
  expect(sender('http://[::1]:8080', '[::1]:8080')).toBe('own')
  expect(sender('http://localhost:3000', 'localhost:8080')).toBe('foreign')
  expect(sender('https://localhost:8080', 'localhost:8080')).toBe('foreign')
  expect(sender('http://evil.example', 'evil.example')).toBe('foreign')
})

/** What comes of a socket with these headers: `connected`, or the reason why not. */
function connects(extraHeaders: Record<string, string>, auth: Record<string, string>): Promise<string> {
  const options = { transports: ['websocket'], forceNew: true, reconnection: false }
  const socket = io(`${street.origin}/live`, { ...options, extraHeaders, auth })
  return new Promise<string>((resolve) => {
    socket.on('connect', () => resolve('connected'))
    socket.on('connect_error', ({ message }) => resolve(message))
  }).finally(() => socket.close())
}
