/** Readings find the seat that their meter served then, in whatever area it was, and are answered one by one. */
import { Registry } from 'prom-client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readingReasons, type SignedReading } from '../../contracts/protocol/wire.ts'
import type { Areas } from '../../server/api/parts.ts'
import { heldOf, meterOwners, seatsOfMeter, servedAt } from '../../server/live/meter-seats.ts'
import { createReadingIntake, isOutOfDate, toldBy, type WelcomedMeter } from '../../server/live/reading-intake.ts'
import { createTelemetryBoard } from '../../server/live/telemetry-board.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import { startSignatureCheck } from '../../server/signatures/signature-check.ts'
import { domain, lower, meters, people, seatOfPerson, settingsOfArea, signedReading } from '../api/people.ts'
import { intervalSeconds, t0, terms } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
import { committedReadings, type MemoryArea, startMemoryArea } from './memory-area.ts'

/** Where Alice's meter moves from area 1 to area 2. */
const moved = t0 + 2 * intervalSeconds

let running: MemoryArea[] = []
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()))
  running = []
})

async function startAreas(count: number): Promise<{ areas: Areas; parts: MemoryArea[] }> {
  running = await Promise.all(
    Array.from({ length: count }, (_, index) => startMemoryArea(settingsOfArea(index + 1), t0 - 5)),
  )
  const handles = running.map(({ area }) => area)
  const get = (number: number) => handles.find(({ settings }) => settings.area === number)
  return { areas: { get, all: () => handles }, parts: running }
}

async function sync({ area }: MemoryArea, seats: ChainSeat[]): Promise<void> {
  await area.submit({ type: 'chain', block: 1, time: t0, settledUntil: 0, seats, isPart: false })
}

async function intakeOf(areas: Areas) {
  const intake = createReadingIntake(areas, await startSignatureCheck({ registry: new Registry(), threads: 0 }))
  return (readings: SignedReading[], of: Partial<WelcomedMeter> = {}) => {
    const told = new Map(areas.all().map((area) => [area, area.status.loads]))
    const announced = { domain, told, ...of }
    return intake.take(readings.map((reading) => ({ reading, ...announced })))
  }
}

const codes = (acks: { status: string; code?: string }[]) => acks.map(({ status, code }) => code ?? status)

test('a meter that moved between two areas of one server sends to each what it measured there', async () => {
  const { areas, parts } = await startAreas(2)
  const [first, second] = parts as [MemoryArea, MemoryArea]
  const closing = [terms({ zone: 'north' }), terms({ zone: 'north', from: moved, closed: true })]
  await sync(first, [seatOfPerson('alice', 'north', { terms: closing })])
  const start = { epoch: 1, time: moved, importWh: 0, exportWh: 900 }
  await sync(second, [
    seatOfPerson('alice', 'south', {
      ...{ openedAt: moved, epochStart: start, base: start },
      terms: [terms({ from: moved })],
    }),
  ])
  const take = await intakeOf(areas)
  for (const each of parts) await each.setTime(moved + intervalSeconds + 1)
  const readings = await Promise.all(
    [1, 2, 3].map((n) => signedReading('alice', { time: t0 + n * intervalSeconds, exportWh: 450 * n })),
  )
  expect(codes(await take(readings))).toEqual(['stored', 'stored', 'stored'])
  expect(committedReadings(first).map(({ time }) => time)).toEqual([t0 + intervalSeconds, moved])
  expect(committedReadings(second).map(({ time }) => time)).toEqual([moved + intervalSeconds])
})

test('a hundred backlogs at once go part by part, and the reading of a boundary does not wait for them', async () => {
  const { areas, parts } = await startAreas(1)
  await sync(parts[0]!, [seatOfPerson('alice', 'north'), seatOfPerson('bob', 'north')])
  await parts[0]!.setTime(t0 + 2 * intervalSeconds)
  const checked: number[] = []
  const finish: (() => void)[] = []
  const intake = createReadingIntake(areas, {
    recover(_, __, items) {
      checked.push(items.length)
      // Nobody signed any of them: they are refused, each by itself.
      return new Promise((resolve) => finish.push(() => resolve(items.map(() => null))))
    },
  })
  const told = toldBy(areas.all().map((area) => ({ area })))
  const arrive = (reading: SignedReading) => ({ reading, domain, told })
  const old = arrive(await signedReading('alice', { time: t0 + intervalSeconds }))
  const backlogs = Array.from({ length: 100 }, () => intake.take(Array.from({ length: 96 }, () => old)))
  expect(checked).toEqual([96, 96])
  const own = intake.take([arrive(await signedReading('bob', { time: t0 + intervalSeconds }))])
  await vi.waitFor(() => expect(checked).toEqual([96, 96, 1]), patiently)
  finish.pop()!()
  expect(await own).toMatchObject([{ status: 'refused', code: 'READING_SIGNATURE' }])
  while (checked.length < 51 || finish.length > 0) {
    finish.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(finish.length).toBeLessThanOrEqual(2)
  }
  for (const answers of await Promise.all(backlogs)) expect(answers).toHaveLength(96)
  expect(Math.max(...checked)).toBe(192)
})

