/** What pages see live: public results for who watches, private ones for the account they belong to and for nobody else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { telemetryEventSchema } from '../../server/api/resources.ts'
import { lower, meters, people, seatIds, signedOrder } from '../api/people.ts'
import { announce, ask, type Street, startStreet, tokenOf, trade } from '../api/street.ts'
import { t0 } from '../market/engine/street.ts'
import { connected, listen } from './view.ts'

let street: Street
beforeAll(async () => {
  street = await startStreet()
})
afterAll(() => street.stop())

describe('a traded batch', () => {
  test('reaches those who watch the area, the account its own seat, and nobody what is not theirs', async () => {
    const tokens = { alice: await tokenOf(street, people.alice), grid: await tokenOf(street, people.grid) }
    const sockets = {
      visitor: street.page(),
      alice: street.page(tokens.alice),
      grid: street.page(tokens.grid),
      idle: street.page(),
    }
    const views = {
      visitor: listen(sockets.visitor),
      alice: listen(sockets.alice),
      grid: listen(sockets.grid),
      idle: listen(sockets.idle),
    }
    await Promise.all(Object.values(sockets).map(connected))
    for (const name of ['visitor', 'alice', 'grid'] as const) {
      expect(await sockets[name].emitWithAck('watch', 1)).toEqual({ ok: true })
    }
    await trade(street, 4)

    const interval = await views.visitor.until(
      'interval',
      ({ start, status }) => start.endsWith('08:00:00.000Z') && status === 'final',
    )
    expect(interval).toMatchObject({ area: 1, matchedWh: 400 })
    expect(await views.visitor.until('batch')).toMatchObject({ status: 'cut', energyWh: 1_600 })

    expect(await views.alice.until('seat', ({ sellOrder }) => sellOrder !== null)).toMatchObject({
      seat: seatIds.alice,
    })
    const own = await views.alice.until(
      'seatInterval',
      ({ start, status }) => start.endsWith('08:15:00.000Z') && status === 'final',
    )
    expect(own).toMatchObject({ seat: seatIds.alice, soldWh: 400, productionWh: 5_000 })

    await views.grid.until('batch')
    const privately = new Set(['seat', 'seatInterval', 'telemetry'])
    expect(views.grid.received.filter(({ name }) => privately.has(name))).toEqual([])
    expect(views.visitor.received.filter(({ name }) => privately.has(name))).toEqual([])
    expect(views.idle.received).toEqual([])
    expect(
      views.alice.received.filter(({ name, value }) => privately.has(name) && value.seat !== seatIds.alice),
    ).toEqual([])
    for (const socket of Object.values(sockets)) socket.close()
  })

  test('a batch that the chain settles is sent again', async () => {
    const page = street.page()
    const view = listen(page)
    await connected(page)
    await page.emitWithAck('watch', 1)
    await street.database`
      insert into batch_progress (area_id, end_at, number, status, transaction, block, gas_used)
      select area_id, end_at, number, 'settled', '0xab', 7, 21000 from batches`
    expect(await view.until('batch', ({ status }) => status === 'settled')).toMatchObject({
      transaction: '0xab',
      block: 7,
    })
    page.close()
  })
})

describe('an order', () => {
  test('shows at once on its account’s page', async () => {
    const page = street.page(await tokenOf(street, people.bob))
    const view = listen(page)
    await connected(page)
    const { body } = await ask(street, 'POST', 'orders', {
      body: await signedOrder('bob', { nonce: 9, limitPrice: 2_600 }),
    })
    const seat = await view.until('seat', ({ buyOrder }) => buyOrder?.order === body.order)
    expect(seat.buyOrder.limitPerKwh).toBe('0.2600')
    page.close()
  })
})

describe('telemetry', () => {
  const telemetry = (change = {}) => ({
    meter: lower(meters.alice),
    timeMs: Date.now(),
    powerW: -1_200,
    productionW: 1_500,
    batteryPowerW: null,
    stateOfChargePercent: null,
    ...change,
  })

  test('of an announced meter reaches its account, also a page that comes later; nothing is stored', async () => {
    const token = await tokenOf(street, people.alice)
    const page = street.page(token)
    const view = listen(page)
    await connected(page)
    const agent = street.agent()
    await announce(agent, 'alice')
    agent.emit('telemetry', telemetry({ meter: lower(meters.bob), powerW: 1 }))
    agent.emit('telemetry', telemetry({ powerW: 'much' }))
    agent.emit('telemetry', telemetry({ timeMs: Date.now() - 3_600_000 }))
    agent.emit('telemetry', telemetry())
    const event = telemetryEventSchema.parse(await view.until('telemetry'))
    expect(event).toMatchObject({ seat: seatIds.alice, powerW: -1_200, productionW: 1_500 })
    expect(view.received.filter(({ name }) => name === 'telemetry')).toHaveLength(1)

    const later = street.page(token)
    expect(await listen(later).until('telemetry')).toEqual(event)
    expect(await street.registry.metrics()).toContain('commonwatt_telemetry_total{status="refused"} 3')
    for (const socket of [page, later, agent]) socket.close()
  })
})

describe('a connection', () => {
  test('with the token of no session is refused by name', async () => {
    for (const token of ['nonsense', 'A'.repeat(43)]) {
      const page = street.page(token)
      const error = await new Promise<Error & { data?: unknown }>((resolve) => page.once('connect_error', resolve))
      expect(error.data).toEqual({ code: 'SESSION_NEEDED' })
    }
  })

  test('with rubbish for a session is refused by name, and leaves no line in the log', async () => {
    const before = street.logged.length
    for (const auth of [{ account: { toString: 1 } }, { account: [] }, { token: {} }, { account: null, token: 1 }]) {
      const page = street.page(auth)
      const error = await new Promise<Error & { data?: unknown }>((resolve) => page.once('connect_error', resolve))
      expect(error.data).toEqual({ code: 'SESSION_NEEDED' })
    }
    expect(street.logged.slice(before)).toEqual([])
  })

  test('ends with its session', async () => {
    const token = await tokenOf(street, people.alice)
    const page = street.page(token)
    await connected(page)
    const ended = new Promise((resolve) => page.once('disconnect', resolve))
    await ask(street, 'DELETE', 'session', { token })
    expect(await ended).toBe('io server disconnect')
  })

  test('watches only areas that are served', async () => {
    const page = street.page()
    expect(await page.emitWithAck('watch', 2)).toMatchObject({ ok: false })
    expect(await page.emitWithAck('watch', 'all')).toMatchObject({ ok: false })
    expect(await page.emitWithAck('watch', 1)).toEqual({ ok: true })
    expect(await street.registry.metrics()).toMatch(/commonwatt_live_connections [1-9]/)
    page.close()
  })
})

test('times of the street are those of the page', () => {
  expect(new Date(t0 * 1000).toISOString()).toBe('2027-01-15T08:00:00.000Z')
})
