/**
 * Each write and each office's read is its owner's alone: every request of the API's document with a body that its rightful
 * sender would send, by everybody else. There are two areas, each with a grid operator of its own.
 */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, signFull, type TypedDataName, type TypedDataValues } from '../../contracts/protocol/typed-data.ts'
import { contentOf, type Declared } from '../../server/market/area/declarations.ts'
import { batchSeconds, intervalSeconds, t0 } from '../market/engine/street.ts'
import { domain, lower, meters, orderOf, people, seatIds, settings, settingsOfArea, signedAgreement } from './people.ts'
import { ask, type Reply, type Street, startStreet, tokenOf, trade } from './street.ts'

const everybody = { ...people, neighbour: new Wallet(`0x${'f6'.repeat(32)}`) }
type Name = keyof typeof everybody
const names = Object.keys(everybody) as Name[]
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const alice = lower(people.alice)
const bytes = `0x${'11'.repeat(65)}`
const short = `0x${'11'.repeat(64)}`
const year = t0 + 300 * 86_400

/** Who holds the offices of the areas: the other area's neighbour holds both there. */
const gridOf: Record<number, Name> = { 1: 'grid', 2: 'neighbour' }
const operatorOf: Record<number, Name> = { 1: 'stranger', 2: 'neighbour' }

let street: Street
const tokens: Partial<Record<Name, string>> = {}
let operations: { id: string; method: string }[]
beforeAll(async () => {
  const neighbour = lower(everybody.neighbour)
  street = await startStreet({ others: [settingsOfArea(2)], otherOffices: { grid: neighbour, operator: neighbour } })
  await trade(street, 2)
  for (const name of names) tokens[name] = await tokenOf(street, everybody[name])
  // Whoever may read everything of Alice's writes nothing for that.
  const toRead = { ...grant, grantee: lower(people.stranger) }
  const signature = await sign(people.alice, 'DataGrant', { ...toRead, seat: BigInt(toRead.seat) })
  const given = await send('POST', { ...ofAlice.giveGrant!, body: { grant: toRead, signature } }, 'alice')
  expect(given.status).toBe(201)
  const { paths } = (await ask(street, 'GET', '/openapi.json')).body
  operations = Object.values<Record<string, { operationId: string }>>(paths).flatMap((methods) =>
    Object.entries(methods).map(([method, { operationId: id }]) => ({ id, method })),
  )
})
afterAll(() => street.stop())

/** A refusal of who asks, and not of what is asked: approvals that are still missing are no matter of who issues. */
const isOfSender = ({ status, body }: Reply) => [401, 403].includes(status) && body.code !== 'BILL_APPROVAL'

interface Request {
  path: string
  body?: unknown
  file?: string
}

async function send(method: string, { path, body, file }: Request, name: Name | null): Promise<Reply> {
  const headers = { 'content-type': 'application/octet-stream' }
  return ask(street, method, path, {
    ...(name === null ? {} : { token: tokens[name]! }),
    ...(file === undefined ? { body } : { body: file, headers }),
  })
}

const mandate = {
  ...{ account: alice, meter: lower(meters.alice), rules: settings.rulesHash, sellFloor: 0, buyCeiling: 0 },
  ...{ maxSellWh: 1, maxBuyWh: 1, validFrom: t0, validUntil: year, version: 2, deadline: year },
}
const epoch = {
  account: alice,
  rules: settings.rulesHash,
  meter: mandate.meter,
  epoch: 2,
  time: t0,
  importWh: 0,
  exportWh: 0,
}
const ofSeat = { seat: seatIds.alice, deadline: year, signature: bytes }
const { seat, deadline } = ofSeat
const grant = {
  ...{
    account: alice,
    seat,
    grantee: lower(people.bob),
    scope: 7,
    granularity: 0,
    from: t0,
    until: t0 + 900,
    nonce: 1,
  },
}
const consents = { consentValidFrom: t0, consentDeadline: year, consentSignature: short, epoch, epochSignature: short }
const rotation = { account: alice, meter: mandate.meter, key: mandate.meter, next: alice, from: t0, deadline: year }