describe('at the boundary at which a meter moves with its epoch', () => {
  const at = (n: number, exportWh = 450 * n) => signedReading('alice', { time: t0 + n * intervalSeconds, exportWh })

  async function startMoving() {
    const { areas, parts } = await startAreas(2)
    const [first, second] = parts as [MemoryArea, MemoryArea]
    const closing = [terms({ zone: 'north' }), terms({ zone: 'north', from: moved, closed: true })]
    await sync(first, [seatOfPerson('alice', 'north', { terms: closing })])
    await sync(second, [seatOfPerson('alice', 'south', { openedAt: moved, terms: [terms({ from: moved })] })])
    for (const each of parts) await each.setTime(moved + intervalSeconds + 1)
    return { first, second, take: await intakeOf(areas), areas }
  }

  test('its reading ends the last interval of the one area and begins the first of the other', async () => {
    const { first, second, take } = await startMoving()
    expect(codes(await take(await Promise.all([at(1), at(2), at(3)])))).toEqual(['stored', 'stored', 'stored'])
    expect(committedReadings(first).map(({ time }) => time)).toEqual([t0 + intervalSeconds, moved])
    expect(committedReadings(second).map(({ time }) => time)).toEqual([moved, moved + intervalSeconds])
    expect(codes(await take([await at(2)]))).toEqual(['duplicate'])
    // Two values for one boundary are two in both.
    expect(codes(await take([await at(2, 901)]))).toEqual(['READING_EQUIVOCATION'])
  })

  test('it is sent again as long as one of the two lacks it, and kept where one has it', async () => {
    const { first, second, take, areas } = await startMoving()
    const told = new Map(areas.all().map((area) => [area, area.status.loads]))
    const [area] = areas.all().slice(1)
    told.set(area!, area!.status.loads - 1)
    expect(await take([await at(2)], { told })).toMatchObject([{ code: 'AREA_NOT_READY', retry: true }])
    expect(committedReadings(first)).toHaveLength(1)
    expect(codes(await take([await at(2)]))).toEqual(['stored'])
    expect(committedReadings(second)).toHaveLength(1)
  })
})

test('of seats that follow one another the last one counts that had opened by then', async () => {
  const { areas, parts } = await startAreas(2)
  await sync(parts[0]!, [seatOfPerson('alice', 'north')])
  await sync(parts[1]!, [seatOfPerson('alice', 'north', { openedAt: moved })])
  const seats = seatsOfMeter(areas, lower(meters.alice))
  const areaAt = (time: number) => servedAt(seats, time)?.area.settings.area
  expect([t0 - 900, t0, t0 + 1, moved, moved + 1].map(areaAt)).toEqual([1, 1, 1, 1, 2])
  expect(seatsOfMeter(areas, lower(meters.alice), { ...domain, chainId: 1 })).toEqual([])
  expect(servedAt([], t0)).toBeUndefined()
})

test.each([1, 2])(
  'of seats that opened at one boundary the one that has not closed is served: area %i',
  async (own) => {
    const { areas, parts } = await startAreas(2)
    const left = [terms({ zone: 'north' }), terms({ zone: 'north', from: t0 + intervalSeconds, closed: true })]
    for (const [place, each] of parts.entries()) {
      await sync(each, [seatOfPerson('alice', 'north', place + 1 === own ? {} : { terms: left })])
      await each.setTime(moved)
    }
    const seats = seatsOfMeter(areas, lower(meters.alice))
    expect(seats.map(({ seat }) => seat.closed)).toEqual([false, true])
    expect(servedAt(seats, moved)?.area.settings.area).toBe(own)
  },
)

test.each([1, 2])(
  'of seats that opened at one boundary and have all closed the one that served is asked: area %i',
  async (own) => {
    const { areas, parts } = await startAreas(2)
    const closedFrom = (from: number) => terms({ zone: 'north', from, closed: true })
    const passed = { seat: 9, terms: [closedFrom(t0)] }
    const served = { terms: [terms({ zone: 'north' }), closedFrom(moved)] }
    // As the chain tells it once its base has moved up to where it was closed.
    const settled = { terms: [closedFrom(moved)] }
    // Before its meter went on it was to open.
    await sync(parts[2 - own]!, [seatOfPerson('alice', 'north', { openedAt: t0, seat: 9 })])
    for (const change of [served, settled]) {
      for (const [place, each] of parts.entries()) {
        await sync(each, [seatOfPerson('alice', 'north', { openedAt: t0, ...(place + 1 === own ? change : passed) })])
        await each.setTime(moved + 1)
      }
      const seats = seatsOfMeter(areas, lower(meters.alice))
      expect(seats.every(({ seat }) => seat.closed)).toBe(true)
      expect(servedAt(seats, moved)?.area.settings.area).toBe(own)
    }
  },
)

