/** Agents' messages: who may announce which meter, and what becomes of each reading, bad ones among good ones. */

import { Wallet } from 'ethers'
import type { Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { signCompact } from '../../contracts/protocol/typed-data.ts'
import { type HelloAnswer, type ReadingsAnswer, readingsPerMessage } from '../../contracts/protocol/wire.ts'
import { transact } from '../../server/store/database.ts'
import { domain, hello, lower, meters, seatOfPerson, signedReading } from '../api/people.ts'
import { type Street, startStreet } from '../api/street.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'

let street: Street
let agent: Socket
beforeAll(async () => {
  street = await startStreet()
})
afterAll(() => street.stop())
afterEach(() => agent.close())

const announce = (message: unknown): Promise<HelloAnswer> => agent.emitWithAck('hello', message)
const send = (message: unknown): Promise<ReadingsAnswer> => agent.emitWithAck('readings', message)
const codesOf = (answer: ReadingsAnswer) =>
  answer.ok ? answer.results.map(({ status, code }) => code ?? status) : [answer.code]

describe('hello', () => {
  test('of a meter with a seat is answered with what the agent must compare', async () => {
    agent = street.agent()
    expect(await announce(await hello('alice'))).toEqual({
      ok: true,
      area: 1,
      intervalSeconds,
      chainId: domain.chainId,
      escrow: domain.escrow,
      serverTimeMs: expect.any(Number),
      newest: { epoch: 1, time: t0 },
      gaps: [],
      settledTo: t0,
      keys: [],
    })
  })

  test('of a meter without a seat may be repeated later', async () => {
    agent = street.agent()
    expect(await announce(await hello('stranger'))).toMatchObject({
      ok: false,
      code: 'METER_UNKNOWN',
      retryAfterMs: 3_000,
      serverTimeMs: expect.any(Number),
    })
  })

  test.each([
    ['signed by another key', () => hello('alice', undefined, meters.bob), 'HELLO_SIGNATURE'],
    ['with a clock five minutes behind', () => hello('alice', Math.floor(Date.now() / 1000) - 302), 'HELLO_CLOCK'],
    ['with a clock five minutes ahead', () => hello('alice', Math.floor(Date.now() / 1000) + 302), 'HELLO_CLOCK'],
    ['without a signature', async () => ({ meter: lower(meters.alice), time: 1 }), 'HELLO_MALFORMED'],
    ['that is nothing', async () => null, 'HELLO_MALFORMED'],
    ['signed for another escrow', signedElsewhere, 'HELLO_SIGNATURE'],
  ])('%s is refused', async (_name, message, code) => {
    agent = street.agent()
    expect(await announce(await message())).toMatchObject({ ok: false, code })
    expect(codesOf(await send([await signedReading('alice', { time: t0 + 900 })]))).toEqual(['READING_FOREIGN'])
  })
})

test('an announcement is good once: who saw it comes with it in vain', async () => {
  agent = street.agent()
  const seen = await hello('alice')
  expect(await announce(seen)).toMatchObject({ ok: true })
  // The connection that brought it may say it again.
  expect(await announce(seen)).toMatchObject({ ok: true })
  const other = street.agent()
  try {
    const shown = { ok: false, code: 'HELLO_USED', retryAfterMs: 1_000, serverTimeMs: expect.any(Number) }
    expect(await other.emitWithAck('hello', seen)).toMatchObject(shown)
    // It is nobody there: what it shows of the meter is shown to nobody, and it holds none of the meter's places.
    other.emit('telemetry', { meter: seen.meter, timeMs: Date.now(), powerW: 9 })
    expect(await other.emitWithAck('readings', [await signedReading('alice', { time: t0 + 900 })])).toMatchObject({
      code: 'READING_FOREIGN',
    })
    // One of another second is another one.
    expect(await other.emitWithAck('hello', await hello('alice'))).toMatchObject({ ok: true })
  } finally {
    other.close()
  }
})

async function signedElsewhere() {
  const value = { meter: lower(meters.alice), time: Math.floor(Date.now() / 1000) }
  return { ...value, signature: await signCompact(meters.alice, { ...domain, chainId: 1 }, 'AgentHello', value) }
}

describe('readings', () => {
  test('are stored once and acknowledged one by one; a bad one disturbs none of its neighbours', async () => {
    agent = street.agent()
    await street.setTime(t0 + 1_801)
    for (const name of ['alice', 'bob'] as const) await announce(await hello(name))
    const good = await signedReading('alice', { time: t0 + 900, exportWh: 500 })
    const bobs = await signedReading('bob', { time: t0 + 900, importWh: 800 })
    const next = await signedReading('alice', { time: t0 + 1_800, exportWh: 900 })
    const answer = await send([
      good,
      'not a reading',
      { ...good, quality: 7 },
      { ...good, exportWh: 501 },
      await signedReading('alice', { time: t0 + 900, exportWh: 500 }, meters.bob),
      await signedReading('stranger', { time: t0 + 900 }),
      { ...good, signature: `0x${'00'.repeat(64)}` },
      { ...good, extra: true },
      good,
      bobs,
      await signedReading('bob', { time: t0 + 901, importWh: 801 }),
      await signedReading('bob', { time: t0 + 90_000, importWh: 801 }),
      await signedReading('bob', { time: t0 + 1_800, importWh: 700 }),
      await signedReading('bob', { time: t0 + 1_800, importWh: 900_000_000 }),
      next,
    ])
    expect(codesOf(answer)).toEqual([
      'stored',
      'READING_MALFORMED',
      'READING_MALFORMED',
      'READING_SIGNATURE',
      'READING_SIGNATURE',
      'READING_FOREIGN',
      'READING_SIGNATURE',
      'READING_MALFORMED',
      'duplicate',
      'stored',
      'READING_MISALIGNED',
      'READING_FUTURE',
      'READING_FALLING',
      'READING_IMPLAUSIBLE',
      'stored',
    ])
    const [first] = answer.ok ? answer.results : []
    expect(first).toEqual({ meter: good.meter, epoch: 1, time: t0 + 900, status: 'stored' })
    const rows = await street.database`
      select seat, time, export_wh, production_wh, signature from readings order by time, seat`
    expect(rows.map(({ seat, time }) => [seat, time])).toEqual([
      [1, t0 + 900],
      [2, t0 + 900],
      [1, t0 + 1_800],
    ])
    expect(rows[0]).toMatchObject({ export_wh: 500, production_wh: 5_000 })
    expect(`0x${rows[0]!.signature.toString('hex')}`).toBe(good.signature)
  })

  test('a replayed reading is a duplicate, two values for one boundary suspend the meter', async () => {
    agent = street.agent()
    await announce(await hello('bob'))
    const replayed = await signedReading('bob', { time: t0 + 900, importWh: 800 })
    expect(codesOf(await send([replayed, replayed]))).toEqual(['duplicate', 'duplicate'])
    const other = await signedReading('bob', { time: t0 + 900, importWh: 700 })
    expect(codesOf(await send([other]))).toEqual(['READING_EQUIVOCATION'])
    expect(codesOf(await send([await signedReading('bob', { time: t0 + 1_800, importWh: 900 })]))).toEqual([
      'READING_SUSPENDED',
    ])
  })

  test.each([
    ['nothing', undefined],
    ['no array', { 0: 'x' }],
    ['an empty array', []],
    ['more than a message holds', Array.from({ length: readingsPerMessage + 1 }, () => null)],
  ])('a message with %s is refused as a whole', async (_name, message) => {
    agent = street.agent()
    await announce(await hello('alice'))
    expect(await send(message)).toMatchObject({
      ok: false,
      code: 'READINGS_MALFORMED',
      retryAfterMs: expect.any(Number),
    })
  })

  test('a flood is told to wait while the journal cannot keep up, and nothing of it is lost', async () => {
    agent = street.agent()
    await announce(await hello('alice'))
    await street.setTime(t0 + 2_701)
    const reading = await signedReading('alice', { time: t0 + 2_700, exportWh: 1_000 })
    const answers = await street.database.begin(async (sql) => {
      await sql`lock table journal in exclusive mode`
      const messages = Array.from({ length: 20 }, () => send([reading]))
      const busy: ReadingsAnswer[] = []
      for (const message of messages) void message.then((answer) => answer.ok || busy.push(answer))
      await vi.waitFor(() => expect(busy).toHaveLength(12), patiently)
      return messages
    })
    const settled = await Promise.all(answers)
    expect(settled.flatMap(codesOf).sort()).toEqual([
      ...Array.from({ length: 12 }, () => 'AGENTS_BUSY'),
      ...Array.from({ length: 7 }, () => 'duplicate'),
      'stored',
    ])
    expect(settled.at(-1)).toMatchObject({ ok: false, retryAfterMs: 1_000 })
    expect(codesOf(await send([reading]))).toEqual(['duplicate'])
  })

  test('a message that is too large ends its connection and no other', async () => {
    agent = street.agent()
    const neighbour = street.agent()
    await new Promise((resolve) => agent.once('connect', () => resolve(null)))
    const ended = new Promise((resolve) => agent.once('disconnect', resolve))
    agent.emit('readings', ['x'.repeat(400_000)], () => {})
    await ended
    expect(await neighbour.emitWithAck('hello', await hello('alice'))).toMatchObject({ ok: true })
    neighbour.close()
  })

  test('of a connection that has announced no meter are not looked at', async () => {
    agent = street.agent()
    const answer = await send(Array(readingsPerMessage).fill({}))
    expect(answer).toMatchObject({ ok: false, code: 'READING_FOREIGN', retryAfterMs: 3_000 })
  })

  test('that change nothing are heard only so often, and their sender’s neighbours go on', async () => {
    agent = street.agent()
    await announce(await hello('alice'))
    const rubbish = Array(readingsPerMessage).fill({ meter: '0x', [`a${'b'.repeat(1_000)}`]: 1 })
    let answer = await send(rubbish)
    expect(answer.ok && answer.results[0]!.message!.length).toBeLessThanOrEqual(300)
    for (let n = 0; n < 60 && answer.ok; n++) answer = await send(rubbish)
    expect(answer).toMatchObject({ ok: false, code: 'TOO_MANY_REQUESTS' })
    const neighbour = street.agent()
    expect(await neighbour.emitWithAck('hello', await hello('bob'))).toMatchObject({ ok: true })
    const bobs = await signedReading('bob', { time: t0 + 2_700, importWh: 1_000 })
    expect(await neighbour.emitWithAck('readings', [bobs])).toMatchObject({ ok: true })
    neighbour.close()
  })

  test('messages without an acknowledgement or of unknown names change nothing', async () => {
    agent = street.agent()
    agent.emit('readings', [1])
    agent.emit('hello')
    agent.emit('telemetry', { meter: 'x' })
    agent.emit('nonsense', { deep: { deeper: [] } })
    expect(await announce(await hello('alice'))).toMatchObject({ ok: true })
  })
})

test('readings are counted by what became of them', async () => {
  agent = street.agent()
  const metrics = await street.registry.metrics()
  expect(metrics).toContain('commonwatt_readings_refused_total{code="READING_SIGNATURE"} 3')
  expect(metrics).toContain('commonwatt_signature_check_implementation{implementation="native"} 1')
})

test('keys that nobody announced cannot be used through another connection', async () => {
  agent = street.agent()
  await announce(await hello('alice'))
  const foreign = street.agent()
  const answer: ReadingsAnswer = await foreign.emitWithAck('readings', [
    await signedReading('alice', { time: t0 + 2_700, exportWh: 950 }, Wallet.createRandom() as unknown as Wallet),
  ])
  expect(codesOf(answer)).toEqual(['READING_FOREIGN'])
  foreign.close()
})

describe('a meter whose key changes', () => {
  const next = Wallet.createRandom() as unknown as Wallet
  const changeFrom = (from: number) =>
    street.syncSeats([seatOfPerson('alice', 'north', { keys: [{ key: lower(next), from }] })])

  test('is announced by both keys before the change, which the answer tells', async () => {
    agent = street.agent()
    await changeFrom(t0 + 2_700)
    const told = { ok: true, newest: { epoch: 1, time: t0 + 2_700 }, keys: [{ key: lower(next), from: t0 + 2_700 }] }
    expect(await announce(await hello('alice'))).toMatchObject(told)
    expect(await announce(await hello('alice', undefined, next))).toMatchObject(told)
  })

  test('has each reading signed by the key of its boundary; another of its keys may send it again', async () => {
    agent = street.agent()
    await announce(await hello('alice', undefined, next))
    await street.setTime(t0 + 3_601)
    const after = { time: t0 + 3_600, exportWh: 1_100 }
    expect(
      await send([
        await signedReading('alice', { time: t0 + 2_700, exportWh: 1_000 }),
        await signedReading('alice', { time: t0 + 2_700, exportWh: 1_000 }, next),
        await signedReading('alice', after),
        await signedReading('alice', after, meters.bob),
        await signedReading('alice', after, next),
      ]),
    ).toMatchObject({
      results: [
        { status: 'duplicate' },
        { code: 'READING_KEY', retry: true },
        { code: 'READING_KEY', retry: true },
        { code: 'READING_SIGNATURE', retry: false },
        { status: 'stored' },
      ],
    })
  })

  test('is announced by the next key alone afterwards', async () => {
    agent = street.agent()
    await changeFrom(900)
    expect(await announce(await hello('alice'))).toMatchObject({
      code: 'HELLO_SIGNATURE',
      message: expect.stringContaining(`${lower(next)}, which signs for ${lower(meters.alice)} now`),
    })
    expect(await announce(await hello('alice', undefined, next))).toMatchObject({ ok: true })
  })
})

test('agents announce their meters anew where an area was made again: it may have lost what it had acknowledged', async () => {
  agent = street.agent()
  await announce(await hello('bob'))
  let isGone = false
  agent.once('disconnect', () => (isGone = true))
  // The area may just be writing: the row that goes has to be the newest one, and no hole before another.
  await transact(street.database, async (sql) => {
    await sql`lock table journal`
    await sql`delete from journal where sequence = (select max(sequence) from journal)`
  })
  const reading = await signedReading('bob', { time: t0 + 900, importWh: 800 })
  await vi.waitFor(() => {
    agent!.emit('readings', [reading], () => {})
    expect(isGone).toBe(true)
  }, patiently)
  agent = street.agent()
  expect(await announce(await hello('bob'))).toMatchObject({ ok: true })
})

test('announcements that their meters did not sign are looked at so often for one network, and who is known says more', async () => {
  const known = street.agent()
  expect(await known.emitWithAck('hello', await hello('bob'))).toMatchObject({ ok: true })
  agent = street.agent()
  const unsigned = { ...(await hello('alice')), signature: `0x${'1'.repeat(128)}` }
  const codes: (string | false)[] = []
  while (codes.length < 4_000 && !codes.includes('TOO_MANY_REQUESTS')) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => announce(unsigned)))
    codes.push(...answers.map((answer) => !answer.ok && answer.code))
  }
  expect(codes.slice(0, 590).every((code) => code === 'HELLO_SIGNATURE')).toBe(true)
  expect(codes).toContain('TOO_MANY_REQUESTS')
  expect(await known.emitWithAck('hello', await hello('bob'))).toMatchObject({ ok: true })
  known.close()
})
