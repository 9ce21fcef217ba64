/** Whose order is it? By key, by session key, and by the word of a contract wallet. */
import { Wallet } from 'ethers'
import { expect, test } from 'vitest'
import { digestOf, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import type { StatedOrder } from '../../server/settlement/signed-forms.ts'
import { claimsOf, nameOf, wrongSignerOfOrder } from '../../server/settlement/signers.ts'

const domain = { chainId: 31337, escrow: `0x${'ee'.repeat(20)}` }
const key = new Wallet(`0x${'07'.repeat(32)}`)
const account = key.address.toLowerCase()
const contract = `0x${'c0'.repeat(20)}`
const none = new Set<string>()

function orderOf(owner: string): Order {
  const order = { account: owner, meter: `0x${'33'.repeat(20)}`, rules: `0x${'44'.repeat(32)}`, market: 0, side: 1 }
  return { ...order, timeInForce: 0, limitPrice: -5, maxWh: 10, start: 900, end: 1_800, nonce: 1 }
}

async function signed(order: Order, session: { grantor: Wallet } | null = null): Promise<StatedOrder> {
  const signature = await signFull(key, domain, 'Order', order)
  if (session === null) return { order, signature, session: null }
  const { account: owner, rules } = order
  const bounds = { sides: 2, lowestPrice: -5, highestPrice: 5, validFrom: 0, validUntil: 4_000_000_000 }
  const grant = { key: account, ...bounds }
  const granted = await signFull(session.grantor, domain, 'SessionKey', { account: owner, rules, ...grant })
  return { order, signature, session: { ...grant, signature: granted } }
}

test('a key signs its account’s orders, and nobody else’s', async () => {
  expect(wrongSignerOfOrder(domain, await signed(orderOf(account)), none)).toBeNull()
  expect(wrongSignerOfOrder(domain, await signed(orderOf(contract)), none)).toBe(contract)
})

test('a contract wallet confirms this very signature of this very order', async () => {
  const order = orderOf(contract)
  const own = { order, signature: `0x${'ab'.repeat(200)}`, session: null }
  const [claim] = claimsOf(domain, { orders: [own] })
  expect(claim).toEqual({ account: contract, digest: digestOf(domain, 'Order', order), signature: own.signature })
  const words = new Set([nameOf(claim!)])
  expect(wrongSignerOfOrder(domain, own, none)).toBe(contract)
  expect(wrongSignerOfOrder(domain, own, words)).toBeNull()
  expect(wrongSignerOfOrder(domain, { ...own, signature: `0x${'ac'.repeat(200)}` }, words)).toBe(contract)
  expect(wrongSignerOfOrder(domain, { ...own, order: { ...order, maxWh: 11 } }, words)).toBe(contract)
})

test('a session key signs where its account granted it, by key or by the wallet’s word', async () => {
  const stranger = new Wallet(`0x${'08'.repeat(32)}`)
  expect(wrongSignerOfOrder(domain, await signed(orderOf(account), { grantor: key }), none)).toBeNull()
  expect(wrongSignerOfOrder(domain, await signed(orderOf(account), { grantor: stranger }), none)).toBe(account)
  const granted = await signed(orderOf(contract), { grantor: stranger })
  const [claim] = claimsOf(domain, { orders: [granted] })
  const words = new Set([nameOf(claim!)])
  expect(wrongSignerOfOrder(domain, granted, words)).toBeNull()
  const forged = { ...granted, order: { ...granted.order, maxWh: 11 } }
  expect(wrongSignerOfOrder(domain, forged, words)).toBe(account)
})