test('an epoch that began and ended unseen, before its meter moved, is refused for good', async () => {
  const { areas, parts } = await startAreas(2)
  const [first, second] = parts as [MemoryArea, MemoryArea]
  const closing = [terms({ zone: 'north' }), terms({ zone: 'north', from: moved, closed: true })]
  await sync(first, [seatOfPerson('alice', 'north', { terms: closing })])
  const start = { epoch: 3, time: t0 + intervalSeconds, importWh: 0, exportWh: 0 }
  const there = { openedAt: moved, epochStart: start, base: start, terms: [terms({ from: moved })] }
  await sync(second, [seatOfPerson('alice', 'south', there)])
  const take = await intakeOf(areas)
  for (const each of parts) await each.setTime(moved + 1)
  const [lost, early] = await take([
    await signedReading('alice', { epoch: 2, time: t0 + intervalSeconds, exportWh: 5 }),
    // Of the epoch that the next seat runs in: that one takes it, though it is not open yet.
    await signedReading('alice', { epoch: 3, time: moved, exportWh: 7 }),
  ])
  expect(lost).toMatchObject({ code: 'READING_EPOCH_ENDED', retry: false })
  expect(early).toMatchObject({ status: 'stored' })
  expect(committedReadings(first)).toEqual([])
})

test('who moved hears what the area that it left lacks, and announces itself anew once either was made again', async () => {
  const { areas, parts } = await startAreas(2)
  const [first, second] = parts as [MemoryArea, MemoryArea]
  const closing = [terms({ zone: 'north' }), terms({ zone: 'north', from: moved, closed: true })]
  await sync(first, [seatOfPerson('alice', 'north', { terms: closing })])
  const key = lower(meters.stranger)
  const keys = [{ key, from: moved }]
  await sync(second, [seatOfPerson('alice', 'south', { openedAt: moved, keys, terms: [terms({ from: moved })] })])
  const seats = () => seatsOfMeter(areas, lower(meters.alice), domain)
  const told = toldBy(seats())
  expect(heldOf(seats(), moved + 1)).toMatchObject({
    ...{ newest: { epoch: 1, time: t0 }, settledTo: t0, gaps: [{ from: t0 + 1, to: moved }] },
    // The other area has not heard of the key yet.
    keys,
  })
  for (const each of parts) await each.setTime(moved + 1)
  const take = await intakeOf(areas)
  const reading = { time: t0 + intervalSeconds, exportWh: 450 }
  expect(await take([await signedReading('alice', reading, meters.stranger)])).toMatchObject([
    { code: 'READING_KEY', retry: true },
  ])
  await take([await signedReading('alice', reading)])
  expect(heldOf(seats(), moved + 1)!.gaps).toEqual([{ from: t0 + intervalSeconds + 1, to: moved }])
  expect(isOutOfDate({ told }, seats())).toBe(false)
  for (const { area } of parts) {
    const before = new Map(told).set(area, area.status.loads - 1)
    expect(isOutOfDate({ told: before }, seats())).toBe(true)
    before.delete(area)
    expect(isOutOfDate({ told: before }, seats())).toBe(true)
  }
  expect(heldOf([], t0)).toBeUndefined()
})

test('what travels beside a reading comes along', async () => {
  const { areas, parts } = await startAreas(1)
  await sync(parts[0]!, [seatOfPerson('alice', 'north')])
  await parts[0]!.setTime(t0 + intervalSeconds)
  const reading = await signedReading('alice', { time: t0 + intervalSeconds, exportWh: 5 })
  const take = await intakeOf(areas)
  await take([{ ...reading, sequence: 41, productionWh: null, reasons: ['gap', 'unverified'] }])
  expect(committedReadings(parts[0]!)).toMatchObject([
    { sequence: 41, productionWh: null, reasons: 1 | (1 << readingReasons.indexOf('unverified')) },
  ])
})

test('what goes by an area as it was before it was made again waits until its meter has been announced anew', async () => {
  const { areas, parts } = await startAreas(1)
  await sync(parts[0]!, [seatOfPerson('alice', 'north')])
  await parts[0]!.setTime(t0 + intervalSeconds)
  const take = await intakeOf(areas)
  const reading = await signedReading('alice', { time: t0 + intervalSeconds, exportWh: 5 })
  const { loads } = parts[0]!.area.status
  expect(await take([reading], { told: new Map([[parts[0]!.area, loads - 1]]) })).toMatchObject([
    { code: 'AREA_NOT_READY', retry: true },
  ])
  expect(codes(await take([reading], { told: new Map([[parts[0]!.area, loads]]) }))).toEqual(['stored'])
})

