/**
 * One street that settles on the metering operator's values, played from the first reading to a correction after the cut. Alice feeds
 * in and has an agent of her own beside the official meter; Bob's flat has nothing but the official meter.
 */
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { signCompact } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../../server/areas/area-handle.ts'
import { createReadingIntake, toldBy } from '../../server/live/reading-intake.ts'
import { type FeederNote, feedArea } from '../../server/official/feeder.ts'
import { keyOfPoint } from '../../server/official/metering-keys.ts'
import { offerPoint } from '../../server/official/offer-point.ts'
import { type SignatureCheck, startSignatureCheck } from '../../server/signatures/signature-check.ts'
import { requireArea } from '../../server/store/areas.ts'
import { transact } from '../../server/store/database.ts'
import { replaceRoster, setAreaPlace } from '../../server/store/roster-store.ts'
import { lower, meters, people, settingsOfArea, signedOrder } from '../api/people.ts'
import { ask, type Street, startStreet, tokenOf } from '../api/street.ts'
import type { Profile } from '../exchange/street.ts'
import { edaXml } from '../exchange/writers/eda-xml.ts'
import { ownCsv, ownCsvRows } from '../exchange/writers/own-csv.ts'
import { boundary, intervalSeconds, seat, t0, terms } from '../market/engine/street.ts'

const area = 2
const graceSeconds = 7_200
const plain = settingsOfArea(area)
const rules = { ...plain.rules, settlingGrade: 1 }
const settings = settingsOfArea(area, { rules, rulesHash: `0x${'b2'.repeat(32)}`, graceMs: graceSeconds * 1000 })
const points = { alice: 'AT0099990000000000000000000000001', bob: 'AT0099990000000000000000000000002' }
const keys = { alice: keyOfPoint(people.metering, points.alice), bob: keyOfPoint(people.metering, points.bob) }
const agent = meters.stranger
const numbers = { alice: 1, bob: 2, agent: 3 }

let street: Street
let handle: AreaHandle
let areaId: number
let token: string
let signatures: SignatureCheck
const notes: FeederNote[] = []

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: (t0 + 86_400) * 1000 })
  street = await startStreet({ others: [settings] })
  handle = street.areas.find((each) => each.settings.area === area)!
  signatures = await startSignatureCheck({ registry: new Registry(), threads: 0 })
  const own = (name: keyof typeof numbers, account: string, meter: string, grade: number) =>
    seat(numbers[name], { account, meter, terms: [terms({ grade })] })
  await street.syncSeats(
    [
      own('alice', lower(people.alice), lower(keys.alice), 1),
      own('bob', lower(people.bob), lower(keys.bob), 1),
      own('agent', lower(people.alice), lower(agent), 0),
    ],
    area,
  )
  ;({ areaId } = await requireArea(street.database, { area }))
  await transact(street.database, async (sql) => {
    const place = { country: 'AT', timeZone: 'UTC', sender: null, receiver: null, domain: null, community: null }
    await setAreaPlace(sql, areaId, place)
    const line = { fromDay: Math.floor(t0 / 86_400), endDay: null, supplier: null, balanceGroup: null, community: '' }
    const whole = { ...line, factorPercent: 100, shareMillionths: null }
    await replaceRoster(sql, areaId, [
      { ...whole, meter: lower(keys.alice), member: 'alice', point: points.alice, direction: 'export' },
      { ...whole, meter: lower(keys.bob), member: 'bob', point: points.bob, direction: 'import' },
    ])
  })
  token = await tokenOf(street, people.metering)
  for (const name of ['alice', 'bob'] as const) {
    const order = { rules: settings.rulesHash, meter: lower(keys[name]) }
    const placed = await ask(street, 'POST', 'orders', { body: await signedOrder(name, order) })
    expect(placed.status).toBe(201)
  }
  await street.setTime(t0 + 1)
})
afterAll(async () => {
  await signatures.close()
  await street.stop()
  vi.useRealTimers()
})

type Home = keyof typeof points

function profile(home: Home, first: number, values: Profile['values']): Profile {
  const direction = home === 'alice' ? 'export' : 'import'
  return { point: points[home], direction, start: boundary(first), intervalSeconds, values }
}

const measured = (...energies: number[]) => energies.map((wh) => ({ wh, quality: 'measured' as const }))
const csv = (...profiles: Profile[]) => ownCsv(ownCsvRows(profiles))

