/** Grants of data as the page makes them. */
import { Wallet } from 'ethers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { longestRevocationStep } from '../../contracts/protocol/data-grants.ts'
import { recoverSigner } from '../../contracts/protocol/typed-data.ts'
import type { GrantResource } from '../../server/api/grant-resources.ts'
import { signedGrantSchema } from '../../server/api/signed-requests.ts'
import { again, endingWith, grantOf } from '../../web/grants/grant.ts'
import { giveGrant } from '../../web/grants/submit.ts'
import { identityOfKey } from '../../web/session/keys.ts'
import { area, seatOf } from './resources.ts'

const nowMs = Date.parse('2026-07-10T09:00:00Z')
const seat = seatOf(`0x${'cd'.repeat(20)}`)
const reader = `0x${'ab'.repeat(20)}`
const draft = {
  ...{ grantee: reader, scopes: ['intervals', 'statements'] as const, isDaily: false },
  ...{ firstDay: '2026-07-01', lastDay: '2026-07-31' },
}
const made = (change: Partial<Parameters<typeof grantOf>[0]> = {}) => grantOf({ ...draft, ...change }, seat, nowMs)

describe('a grant', () => {
  test('is of whole local days, of what was chosen', () => {
    const from = Math.floor(new Date(2026, 6, 1).getTime() / 1000)
    const until = Math.floor(new Date(2026, 7, 1).getTime() / 1000)
    expect(made()).toMatchObject({ grant: { grantee: reader, scope: 5, granularity: 0, from, until, nonce: nowMs } })
  })

  test('of sums of days is of days of UTC, and of nothing else', () => {
    const [from, until] = [Date.UTC(2026, 6, 1) / 1000, Date.UTC(2026, 7, 1) / 1000]
    expect(made({ isDaily: true })).toMatchObject({ grant: { scope: 1, granularity: 1, from, until } })
  })

  test.each([
    [{ grantee: '0x12' }, /40 digits or letters/],
    [{ grantee: seat.account }, /your own/],
    [{ scopes: [] }, /what may be read/],
    [{ firstDay: '' }, /first and the last day/],
    [{ firstDay: '2026-08-01' }, /before the first/],
    [{ lastDay: '2027-07-10' }, /a year/],
  ])('that cannot be says why: %o', (change, problem) => {
    expect(made(change)).toMatchObject({ problem: expect.stringMatching(problem) })
  })
})

describe('signing one', () => {
  afterEach(() => void vi.unstubAllGlobals())

  test.each([
    ['the clock’s number', 0, nowMs],
    ['the lowest that is left after the longest step', longestRevocationStep, longestRevocationStep],
  ])('it carries %s', async (_, lowestNonce, nonce) => {
    const identity = identityOfKey(new Wallet(`0x${'0123456789abcdef'.repeat(4)}`).privateKey)
    const session = { identity, account: identity.account }
    const sent: unknown[] = []
    vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
      if (path.endsWith(`/accounts/${session.account}/grants/next?area=${area.area}`)) {
        return new Response(JSON.stringify({ account: session.account, area: area.area, lowestNonce }))
      }
      sent.push(JSON.parse(String(init?.body)))
      return new Response('{}', { status: 201 })
    })
    const own = grantOf({ ...draft, scopes: ['intervals'] }, seatOf(session.account), nowMs)
    if ('problem' in own) throw new Error(own.problem)
    await giveGrant(session, area, own.grant)
    const { grant, signature } = signedGrantSchema.parse(sent[0])
    expect(grant.nonce).toBe(nonce)
    const value = { ...grant, seat: BigInt(grant.seat) }
    expect(recoverSigner(area.chain, 'DataGrant', value, signature)).toBe(session.account)
  })
})

describe('taking one back', () => {
  const given = (nonce: number, change: Partial<GrantResource> = {}): GrantResource => ({
    ...{ grant: `0x${String(nonce).padStart(64, '0')}`, area: area.area, seat: seat.seat, account: seat.account },
    ...{ grantee: reader, scopes: ['readings'], granularity: 'interval', nonce, revoked: false },
    ...{ from: '2026-07-01T00:00:00Z', until: '2026-08-01T00:00:00Z', givenAt: '2026-07-01T00:00:00Z' },
    ...{ chainId: 31337, revocations: `0x${'8'.repeat(40)}` },
    ...change,
  })

  test('ends the older ones of the same contract, which can be signed again', () => {
    const taken = given(5)
    const elsewhere = given(2, { area: 99, revocations: `0x${'9'.repeat(40)}` })
    // Another area of the same contract, however many areas there are.
    const others = [given(6), given(4), given(3, { revoked: true }), elsewhere, given(1, { area: 1_000 })]
    const ending = endingWith(taken, [taken, ...others])
    expect(ending.map(({ nonce }) => nonce)).toEqual([4, 1])
    expect(again(ending[0]!, 7)).toEqual({
      ...{ account: seat.account, seat: BigInt(seat.seat), grantee: reader, scope: 2, granularity: 0, nonce: 7 },
      ...{ from: Date.parse('2026-07-01T00:00:00Z') / 1000, until: Date.parse('2026-08-01T00:00:00Z') / 1000 },
    })
  })
})
