/** How often one address may sign in, and whose address counts behind a proxy. */
import { Wallet } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { networkOf, networkReader } from '../../server/api/addresses.ts'
import { createAllowance } from '../../server/api/allowance.ts'
import { ApiError } from '../../server/api/problem.ts'
import { createTurns } from '../../server/api/turns.ts'
import { people } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

const minute = 60_000

describe('an allowance', () => {
  const refusalOf = (check: () => void): ApiError | null => {
    try {
      check()
      return null
    } catch (error) {
      return error as ApiError
    }
  }

  test('is used up by one and comes back by and by; no minute has more than it allows', () => {
    const allowance = createAllowance({ mostPerMinute: 4, done: 'it is done here' })
    const use = (who: string, atMs: number) => refusalOf(() => allowance.use(who, 5 * minute + atMs))
    expect([use('a', 0), use('a', 0)]).toEqual([null, null])
    const refusal = use('a', 0)
    expect(refusal).toBeInstanceOf(ApiError)
    expect(refusal).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429, retryAfterSeconds: 30 })
    expect(refusal?.message).toBe('at most 4 times a minute it is done here')
    expect(use('b', 0)).toBeNull()
    expect(use('a', 29_999)).not.toBeNull()
    expect(use('a', 30_000)).toBeNull()
    expect(refusalOf(() => allowance.check('a', 5 * minute + 30_000))).not.toBeNull()
    expect(refusalOf(() => allowance.check('a', 5 * minute + 60_000))).toBeNull()
    expect(refusalOf(() => allowance.check('a', 5 * minute + 60_000))).toBeNull()
  })

  test('allows in any sixty seconds what it says, wherever they begin', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(fc.nat(4_000), { maxLength: 400 }), (most, pauses) => {
        const allowance = createAllowance({ mostPerMinute: most, done: '' })
        const taken: number[] = []
        let now = 0
        for (const pause of pauses) {
          now += pause
          if (refusalOf(() => allowance.use('a', now)) === null) taken.push(now)
        }
        for (const from of taken) {
          expect(taken.filter((at) => at >= from && at < from + minute).length).toBeLessThanOrEqual(Math.max(2, most))
        }
      }),
    )
  })

  test('begins anew where the clock was set back', () => {
    const allowance = createAllowance({ mostPerMinute: 2, done: '' })
    allowance.use('a', 3_600_000)
    expect(refusalOf(() => allowance.use('a', 3_600_001))).not.toBeNull()
    expect(refusalOf(() => allowance.use('a', 0))).toBeNull()
    expect(refusalOf(() => allowance.use('a', 1))).not.toBeNull()
  })

  test('is remembered also while many others come', () => {
    const allowance = createAllowance({ mostPerMinute: 2, done: '' })
    allowance.use('a', 0)
    for (let n = 0; n < 15_000; n++) allowance.use(`stranger ${n}`, 1)
    expect(refusalOf(() => allowance.use('a', 2))).not.toBeNull()
  })
})

