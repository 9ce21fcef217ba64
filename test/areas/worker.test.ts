/** The area worker on a real PostgreSQL: durable before answered, rebuilt to the same hash, fenced, once. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningAreaWorker, startAreaWorker } from '../../server/areas/worker.ts'
import type { Event } from '../../server/market/area/area.ts'
import { hashState } from '../../server/market/engine/snapshot.ts'
import type { Database, StoreError } from '../../server/store/database.ts'
import { replayArea } from '../../server/store/journal.ts'
import { batchSeconds, intervalSeconds, order, placing, reading, seat, t0 } from '../market/engine/street.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { settings } from './street.ts'

const signature = `0x${'ab'.repeat(64)}`
const end = t0 + intervalSeconds
const batchEnd = t0 + batchSeconds

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

/** A worker whose clock the test sets; `clock.ms` moves it. */
async function start(
  database: Database,
  clock: { ms: number },
  onFatal: (error: StoreError) => void = (error) => expect.fail(error.message),
) {
  return startAreaWorker({
    database,
    settings,
    log: pino({ level: 'silent' }),
    registry: new Registry(),
    now: () => clock.ms,
    onFatal,
  })
}

function signed(number: number, time: number, importWh: number, exportWh: number) {
  return { ...reading(number, time, importWh, exportWh), signature }
}

async function tradeOneInterval(worker: RunningAreaWorker, clock: { ms: number }): Promise<Event[]> {
  await worker.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats: [seat(1), seat(2)] })
  await worker.submit(placing(0, order(1, 'sell')))
  await worker.submit(placing(0, order(2, 'buy')))
  clock.ms = t0 * 1000
  await worker.submit({ type: 'tick', atMs: 0 })
  clock.ms = end * 1000 + 500
  return worker.submit({ type: 'readings', atMs: 0, readings: [signed(1, end, 0, 300), signed(2, end, 300, 0)] })
}

