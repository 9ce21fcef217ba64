/** The writer of an area: answers what is durable, steps back where it has lost its place, and lets no command stop another. */
import { describe, expect, it, test } from 'vitest'
import type { Submission } from '../../server/areas/area-handle.ts'
import { JournaledArea } from '../../server/areas/journaled-area.ts'
import { boundary, following, order, placing, reading, seat, t0, terms } from '../market/engine/street.ts'
import { noTroubles } from '../simulation/database.ts'
import { Machine } from '../simulation/machine.ts'
import { SimulatedArea, type SimulatedServer } from './simulated.ts'

type Placing = Extract<Submission, { type: 'order' }>

let nonce = 0
function newOrder(number = 1, change: Parameters<typeof order>[2] = {}): Placing {
  nonce += 1
  const { atMs: _, ...placed } = placing(0, order(number, 'sell', { nonce, ...change }))
  return placed
}

const read = (...readings: ReturnType<typeof reading>[]): Submission => ({ type: 'readings', readings })

async function opened(seats = [seat(1), seat(2)]) {
  const area = new SimulatedArea()
  const server = await area.ready('one', seats)
  return { area, server, ask: (submission: Submission) => area.outcome(server.handle.submit(submission)) }
}

const isStored = ({ database }: SimulatedArea, { id }: Placing) => database.tables.arrivals.has(id)

/** What a server that starts now makes of the journal. */
function loaded(area: SimulatedArea) {
  const { store } = area.database.connect(new Machine('reader', area.scheduler), 'reader')
  return area.outcome(JournaledArea.load(store))
}

