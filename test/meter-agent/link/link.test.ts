/** Delivery of readings over connections that fail. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ReadingAck, SignedReading } from '../../../contracts/protocol/wire.ts'
import { createKeyFile, type MeterKey, readKeyFile } from '../../../meter-agent/keys/keys.ts'
import { backOffMs, type Link, openLink, type Pinned, spreadMs } from '../../../meter-agent/link/link.ts'
import { Outbox } from '../../../meter-agent/outbox/outbox.ts'
import { startEpoch } from '../../../meter-agent/registers/state.ts'
import { patiently } from '../../patience.ts'
import { FakeServer } from '../home/fake-server.ts'

const escrow = '0x00000000000000000000000000000000000000e5'
const pinned: Pinned = { chainId: 31337, escrow, area: 1, intervalSeconds: 10 }

let folder: string
let outbox: Outbox
let server: FakeServer
let keys: MeterKey[]
let link: Link | null
let doors: string[]
let refused: ReadingAck[]
let clock: number[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-link-'))
  outbox = await Outbox.open(join(folder, 'outbox'), pinned)
  server = await new FakeServer(pinned).start()
  keys = []
  for (const name of ['a', 'b']) {
    await createKeyFile(join(folder, name))
    keys.push(await readKeyFile(join(folder, name), pinned))
  }
  doors = []
  refused = []
  clock = []
  link = null
})
afterEach(async () => {
  await link?.close()
  await server.stop()
  await outbox.close()
  await rm(folder, { recursive: true, force: true })
})

function connect(overrides: Partial<Pinned> = {}, nowMs: () => number = Date.now): Link {
  link = openLink({
    serverUrl: server.url,
    pinned: { ...pinned, ...overrides },
    keys,
    heard: async () => null,
    unknownKey: async () => false,
    outbox,
    nowMs,
    random: Math.random,
    events: {
      connection() {},
      meter: (_meter, welcome, reason) => doors.push(`${welcome} ${reason}`),
      acknowledged: async () => {},
      refused: (readings) => refused.push(...readings),
      clock: (aheadMs) => clock.push(aheadMs),
    },
  })
  return link
}

/** Signs and stores readings of a meter at these boundaries (UTC seconds). */
async function store(key: MeterKey, times: number[]): Promise<void> {
  const signed: SignedReading[] = []
  for (const time of times) {
    signed.push(
      key.signReading({
        epoch: 1,
        time,
        importWh: 0,
        exportWh: time % 1000,
        quality: 0,
        reasons: [],
        productionWh: null,
        sequence: time,
      }),
    )
  }
  await outbox.commit(key.address, startEpoch({ epoch: 1, epochTime: 10, sequence: 0 }), signed)
}

const times = (count: number, from = 1_800_000_000) => Array.from({ length: count }, (_, n) => from + 10 * n)
const queued = () => keys.reduce((sum, key) => sum + outbox.queued(key.address), 0)