/** Brings a file as the metering operator does, and lets the feeder look. */
async function bring(name: string, content: string) {
  const reply = await ask(street, 'POST', `areas/${area}/official-values?name=${name}`, {
    ...{ token, body: content, headers: { 'content-type': 'application/octet-stream' } },
  })
  expect([reply.status, reply.body.detail]).toEqual([200, undefined])
  await feed()
  return reply.body
}

async function feed() {
  const intake = createReadingIntake({ get: () => handle as never, all: () => [handle] }, signatures)
  const parts = {
    ...{
      database: street.database,
      operator: people.metering,
      tolerance: { wh: 5, percent: 1 },
      noted: (note: FeederNote) => notes.push(note),
    },
    deliver: (to: AreaHandle, readings: Parameters<typeof arrivedFor>[1]) => intake.take(arrivedFor(to, readings)),
  }
  await feedArea(parts, handle, areaId)
  // What became due with it: an area rests for a moment after computing again.
  await pass(now + 1)
}

function arrivedFor(to: AreaHandle, readings: Parameters<Parameters<typeof feedArea>[0]['deliver']>[1]) {
  const told = toldBy([{ area: to }])
  return readings.map((reading) => ({ reading, domain: settings.chain, told }))
}

let now = t0 + 1
async function pass(seconds: number) {
  now = seconds
  await street.setTime(seconds)
}

/** The newest run of an interval: its number, what it is, and of each seat what counts. */
async function interval(place: number) {
  const [run] = await street.database`
    select run, status, matched_wh as matched from intervals where area_id = ${areaId} and start = ${boundary(place)}
    order by run desc limit 1`
  const rows = await street.database`
    select seat, import_wh + export_wh as metered, bought_wh + sold_wh as traded, quality from seat_intervals
    where area_id = ${areaId} and start = ${boundary(place)} and current order by seat`
  return {
    ...(run as unknown as { run: number; status: string; matched: number }),
    seats: rows.map((row) => [row.seat, row.metered, row.traded, row.quality]),
  }
}

async function agentReads(place: number, exportWh: number) {
  const value = { meter: lower(agent), epoch: 1, time: boundary(place), importWh: 0, exportWh, quality: 0 }
  const signature = await signCompact(agent, settings.chain, 'Reading', value)
  const reading = { ...value, signature, sequence: place, productionWh: null, reasons: 0, key: null }
  await handle.submit({ type: 'readings', readings: [reading] })
  await street.setTime(now)
}

test('the agent’s reading gives a provisional result within seconds, in which the flat is not yet', async () => {
  await pass(boundary(1) + 3)
  await agentReads(1, 500)
  expect(await interval(0)).toEqual({
    run: 1,
    status: 'provisional',
    matched: 0,
    seats: [
      [1, 500, 0, 0],
      [2, 0, 0, 3],
    ],
  })
})

test('official values take its place as they arrive, and once more when they are corrected', async () => {
  await pass(boundary(3) + 10)
  await agentReads(2, 900)
  await agentReads(3, 1_000)
  expect(await bring('bob-0.csv', csv(profile('bob', 0, measured(400, 300))))).toMatchObject({ kept: 2, isNew: true })
  expect(await interval(0)).toMatchObject({
    matched: 400,
    seats: [
      [1, 500, 400, 0],
      [2, 400, 400, 0],
    ],
  })
  vi.setSystemTime(Date.now() + 60_000)
  const alice = await bring(
    'alice-0.csv',
    csv(profile('alice', 0, [...measured(480), { wh: 390, quality: 'estimated' }])),
  )
  expect(alice).toMatchObject({ kept: 2, verdicts: { counts: 2 } })
  expect(await interval(0)).toMatchObject({
    status: 'provisional',
    matched: 400,
    seats: [
      [1, 480, 400, 0],
      [2, 400, 400, 0],
    ],
  })
  vi.setSystemTime(Date.now() + 60_000)
  const corrected = await bring('bob-1.csv', csv(profile('bob', 0, measured(450.5, 300))))
  expect(corrected).toMatchObject({
    verdicts: { replaced: 1, same: 1 },
    differences: [
      {
        ...{ start: new Date(t0 * 1000).toISOString(), kind: 'replaced', point: points.bob },
        before: { file: 'bob-0.csv', energyWh: '400', quality: 'measured' },
        after: { file: 'bob-1.csv', energyWh: '450.5', quality: 'measured' },
      },
    ],
  })
  expect(await interval(0)).toMatchObject({
    matched: 450,
    seats: [
      [1, 480, 450, 0],
      [2, 450, 450, 0],
    ],
  })
})

test('the same content a second time changes nothing', async () => {
  const before = await interval(0)
  expect(await bring('copy.csv', csv(profile('bob', 0, measured(450.5, 300))))).toMatchObject({ isNew: false, kept: 0 })
  expect(await interval(0)).toEqual(before)
})

