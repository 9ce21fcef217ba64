/** Agreements over HTTP: signed by both, honoured before anything else, shown to both and to nobody else, ended by notice. */
import type { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Agreement, digestOf, signFull } from '../../contracts/protocol/typed-data.ts'
import { agreementSchema, pageOf, seatIntervalSchema } from '../../server/api/resources.ts'
import { monthSchema } from '../../server/api/totals-resources.ts'
import { connected, listen } from '../live/view.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { domain, lower, people, seatIds, signedAgreement } from './people.ts'
import { announce, ask, meter, type Street, startStreet, tokenOf } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

let street: Street
let tokens: Record<'alice' | 'bob' | 'grid' | 'stranger', string>
beforeAll(async () => {
  street = await startStreet({ bobZone: 'north', trustProxy: ['loopback'] })
  tokens = {
    alice: await tokenOf(street, people.alice),
    bob: await tokenOf(street, people.bob),
    grid: await tokenOf(street, people.grid),
    stranger: await tokenOf(street, people.stranger),
  }
})
afterAll(() => street.stop())

const agree = async (change: Partial<Agreement> = {}, signers = {}) =>
  ask(street, 'POST', 'areas/1/agreements', { body: { agreements: [await signedAgreement(change, signers)] } })

async function end(agreement: string, at: number, { by = people.bob, signer }: { by?: Wallet; signer?: Wallet } = {}) {
  const account = lower(by)
  const signature = await signFull(signer ?? by, domain, 'EndAgreement', { account, agreement, end: at })
  return ask(street, 'POST', `areas/1/agreements/${agreement}/end`, { body: { account, end: at, signature } })
}

async function agreementsOf(name: 'alice' | 'bob', token = tokens[name], query = '') {
  return ask(street, 'GET', `accounts/${lower(people[name])}/agreements${query}`, { token })
}

let agreed: ReturnType<typeof agreementSchema.parse>

describe('what strangers sign', () => {
  test('is refused from memory where they have no seat, and uses up what their address may send where they have none’s key', async () => {
    const before = street.area.status.sequence
    const nobodys = await agree({ seller: lower(people.stranger) }, { seller: people.stranger })
    expect([nobodys.status, nobodys.body.code]).toEqual([422, 'AGREEMENT_NO_SEAT'])
    expect(street.area.status.sequence).toBe(before)
    const headers = { 'x-forwarded-for': '192.0.2.66' }
    const body = { agreements: [await signedAgreement({}, { seller: people.stranger })] }
    const codes: string[] = []
    while (codes.length < 200 && codes.at(-1) !== 'TOO_MANY_REQUESTS')
      codes.push((await ask(street, 'POST', 'areas/1/agreements', { body, headers })).body.code)
    expect(codes.filter((code) => code === 'AGREEMENT_SIGNATURE').length).toBeGreaterThanOrEqual(60)
    expect(codes.at(-1)).toBe('TOO_MANY_REQUESTS')
    const cancel = await ask(street, 'POST', `orders/0x${'1'.repeat(64)}/cancel`, {
      ...{ body: { signature: `0x${'11'.repeat(65)}` }, headers },
    })
    expect(cancel.body.code).toBe('TOO_MANY_REQUESTS')
  })
})

