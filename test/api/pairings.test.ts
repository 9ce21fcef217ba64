/** Pairing: an agent offers its meter, somebody enters the code, both sign, and the grid operator sees who wants to join. */
import { type BaseWallet, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foundMeterSchema } from '../../contracts/protocol/pairing.ts'
import { digestOf, signCompact } from '../../contracts/protocol/typed-data.ts'
import { type PairingStep, pairMeter } from '../../meter-agent/pairing/pairing.ts'
import { joiningSchema, pairingSchema } from '../../server/api/joining.ts'
import { WrongTries } from '../../server/api/pairing-codes.ts'
import { pairingOfMeter } from '../../server/store/pairing-store.ts'
import { intervalSeconds, seat, t0, terms } from '../market/engine/street.ts'
import { domain, helloTime, lower, meters, people, settings } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

const found = {
  name: 'house',
  devices: [{ role: 'grid', profile: 'sunspec', manufacturer: 'Example', model: 'M1', serialNumber: '7' }],
  ...{ powerW: -1_200, productionW: 1_500, importWh: 812_345, exportWh: 2_170_797 },
  ...{ sells: true, promise: 'once-agreed', sentence: 'What the roof does not use at home is sold.' },
}

let street: Street
let tokens: Record<'alice' | 'bob' | 'grid', string>
beforeAll(async () => {
  street = await startStreet()
  tokens = {
    alice: await tokenOf(street, people.alice),
    bob: await tokenOf(street, people.bob),
    grid: await tokenOf(street, people.grid),
  }
})
afterAll(() => street.stop())

const now = () => Math.floor(Date.now() / 1000)

async function helloOf(meter: BaseWallet, { time = helloTime(meter), signer = meter } = {}) {
  const value = { meter: lower(meter), time }
  return { ...value, signature: await signCompact(signer, domain, 'AgentHello', value) }
}

async function offer(meter: BaseWallet, change: object = {}) {
  return ask(street, 'POST', 'pairings', {
    body: { area: 1, hello: await helloOf(meter), found: { ...found, ...change } },
  })
}

async function state(meter: BaseWallet) {
  return (await ask(street, 'POST', 'pairings/state', { body: { area: 1, hello: await helloOf(meter) } })).body
}

const look = (code: string, token: string) => ask(street, 'GET', `pairings/${code}`, { token })
const claim = (code: string, token: string) => ask(street, 'POST', `pairings/${code}/claim`, { token })

/** What the meter signs for an account. */
async function consentOf(meter: BaseWallet, account: string, signer = meter) {
  const rules = settings.rulesHash
  const consent = { validFrom: t0, deadline: t0 + 86_400 }
  const epochStart = { epoch: 1, time: t0, importWh: 0, exportWh: 0 }
  const whole = { meter: lower(meter), account, rules }
  return {
    ...{ area: 1, hello: await helloOf(meter), account, rules },
    consent: { ...consent, signature: await signCompact(signer, domain, 'MeterConsent', { ...whole, ...consent }) },
    epochStart: {
      ...epochStart,
      signature: await signCompact(signer, domain, 'EpochStart', { ...whole, ...epochStart }),
    },
  }
}

test('from the agent’s offer to the opened seat, each side sees who is waited for', async () => {
  const meter = Wallet.createRandom()
  expect(await state(meter)).toEqual({ state: 'none' })
  const offered = await offer(meter)
  expect(offered.status).toBe(201)
  const { code, link, expiresAt } = offered.body
  expect(code).toMatch(/^[23456789A-Z]{8}$/)
  expect(link).toBe(`${street.origin}/join/${code}`)
  expect(expiresAt - now()).toBeGreaterThan(590)
  expect(await state(meter)).toEqual({ state: 'offered' })

  const typed = `${code.slice(0, 4).toLowerCase()}-${code.slice(4)}`
  const seen = pairingSchema.parse((await look(typed, tokens.alice)).body)
  expect(seen).toMatchObject({ area: 1, meter: lower(meter), state: 'offered', found, account: null, consent: null })

  // The agent goes on to say what it reads.
  expect((await offer(meter, { powerW: -900 })).body.code).toBe(code)
  const claimed = pairingSchema.parse((await claim(typed, tokens.alice)).body)
  expect(claimed).toMatchObject({ state: 'claimed', account: lower(people.alice) })
  expect(claimed.found.powerW).toBe(-900)
  const { rulesHash: rules } = settings
  expect(await state(meter)).toEqual({ state: 'claimed', account: lower(people.alice), rules, intervalSeconds })

  const consent = await consentOf(meter, lower(people.alice))
  expect((await ask(street, 'POST', 'pairings/consent', { body: consent })).status).toBe(204)
  expect(await state(meter)).toMatchObject({ state: 'consented' })
  const consented = pairingSchema.parse((await look(code, tokens.alice)).body)
  expect(consented).toMatchObject({ state: 'consented', consent: consent.consent, epochStart: consent.epochStart })

  const own = { account: lower(people.alice), meter: lower(meter), openedAt: t0 + intervalSeconds }
  await street.syncSeats([seat(7, { ...own, terms: [terms({ nameplateWh: null })] })])
  expect(await state(meter)).toMatchObject({ state: 'opened', account: lower(people.alice) })

  const joining = await ask(street, 'GET', 'areas/1/joining', { token: tokens.grid })
  const mine = joiningSchema
    .array()
    .parse(joining.body)
    .find((each) => each.meter === lower(meter))
  expect(mine).toMatchObject({ account: lower(people.alice), found: { ...found, powerW: -900 } })
  expect((await ask(street, 'GET', 'areas/1/joining', { token: tokens.alice })).body.code).toBe('NOT_GRID_ACCOUNT')
  await street.syncSeats([seat(7, { ...own, terms: [terms({ nameplateWh: 5_000 })] })])
  expect((await ask(street, 'GET', 'areas/1/joining', { token: tokens.grid })).body).not.toContainEqual(
    expect.objectContaining({ meter: lower(meter) }),
  )
})