test('files of one moment that contradict each other are a conflict, named by file and value', async () => {
  const document = (wh: number) =>
    edaXml({ registers: [['1-1:1.9.0 P.01', profile('bob', 2, measured(wh, 20))]], createdAt: '2027-01-15T09:00:00Z' })
  await pass(boundary(4) + 10)
  await bring('bob-a.xml', document(90))
  const rival = await bring('bob-b.xml', document(95))
  expect(rival).toMatchObject({ verdicts: { conflict: 1, same: 1 } })
  const range = `from=${new Date(t0 * 1000).toISOString()}&to=${new Date((t0 + 86_400) * 1000).toISOString()}`
  const path = `areas/${area}/official-values/differences?${range}`
  const { body } = await ask(street, 'GET', path, { token })
  expect(body.items.map(({ kind, before, after }: never) => [kind, before, after])).toMatchObject([
    ['replaced', { file: 'bob-0.csv' }, { file: 'bob-1.csv' }],
    ['conflict', { file: 'bob-a.xml', energyWh: '90' }, { file: 'bob-b.xml', energyWh: '95' }],
  ])
  expect(await interval(2)).toMatchObject({
    seats: [
      [1, 100, 90, 0],
      [2, 90, 90, 0],
    ],
  })
  const stranger = await tokenOf(street, people.stranger)
  expect((await ask(street, 'GET', path, { token: stranger })).body.code).toBe('NOT_METERING_ACCOUNT')
})

test('the two witnesses are compared by point, interval and day, for owner and metering operator', async () => {
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
  const midnight = Math.floor(t0 / 86_400) * 86_400
  const range = `from=${iso(midnight)}&to=${iso(midnight + 86_400)}`
  const seen = {
    tolerance: { wh: 5, percent: 1 },
    // The second value is estimated and the third missing: only the first has two witnesses.
    days: [
      {
        day: '2027-01-15',
        point: points.alice,
        direction: 'export',
        compared: 1,
        beyond: 1,
        officialWh: 480,
        agentWh: 500,
        largestWh: -20,
      },
    ],
    contradictions: [
      { start: iso(t0), point: points.alice, direction: 'export', officialWh: 480, agentWh: 500, differenceWh: -20 },
    ],
  }
  expect((await ask(street, 'GET', `areas/${area}/witnesses?${range}`, { token })).body).toEqual(seen)
  const owner = { token: await tokenOf(street, people.alice) }
  const own = `accounts/${lower(people.alice)}`
  const { items } = (await ask(street, 'GET', `${own}/seats`, owner)).body
  const records = items.map(({ area: number, record }: { area: number; record: object }) => [number, record])
  expect(records).toEqual([
    [1, { kind: 'agent', comparedDays: 0, beyondIntervals: 0 }],
    [2, { kind: 'official', comparedDays: 1, beyondIntervals: 1 }],
    [2, { kind: 'agent', comparedDays: 0, beyondIntervals: 0 }],
  ])
  expect((await ask(street, 'GET', `${own}/witnesses?seat=${items[1].seat}&${range}`, owner)).body).toEqual(seen)
  const stranger = { token: await tokenOf(street, people.stranger) }
  const refused = await ask(street, 'GET', `${own}/witnesses?seat=${items[1].seat}&${range}`, stranger)
  expect(refused.body.code).toBe('ACCOUNT_FOREIGN')
  // Of a day that may be seen only in part the intervals are shown, and no sum that would tell the rest.
  const part = `from=${iso(t0)}&to=${iso(t0 + 3_600)}`
  const shown = (await ask(street, 'GET', `${own}/witnesses?seat=${items[1].seat}&${part}`, owner)).body
  expect([shown.days, shown.contradictions.length]).toEqual([[], 1])
  // What the next owner's agent reads by the same meter, the former owner does not see.
  await street.database`update witness_days set agent_seat = 2 where area_id = ${areaId}`
  const former = (await ask(street, 'GET', `${own}/witnesses?seat=${items[1].seat}&${range}`, owner)).body
  expect([former.days, former.contradictions]).toEqual([[], []])
  const seats = (await ask(street, 'GET', `${own}/seats`, owner)).body.items
  expect(seats[1].record).toMatchObject({ comparedDays: 0, beyondIntervals: 0 })
  await street.database`update witness_days set agent_seat = 3 where area_id = ${areaId}`
})