/** What a session may send: for Alice alone. */
const ofAlice: Record<string, Request> = {
  eraseStatements: { path: `accounts/${alice}/erasures`, body: { seat, until: iso(t0 - batchSeconds) } },
  giveGrant: { path: `accounts/${alice}/grants`, body: { grant, signature: bytes } },
  revokeGrants: {
    path: `accounts/${alice}/grants/revocations`,
    body: { area: 1, below: 1, deadline, signature: bytes },
  },
  readNotices: { path: `accounts/${alice}/notices/read`, body: { until: '1' } },
  chooseNotices: {
    path: `accounts/${alice}/notices/choices`,
    body: { payout: true, silent: true, statement: true, bill: true },
  },
  choosePartners: { path: `accounts/${alice}/partner-choices`, body: { name: 'Alice', preferred: [] } },
  relaySeat: { path: 'relay/seats', body: { mandate, mandateSignature: bytes, ...consents } },
  relayMandate: { path: 'relay/mandates', body: { seat, mandate, mandateSignature: bytes } },
  relayClosure: { path: 'relay/closures', body: { ...ofSeat, version: 2 } },
  relayEpoch: { path: 'relay/epochs', body: { seat, epoch, meterSignature: short, accountSignature: bytes } },
  relayKey: {
    path: 'relay/keys',
    body: { rotation, accountSignature: bytes, keySignature: short, nextSignature: short },
  },
  relayDeposit: { path: 'relay/deposits', body: { ...ofSeat, amount: '5' } },
  relayWithdrawal: { path: 'relay/withdrawals', body: { ...ofSeat, amount: '5', to: alice, nonce: 0 } },
  relayMove: {
    path: 'relay/moves',
    body: { from: seat, to: seatIds.bob, amount: '5', nonce: 0, deadline, signature: bytes },
  },
  relayClaim: { path: 'relay/claims', body: { seat } },
}

/** What a session may send and read of an area: for its grid operator, and whoever else is named. */
const ofArea = (area: number): Record<string, Request & { also?: Name[] }> => {
  const bills = `areas/${area}/bills/2027-01`
  const range = `from=${iso(t0)}&to=${iso(t0 + 900)}`
  const approval = {
    account: alice,
    rules: settings.rulesHash,
    month: 202_701,
    revision: 1,
    documents: settings.rulesHash,
  }
  const release = {
    ...{ account: alice, rules: settings.rulesHash, from: t0, to: t0 + 900, version: 1 },
    manifest: settings.rulesHash,
  }
  return {
    previewBill: { path: `${bills}/previews`, body: { incompleteBecause: null } },
    approveBill: { path: `${bills}/approvals`, body: { approval, signature: bytes } },
    issueBill: { path: `${bills}/issue`, body: {} },
    declareQuantities: { path: `areas/${area}/declarations`, body: { declaration, body: words, signature: bytes } },
    importOfficialValues: { path: `areas/${area}/official-values?name=a.csv`, file: 'a', also: ['metering'] },
    listReleases: { path: `areas/${area}/releases` },
    proposeRelease: { path: `areas/${area}/releases`, body: { report: { format: 'csv' }, version: 1 } },
    approveRelease: {
      path: `areas/${area}/releases/${settings.rulesHash}/approvals`,
      body: { approval: release, signature: bytes },
    },
    listBills: { path: `areas/${area}/bills` },
    getBill: { path: bills },
    listPreviewedDocuments: { path: `${bills}/documents` },
    exportValues: { path: `areas/${area}/exported-values?${range}&format=triples`, also: ['metering'] },
    listFeeders: { path: `areas/${area}/feeders?${range}`, also: ['metering'] },
    listOfficialFiles: { path: `areas/${area}/official-values/files`, also: ['metering'] },
    listOfficialDifferences: { path: `areas/${area}/official-values/differences?${range}`, also: ['metering'] },
    listMeteringPoints: { path: `areas/${area}/metering-points?${range}`, also: ['metering'] },
    getAreaWitnesses: { path: `areas/${area}/witnesses?${range}`, also: ['metering'] },
    getReport: { path: `areas/${area}/report?${range}` },
    listReports: { path: `areas/${area}/reports` },
    exportBatch: { path: `areas/${area}/batches/${iso(t0 + batchSeconds)}/export` },
    listJoining: { path: `areas/${area}/joining` },
    listMeters: { path: `areas/${area}/meters` },
    getMembers: { path: `areas/${area}/members`, also: [operatorOf[area]!] },
  }
}
/** Of the area's operator. */
const ofOperator = (area: number): Record<string, Request> => ({
  getOperation: { path: `areas/${area}/operation` },
})
/** Of the area's grid operator, about a seat. */
const ofGrid: Record<string, Request> = {
  relayConfirmation: {
    path: 'relay/confirmations',
    body: { ...ofSeat, zone: 'north', nameplateWh: 5, grade: 0, from: t0, bars: 0, version: 1 },
  },
  relayRevocation: { path: 'relay/revocations', body: { ...ofSeat, from: t0, version: 1 } },
}
/** Of the area's watchers, of whom there are none here. */
const ofWatchers: Record<string, Request> = {
  sayOfBatch: {
    path: 'areas/1/watchers/words',
    body: { says: 'withheld', header: settings.rulesHash, reason: 'other', sentence: 'not yet' },
  },
  getWatchedBatch: { path: 'areas/1/watchers/batch' },
}