describe('a worker', () => {
  it('has everything in the tables when it answers', async () => {
    const { database } = await server.fresh()
    const clock = { ms: t0 * 1000 - 5_000 }
    const worker = await start(database, clock)
    const events = await tradeOneInterval(worker, clock)
    expect(events.map(({ type }) => type)).toEqual(['interval-started', 'reading', 'reading', 'interval-cleared'])
    const [interval] = await database`select * from intervals where start = ${t0}`
    expect(interval).toMatchObject({ run: 1, status: 'provisional', matched_wh: 300, import_wh: 300, export_wh: 300 })
    const rows =
      await database`select seat, bought_wh, sold_wh, paid, received from seat_intervals where current order by seat`
    expect(rows).toMatchObject([
      { seat: 1, bought_wh: 0, sold_wh: 300, paid: '0', received: '525000' },
      { seat: 2, bought_wh: 300, sold_wh: 0, paid: '525000', received: '0' },
    ])
    expect(await database`select count(*)::int as n from readings`).toMatchObject([{ n: 2 }])
    await worker.stop()
  })

  it('is rebuilt to the same hash from snapshot and journal, and from the journal alone', async () => {
    const { database } = await server.fresh()
    const clock = { ms: t0 * 1000 - 5_000 }
    const worker = await start(database, clock)
    await tradeOneInterval(worker, clock)
    await worker.stop()
    const before = { hash: worker.hash, state: hashState(worker.state) }
    const again = await start(database, clock)
    expect({ hash: again.hash, state: hashState(again.state) }).toEqual(before)
    await again.submit({ type: 'readings', atMs: 0, readings: [signed(1, end, 0, 300)] })
    clock.ms = batchEnd * 1000 + 200_000
    await again.submit({ type: 'tick', atMs: 0 })
    clock.ms += 200_000
    await again.submit({ type: 'tick', atMs: 0 })
    await again.stop()
    const replayed = await replayArea(database, 1)
    expect({ hash: replayed.hash.toString('hex'), state: hashState(replayed.state) }).toEqual({
      hash: again.hash,
      state: hashState(again.state),
    })
    const [batch] = await database`select * from batches`
    expect(batch).toMatchObject({ end_at: batchEnd, energy_wh: 300, status: 'cut', paid: '525000' })
    expect(
      await database`select seat, kind, sold_wh, bought_wh, paid, received from batch_entries order by seat`,
    ).toMatchObject([
      { seat: 1, kind: 'settle', sold_wh: 300, received: '525000' },
      { seat: 2, kind: 'settle', bought_wh: 300, paid: '525000' },
    ])
  })

  it('goes on by itself after the database was killed, with nothing answered that is not there', async () => {
    const { database } = await server.fresh()
    const clock = { ms: t0 * 1000 - 5_000 }
    const worker = await start(database, clock)
    await worker.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats: [seat(1), seat(2)] })
    clock.ms = t0 * 1000 + 500
    const answered: string[] = []
    const sending = (async () => {
      for (let nonce = 1; nonce <= 120; nonce++) {
        const placed = placing(0, order(1 + (nonce % 2), nonce % 3 === 0 ? 'buy' : 'sell', { nonce }))
        for (let accepted = false; !accepted; ) {
          try {
            const [event] = (await worker.submit(placed)).filter(
              ({ type }) => type === 'order-accepted' || type === 'refused',
            )
            accepted = true
            if (event?.type === 'order-accepted') answered.push(placed.id)
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^AREA_NOT_READY$/)
          }
        }
        if (nonce === 40) process.kill(server.postgres.pid, 'SIGKILL')
      }
    })()
    await sending
    const stored = new Set((await database`select order_id from orders`).map((row) => row.order_id))
    expect(answered.filter((id) => !stored.has(id))).toEqual([])
    expect(stored.size).toBe(120)
    await worker.stop()
    const replayed = await replayArea(database, 1)
    expect(replayed.hash.toString('hex')).toBe(worker.hash)
  })

  it('is fenced by another one on the same journal: it stops instead of writing', async () => {
    const { database } = await server.fresh()
    const clock = { ms: t0 * 1000 - 5_000 }
    const fatal: StoreError[] = []
    const first = await start(database, clock, (error) => fatal.push(error))
    const second = await start(database, clock)
    await second.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats: [seat(1)] })
    const late = first.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats: [seat(2)] })
    await expect(late).rejects.toMatchObject({ code: 'AREA_NOT_READY' })
    expect(fatal).toMatchObject([{ code: 'STORE_FENCED' }])
    await expect(first.submit({ type: 'tick', atMs: 0 })).rejects.toMatchObject({ code: 'AREA_STOPPED' })
    await second.stop()
  })

  it('reports a late reading as a numbered correction that moves no money', async () => {
    const { database } = await server.fresh()
    const clock = { ms: t0 * 1000 - 5_000 }
    const worker = await start(database, clock)
    await tradeOneInterval(worker, clock)
    clock.ms = batchEnd * 1000 + 200_000
    await worker.submit({ type: 'tick', atMs: 0 })
    clock.ms += 200_000
    await worker.submit({ type: 'tick', atMs: 0 })
    await worker.submit({ type: 'readings', atMs: 0, readings: [signed(2, end + intervalSeconds, 700, 50)] })
    const rows = await database`
      select run, quality, import_wh, export_wh, bought_wh, current from seat_intervals
      where start = ${end} and seat = 2 order by run`
    expect(rows).toMatchObject([
      { run: 1, quality: 'missing', import_wh: 0, current: false },
      { run: 2, quality: 'measured', import_wh: 400, export_wh: 50, bought_wh: 0, current: true },
    ])
    const [newest] = await database`select * from intervals where start = ${end} order by run desc limit 1`
    expect(newest).toMatchObject({ run: 2, status: 'final', import_wh: 400, export_wh: 50 })
    await worker.stop()
  })

  it('keeps what late readings corrected when a batch is cut anew without a seat', async () => {
    const { database } = await server.fresh()
    const clock = { ms: t0 * 1000 - 5_000 }
    const worker = await start(database, clock)
    await worker.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats: [seat(1), seat(2), seat(3)] })
    await worker.submit(placing(0, order(1, 'sell')))
    await worker.submit(placing(0, order(2, 'buy')))
    clock.ms = end * 1000 + 500
    const first = [signed(1, end, 0, 0), signed(2, end, 0, 0), signed(3, end, 0, 0)]
    await worker.submit({ type: 'readings', atMs: 0, readings: first })
    const next = end + intervalSeconds
    clock.ms = next * 1000 + 500
    await worker.submit({ type: 'readings', atMs: 0, readings: [signed(1, next, 0, 300), signed(2, next, 300, 0)] })
    clock.ms = batchEnd * 1000 + 200_000
    await worker.submit({ type: 'tick', atMs: 0 })
    clock.ms += 200_000
    await worker.submit({ type: 'tick', atMs: 0 })
    await worker.submit({ type: 'readings', atMs: 0, readings: [signed(3, next, 120, 30)] })
    await worker.submit({ type: 'leave-out', atMs: 0, end: batchEnd, number: 1, seats: [2] })
    const rows = await database`
      select run, seat, quality, import_wh, export_wh, bought_wh, sold_wh from seat_intervals
      where start = ${end} and current order by seat`
    expect(rows).toMatchObject([
      { run: 3, seat: 1, quality: 'measured', export_wh: 300, sold_wh: 0 },
      { run: 3, seat: 2, quality: 'measured', import_wh: 300, bought_wh: 0 },
      { run: 3, seat: 3, quality: 'measured', import_wh: 120, export_wh: 30 },
    ])
    const [newest] = await database`select * from intervals where start = ${end} order by run desc limit 1`
    expect(newest).toMatchObject({
      run: 3,
      status: 'final',
      matched_wh: 0,
      import_wh: 420,
      export_wh: 330,
      missing_readings: 0,
    })
    expect(await database`select meter from readings where late`).toHaveLength(1)
    await worker.stop()
  })
})