test('the home’s own program pairs with this server, without a word of trouble', async () => {
  const meter = Wallet.createRandom()
  const steps: PairingStep[] = []
  const paired = pairMeter({
    ...{ serverUrl: street.origin, trust: undefined, area: 1, intervalSeconds, account: null, patienceMs: 60_000 },
    found: async () => foundMeterSchema.parse(found),
    hello: (time) => {
      const value = { meter: lower(meter), time }
      const digest = digestOf(domain, 'AgentHello', value)
      return { ...value, signature: meter.signingKey.sign(digest).compactSerialized }
    },
    enrol: async ({ account }) => {
      const { rules, consent, epochStart } = await consentOf(meter, account)
      const { signature, ...begun } = epochStart
      return {
        ...{ meter: lower(meter), account, rules, chainId: domain.chainId, escrow: domain.escrow },
        ...{ consentValidFrom: consent.validFrom, consentDeadline: consent.deadline },
        ...{ consentSignature: consent.signature, epochSignature: signature },
        epoch: { ...begun, meter: lower(meter), account, rules },
      }
    },
    tell: (step) => steps.push(step),
    nowMs: Date.now,
    // Between two questions of the home its owner acts.
    async pause() {
      const newest = steps.at(-1)
      if (newest?.step === 'offered') await claim(newest.code, tokens.bob)
      if (newest?.step !== 'consented') return
      const own = { account: lower(people.bob), meter: lower(meter), openedAt: t0 + intervalSeconds }
      await street.syncSeats([seat(8, { ...own, terms: [terms()] })])
    },
  })
  expect(await paired).toBe(lower(people.bob))
  expect(steps.map(({ step }) => step)).toEqual(['offered', 'claimed', 'consented', 'opened'])
})

test('an announcement that was seen shows the code to nobody: it was good for one offer', async () => {
  const meter = Wallet.createRandom()
  const offerWith = (seen: unknown) => ask(street, 'POST', 'pairings', { body: { area: 1, hello: seen, found } })
  const [offered, asked] = [await helloOf(meter), await helloOf(meter)]
  expect((await offerWith(offered)).status).toBe(201)
  expect((await ask(street, 'POST', 'pairings/state', { body: { area: 1, hello: asked } })).status).toBe(200)
  for (const seen of [offered, asked]) {
    expect(await offerWith(seen)).toMatchObject({ status: 429, body: { code: 'PAIRING_REPLAYED' } })
  }
  // Asked again it tells what the chain soon tells everybody, and a consent carries signatures of its own.
  expect((await ask(street, 'POST', 'pairings/state', { body: { area: 1, hello: offered } })).body).toEqual({
    state: 'offered',
  })
})

test('an announcement that came by the other way is used up too', async () => {
  const agent = street.agent()
  try {
    const [said, offered] = [await helloOf(meters.bob), await helloOf(meters.bob)]
    expect(await agent.emitWithAck('hello', said)).toMatchObject({ ok: true })
    const replay = await ask(street, 'POST', 'pairings', { body: { area: 1, hello: said, found } })
    expect(replay).toMatchObject({ status: 429, body: { code: 'PAIRING_REPLAYED' } })
    // It is known here, so that it is offered to nobody; the announcement was heard all the same.
    await ask(street, 'POST', 'pairings', { body: { area: 1, hello: offered, found } })
    const other = street.agent()
    expect(await other.emitWithAck('hello', offered)).toMatchObject({ ok: false, code: 'HELLO_USED' })
    other.close()
  } finally {
    agent.close()
  }
})

test('a code belongs to whoever enters it first', async () => {
  const { code } = (await offer(Wallet.createRandom())).body
  expect((await claim(code, tokens.alice)).status).toBe(200)
  for (const answer of [await look(code, tokens.bob), await claim(code, tokens.bob)]) {
    expect([answer.status, answer.body.code]).toEqual([409, 'PAIRING_TAKEN'])
  }
  expect((await claim(code, tokens.alice)).status).toBe(200)
})