const sign = <Type extends TypedDataName>(signer: Wallet, type: Type, value: TypedDataValues[Type]) =>
  signFull(signer, domain, type, value)
const order = orderOf('alice', { nonce: 7 })
const orderId = digestOf(domain, 'Order', order)
const words: Declared = { type: 'prices', stepSeconds: intervalSeconds, ticks: [1] }
const declaration = {
  ...{ rules: settings.rulesHash, kind: 2, start: t0 + 9_000, end: t0 + 9_900, version: 1 },
  ...{ content: contentOf(words), evidence: settings.rulesHash },
}
/** Each one is another: two of one second with one nonce would share their place. */
const invitation = { rules: settings.rulesHash, accounts: 1, validUntil: Math.floor(Date.now() / 1000) + 86_400 }
let invitations = 0

/** What counts by who signed it, whoever brings it: signed by each in turn. */
const signedBy: Record<string, { owners: Name[]; code: string; request(signer: Wallet): Promise<Request> }> = {
  placeOrder: {
    owners: ['alice'],
    code: 'ORDER_SIGNATURE',
    request: async (signer) => ({ path: 'orders', body: { order, signature: await sign(signer, 'Order', order) } }),
  },
  setDailyBudget: {
    owners: ['alice'],
    code: 'BUDGET_SIGNATURE',
    async request(signer) {
      const budget = { account: alice, meter: lower(meters.alice), rules: settings.rulesHash, nonce: 1 }
      const signature = await sign(signer, 'DailyBudget', { ...budget, amount: 40_000_000n })
      return { path: 'budgets', body: { budget: { ...budget, amount: '4' }, signature } }
    },
  },
  cancelOrder: {
    owners: ['alice'],
    code: 'CANCEL_SIGNATURE',
    request: async (signer) => ({
      path: `orders/${orderId}/cancel`,
      body: { signature: await sign(signer, 'CancelOrder', { account: alice, order: orderId }) },
    }),
  },
  revokeSessionKey: {
    owners: ['alice'],
    code: 'REVOCATION_SIGNATURE',
    async request(signer) {
      const value = { account: alice, key: lower(meters.stranger), from: t0 }
      const signature = await sign(signer, 'RevokeSessionKey', value)
      return { path: 'session-keys/revocations', body: { area: 1, ...value, signature } }
    },
  },
  acceptAgreements: {
    owners: ['alice'],
    code: 'AGREEMENT_SIGNATURE',
    request: async (seller) => ({
      path: 'areas/1/agreements',
      body: { agreements: [await signedAgreement({}, { seller })] },
    }),
  },
  acceptInvitation: {
    // Its grid operator, its operator, and members with a confirmed meter.
    owners: ['alice', 'bob', 'grid', 'stranger'],
    code: 'INVITATION_SIGNATURE',
    async request(signer) {
      const value = { ...invitation, nonce: ++invitations }
      const signature = await sign(signer, 'Invitation', value)
      return { path: 'areas/1/invitations', body: { inviter: lower(signer), invitation: value, signature } }
    },
  },
}

/** Writes that are nobody's before they are done, or whose owners stand elsewhere: how, and which test says so. */
const elsewhere = [
  // The session's own, or the meter's own: sessions.test.ts, pairings.test.ts; notice: agreements.test.ts.
  ...['signIn', 'signOut', 'endSession', 'takeDemoHome', 'endAgreement'],
  ...['offerPairing', 'getPairingState', 'consentToPairing', 'claimPairing'],
  // Accounts of passkeys are on a chain: serve.test.ts.
  ...['relayAccount', 'relayExecution', 'relayRecovery', 'relayVeto', 'relayRecovered'],
]

const methodOf = (id: string) => operations.find((each) => each.id === id)!.method.toUpperCase()

async function allowed(id: string, request: Request): Promise<(Name | null)[]> {
  const found: (Name | null)[] = []
  for (const name of [null, ...names]) if (!isOfSender(await send(methodOf(id), request, name))) found.push(name)
  return found
}

