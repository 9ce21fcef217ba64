/** What pages see live: public results for who watches, private ones for the account they belong to and for nobody else. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noticeSchema, noticesSchema } from '../../server/api/notice-resources.ts'
import { presentNotice } from '../../server/api/present-notice.ts'
import { telemetryEventSchema } from '../../server/api/resources.ts'
import { startNotices } from '../../server/notices/start-notices.ts'
import { findAreas } from '../../server/store/areas.ts'
import { type NoticeRow, notePayouts, noteSeats, seatsSettledWithin } from '../../server/store/notice-store.ts'
import { lower, meters, people, seatIds, settings, signedOrder } from '../api/people.ts'
import { announce, ask, type Street, startStreet, tokenOf, trade } from '../api/street.ts'
import { t0 } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
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

describe('notices', () => {
  const payout = (block: number, log: number) => street.database`
    insert into chain_events (chain_id, escrow, block, log_index, transaction, name, args) values (
      ${settings.chain.chainId}, ${settings.chain.escrow}, ${block}, ${log}, ${`0x${'d'.repeat(63)}${log}`},
      'WithdrawalClaimed', ${street.database.json({ seat: seatIds.alice, amount: '12500000', to: lower(people.alice) })})`
  const block = (number: number) => street.database`
    insert into chain_blocks (chain_id, escrow, number, hash, time)
    values (${settings.chain.chainId}, ${settings.chain.escrow}, ${number}, ${`0x${number}`}, ${t0 + number})`
  const own = (token: string) => ask(street, 'GET', `accounts/${lower(people.alice)}/notices`, { token })

  test('arise once, reach the open page, wait until they are read, and can be done without', async () => {
    const token = await tokenOf(street, people.alice)
    const page = street.page(token)
    const view = listen(page)
    await connected(page)
    await Promise.all([block(100), block(101), payout(100, 1), payout(101, 2)])
    const told: NoticeRow[] = []
    const { database, registry } = street
    const looking = (everyMs: number, own = registry) =>
      startNotices({
        ...{ database, registry: own, everyMs, confirmations: 2, areas: () => [street.area] },
        log: pino({ level: 'silent' }),
        clerksOf: async () => [lower(people.grid)],
        tell(area, notice) {
          told.push(notice)
          street.tell(notice.account, presentNotice(area.settings, notice))
        },
      })
    const poller = looking(20)
    // A block that may still be replaced is waited for.
    const first = noticeSchema.parse(await view.until('notice'))
    expect(first).toMatchObject({ kind: 'payout', amount: '1.25', to: lower(people.alice), read: false })
    await block(102)
    await view.until('notice', ({ transaction }) => transaction.endsWith('2'))
    // The meters of the street say nothing while its clock goes on.
    await street.setTime(t0 + 100 * settings.rules.intervalSeconds)
    const silent = await view.until('notice', ({ kind }) => kind === 'silent')
    expect(Date.parse(silent.happenedAt)).toBeGreaterThan(Date.parse(silent.lastReadingAt))
    await poller.stop()

    // Whoever looks anew, perhaps another server, finds nothing that is new.
    const before = told.length
    await street.database`delete from notices_looked`
    const again = looking(20, new Registry())
    await vi.waitFor(async () => {
      expect(await street.database`select from notices_looked`).toHaveLength(1)
    }, patiently)
    await again.stop()
    expect(told).toHaveLength(before)

    const { items, unread, choices } = noticesSchema.parse((await own(token)).body)
    expect(items.map(({ kind }) => kind)).toEqual(['silent', 'payout', 'payout'])
    expect([unread, choices]).toEqual([3, { payout: true, silent: true, statement: true, bill: true }])
    const notices = `accounts/${lower(people.alice)}/notices`
    const read = await ask(street, 'POST', `${notices}/read`, { token, body: { until: items[1]!.id } })
    expect(read.body.unread).toBe(1)
    const body = { payout: false, silent: true, statement: true, bill: true }
    expect((await ask(street, 'POST', `${notices}/choices`, { token, body })).body.choices).toEqual(body)
    await Promise.all([block(103), block(104), payout(103, 3)])
    const [stored] = await findAreas(database, { ...settings.chain, area: 1 })
    expect(await notePayouts(database, stored!, 1)).toEqual([])
    expect((await own(token)).body.items).toHaveLength(3)
    expect((await own(await tokenOf(street, people.grid))).body.code).toBe('ACCOUNT_FOREIGN')
    page.close()
  })

  test('a month’s statement is told to whoever had a part in it, once', async () => {
    const [stored] = await findAreas(street.database, { ...settings.chain, area: 1 })
    const range = { from: t0, to: t0 + 100 * settings.rules.intervalSeconds }
    const seats = await seatsSettledWithin(street.database, stored!.areaId, range)
    expect(seats.map(({ account }) => account).sort()).toEqual([lower(people.alice), lower(people.bob)].sort())
    const ready = seats.map((seat) => ({ ...seat, subject: '2027-01', happenedAt: t0 }))
    expect(await noteSeats(street.database, stored!.areaId, 'statement', ready)).toHaveLength(2)
    expect(await noteSeats(street.database, stored!.areaId, 'statement', ready)).toEqual([])
  })
})