describe('what takes long', () => {
  test('is done for one asker a few times at once and so often a minute, and is under way until it has ended', async () => {
    const turns = createTurns()
    const end: (() => void)[] = []
    const work = () => new Promise<void>((resolve) => end.push(resolve))
    const own = Array.from({ length: 8 }, () => turns.take('a', work))
    await expect(turns.take('a', work)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 1 })
    expect(await turns.take('b', async () => 'done')).toBe('done')
    end[0]!()
    await own[0]
    await expect(turns.take('a', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    for (let n = 0; n < 51; n++) await turns.take('a', async () => {}).catch(() => {})
    await expect(turns.take('a', async () => {})).rejects.toThrow('120 times a minute')
    for (const each of end) each()
    await Promise.all(own)
  })

  test('is under way until it has been received, however slowly', async () => {
    const turns = createTurns()
    const received: (() => void)[] = []
    const sent = () => new Promise<void>((resolve) => received.push(resolve))
    for (let n = 0; n < 8; n++) expect(await turns.take('a', async () => n, sent)).toBe(n)
    await expect(turns.take('a', async () => 8, sent)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    received[0]!()
    await Promise.resolve()
    expect(await turns.take('a', async () => 8)).toBe(8)
  })
})

describe('whose request it is', () => {
  const request = (address: string, headers: Record<string, string> = {}) =>
    ({ socket: { remoteAddress: address }, headers }) as unknown as Parameters<ReturnType<typeof networkReader>>[0]
  const warnings: unknown[] = []
  const log = { warn: (...said: unknown[]) => warnings.push(said) } as unknown as Parameters<typeof networkReader>[1]

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is of the network %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  test('the last address that no trusted proxy has', () => {
    const one = networkReader(1, log)
    expect(one(request('10.0.0.1', { 'x-forwarded-for': '6.6.6.6, 192.0.2.9' }))).toBe('192.0.2.9')
    const loopback = networkReader(['loopback', '10.0.0.0/8'], log)
    expect(loopback(request('127.0.0.1', { 'x-forwarded-for': '6.6.6.6, 192.0.2.9, 10.1.1.1' }))).toBe('192.0.2.9')
    expect(loopback(request('192.0.2.1', { 'x-forwarded-for': '6.6.6.6' }))).toBe('192.0.2.1')
    expect(loopback(request('127.0.0.1', { 'x-forwarded-for': 'rubbish' }))).toBe('127.0.0.1')
    expect(loopback(request('127.0.0.1'))).toBe('127.0.0.1')
  })

  test('the log says once an hour that requests come through a proxy that is not trusted', () => {
    warnings.length = 0
    let nowMs = 0
    const read = networkReader(null, log, () => nowMs)
    expect(read(request('127.0.0.1'))).toBe('127.0.0.1')
    expect(warnings).toEqual([])
    for (let n = 0; n < 3; n++) expect(read(request('127.0.0.1', { forwarded: 'for=6.6.6.6' }))).toBe('127.0.0.1')
    expect(warnings).toHaveLength(1)
    expect(JSON.stringify(warnings)).toContain('--trust-proxy')
    nowMs = 3_600_001
    read(request('127.0.0.1', { 'x-real-ip': '6.6.6.6' }))
    expect(warnings).toHaveLength(2)
  })
})

describe('signing in', () => {
  const body = { message: 'let me in', signature: `0x${'11'.repeat(65)}` }
  const signIn = (street: Street, from: string) =>
    ask(street, 'POST', 'session', { body, headers: { 'x-forwarded-for': from } })
  /** Signs in until refused; a minute that ends meanwhile begins a new allowance. */
  async function refusedAfter(street: Street, from: (n: number) => string) {
    for (let n = 0; n < 200; n++) {
      const reply = await signIn(street, from(n))
      if (reply.body.code === 'TOO_MANY_REQUESTS') return reply
      expect(reply.body.code).toBe('SIGN_IN_MESSAGE')
    }
    throw new Error('never refused')
  }

  test('is limited for the address that a trusted proxy names, and for no other', async () => {
    const street = await startStreet({ trustProxy: ['loopback'] })
    const refusal = await refusedAfter(street, () => '192.0.2.1')
    expect(refusal.status).toBe(429)
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await signIn(street, '192.0.2.2')).body.code).toBe('SIGN_IN_MESSAGE')
    await street.stop()
  })

  test('is limited for the connection where no proxy is trusted, whatever a client says', async () => {
    const street = await startStreet()
    await refusedAfter(street, (n) => `192.0.2.${n}`)
    await street.stop()
  })
})

describe('reading', () => {
  test('is limited for an account that belongs here, or for the address of anybody else, whatever sessions they have', async () => {
    const street = await startStreet({ readsPerMinute: 24 })
    const token = await tokenOf(street, people.alice)
    const visitor = await tokenOf(street, new Wallet(`0x${'f6'.repeat(32)}`))
    const codeOf = async (path: string, options: { token?: string; method?: string } = {}) => {
      const { method = 'GET', ...given } = options
      return (
        (await ask(street, method, path, { ...given, ...(method === 'GET' ? {} : { body: {} }) })).body.code ?? 'read'
      )
    }
    const codes: string[] = []
    for (let n = 0; n < 12; n++) codes.push(await codeOf('areas', n % 2 === 0 ? {} : { token: visitor }))
    // Four of the twelve at once were for signing in.
    expect([codes.indexOf('TOO_MANY_REQUESTS'), codes.filter((code) => code === 'read').length]).toEqual([8, 8])
    expect(await codeOf('session', { token: visitor })).toBe('TOO_MANY_REQUESTS')
    const wrong = 'x'.repeat(43)
    expect(await codeOf('areas', { token: wrong })).toBe('TOO_MANY_REQUESTS')
    expect(await codeOf('relay/claims', { token: wrong, method: 'POST' })).toBe('TOO_MANY_REQUESTS')
    expect(await codeOf('relay/claims', { method: 'POST' })).toBe('TOO_MANY_REQUESTS')
    for (let n = 0; n < 12; n++) expect(await codeOf('areas', { token })).toBe('read')
    expect(await codeOf('session', { token })).toBe('TOO_MANY_REQUESTS')
    expect((await ask(street, 'GET', '/healthz')).status).toBe(200)
    await street.stop()
  })
})