describe('an answer', () => {
  it('comes when everything is in the tables, and not before', async () => {
    const { area, server } = await opened()
    area.database.stalledUntilMs = area.scheduler.nowMs + 3_000
    const placed = newOrder()
    let isAnswered = false
    const answer = server.handle.submit(placed).finally(() => {
      isAnswered = true
    })
    await area.pass(2_900)
    expect([isAnswered, isStored(area, placed)]).toEqual([false, false])
    await area.outcome(answer)
    expect(isStored(area, placed)).toBe(true)
  })

  it('is seen by nobody before: seats, changes and status are of what is in the tables', async () => {
    const { area, server } = await opened()
    const { handle } = server
    const heard: number[] = []
    handle.subscribe(({ sequence }) => heard.push(sequence))
    const seen = () => [[...handle.seats()].map((own) => own.seat), heard.length, handle.status.sequence]
    const before = seen()
    area.database.stalledUntilMs = area.scheduler.nowMs + 3_000
    const { atMs: _, ...shown } = following(0, [seat(3)])
    const answer = handle.submit({ ...shown, time: Math.floor(area.scheduler.nowMs / 1000) })
    for (let ms = 0; ms < 2_900; ms += 100) {
      await area.pass(100)
      expect(seen()).toEqual(before)
    }
    await area.outcome(answer)
    expect(seen()).toEqual([[1, 2, 3], 1, (before[2] as number) + 1])
  })

  it('is to try again where nobody knows whether the commit was done, and a repeated command has effect once', async () => {
    const { area, ask } = await opened()
    const placed = newOrder()
    area.database.troubles = { ...noTroubles, lostAfter: 1 }
    await expect(ask(placed)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    area.database.troubles = noTroubles
    await area.pass(10_000)
    expect(isStored(area, placed)).toBe(true)
    expect(await ask(placed)).toMatchObject([{ type: 'refused', code: 'ORDER_DUPLICATE' }])
  })
})

describe('a journal that has lost its newest rows', () => {
  it('takes nothing of the writer who believes in them, who then goes on from what is left', async () => {
    const { area, server, ask } = await opened()
    const [lost, next] = [newOrder(), newOrder()]
    await ask(lost)
    const rows = area.database.log.length
    area.database.failOver(1, { downMs: 0 })
    await expect(ask(next)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    expect(area.database.log).toHaveLength(rows - 1)
    await area.until(() => server.handle.status.loads === 2)
    await area.tellChain(server, [seat(1), seat(2)])
    expect(await ask(lost)).toMatchObject([{ type: 'order-accepted' }])
    expect(area.database.log.map(({ row }) => row.sequence)).toEqual(area.database.log.map((_, index) => index + 1))
    expect((await loaded(area)).committed.hash.toString('hex')).toBe(server.handle.status.hash)
  })

  it('takes no reading of a meter that was told of them: a newer one would hide that an older one is gone', async () => {
    const { area, server, ask } = await opened()
    const told = server.handle.status.loads
    const readAs = (loads: number) => area.outcome(server.handle.submit(read(reading(1, boundary(0), 0, 0)), loads))
    await ask(newOrder())
    area.database.failOver(1, { downMs: 0 })
    await expect(ask(newOrder())).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    // One that is on its way before it is known, and one that comes when everything is well again.
    await expect(readAs(told)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    await area.until(() => server.handle.status.loads === told + 1)
    await expect(readAs(told)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    await area.tellChain(server, [seat(1), seat(2)])
    expect(await readAs(told + 1)).toMatchObject([{ type: 'reading' }])
  })

  it('is noticed though a command changes nothing', async () => {
    const { area, ask } = await opened()
    const placed = newOrder()
    await ask(placed)
    area.database.failOver(1, { downMs: 0 })
    // Believing in the lost row, the writer would call this order a repetition: whoever placed it would give up.
    await expect(ask(placed)).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
  })
})

test('a database that is away is said to be, without the address that the driver names', async () => {
  const { area, server, ask } = await opened()
  area.database.failOver(0, { downMs: 10_000 })
  const away = /^(the area waits: the database cannot be used now|the journal could not be written; try again)$/
  const refused = expect(ask(newOrder())).rejects.toThrow(away)
  await area.until(() => server.handle.status.condition.is === 'waiting')
  const reason = 'the database cannot be used now'
  expect(server.handle.status.condition).toMatchObject({ code: 'CONNECTION_CLOSED', reason })
  await refused
})

test('a full disk of the database is said to be full, once, and mended by room alone', async () => {
  const { area, server, ask } = await opened()
  const placed = newOrder()
  area.database.troubles = { ...noTroubles, full: 1 }
  await expect(ask(placed)).rejects.toThrow('the journal could not be written; try again')
  const reason = 'the database cannot be used: its disk is full: make room there'
  await area.until(() => server.handle.status.condition.is === 'waiting')
  expect(server.handle.status.condition).toMatchObject({ code: '53100', reason })
  await area.pass(30_000)
  expect(server.handle.status.condition).toMatchObject({ code: '53100', reason })
  expect(area.failures).toEqual(['the area is made again from its journal'])
  // It is told again as long as it lasts, but seldom.
  await area.pass(60_000)
  expect(area.failures).toHaveLength(2)
  area.database.troubles = noTroubles
  await area.until(() => server.handle.status.condition.is === 'ready')
  expect(await ask(placed)).toMatchObject([{ type: 'order-accepted' }])
})

test('a disk that has room now and then does not have the area made again all the time', async () => {
  const { area, server } = await opened()
  area.database.troubles = { ...noTroubles, full: 0.5 }
  let [timesMade, wasReady] = [0, true]
  for (let ms = 0; ms < 600_000; ms += 50) {
    if (ms % 1_000 === 0) server.handle.submit(newOrder()).catch(() => {})
    await area.pass(50)
    const isReady = server.handle.status.condition.is === 'ready'
    if (isReady && !wasReady) timesMade++
    wasReady = isReady
  }
  // Were each good turn the end of it, there would be 177.
  expect(timesMade).toBeGreaterThan(20)
  expect(timesMade).toBeLessThan(60)
})

describe('a writer that has lost its place', () => {
  /** The first server slept through its lease, which by its own clock it still holds; the second one has taken over. */
  async function overslept(seats: ReturnType<typeof seat>[]) {
    const { area, server: first } = await opened()
    first.machine.pause(30_000, { sleeps: true })
    const second = await area.ready('two', seats)
    await area.until(() => first.machine.isRunning)
    first.handle.seeChain(area.scheduler.nowMs)
    return { area, first, second }
  }

  it('refuses nothing for good: its successor may know better', async () => {
    // The grid operator has confirmed a larger connection, of which only the successor has heard.
    const larger = seat(1, { terms: [terms({ nameplateWh: 9_000 })] })
    const { area, first, second } = await overslept([larger, seat(2)])
    await area.pass((boundary(1) + 1) * 1000 - area.scheduler.nowMs)
    for (const server of [first, second]) server.handle.seeChain(area.scheduler.nowMs)
    const large = read(reading(1, boundary(1), 0, 8_000))
    await expect(area.outcome(first.handle.submit(large))).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    const [answer] = await area.outcome(second.handle.submit(large))
    expect(answer).toMatchObject({ type: 'reading', status: 'stored' })
  })

  it('writes nothing, and says who holds the area', async () => {
    const { area, first } = await overslept([seat(1), seat(2)])
    const rows = area.database.log.length
    await expect(area.outcome(first.handle.submit(newOrder()))).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    expect(area.database.log).toHaveLength(rows)
    await area.until(() => first.handle.status.condition.is === 'waiting')
    await area.until(() => {
      const { condition } = first.handle.status
      return condition.is === 'waiting' && condition.code === 'AREA_HELD' && condition.reason.includes('two')
    })
  })

  it('has the area again at once where its successor stops in order', async () => {
    const { area, first, second } = await overslept([seat(1), seat(2)])
    await area.outcome(second.handle.stop())
    const loads = first.handle.status.loads
    await area.until(() => first.handle.status.loads > loads)
    await area.tellChain(first, [seat(1), seat(2)])
    expect(await area.outcome(first.handle.submit(newOrder()))).toMatchObject([{ type: 'order-accepted' }])
  })
})

describe('a clock that leaps', () => {
  const codeOf = ({ handle: { status } }: SimulatedServer) =>
    status.condition.is === 'ready' ? null : status.condition.code

  it.each([
    ['an hour ahead', 3_600_000],
    ['an hour back', -3_600_000],
    ['a year ahead', 365 * 86_400_000],
  ])('%s dates nothing, and once it is right again the area goes on at once', async (_, leapMs) => {
    const { area, server, ask } = await opened()
    const rows = area.database.log.length
    server.machine.offsetMs = leapMs
    await area.until(() => codeOf(server)?.startsWith('CLOCK_') === true)
    await expect(ask(newOrder())).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    await area.pass(20_000)
    expect(area.database.log.slice(rows).filter(({ journaled }) => journaled.command.type !== 'barrier')).toEqual([])
    server.machine.offsetMs = 0
    server.handle.seeChain(area.scheduler.nowMs)
    await area.until(() => server.handle.status.condition.is === 'ready')
    expect((await ask(newOrder())).at(-1)).toMatchObject({ type: 'order-accepted' })
    expect(server.handle.status.nowMs).toBeLessThanOrEqual(area.scheduler.nowMs)
  })

  it('together with that of the database needs the word of the chain', async () => {
    const { area, server } = await opened()
    for (const clock of [server.machine, area.database]) clock.offsetMs = 86_400_000
    await area.until(() => codeOf(server) === 'CLOCK_LEAP')
    expect(server.handle.status.nowMs).toBeLessThanOrEqual(area.scheduler.nowMs)
  })

  it('is told by how much', async () => {
    const { area, server, ask } = await opened()
    server.machine.offsetMs = 1_500
    await area.pass(2_000)
    await ask(newOrder())
    await area.pass(100)
    expect(Math.abs(server.handle.status.aheadOfDatabaseMs! - 1_500)).toBeLessThan(300)
  })
})

describe('a command that a table refuses', () => {
  it('is refused by name and alone: its neighbours of the same commit go on', async () => {
    const { area, server } = await opened()
    const [before, poison, after] = [newOrder(1), newOrder(2), newOrder(1)]
    area.database.poison.add(poison.id)
    const answers = [before, poison, after].map((submission) => server.handle.submit(submission))
    const [first, second, third] = await area.outcome(Promise.allSettled(answers))
    expect(first).toMatchObject({ status: 'fulfilled' })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'AREA_COMMAND' } })
    expect(third).toMatchObject({ status: 'fulfilled' })
    expect([before, poison, after].map((submission) => isStored(area, submission))).toEqual([true, false, true])
  })

  it('costs no more than its refusal when it comes again', async () => {
    const { area, ask } = await opened()
    const poison = newOrder(2)
    area.database.poison.add(poison.id)
    await expect(ask(poison)).rejects.toMatchObject({ code: 'AREA_COMMAND' })
    const failures = area.failures.length
    await expect(ask(poison)).rejects.toMatchObject({ code: 'AREA_COMMAND' })
    expect(area.failures).toHaveLength(failures)
  })

  it('makes nobody tell anything anew: the journal has lost nothing', async () => {
    const { area, server, ask } = await opened()
    const poison = newOrder(2)
    area.database.poison.add(poison.id)
    await expect(ask(poison)).rejects.toMatchObject({ code: 'AREA_COMMAND' })
    await area.pass(1_000)
    expect(server.handle.status).toMatchObject({ loads: 1, condition: { is: 'ready' } })
  })

  it('does where rows are gone as well', async () => {
    const { area, server, ask } = await opened()
    await ask(newOrder())
    const poison = newOrder(2)
    area.database.poison.add(poison.id)
    const answer = ask(poison)
    await expect(answer).rejects.toMatchObject({ code: 'AREA_COMMAND' })
    area.database.failOver(1, { downMs: 0 })
    await expect(ask(newOrder())).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    await area.until(() => server.handle.status.loads === 2)
  })
})

describe('a batch that is due', () => {
  /** Half a batch of these rules is more than five minutes. */
  const onItsWayMs = 300_000
  /** What everybody has heard of: the chain's newest block, and everything that counts there. */
  async function hearUntil({ area, server }: Awaited<ReturnType<typeof opened>>, untilMs: number, isTold: boolean) {
    while (area.scheduler.nowMs < untilMs) {
      await area.pass(60_000)
      await area.tellChain(server)
      if (isTold) server.handle.chainTold(area.scheduler.nowMs)
    }
    await area.pass(5_000)
  }
  const cutAt = (t0 + 3_600) * 1000 + 240_000

  it('is cut by an area that has heard what the chain settled since it was loaded', async () => {
    const all = await opened()
    await hearUntil(all, cutAt, true)
    expect(all.server.handle.status.cutUntil).toBe(t0 + 3_600)
  })

  it('is not cut by one that may have lost a batch that is on its way, until that would be known', async () => {
    const all = await opened()
    await hearUntil(all, cutAt, false)
    expect(all.server.handle.status.cutUntil).toBeLessThan(t0 + 3_600)
    // All that counts is told, but it is older than what may be under way.
    all.server.handle.chainTold(t0 * 1000 - 5_000 + onItsWayMs - 10_000)
    await all.area.pass(5_000)
    expect(all.server.handle.status.cutUntil).toBeLessThan(t0 + 3_600)
    all.server.handle.chainTold(all.area.scheduler.nowMs)
    await all.area.pass(5_000)
    expect(all.server.handle.status.cutUntil).toBe(t0 + 3_600)
  })

  it('is not held up by commands that tables refuse, however often they come', async () => {
    const all = await opened()
    await hearUntil(all, cutAt - 250_000, true)
    for (let count = 0; count < 4; count += 1) {
      const poison = newOrder(2)
      all.area.database.poison.add(poison.id)
      await expect(all.ask(poison)).rejects.toMatchObject({ code: 'AREA_COMMAND' })
      await hearUntil(all, all.area.scheduler.nowMs + 60_000, true)
    }
    expect(all.server.handle.status.cutUntil).toBe(t0 + 3_600)
  })
})

it('an area whose journal does not replay stops, says why, and refuses what is asked of it', async () => {
  const { area, server } = await opened()
  await area.outcome(server.handle.submit(newOrder()))
  server.machine.kill()
  area.database.log[1]!.row.hash[0]! ^= 1
  const second = area.start('two')
  await area.until(() => second.handle.status.condition.is === 'stopped')
  expect(second.handle.status.condition).toMatchObject({ code: 'ENGINE_DIVERGED' })
  await expect(area.outcome(second.handle.submit(newOrder()))).rejects.toMatchObject({ code: 'AREA_STOPPED' })
})

it('what is due takes turns with those who ask: an answer waits for one piece of it, in a transaction of its own', async () => {
  const { area, server } = await opened()
  server.machine.pause(3 * 3_600_000, { sleeps: false })
  await area.pass(3 * 3_600_000)
  await area.until(() => server.machine.isRunning)
  server.handle.seeChain(area.scheduler.nowMs)
  const since = area.database.log.length
  for (let count = 0; count < 3; count += 1) {
    await area.outcome(server.handle.submit(newOrder(1, { start: boundary(20), end: boundary(24) })))
  }
  await area.pass(60_000)
  const transactions = new Map<number, string[]>()
  for (const { journaled, after } of area.database.log.slice(since)) {
    transactions.set(after.sequence, [...(transactions.get(after.sequence) ?? []), journaled.command.type])
  }
  const [owned, ...others] = [...transactions.values()].map((types) => types.join())
  expect([owned, ...others.slice(0, 6)]).toEqual(['barrier', 'tick', 'order', 'tick', 'order', 'tick', 'order'])
  expect(others.length).toBeGreaterThan(10)
  expect(others.slice(6).every((types) => types === 'tick')).toBe(true)
})
