/** How often one address may sign in, and whose address counts behind a proxy. */
import { describe, expect, test } from 'vitest'
import { createAllowance } from '../../server/api/allowance.ts'
import { ApiError } from '../../server/api/problem.ts'
import { ask, type Street, startStreet } from './street.ts'

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

  test('is half for the moment, comes back evenly, and says after how long', () => {
    const allowance = createAllowance({ mostPerMinute: 4, done: 'somebody may ask' })
    const use = (who: string, nowMs: number) => refusalOf(() => allowance.use(who, nowMs))
    for (let n = 0; n < 2; n++) expect(use('a', 5 * minute)).toBeNull()
    const refusal = use('a', 5 * minute + 12_000)
    expect(refusal).toBeInstanceOf(ApiError)
    expect(refusal).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429, retryAfterSeconds: 18 })
    expect(refusal?.message).toBe('at most 4 times a minute somebody may ask')
    expect(use('b', 5 * minute + 12_000)).toBeNull()
    expect(use('a', 5 * minute + 30_000)).toBeNull()
    expect(use('a', 5 * minute + 30_000)).not.toBeNull()
    expect(use('a', 6 * minute)).toBeNull()
  })

  test('is no more than said in any minute, whenever somebody asks', () => {
    const allowance = createAllowance({ mostPerMinute: 10, done: 'somebody may ask' })
    const used: number[] = []
    for (let nowMs = 0; nowMs < 5 * minute; nowMs += 500) {
      if (refusalOf(() => allowance.use('a', nowMs)) === null) used.push(nowMs)
    }
    for (const from of used) {
      expect(used.filter((at) => at >= from && at < from + minute).length).toBeLessThanOrEqual(10)
    }
    expect(used.length).toBeGreaterThan(25)
  })

  test('that is only looked at is not used', () => {
    const allowance = createAllowance({ mostPerMinute: 2, done: 'somebody may ask' })
    for (let n = 0; n < 5; n++) expect(refusalOf(() => allowance.check('a', 0))).toBeNull()
    allowance.use('a', 0)
    expect(refusalOf(() => allowance.check('a', 0))).not.toBeNull()
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