test('a code that has ended is nobody’s, and the next offer has another one', async () => {
  const meter = Wallet.createRandom()
  const { code } = (await offer(meter)).body
  await claim(code, tokens.alice)
  await street.database`update pairings set expires_at = now() - interval '1 second' where code = ${code}`
  expect((await claim(code, tokens.alice)).body.code).toBe('PAIRING_UNKNOWN')
  expect(await state(meter)).toEqual({ state: 'none' })
  const consent = await consentOf(meter, lower(people.alice))
  expect((await ask(street, 'POST', 'pairings/consent', { body: consent })).body.code).toBe('PAIRING_UNKNOWN')
  await street.database`update pairings set expires_at = now() - interval '2 days' where code = ${code}`
  await offer(Wallet.createRandom())
  const [left] = await street.database`select count(*)::int as count from pairings where code = ${code}`
  expect(left!.count).toBe(0)
  const again = (await offer(meter)).body
  expect(again.code).not.toBe(code)
  expect(await state(meter)).toEqual({ state: 'offered' })
})

test('a meter whose seat was closed is offered to its next owner at once', async () => {
  const meter = Wallet.createRandom()
  const { code } = (await offer(meter)).body
  await claim(code, tokens.alice)
  const account = lower(people.alice)
  expect((await ask(street, 'POST', 'pairings/consent', { body: await consentOf(meter, account) })).status).toBe(204)
  const own = { account, meter: lower(meter), openedAt: t0 + intervalSeconds }
  await street.syncSeats([seat(9, { ...own, terms: [terms()] })])
  expect((await offer(meter)).body.code).toBe(code)
  expect((await look(code, tokens.bob)).body.code).toBe('PAIRING_TAKEN')
  await street.syncSeats([seat(9, { ...own, terms: [terms(), terms({ from: t0 + 9_000, closed: true })] })])
  const next = (await offer(meter)).body.code
  expect(next).not.toBe(code)
  expect((await look(next, tokens.bob)).body).toMatchObject({ state: 'offered', account: null, consent: null })
})

test('five wrong codes and the account waits, also for the right one', async () => {
  const stranger = await tokenOf(street, people.stranger)
  const { code } = (await offer(Wallet.createRandom())).body
  for (let n = 0; n < 5; n++) expect((await look('AAAABBBB', stranger)).body.code).toBe('PAIRING_UNKNOWN')
  const refused = await look(code, stranger)
  expect([refused.status, refused.body.code]).toEqual([429, 'PAIRING_TRIES'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500)
  expect((await look(code, tokens.bob)).status).toBe(200)
})

test('a clock that was set back makes nobody wait longer for another code', () => {
  const tries = new WrongTries()
  for (let n = 0; n < 5; n++) tries.note('0xaa', 86_400_000)
  expect(() => tries.check('0xaa', 86_400_000)).toThrow(/wait before you try another/)
  tries.check('0xaa', 0)
})

describe('only the meter speaks for itself', () => {
  test('an offer signed by another key leaves nothing', async () => {
    const meter = Wallet.createRandom()
    const hello = await helloOf(meter, { signer: Wallet.createRandom() })
    const answer = await ask(street, 'POST', 'pairings', { body: { area: 1, hello, found } })
    expect([answer.status, answer.body.code]).toEqual([422, 'PAIRING_SIGNATURE'])
    const [row] = await street.database`select area_id from seats limit 1`
    expect(await pairingOfMeter(street.database, { area: row!.area_id, meter: lower(meter) })).toBeNull()
  })

  test('an announcement of yesterday', async () => {
    const hello = await helloOf(Wallet.createRandom(), { time: now() - 86_400 })
    const answer = await ask(street, 'POST', 'pairings', { body: { area: 1, hello, found } })
    expect([answer.status, answer.body.code]).toEqual([422, 'PAIRING_CLOCK'])
  })

  test('a consent that another key signed, or for another account', async () => {
    const meter = Wallet.createRandom()
    const { code } = (await offer(meter)).body
    await claim(code, tokens.alice)
    const forged = await consentOf(meter, lower(people.alice), Wallet.createRandom())
    expect((await ask(street, 'POST', 'pairings/consent', { body: forged })).body.code).toBe('PAIRING_SIGNATURE')
    const other = await consentOf(meter, lower(people.bob))
    expect((await ask(street, 'POST', 'pairings/consent', { body: other })).body.code).toBe('PAIRING_UNKNOWN')
    expect(await state(meter)).toMatchObject({ state: 'claimed' })
  })

  test('what is not of the form is refused by name', async () => {
    const body = { area: 1, hello: await helloOf(Wallet.createRandom()), found: { ...found, powerW: 'much' } }
    const answer = await ask(street, 'POST', 'pairings', { body })
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'body.found.powerW'])
  })
})

test('pairing needs a session on the page', async () => {
  expect((await ask(street, 'GET', 'pairings/AAAABBBB')).status).toBe(401)
  expect((await ask(street, 'POST', 'pairings/AAAABBBB/claim')).status).toBe(401)
})