describe('delivery', () => {
  test('after a week offline the current boundary goes first, then the backlog from the oldest on, each once', async () => {
    const now = Math.floor(Date.now() / 10_000) * 10
    server.answerReadings = (readings) => ({
      ok: true,
      results: readings.map(({ meter, epoch, time }) => ({ meter, epoch, time, status: 'stored' })),
    })
    await store(keys[0]!, [...times(671, now - 6710), now])
    connect({}, () => now * 1000 + 400)
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    const sent = server.messages.flat().map(({ time }) => time)
    expect(sent).toEqual([now, ...times(671, now - 6710)])
    expect(server.messages.map((message) => message.length)).toEqual([100, 100, 100, 100, 100, 100, 72])
  })

  test('acknowledgements that are lost are asked for again; the server has each reading once', async () => {
    await store(keys[0]!, times(5))
    let lost = 0
    server.answerReadings = () => {
      if (lost >= 2) return null
      lost += 1
      server.dropConnections()
      return 'store-and-silence'
    }
    connect()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(server.stored.size).toBe(5)
    expect(server.messages.length).toBeGreaterThanOrEqual(3)
    expect((await outbox.acknowledged(9)).length).toBe(5)
  })

  test('a server that restarts gets what it missed', async () => {
    await store(keys[0]!, times(3))
    connect()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    await server.stop()
    await store(keys[1]!, times(3))
    link!.wake()
    await server.start()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(server.stored.size).toBe(6)
  })

  test('answers in another order, for others or in part are taken for what they are', async () => {
    await store(keys[0]!, times(4))
    let turn = 0
    server.answerReadings = (readings) => {
      turn += 1
      const ack = ({ meter, epoch, time }: SignedReading): ReadingAck => ({ meter, epoch, time, status: 'stored' })
      const results = [...readings].reverse().slice(0, 2).map(ack)
      return turn > 2 ? null : { ok: true, results: [{ ...results[0]!, time: 10 }, ...results, results[0]!] }
    }
    connect()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(server.messages.map((message) => message.length)).toEqual([4, 2])
  })

  test('an overloaded server is left alone for as long as it asks', async () => {
    await store(keys[0]!, times(1))
    const at: number[] = []
    server.answerReadings = () => {
      at.push(performance.now())
      return at.length === 1 ? { ok: false, code: 'OVERLOADED', message: 'later', retryAfterMs: 300 } : null
    }
    connect()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(295)
  })

  test('what the server will never take is kept apart and told; its neighbours are not held up', async () => {
    await store(keys[0]!, times(3))
    server.answerReadings = (readings) => ({
      ok: true,
      results: readings.map(({ meter, epoch, time }, index) =>
        index === 1
          ? { meter, epoch, time, status: 'refused', code: 'READING_IMPLAUSIBLE', message: 'too much', retry: false }
          : { meter, epoch, time, status: 'stored' },
      ),
    })
    connect()
    await vi.waitFor(
      () => expect(refused).toMatchObject([{ time: times(3)[1], code: 'READING_IMPLAUSIBLE' }]),
      patiently,
    )
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(await outbox.refusals(9)).toMatchObject([{ code: 'READING_IMPLAUSIBLE', reading: { time: times(3)[1] } }])
  })

  test('a meter the server does not know yet waits and tries again, while the others go on', async () => {
    for (const key of keys) await store(key, times(2))
    let known = false
    server.answerReadings = (readings) =>
      known
        ? null
        : {
            ok: true,
            results: readings.map(({ meter, epoch, time }) =>
              meter === keys[0]!.address
                ? { meter, epoch, time, status: 'refused', code: 'METER_UNKNOWN', message: 'no seat', retry: true }
                : { meter, epoch, time, status: 'stored' },
            ),
          }
    connect()
    await vi.waitFor(() => expect(outbox.queued(keys[1]!.address)).toBe(0), patiently)
    expect(outbox.queued(keys[0]!.address)).toBe(2)
    expect(doors).toContain('true the server does not take its readings yet: METER_UNKNOWN: no seat')
    known = true
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(server.stored.size).toBe(2)
    expect(refused).toEqual([])
  })

  test('a server that talks nonsense is asked again', async () => {
    await store(keys[0]!, times(1))
    let turn = 0
    server.answerReadings = () => {
      turn += 1
      return turn === 1 ? ({ okay: 'yes' } as never) : null
    }
    connect()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
  })
})

