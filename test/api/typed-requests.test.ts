/** The OpenAPI document alone is enough to sign every request, and says of every amount in which unit it is. */
import { TypedDataEncoder, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountDigest } from '../../contracts/protocol/passkey-account.ts'
import { digestOf, type TypedDataName, typesOf } from '../../contracts/protocol/typed-data.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { lower, meters, orderOf, people, seatIds } from './people.ts'
import { type Given, signFromDocument, type TypedEntry, typedDataOf } from './sign-from-document.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
interface Operation {
  operationId: string
  parameters?: { name: string; schema: Schema; description?: string }[]
  requestBody?: { content: { 'application/json'?: { schema: Schema } } }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
  'x-eip712'?: TypedEntry[]
}
let street: Street
let operations: Operation[]
let schemas: Record<string, Schema>
let area: { chain: { chainId: number; escrow: string } }
beforeAll(async () => {
  street = await startStreet()
  const { body } = await ask(street, 'GET', '/openapi.json')
  operations = Object.values<Record<string, Operation>>(body.paths).flatMap((methods) => Object.values(methods))
  schemas = body.components.schemas
  area = (await ask(street, 'GET', 'areas/1')).body
})
afterAll(() => street.stop())

/** Every property below a schema: where it stands, its name and its own schema, references followed. */
function propertiesOf(
  schema: Schema,
  at = '',
  seen: readonly string[] = [],
): { at: string; name: string; is: Schema }[] {
  const name = schema.$ref?.split('/').at(-1)
  if (name !== undefined) return seen.includes(name) ? [] : propertiesOf(schemas[name]!, at, [...seen, name])
  const inside = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return [
    ...inside.flatMap((each) => propertiesOf(each, at, seen)),
    ...(schema.items === undefined ? [] : propertiesOf(schema.items, `${at}/*`, seen)),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, is]) => [
      { at: `${at}/${key}`, name: key, is },
      ...propertiesOf(is, `${at}/${key}`, seen),
    ]),
  ]
}
const bodyOf = ({ requestBody }: Operation) => requestBody?.content['application/json']?.schema