test('what is signed when the grace has passed settles; estimated and missing do not', async () => {
  await pass(boundary(4) + graceSeconds + 1)
  await feed()
  expect(notes.filter(({ what }) => what !== 'told')).toEqual([{ what: 'signed', area, readings: 8 }])
  const signed = await street.database`
    select seat, time, import_wh, export_wh, quality from readings where area_id = ${areaId} and seat <= 2 order by seat, time`
  expect(
    signed.map(({ seat: number, import_wh, export_wh, quality }) => [number, import_wh, export_wh, quality]),
  ).toEqual([
    ...[
      [1, 0, 480, 0],
      [1, 0, 870, 1],
      [1, 0, 870, 2],
      [1, 0, 870, 2],
    ],
    ...[
      [2, 450, 0, 0],
      [2, 750, 0, 0],
      [2, 840, 0, 0],
      [2, 860, 0, 0],
    ],
  ])
  await pass(boundary(4) + 60 + 2 * graceSeconds + 1)
  expect(await interval(0)).toMatchObject({ status: 'final', matched: 450 })
  // Alice's second value is estimated, and her third is missing, whatever her own agent has read.
  expect(await interval(1)).toMatchObject({
    status: 'final',
    matched: 0,
    seats: [
      [1, 390, 0, 1],
      [2, 300, 0, 0],
    ],
  })
  expect(await interval(2)).toMatchObject({
    status: 'final',
    matched: 0,
    seats: [
      [1, 0, 0, 2],
      [2, 90, 0, 0],
    ],
  })
  const entries = await street.database`
    select seat, export_wh, sold_wh, bought_wh, time from batch_entries where area_id = ${areaId} and sold_wh + bought_wh > 0
    order by seat`
  expect(entries.map((entry) => [entry.seat, entry.sold_wh, entry.bought_wh, entry.time])).toEqual([
    [1, 450, 0, boundary(1)],
    [2, 0, 450, boundary(4)],
  ])
})

test('a value that comes or changes after the cut is a correction run, and nothing moves', async () => {
  vi.setSystemTime(Date.now() + 60_000)
  await bring('late.csv', csv(profile('alice', 0, measured(490, 385, 100))))
  expect(await interval(0)).toMatchObject({
    matched: 450,
    seats: [
      [1, 490, 450, 0],
      [2, 450, 450, 0],
    ],
  })
  expect(await interval(1)).toMatchObject({
    matched: 0,
    seats: [
      [1, 385, 0, 0],
      [2, 300, 0, 0],
    ],
  })
  expect(await interval(2)).toMatchObject({
    seats: [
      [1, 100, 0, 0],
      [2, 90, 0, 0],
    ],
  })
  const [run] = await street.database`
    select kind from intervals where area_id = ${areaId} and start = ${t0} order by run desc limit 1`
  expect(run!.kind).toBe('corrected')
  // Nothing is signed for a boundary a second time.
  const [waiting] = await street.database`select count(*)::int as count from metering_readings`
  expect(waiting!.count).toBe(0)
  const [registers] = await street.database`
    select export_micro_wh as wh from metering_registers where meter = ${lower(keys.alice)}`
  expect(registers!.wh).toBe('870000000')
})

test('a clerk sees point by point what is missing, late, corrected and in conflict', async () => {
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
  const path = `areas/${area}/metering-points?from=${iso(t0)}&to=${iso(boundary(6))}`
  const { status, body } = await ask(street, 'GET', path, { token })
  expect([status, body.dueSeconds]).toEqual([200, graceSeconds])
  const line = { factorPercent: 100, sharePercent: null, fromDay: '2027-01-15', endDay: null, supplier: null }
  expect(body.items).toMatchObject([
    {
      ...{ ...line, point: points.alice, direction: 'export', meter: lower(keys.alice), account: lower(people.alice) },
      // The correction made all that came good. Here every file is taken a day after its time.
      ...{ expected: 6, measured: 3, substituted: 0, estimated: 0, missing: 3 },
      ...{ late: 3, replaced: 2, conflicts: 0, newest: iso(boundary(2)), member: 'alice' },
    },
    {
      ...{ ...line, point: points.bob, direction: 'import', meter: lower(keys.bob), account: lower(people.bob) },
      ...{ expected: 6, measured: 4, substituted: 0, estimated: 0, missing: 2 },
      ...{ late: 4, replaced: 1, conflicts: 1, newest: iso(boundary(3)), member: 'bob' },
    },
  ])
  const stranger = await tokenOf(street, people.stranger)
  expect((await ask(street, 'GET', path, { token: stranger })).body.code).toBe('NOT_METERING_ACCOUNT')
  const backwards = `areas/${area}/metering-points?from=${iso(t0)}&to=${iso(t0)}`
  expect((await ask(street, 'GET', backwards, { token })).body.code).toBe('RANGE_EMPTY')
})