describe('the door', () => {
  test.each([
    ['chain', { chainId: 1 }, 'chain 31337 instead of 1'],
    ['area', { area: 7 }, 'area 1 instead of 7'],
    ['interval', { intervalSeconds: 900 }, 'interval 10 instead of 900'],
    ['escrow', { escrow: `0x${'1'.repeat(40)}` }, `escrow ${escrow} instead of`],
  ])('a server that works for another %s gets no reading', async (_what, overrides, message) => {
    await store(keys[0]!, times(1))
    // The server checks hellos for its own escrow and chain; here only the answer counts.
    server.answerHello = () => ({
      ...{ ok: true, ...pinned, serverTimeMs: Date.now() },
      ...{ newest: { epoch: 1, time: 0 }, gaps: [], settledTo: 0, keys: [] },
    })
    connect(overrides)
    await vi.waitFor(() => expect(doors.length).toBeGreaterThanOrEqual(2), patiently)
    expect(doors.every((door) => door.startsWith('false') && door.includes(message))).toBe(true)
    expect(server.messages).toEqual([])
    expect(queued()).toBe(1)
  })

  test('a meter that is turned away asks again after the time it was given', async () => {
    await store(keys[0]!, times(1))
    let asked = 0
    server.answerHello = ({ meter }) => {
      if (meter !== keys[0]!.address) return null
      asked += 1
      return asked < 3 ? { ok: false, code: 'METER_UNKNOWN', message: 'no seat', retryAfterMs: 100 } : null
    }
    connect()
    await vi.waitFor(() => expect(queued()).toBe(0), patiently)
    expect(doors).toContain('false the server refuses this meter: METER_UNKNOWN: no seat')
    expect(asked).toBe(3)
  })

  test('the server’s clock is told', async () => {
    server.nowMs = () => Date.now() + 5000
    connect()
    await vi.waitFor(() => expect(clock.length).toBe(2), patiently)
    for (const ahead of clock) expect(Math.abs(ahead - 5000)).toBeLessThan(2000)
  })

  test('live values reach the server only while it is there, and are never kept', async () => {
    const values = {
      meter: keys[0]!.address,
      timeMs: 1,
      powerW: 5,
      productionW: null,
      batteryPowerW: null,
      stateOfChargePercent: null,
    }
    connect().telemetry(values)
    await vi.waitFor(() => expect(doors).toContain('true welcome'), patiently)
    await vi.waitFor(() => {
      link!.telemetry({ ...values, timeMs: 2 })
      expect(server.telemetry.length).toBeGreaterThan(0)
    }, patiently)
    expect(server.telemetry.every(({ timeMs }) => timeMs === 2)).toBe(true)
  })
})

test('back-off doubles up to its end, jittered by half', () => {
  expect([0, 1, 2, 20].map((failures) => backOffMs(failures, 0))).toEqual([250, 500, 1000, 30_000])
  expect([0, 1, 2, 20].map((failures) => backOffMs(failures, 1))).toEqual([500, 1000, 2000, 60_000])
})

test('sends are spread over some seconds, over little of a short interval', () => {
  expect([10, 60, 900].map(spreadMs)).toEqual([200, 1200, 10_000])
})

test('what the server says of the market is kept by meter, and what cannot be understood is not', async () => {
  const { status } = connect()
  await vi.waitFor(() => expect(doors.filter((door) => door === 'true welcome')).toHaveLength(2), patiently)
  const [a, b] = keys.map(({ address }) => address) as [string, string]
  const good = {
    meter: a,
    currency: 'EUR',
    price: { start: 1_800_000_000, perKwh: '-0.01' },
    today: { from: 1_799_999_000, soldWh: 12, boughtWh: 0 },
  }
  const bad = [
    null,
    'market',
    { ...good, meter: b, currency: '€€€' },
    { ...good, meter: b, price: { start: 1, perKwh: '1e9' } },
    { ...good, meter: b, today: { from: 1, soldWh: -1, boughtWh: 0 } },
    { ...good, meter: `0x${'99'.repeat(20)}` },
  ]
  for (const message of bad) server.tellMarket(message)
  server.tellMarket({ ...good, forecast: 'of a later version' })
  await vi.waitFor(() => expect(status().meters[a]!.market).toEqual(good), patiently)
  expect(status().meters[b]!.market).toBeNull()
  expect(Object.keys(status().meters)).toEqual([a, b])
})