describe('what is signed', () => {
  test('is described for each signature that a request carries, and for no other', () => {
    // The sign-in message is a text (EIP-4361).
    for (const operation of operations.filter(({ operationId }) => operationId !== 'signIn')) {
      const schema = bodyOf(operation)
      const carried = (schema === undefined ? [] : propertiesOf(schema)).filter(({ name }) => /signature$/i.test(name))
      const described = (operation['x-eip712'] ?? []).map(({ signature }) => signature)
      expect([operation.operationId, described.toSorted()]).toEqual([
        operation.operationId,
        carried.map(({ at }) => at).toSorted(),
      ])
    }
  })

  test('takes its values from where the document has them', () => {
    for (const operation of operations) {
      const inBody = propertiesOf(bodyOf(operation) ?? {}).map(({ at }) => at)
      for (const { message, types, primaryType } of operation['x-eip712'] ?? []) {
        expect(Object.keys(message)).toEqual(types[primaryType]!.map(({ name }) => name))
        for (const { of, at } of Object.values(message)) {
          const parameters = operation.parameters?.map(({ name }) => `/${name}`)
          const [known] =
            of === 'body'
              ? [inBody]
              : of === 'path'
                ? [parameters]
                : [propertiesOf(resourceOf[of]()).map((each) => each.at)]
          expect([operation.operationId, known]).toEqual([operation.operationId, expect.arrayContaining([at])])
        }
        if (primaryType in { Permit: 0, RevokeGrants: 0, Execute: 0, Recover: 0, Veto: 0 }) continue
        expect(types).toEqual(typesOf(primaryType as TypedDataName))
      }
    }
  })
  const resourceOf = {
    area: () => schemas.Area!,
    seat: () => schemas.Seat!,
    wallet: () => schemas.Wallet!,
    passkeyAccount: () => schemas.PasskeyAccount!,
  }

  test('by the document alone is accepted', async () => {
    const tokens = { alice: await tokenOf(street, people.alice), stranger: await tokenOf(street, people.stranger) }
    const entriesOf = (id: string) => operations.find(({ operationId }) => operationId === id)!['x-eip712']!
    const send = async (
      id: string,
      path: string,
      given: Omit<Given, 'area'>,
      { signers, token }: { signers: Record<string, Wallet>; token?: string },
    ) => {
      const body = await signFromDocument(entriesOf(id), { ...given, area }, signers)
      const reply = await ask(street, 'POST', path, { body, ...(token === undefined ? {} : { token }) })
      expect([id, reply.status < 300 ? 'accepted' : reply.body]).toEqual([id, 'accepted'])
      return reply.body
    }
    const { account, rules, meter, ...rest } = orderOf('alice')
    const seat = { account }
    const key = new Wallet(`0x${'7e'.repeat(32)}`)
    const session = {
      key: lower(key),
      rules,
      sides: 3,
      lowestPrice: 0,
      highestPrice: 9_000,
      validFrom: 0,
      validUntil: t0 + 9_000,
    }
    const order = { account, meter, rules, ...rest }
    await send('placeOrder', 'orders', { body: { order } }, { signers: { '/signature': people.alice } })
    const second = { order: { ...order, nonce: 2 }, session }
    const bySession = { '/session/signature': people.alice, '/signature': key }
    const placed = await send('placeOrder', 'orders', { body: second }, { signers: bySession })
    const cancel = { body: {}, path: { order: placed.order }, seat }
    await send('cancelOrder', `orders/${placed.order}/cancel`, cancel, { signers: { '/signature': people.alice } })
    const budget = { account, meter, rules, amount: '4.5', nonce: 1 }
    await send('setDailyBudget', 'budgets', { body: { budget } }, { signers: { '/signature': people.alice } })
    const revocation = { area: 1, account, key: lower(key), from: t0 }
    await send(
      'revokeSessionKey',
      'session-keys/revocations',
      { body: revocation },
      { signers: { '/signature': people.alice } },
    )

    const parties = {
      seller: account,
      sellerMeter: meter,
      buyer: lower(people.bob),
      buyerMeter: lower(meters.bob),
      rules,
    }
    const terms = {
      kind: 2,
      amount: 0,
      price: 1_500,
      start: t0 + 900,
      end: t0 + 9 * intervalSeconds,
      noticeSeconds: 0,
      nonce: 1,
    }
    const agreements = { body: { agreements: [{ agreement: { ...parties, ...terms } }] } }
    const both = { '/agreements/*/sellerSignature': people.alice, '/agreements/*/buyerSignature': people.bob }
    const { items } = await send('acceptAgreements', 'areas/1/agreements', agreements, { signers: both })
    const { agreement } = items[0]
    const notice = { body: { account, end: t0 + 5 * intervalSeconds }, path: { agreement } }
    await send('endAgreement', `areas/1/agreements/${agreement}/end`, notice, {
      signers: { '/signature': people.alice },
    })

    const soon = Math.floor(Date.now() / 1000) + 3_600
    const invitation = { body: { invitation: { rules, accounts: 1, validUntil: soon, nonce: 1 } } }
    const byGrid = { '/signature': people.grid }
    await send('acceptInvitation', 'areas/1/invitations', invitation, { signers: byGrid, token: tokens.stranger })
    const grant = {
      account,
      seat: seatIds.alice,
      grantee: lower(people.bob),
      scope: 1,
      granularity: 0,
      from: soon - 9,
      until: soon,
      nonce: 1,
    }
    const byAlice = { signers: { '/signature': people.alice }, token: tokens.alice }
    await send('giveGrant', `accounts/${account}/grants`, { body: { grant } }, byAlice)
    const takenBack = { body: { area: 1, below: 2, deadline: soon }, path: { account } }
    await send('revokeGrants', `accounts/${account}/grants/revocations`, takenBack, byAlice)

    const now = Math.floor(Date.now() / 1000)
    const pairing = { area: 1, hello: { meter: lower(meters.stranger), time: now } }
    const found = {
      name: 'a home',
      devices: [],
      powerW: 1,
      productionW: 1,
      importWh: 1,
      exportWh: 1,
      sells: true,
      promise: 'once-agreed',
      sentence: 'It sells.',
    }
    const byMeter = { '/hello/signature': meters.stranger }
    const { code } = await send('offerPairing', 'pairings', { body: { ...pairing, found } }, { signers: byMeter })
    await ask(street, 'POST', `pairings/${code}/claim`, { body: {}, token: tokens.stranger })
    await send('getPairingState', 'pairings/state', { body: pairing }, { signers: byMeter })
    const consent = { validFrom: Math.ceil(now / intervalSeconds) * intervalSeconds, deadline: soon }
    const epochStart = { epoch: 1, time: consent.validFrom - intervalSeconds, importWh: 1, exportWh: 1 }
    const consented = { body: { ...pairing, account: lower(people.stranger), rules, consent, epochStart } }
    const all = { ...byMeter, '/consent/signature': meters.stranger, '/epochStart/signature': meters.stranger }
    await send('consentToPairing', 'pairings/consent', consented, { signers: all })
  })

  test('of an account of a passkey has the digest that the account computes', () => {
    const account = `0x${'ab'.repeat(20)}`
    const place = { chainId: area.chain.chainId, account }
    const digestFor = (id: string, given: Omit<Given, 'area'>) => {
      const [entry] = operations.find(({ operationId }) => operationId === id)!['x-eip712']!
      const { domain, types, message } = typedDataOf(entry!, { ...given, area })
      return TypedDataEncoder.hash(domain, types, message)
    }
    const [x, y] = [`0x${'12'.repeat(32)}`, `0x${'34'.repeat(32)}`]
    const call = { to: account, data: '0x12345678' }
    const execution = { account, calls: [call], nonce: '3', deadline: 9 }
    expect(digestFor('relayExecution', { body: execution })).toBe(
      accountDigest(place, 'Execute', { calls: [{ ...call, value: 0n }], nonce: 3n, deadline: 9 }),
    )
    const recovery = { account, next: { x, y }, nonce: '4', deadline: 9 }
    expect(digestFor('relayRecovery', { body: recovery })).toBe(
      accountDigest(place, 'Recover', { x, y, nonce: 4n, deadline: 9 }),
    )
    const veto = { body: { account }, passkeyAccount: { nextRecoveryNonce: '5' } }
    expect(digestFor('relayVeto', veto)).toBe(accountDigest(place, 'Veto', { nonce: 4n }))
  })

  test('has the digest that everybody else computes', () => {
    const domain = {
      name: 'Commonwatt',
      version: '2',
      chainId: area.chain.chainId,
      verifyingContract: area.chain.escrow,
    }
    const [placing] = operations.find(({ operationId }) => operationId === 'placeOrder')!['x-eip712']!
    const order = orderOf('alice')
    const signed = typedDataOf(placing!, { body: { order }, area })
    expect(signed.domain).toEqual(domain)
    expect(TypedDataEncoder.hash(signed.domain, signed.types, signed.message)).toBe(
      digestOf(area.chain, 'Order', order),
    )
  })
})

