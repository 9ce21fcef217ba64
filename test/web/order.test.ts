/** From the slider's price to an order. */
import { describe, expect, it } from 'vitest'
import type { OrderResource, SeatIntervalResource } from '../../server/api/resources.ts'
import { signedOrderSchema } from '../../server/api/signed-requests.ts'
import { activeOrder, lastLimit, latestEffect, orderOf, priceRange } from '../../web/orders/order.ts'
import { area, outcomeOf, seatOf } from './resources.ts'

const account = `0x${'a'.repeat(40)}`
const nowMs = Date.parse('2026-07-01T12:00:03Z')

function activeSell(change: Partial<OrderResource> = {}): OrderResource {
  return {
    market: 'spot',
    order: `0x${'1'.repeat(64)}`,
    arrival: 5,
    seat: String(2 ** 32 + 3),
    account,
    meter: `0x${'5'.repeat(40)}`,
    side: 'sell',
    limitPerKwh: '0.1500',
    maxWh: 30,
    start: '2026-07-01T11:00:00.000Z',
    end: '2027-01-01T00:00:00.000Z',
    nonce: 17,
    status: 'active',
    acceptedAt: '2026-07-01T10:59:59.000Z',
    effectiveFrom: '2026-07-01T11:00:00.000Z',
    effectiveUntil: '2027-01-01T00:00:00.000Z',
    sessionKey: null,
    ...change,
  }
}

describe('the slider’s range', () => {
  it('runs from a seller’s floor to the retail tariff, in tenths of a cent', () => {
    expect(priceRange(area, seatOf(account), 'sell', null)).toEqual({ lowTicks: 600, highTicks: 3000, stepTicks: 10 })
  })

  it('runs from the feed-in tariff to a buyer’s ceiling', () => {
    expect(priceRange(area, seatOf(account), 'buy', null)).toEqual({ lowTicks: 800, highTicks: 2800, stepTicks: 10 })
  })

  it('always holds the price in force', () => {
    expect(priceRange(area, seatOf(account), 'sell', 4200).highTicks).toBe(4200)
    expect(priceRange(area, seatOf(account), 'buy', -50).lowTicks).toBe(-50)
  })
})

describe('a price as an order', () => {
  const order = orderOf({ area, seat: seatOf(account), side: 'sell', limitTicks: 1234, nowMs })

  it('holds from the next boundary until the mandate ends, for all that the mandate allows', () => {
    expect(order).toEqual({
      account,
      meter: `0x${'5'.repeat(40)}`,
      rules: area.rules.hash,
      market: 0,
      side: 1,
      timeInForce: 0,
      limitPrice: 1234,
      maxWh: 30,
      start: Date.parse('2026-07-01T12:00:10Z') / 1000,
      end: Date.parse('2027-01-01T00:00:00Z') / 1000,
      nonce: nowMs,
    })
  })

  it('has the form that the server takes', () => {
    expect(signedOrderSchema.parse({ order, signature: `0x${'ab'.repeat(65)}` }).order).toEqual(order)
  })

  it('always counts above the order it replaces, also when the clock was turned back', () => {
    const ahead = seatOf(account, { sellOrder: activeSell({ nonce: nowMs + 500 }) })
    expect(orderOf({ area, seat: ahead, side: 'sell', limitTicks: 1234, nowMs }).nonce).toBe(nowMs + 501)
  })
})

it('takes only an active order for one, and remembers the limit of the newest', () => {
  expect(activeOrder(seatOf(account, { sellOrder: activeSell() }), 'sell')?.limitPerKwh).toBe('0.1500')
  expect(activeOrder(seatOf(account, { sellOrder: activeSell({ status: 'cancelled' }) }), 'sell')).toBeNull()
  const older = activeSell({ nonce: 3, limitPerKwh: '0.1000', status: 'replaced' })
  const buying = activeSell({ nonce: 99, side: 'buy', limitPerKwh: '0.2500' })
  expect(lastLimit([older, activeSell(), buying], 'sell')).toBe('0.1500')
  expect(lastLimit([buying], 'sell')).toBeNull()
})

it('shows the newest result that an order led to', () => {
  const interval = (start: string, arrival: number): SeatIntervalResource => ({
    seat: String(2 ** 32 + 3),
    start,
    end: start,
    run: 1,
    status: 'final',
    quality: 'measured',
    importWh: 0,
    exportWh: 9,
    ownUseWh: 0,
    boughtWh: 0,
    soldWh: 0,
    residualImportWh: 0,
    residualExportWh: 9,
    deviationWh: 0,
    productionWh: null,
    paid: '0',
    received: '0',
    pricePerKwh: null,
    outcomes: [outcomeOf({ arrival })],
  })
  const mine = activeSell()
  const newestFirst = [
    interval('2026-07-01T12:00:20.000Z', mine.arrival),
    interval('2026-07-01T12:00:10.000Z', mine.arrival),
    interval('2026-07-01T12:00:00.000Z', mine.arrival + 1),
  ]
  expect(latestEffect(mine, newestFirst)?.interval.start).toBe('2026-07-01T12:00:20.000Z')
  expect(latestEffect(mine, newestFirst.slice(2))).toBeNull()
})