test('a flat without an agent joins by a code: its owner claims the point, and the metering operator’s key consents', async () => {
  const point = 'AT0099990000000000000000000000003'
  const key = keyOfPoint(people.metering, point)
  const stranger = { token: await tokenOf(street, people.stranger) }
  const account = lower(people.stranger)
  let code = ''
  const states: string[] = []
  /** What the owner does on the page while the command waits. */
  async function sleep() {
    const { body } = await ask(street, 'GET', `pairings/${code}`, stranger)
    states.push(body.state)
    if (body.state === 'offered') await ask(street, 'POST', `pairings/${code}/claim`, { ...stranger, body: {} })
    if (body.state !== 'consented') return
    expect(body).toMatchObject({
      account,
      meter: lower(key),
      found: { name: point },
      epochStart: { epoch: 1, importWh: 0 },
    })
    await street.syncSeats([seat(4, { account, meter: lower(key), terms: [terms({ grade: 1 })] })], area)
  }
  const offer = { serverUrl: street.origin, settings, key, point, epoch: 1, feedsIn: false, nowMs: Date.now, sleep }
  const joined = await offerPoint({
    ...offer,
    show: (offered) => {
      code = offered.code
    },
  })
  expect([joined, states]).toEqual([account, ['offered', 'consented']])
})

test('of a flat that is sold each owner’s time is signed in an epoch of its own, and neither has anything of the other’s', async () => {
  const sold = Math.ceil((now - t0) / intervalSeconds) + 2
  const next = { epoch: 2, time: boundary(sold - 1), importWh: 0, exportWh: 0 }
  const account = lower(people.stranger)
  const meter = lower(keys.bob)
  const closing = [terms({ grade: 1 }), terms({ grade: 1, from: boundary(sold), closed: true })]
  const own = {
    openedAt: boundary(sold),
    epochStart: next,
    base: next,
    terms: [terms({ grade: 1, from: boundary(sold) })],
  }
  await street.syncSeats(
    [seat(2, { account: lower(people.bob), meter, terms: closing }), seat(6, { account, meter, ...own })],
    area,
  )
  vi.setSystemTime(Date.now() + 60_000)
  await pass(boundary(sold + 2) + 10)
  await bring('sold.csv', csv(profile('bob', sold - 2, measured(110, 120, 30, 40.5))))
  const { batchSeconds } = settings.rules
  await pass(Math.ceil(boundary(sold + 2) / batchSeconds) * batchSeconds + graceSeconds + 1)
  await feed()
  const signed = await street.database`
    select seat, epoch, time, import_wh, quality from readings
    where area_id = ${areaId} and seat in (2, 6) and time > ${boundary(sold - 2)} and time <= ${boundary(sold + 2)} order by time, seat`
  const before = signed[0]!.import_wh - 110
  expect(signed.map((row) => [row.seat, row.epoch, row.time, row.import_wh, row.quality])).toEqual([
    [2, 1, boundary(sold - 1), before + 110, 0],
    [2, 1, boundary(sold), before + 230, 0],
    [6, 2, boundary(sold), 0, 0],
    [6, 2, boundary(sold + 1), 30, 0],
    [6, 2, boundary(sold + 2), 70, 0],
  ])
  await pass(Math.ceil(boundary(sold + 2) / batchSeconds) * batchSeconds + 60 + 2 * graceSeconds + 1)
  expect(await interval(sold - 1)).toMatchObject({ seats: expect.arrayContaining([[2, 120, 0, 0]]) })
  expect(await interval(sold)).toMatchObject({ seats: expect.arrayContaining([[6, 30, 0, 0]]) })
  // What was read after the seat was closed is not the former owner's to see.
  const former = { token: await tokenOf(street, people.bob) }
  const seats = (await ask(street, 'GET', `accounts/${lower(people.bob)}/seats`, former)).body.items
  const { seat: number } = seats.find((each: { area: number }) => each.area === area)
  const [from, to] = [sold - 2, sold + 4].map((place) => new Date(boundary(place) * 1000).toISOString())
  const path = `accounts/${lower(people.bob)}/readings?seat=${number}&from=${from}&to=${to}`
  const { body } = await ask(street, 'GET', path, former)
  const times = body.items.map(({ time }: { time: string }) => Date.parse(time) / 1000)
  expect(Math.max(...times)).toBe(boundary(sold))
})