describe('an agreement', () => {
  test('that both have signed is accepted once, and shown to both live', async () => {
    const pages = [street.page(tokens.bob), street.page()]
    const [bobs, publics] = pages.map(listen)
    await Promise.all(pages.map(connected))
    await pages[1]!.emitWithAck('watch', 1)
    const change = { kind: 1, amount: 2_500, end: t0 + 8 * intervalSeconds, noticeSeconds: 900 }
    const first = await agree(change)
    expect(first.status).toBe(201)
    const { items } = pageOf(agreementSchema).parse(first.body)
    agreed = items[0]!
    const { agreement } = await signedAgreement(change)
    expect(agreed).toMatchObject({
      agreement: digestOf(domain, 'Agreement', agreement),
      seller: { seat: seatIds.alice, account: lower(people.alice) },
      buyer: { seat: seatIds.bob, account: lower(people.bob) },
      ...{ kind: 'share', amount: 2_500, pricePerKwh: '0.1500', start: iso(t0), end: iso(t0 + 8 * intervalSeconds) },
      ...{ noticeSeconds: 900, noticeBy: null },
    })
    expect(agreed.description).toMatch(/^25.% of the surplus at 15\.0.ct\/kWh$/)
    const again = await agree(change)
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(await bobs!.until('agreement')).toEqual(agreed)
    expect(publics!.received.filter(({ name }) => name === 'agreement')).toEqual([])
    for (const page of pages) page.close()
  })

  test('is listed for both and their grid operator, and for nobody else', async () => {
    for (const name of ['alice', 'bob'] as const) {
      expect((await agreementsOf(name)).body.items).toEqual([agreed])
      expect((await agreementsOf(name, tokens.grid)).body.items).toEqual([agreed])
      expect((await agreementsOf(name, tokens.stranger)).body.code).toBe('ACCOUNT_FOREIGN')
      expect((await agreementsOf(name, '')).body.code).toBe('SESSION_NEEDED')
    }
    expect((await agreementsOf('bob', tokens.bob, `?seat=${seatIds.bob}`)).body.items).toHaveLength(1)
    expect((await agreementsOf('bob', tokens.bob, `?seat=${seatIds.alice}`)).body.code).toBe('SEAT_UNKNOWN')
  })

  test.each<[string, Partial<Agreement>, object, string]>([
    ['that the seller did not sign', { nonce: 10 }, { seller: people.stranger }, 'AGREEMENT_SIGNATURE'],
    ['that the buyer did not sign', { nonce: 10 }, { buyer: people.stranger }, 'AGREEMENT_SIGNATURE'],
    ['with a nonce that was used', { nonce: 1, amount: 0 }, {}, 'AGREEMENT_NONCE'],
    ['of more than everything', { nonce: 10, kind: 1, amount: 10_001 }, {}, 'AGREEMENT_AMOUNT'],
    ['below the seller’s floor', { nonce: 10, price: 400 }, {}, 'AGREEMENT_MANDATE'],
    ['between boundaries', { nonce: 10, start: t0 + 1 }, {}, 'AGREEMENT_TIME'],
    ['of other rules', { nonce: 10, rules: `0x${'0'.repeat(64)}` }, {}, 'AGREEMENT_RULES'],
  ])('%s is refused by name', async (_name, change, signers, code) => {
    const reply = await agree(change, signers)
    expect([reply.status, reply.body.code]).toEqual([422, code])
    expect(reply.body.detail.length).toBeGreaterThan(10)
  })

  test('several of one group are accepted all or none', async () => {
    const body = {
      agreements: [await signedAgreement({ nonce: 20 }), await signedAgreement({ nonce: 20, amount: 3, kind: 0 })],
    }
    expect((await ask(street, 'POST', 'areas/1/agreements', { body })).body.code).toBe('AGREEMENT_GROUP')
    const none = await ask(street, 'POST', 'areas/1/agreements', { body: { agreements: [] } })
    expect(none.body.code).toBe('REQUEST_INVALID')
    expect((await agreementsOf('alice')).body.items).toHaveLength(1)
  })

  test('of a contract wallet holds by the wallet’s word', async () => {
    const { agreement, sellerSignature } = await signedAgreement({ nonce: 30, end: t0 + 2 * intervalSeconds })
    const word = `0x${'ab'.repeat(100)}`
    const body = { agreements: [{ agreement, sellerSignature, buyerSignature: word }] }
    const send = () => ask(street, 'POST', 'areas/1/agreements', { body })
    expect((await send()).body.code).toBe('AGREEMENT_SIGNATURE')
    street.walletSignatures.add(`${lower(people.bob)} ${digestOf(domain, 'Agreement', agreement)} ${word}`)
    expect((await send()).status).toBe(201)
  })
})