describe('what is wrong with one reading', () => {
  test('is said of it alone, in a sentence with its numbers', async () => {
    const { areas, parts } = await startAreas(1)
    await sync(parts[0]!, [seatOfPerson('alice', 'north'), seatOfPerson('bob', 'north')])
    await parts[0]!.setTime(t0 + intervalSeconds)
    const take = await intakeOf(areas)
    const acks = await take([
      await signedReading('alice', { time: t0 + intervalSeconds, exportWh: 5 }),
      await signedReading('bob', { time: t0 + 2 * intervalSeconds }),
      await signedReading('bob', { time: t0 + intervalSeconds }, meters.stranger),
      await signedReading('stranger', { time: t0 + intervalSeconds }),
    ])
    expect(codes(acks)).toEqual(['stored', 'READING_FUTURE', 'READING_SIGNATURE', 'READING_UNKNOWN_METER'])
    expect(acks.map(({ retry }) => retry)).toEqual([undefined, true, false, true])
    expect(acks[1]!.message).toBe('2027-01-15 08:30 UTC has not come by the server’s clock')
  })

  test('a boundary that comes twice has two answers, in their order', async () => {
    const { areas, parts } = await startAreas(1)
    await sync(parts[0]!, [seatOfPerson('alice', 'north'), seatOfPerson('bob', 'north')])
    await parts[0]!.setTime(t0 + intervalSeconds)
    const time = t0 + intervalSeconds
    const take = await intakeOf(areas)
    const acks = await take([
      await signedReading('alice', { time, exportWh: 5 }),
      await signedReading('bob', { time }),
      await signedReading('alice', { time, exportWh: 6 }),
    ])
    expect(codes(acks)).toEqual(['stored', 'stored', 'READING_EQUIVOCATION'])
  })

  test('where the database refuses one, its neighbours are stored all the same', async () => {
    const { areas, parts } = await startAreas(1)
    const [part] = parts as [MemoryArea]
    await sync(part, [seatOfPerson('alice', 'north'), seatOfPerson('bob', 'north')])
    await part.setTime(t0 + intervalSeconds)
    part.refuse.commit = ({ journaled }) => {
      for (const { command } of journaled) {
        if (command.type === 'readings' && command.readings.some(({ meter }) => meter === lower(meters.alice))) {
          throw new RangeError('value out of range')
        }
      }
    }
    const take = await intakeOf(areas)
    const time = t0 + intervalSeconds
    const acks = await take([await signedReading('alice', { time }), await signedReading('bob', { time })])
    expect(codes(acks)).toEqual(['AREA_COMMAND', 'stored'])
    expect(acks[0]!.retry).toBe(true)
  })
})

describe('telemetry', () => {
  const values = { powerW: 7, productionW: null, batteryPowerW: null, stateOfChargePercent: null }
  const shown = { meter: lower(meters.alice), timeMs: 1_000, ...values }

  test('of a former owner is shown to nobody any more', async () => {
    let owner: { account: string; seat: string } | null = { account: 'alice', seat: '1' }
    const board = createTelemetryBoard(() => owner)
    board.put(shown)
    expect([board.of('alice').length, board.take().get('alice')?.length]).toEqual([1, 1])
    owner = { account: 'bob', seat: '2' }
    expect([board.of('alice'), board.of('bob')]).toEqual([[], []])
    board.put(shown)
    expect([board.of('alice').length, board.of('bob')]).toEqual([
      0,
      [{ seat: '2', time: expect.any(String), ...values }],
    ])
    owner = null
    board.put(shown)
    expect([board.of('bob').length, board.take().size]).toEqual([0, 0])
  })

  test('belongs to whoever has the meter’s seat now, in whatever area', async () => {
    const { areas, parts } = await startAreas(2)
    const ownerOf = meterOwners(areas)
    expect(ownerOf(lower(meters.alice))).toBeNull()
    await sync(parts[0]!, [seatOfPerson('alice', 'north', { openedAt: 0 })])
    expect(ownerOf(lower(meters.alice))).toEqual({ account: lower(people.alice), seat: String(2 ** 32 + 1) })
    await sync(parts[1]!, [seatOfPerson('alice', 'north', { openedAt: 900, account: lower(people.bob) })])
    expect(ownerOf(lower(meters.alice))).toEqual({ account: lower(people.bob), seat: String(2 * 2 ** 32 + 1) })
  })
})