describe('each write is its owner’s alone', () => {
  test('and every one of the document is asked', () => {
    const asked = [ofAlice, ofArea(1), ofOperator(1), ofGrid, ofWatchers, signedBy].flatMap((each) => Object.keys(each))
    const writes = operations.filter(({ method }) => method !== 'get').map(({ id }) => id)
    expect(writes.filter((id) => !asked.includes(id) && !elsewhere.includes(id))).toEqual([])
    expect(operations.map(({ id }) => id)).toEqual(expect.arrayContaining([...asked, ...elsewhere]))
  })

  test.each(Object.keys(ofAlice))('%s, of the account itself', async (id) => {
    expect(await allowed(id, ofAlice[id]!)).toEqual(['alice'])
  })

  test.each(Object.keys(ofGrid))('%s, of the grid operator of the seat’s area', async (id) => {
    expect(await allowed(id, ofGrid[id]!)).toEqual(['grid'])
  })

  test.each(Object.keys(ofWatchers))('%s, of a watcher', async (id) => {
    expect(await allowed(id, ofWatchers[id]!)).toEqual([])
  })

  test.each(Object.keys(signedBy))('%s, of whoever must have signed it', async (id) => {
    const { owners, code, request } = signedBy[id]!
    const taken: Name[] = []
    for (const name of names) {
      const reply = await send(methodOf(id), await request(everybody[name]), 'bob')
      if (reply.body.code !== code) taken.push(name)
    }
    expect(taken).toEqual(owners)
  })
})

describe.each([1, 2])('what area %i’s offices see and send', (area) => {
  test.each(Object.keys(ofArea(area)))('%s', async (id) => {
    const { also = [], ...request } = ofArea(area)[id]!
    const owners = [gridOf[area]!, ...also]
    expect(await allowed(id, request)).toEqual(names.filter((name) => owners.includes(name)))
  })

  test.each(Object.keys(ofOperator(area)))('%s, of the operator alone', async (id) => {
    expect(await allowed(id, ofOperator(area)[id]!)).toEqual([operatorOf[area]])
  })
})

describe('what was signed once', () => {
  const signedOnce = async (id: string, change: (path: string) => string = (path) => path) => {
    const { owners, request } = signedBy[id]!
    const own = await request(everybody[owners[0]!])
    return { method: methodOf(id), request: { ...own, path: change(own.path) } }
  }

  test.each([
    ['acceptAgreements', 'AGREEMENT_NO_SEAT'],
    ['acceptInvitation', 'RULES_UNKNOWN'],
  ])('%s counts in no other area', async (id, code) => {
    const { method, request } = await signedOnce(id, (path) => path.replace('areas/1', 'areas/2'))
    expect((await send(method, request, 'alice')).body.code).toBe(code)
  })

  test('a declaration counts in no other area, whoever has its office', async () => {
    const signature = await sign(everybody.neighbour, 'Declaration', declaration)
    const request = { path: 'areas/2/declarations', body: { declaration, body: words, signature } }
    expect((await send('POST', request, 'neighbour')).body.code).toBe('RULES_UNKNOWN')
  })

  test.each(['placeOrder', 'cancelOrder', 'revokeSessionKey', 'acceptAgreements', 'acceptInvitation'])(
    '%s has effect once, sent again in the same and in another session',
    async (id) => {
      const { method, request } = await signedOnce(id)
      const first = await send(method, request, 'bob')
      const journaled = street.area.status.sequence
      const again = await send(method, request, 'bob')
      expect([first, again].map(({ status, body }) => [status < 300, body.code])).toEqual([
        [first.status < 300, first.body.code],
        [first.status < 300, first.body.code],
      ])
      if (first.status < 300) expect(again.body).toEqual(first.body)
      const elsewhere = await send(method, request, 'metering')
      if (id === 'acceptInvitation') {
        // It is for whoever shows it, as many as it says: this one for one, since Bob had been invited before.
        expect(elsewhere.status).toBe(200)
        expect((await send(method, request, 'neighbour')).body.code).toBe('INVITATION_ENDED')
      } else expect([elsewhere.status, elsewhere.body]).toEqual([again.status, again.body])
      expect(street.area.status.sequence).toBe(journaled)
    },
  )

  test('a session that was ended opens nothing, by its token or beside another one', async () => {
    const token = await tokenOf(street, people.alice)
    const own = (shown: string) => ask(street, 'GET', `accounts/${alice}/wallet?area=1`, { token: shown })
    expect((await own(token)).status).toBe(200)
    expect((await ask(street, 'DELETE', 'session', { token })).status).toBe(204)
    expect((await own(token)).body.code).toBe('SESSION_NEEDED')
    expect((await ask(street, 'DELETE', 'session', { token })).status).toBe(401)
    expect((await own(tokens.alice!)).status).toBe(200)
  })
})
