/** What many commands write in one transaction is what they write one by one. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAreaWorker } from '../../server/areas/worker.ts'
import type { Command } from '../../server/market/engine/area.ts'
import { settings } from '../areas/street.ts'
import { seededDraws } from '../bench/measure.ts'
import { intervalSeconds, order, placing, reading, seat, t0 } from '../market/engine/street.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

const seed = 20_261_122

/** Orders that replace each other and are cancelled, forward orders that trade at once, rest, meet themselves and are cancelled. */
function commands(): Command[] {
  const draw = seededDraws(seed)
  const list: Command[] = []
  const forward = ['GTC', 'GTC', 'IOC', 'FOK'] as const
  for (let nonce = 1; nonce <= 150; nonce++) {
    const placed = order(1 + draw(3), draw(2) === 0 ? 'buy' : 'sell', {
      nonce,
      limitPrice: 1_200 + draw(600),
      maxWh: 1 + draw(100),
    })
    const isForward = draw(2) === 0
    const place = placing(0, isForward ? { ...placed, end: t0 + intervalSeconds } : placed)
    list.push(isForward ? { ...place, type: 'forward-order', timeInForce: forward[draw(4)]! } : place)
    if (draw(5) > 0) continue
    const { id } = list[draw(list.length)] as typeof place
    list.push({ type: draw(2) === 0 ? 'cancel' : 'forward-cancel', atMs: 0, id, signature: '0x' })
  }
  return list
}

const time = t0 + intervalSeconds
const readings = [1, 2, 3].map((number) => ({ ...reading(number, time, 100 * number, 50), signature: '0xab' }))

async function tablesAfter(list: readonly Command[], together: boolean) {
  const { database } = await server.fresh()
  let nowMs = t0 * 1000 - 60_000
  const worker = await startAreaWorker({
    database,
    settings,
    log: pino({ level: 'silent' }),
    registry: new Registry(),
    now: () => nowMs,
    onFatal: (error) => expect.fail(error.message),
  })
  const seats = [seat(1), seat(2), seat(3)]
  await worker.submit({ type: 'chain', atMs: 0, block: 1, settledUntil: 0, seats })
  const events = []
  if (together) events.push(...(await Promise.all(list.map((command) => worker.submit(command)))))
  else for (const command of list) events.push(await worker.submit(command))
  nowMs = time * 1000 + 1_000
  const messages = readings.map((each): Command => ({ type: 'readings', atMs: 0, readings: [each] }))
  if (together) await Promise.all(messages.map((message) => worker.submit(message)))
  else for (const message of messages) await worker.submit(message)
  await worker.stop()
  return {
    kinds: new Set(events.flat().map(({ type }) => type)),
    hash: worker.hash,
    orders: await database`select * from orders order by arrival`,
    forwardOrders: await database`select * from forward_orders order by nonce, seat`,
    forwardTrades: await database`select * from forward_trades order by number`,
    readings: await database`
      select meter, time, import_wh, export_wh, signature, reasons, late from readings order by meter`,
  }
}

test(`one transaction or many: the same tables (seed ${seed})`, async () => {
  const list = commands()
  const apart = await tablesAfter(list, false)
  expect([...apart.kinds]).toEqual(
    expect.arrayContaining([
      'order-accepted',
      'order-ended',
      'forward-accepted',
      'forward-trade',
      'forward-cancelled',
      'refused',
    ]),
  )
  expect(apart.readings).toHaveLength(3)
  expect(await tablesAfter(list, true)).toEqual(apart)
})
