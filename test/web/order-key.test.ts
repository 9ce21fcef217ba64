/** The session key of a device: granted once, used again while it covers the order, and only for its own account and meter. */
import { Wallet } from 'ethers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { allowsOrder } from '../../contracts/protocol/session-keys.ts'
import { recoverSigner } from '../../contracts/protocol/typed-data.ts'
import { signedOrderSchema } from '../../server/api/signed-requests.ts'
import { orderOf } from '../../web/orders/order.ts'
import { submitCancel, submitOrder } from '../../web/orders/submit.ts'
import { orderKeysOf } from '../../web/session/order-key.ts'
import { area, seatOf } from './resources.ts'

const wallet = Wallet.createRandom()
const account = wallet.address.toLowerCase()
const seat = seatOf(account)
const asked: string[] = []
const signer = Object.assign(Object.create(wallet), {
  signTypedData: (...typed: Parameters<typeof wallet.signTypedData>) => {
    asked.push(Object.keys(typed[1])[0]!)
    return wallet.signTypedData(...typed)
  },
}) as Wallet
const session = {
  account,
  identity: {
    ...{ account, name: 'x', description: null, role: null, signer: async () => signer },
    orderKeys: orderKeysOf(account, signer),
  },
}

let posted: unknown[]
beforeEach(() => {
  // Within the seat's mandate, whenever this is run.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-07-01T12:00:00.000Z') })
  const kept = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  })
  posted = []
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (init.body) posted.push(JSON.parse(String(init.body)))
    if (path.endsWith(`/areas/${area.area}`)) return new Response(JSON.stringify(area))
    // The seat is on the last of several pages.
    const isLast = path.includes('cursor=next')
    return new Response(JSON.stringify({ items: isLast ? [seat] : [], cursor: isLast ? null : 'next', market: 'spot' }))
  })
})

afterEach(() => vi.useRealTimers())

const order = (limitTicks: number) => ({
  order: orderOf({ area, seat, side: 'sell', limitTicks, nowMs: Date.now() }),
  market: 'spot' as const,
})

it('the account is asked once, and the key signs what the grant covers', async () => {
  for (const limit of [1_200, 1_500]) await submitOrder(session, area.chain, order(limit))
  expect(asked).toEqual(['SessionKey'])
  const [first, second] = posted.map((body) => signedOrderSchema.parse(body))
  expect(second!.session).toEqual(first!.session)
  for (const { order: placed, signature, session: grant } of [first!, second!]) {
    const { signature: word, ...bounds } = grant!
    expect(recoverSigner(area.chain, 'Order', placed, signature)).toBe(grant!.key)
    expect(recoverSigner(area.chain, 'SessionKey', { account, ...bounds }, word)).toBe(account)
    expect(allowsOrder(grant!, placed)).toBe(true)
    expect(grant!.validUntil).toBeGreaterThanOrEqual(placed.end)
  }
})

it('a price beyond the grant, another meter and another account need a grant of their own', async () => {
  await submitOrder(session, area.chain, order(1_200))
  await submitOrder(session, area.chain, order(9_000))
  expect(asked).toEqual(['SessionKey', 'SessionKey'])
  const other = Wallet.createRandom()
  const theirs = { ...session, identity: { ...session.identity, orderKeys: orderKeysOf(other.address, other) } }
  await submitOrder(theirs, area.chain, order(1_200))
  const keys = posted.map((body) => signedOrderSchema.parse(body).session!.key)
  expect(new Set(keys).size).toBe(3)
})

it('what the key signed it withdraws, and the account the rest', async () => {
  await submitOrder(session, area.chain, order(1_200))
  const { session: grant } = signedOrderSchema.parse(posted[0])
  const placed = { account, order: `0x${'01'.repeat(32)}`, market: 'spot' as const }
  await submitCancel(session, area.chain, { ...placed, sessionKey: grant!.key })
  expect(asked).toEqual(['SessionKey'])
  await submitCancel(session, area.chain, { ...placed, sessionKey: null })
  expect(asked).toEqual(['SessionKey', 'CancelOrder'])
})