test('energy goes to the partner first; own use of either home is told by itself', async () => {
  const agent = street.agent()
  for (const name of ['alice', 'bob'] as const) await announce(agent, name)
  await street.setTime(t0 + 1)
  await street.setTime(t0 + intervalSeconds + 1)
  await meter(agent, t0 + intervalSeconds, { exportWh: 400, importWh: 800 })
  await street.setTime(t0 + intervalSeconds + 2)
  const path = `accounts/${lower(people.alice)}/intervals`
  const { items } = pageOf(seatIntervalSchema).parse((await ask(street, 'GET', path, { token: tokens.alice })).body)
  expect(items[0]).toMatchObject({ exportWh: 400, soldWh: 400, ownUseWh: 0, residualExportWh: 0 })
  expect(items[0]!.outcomes.map(({ stage, arrival, filledWh }) => [stage, arrival, filledWh])).toEqual([
    ['agreements', agreed.arrival, 100],
    ['agreements', expect.any(Number), 300],
  ])
  expect(items[0]!.outcomes[0]!.message).toMatch(/^Agreed sale: all of 100.Wh at 15\.0.ct\/kWh, as agreed\.$/)
  const month = `accounts/${lower(people.alice)}/months/${new Date(t0 * 1000).toISOString().slice(0, 7)}?seat=${seatIds.alice}&timeZone=UTC`
  const { lines, summary } = monthSchema.parse((await ask(street, 'GET', month, { token: tokens.alice })).body)
  expect(lines).toMatchObject([
    { side: 'sell', stage: 'agreements', energyWh: 400, amount: summary.received, intervals: 1 },
  ])
  agent.close()
})

describe('notice', () => {
  const earliest = t0 + 3 * intervalSeconds

  test('ends it at a boundary that lies the agreed time ahead, and says who gave it', async () => {
    expect((await end(agreed.agreement, t0 + 2 * intervalSeconds)).body.code).toBe('AGREEMENT_NOTICE')
    const reply = await end(agreed.agreement, earliest)
    expect([reply.status, reply.body]).toEqual([200, { ...agreed, end: iso(earliest), noticeBy: lower(people.bob) }])
    expect((await end(agreed.agreement, earliest)).body).toEqual(reply.body)
    expect((await end(agreed.agreement, earliest, { by: people.alice })).body.code).toBe('AGREEMENT_NOTICE')
  })

  test('is given by one of the two, signed by them', async () => {
    const asked = vi.spyOn(street.area, 'submit')
    const foreign = await end(agreed.agreement, earliest, { by: people.stranger })
    expect([foreign.status, foreign.body.code]).toEqual([422, 'AGREEMENT_FOREIGN'])
    const forged = await end(agreed.agreement, earliest, { by: people.alice, signer: people.bob })
    expect(forged.body.code).toBe('NOTICE_SIGNATURE')
    expect((await end(agreed.agreement, earliest)).status).toBe(200)
    expect(asked, 'nobody waits in the area’s queue for what is refused, or was said before').not.toHaveBeenCalled()
    asked.mockRestore()
    const unknown = await end(`0x${'0'.repeat(64)}`, earliest)
    expect([unknown.status, unknown.body.code]).toEqual([404, 'AGREEMENT_UNKNOWN'])
  })
})

test('agreements come newest first, page by page', async () => {
  const all = (await agreementsOf('alice')).body.items
  expect(all.map(({ arrival }: { arrival: number }) => arrival)).toEqual([agreed.arrival + 1, agreed.arrival])
  const first = (await agreementsOf('alice', tokens.alice, '?limit=1')).body
  const second = (await agreementsOf('alice', tokens.alice, `?limit=1&cursor=${first.cursor}`)).body
  expect([...first.items, ...second.items]).toEqual(all)
  expect(second.cursor).toBeNull()
})
