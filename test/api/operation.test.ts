/** What an area's operator is told of the server that works for it. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operationSchema } from '../../server/api/operation-resources.ts'
import { mostOfDay } from '../../server/api/relay-admission.ts'
import { noteRelay } from '../../server/store/relay-store.ts'
import { t0 } from '../market/engine/street.ts'
import { lower, people } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet()
  token = await tokenOf(street, people.stranger)
})
afterAll(() => street.stop())

const read = async () => {
  const { status, body } = await ask(street, 'GET', 'areas/1/operation', { token })
  expect(status).toBe(200)
  return operationSchema.strict().parse(body)
}

test('what its keys can still pay, in the chain’s coin and in gas', async () => {
  const { keys, head, troubles, heldUp } = await read()
  expect(keys).toEqual([
    { address: lower(people.stranger), does: 'settles', coins: '2.0', gasLeft: '2000000000' },
    { address: lower(people.metering), does: 'relays', coins: '0.5', gasLeft: '500000000' },
  ])
  expect([head, troubles, heldUp]).toEqual([{ block: 41, time: iso(t0) }, [], null])
})

test('what was paid for people within a day, of all and of the grid operator', async () => {
  const before = (await read()).relay!
  expect(before).toEqual({
    spent: { grid: { transactions: 0, gas: 0 }, all: { transactions: 0, gas: 0 } },
    most: mostOfDay,
  })
  for (const [at, account] of [people.grid, people.alice].entries()) {
    await noteRelay(street.database, {
      ...{ area: 1, account: lower(account), subject: `subject ${at}`, requestHash: Buffer.alloc(32, at + 1) },
      ...{ transaction: `0x${String(at).repeat(64)}`, gas: 70_000 },
    })
  }
  expect((await read()).relay!.spent).toEqual({
    grid: { transactions: 1, gas: 70_000 },
    all: { transactions: 2, gas: 140_000 },
  })
})

test('why the next batch waits, what else is in the way, and who takes an office over', async () => {
  const [next, since] = [lower(Wallet.createRandom()), new Date(t0 * 1000)]
  Object.assign(street.operation, {
    troubles: [
      {
        ...{ code: 'chain-silent', sentence: 'chain 5: the node has shown no block for 13 s' },
        ...{ seconds: 13, address: null, area: null, chainId: 5 },
      },
    ],
    heldUp: { code: 'CHAIN_FUNDS', sentence: 'the key cannot pay', since },
    offers: {
      operatorNow: lower(people.stranger),
      operator: { to: next, from: t0 },
      grid: null,
      successionFrom: t0 + 60,
    },
  })
  const { troubles, heldUp, offices } = await read()
  expect(troubles).toEqual([
    { code: 'chain-silent', sentence: 'chain 5: the node has shown no block for 13 s', seconds: 13, address: null },
  ])
  expect(heldUp).toEqual({ code: 'CHAIN_FUNDS', sentence: 'the key cannot pay', since: since.toISOString() })
  expect(offices).toEqual({
    settlesAs: lower(people.stranger),
    operatorOffer: { to: next, from: iso(t0) },
    gridOffer: null,
    successionFrom: iso(t0 + 60),
  })
})

test('whoever is no operator any more is told nothing', async () => {
  street.offices.operator = lower(people.bob)
  expect((await ask(street, 'GET', 'areas/1/operation', { token })).body.code).toBe('NOT_OPERATOR')
  street.offices.operator = lower(people.stranger)
})