describe('units', () => {
  /** Most numbers say in their name what they are in; some only count or name things. */
  const inName = /(Wh|W|Seconds|Ms|Percent|Decimals|PerKwh|Tick|Ticks)$|^(wh|percent)$/
  const ofMoney =
    /^(amount|amountUnits|tokens|balance|available|paid|received|gridFees|congestionRent|gridTake|soldAtFeedIn|boughtAtRetail)$/i
  const ofPrice = /(price|(?<!grams)PerKwh|floor|ceiling|value)$/i
  const everything = () => [
    ...Object.entries(schemas).flatMap(([name, schema]) => propertiesOf(schema, name)),
    ...operations.flatMap((operation) => propertiesOf(bodyOf(operation) ?? {}, operation.operationId)),
  ]
  const counts = new Set(
    (
      'accounts area arrival bars below beyond beyondIntervals block chainId compared comparedDays conflict count counts days epoch ' +
      'first free gasUsed group intervals kept leftOut missing missingReadings most nonce number older orders permitNonce ' +
      'provisional refused replaced rows run same seat seats status times version withdrawalNonce'
    ).split(' '),
  )
  const said = ({ is }: { is: Schema }) => {
    const inner = [is, ...(is.anyOf ?? []), ...(is.allOf ?? [])].map(({ description }) => description ?? '')
    return inner.join(' ')
  }

  test('every amount of money and every price says in which unit it is', () => {
    const priced = everything().filter(
      ({ name, is }) => (ofMoney.test(name) || ofPrice.test(name)) && is.type !== 'object' && is.enum === undefined,
    )
    expect(priced.length).toBeGreaterThan(60)
    const silent = priced.filter((each) => !/tokens|ledger units|ticks|Wh per interval|wei/i.test(said(each)))
    expect(silent.map(({ at }) => at)).toEqual([])
  })

  test('every amount that a request asks for is tokens, decimal', () => {
    const asked = operations.flatMap((operation) =>
      propertiesOf(bodyOf(operation) ?? {}, operation.operationId).filter(({ name }) => ofMoney.test(name)),
    )
    const money = asked.filter(({ at }) => !at.startsWith('acceptAgreements'))
    const asking = ['relayDeposit', 'relayMove', 'relayWithdrawal', 'setDailyBudget']
    expect(money.map(({ at }) => at.split('/')[0]).toSorted()).toEqual(asking)
    for (const { is } of money)
      expect(is).toMatchObject({ type: 'string', description: expect.stringMatching(/^Tokens, decimal/) })
  })

  test('every other number has its unit in its name, or says what it is', () => {
    const numbers = everything().filter(({ is }) =>
      ['integer', 'number'].some((type) => [is.type].flat().includes(type)),
    )
    expect(numbers.length).toBeGreaterThan(100)
    const silent = numbers.filter(
      ({ name, ...each }) => !inName.test(name) && !counts.has(name) && said(each).trim() === '',
    )
    expect([...new Set(silent.map(({ name }) => name))].toSorted()).toEqual([])
  })
})
