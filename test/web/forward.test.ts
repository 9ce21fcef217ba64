/** What the page concludes of trading ahead: typed numbers, the order it signs, the book it keeps, the words it says. */
import { describe, expect, it, test } from 'vitest'
import type { ForwardBookResource, ForwardOrderResource, OwnForwardTradeResource } from '../../server/api/resources.ts'
import { signedOrderSchema } from '../../server/api/signed-requests.ts'
import {
  comingStarts,
  forwardOrderOf,
  othersAt,
  readCents,
  readWh,
  tradeWords,
  withChange,
  withForwardOrder,
  withTrade,
} from '../../web/forward/forward.ts'
import { area, seatOf } from './resources.ts'

const nowMs = Date.parse('2026-07-01T12:00:03.000Z')
const start = Date.parse('2026-07-01T12:00:20.000Z') / 1000
const startIso = new Date(start * 1000).toISOString()
const seat = seatOf(`0x${'6'.repeat(40)}`)

test('the coming intervals start at the next boundaries', () => {
  expect(comingStarts(nowMs, 10, 3)).toEqual([start - 10, start, start + 10])
})

describe('what is typed', () => {
  it.each([
    ['17.5', 1_750],
    ['17,55', 1_755],
    ['-1', -100],
    ['0', 0],
    ['17.555', null],
    ['1e3', null],
    ['', null],
    ['9999999', null],
  ])('%j ct/kWh is %s ticks', (text, ticks) => {
    expect(readCents(text, 4)).toBe(ticks)
  })

  it.each([
    ['30', 30],
    [' 7 ', 7],
    ['0', null],
    ['1.5', null],
    ['-3', null],
    ['999999999', null],
  ])('%j Wh is %s', (text, wh) => {
    expect(readWh(text)).toBe(wh)
  })
})

const order: ForwardOrderResource = {
  market: 'forward',
  arrival: 9,
  sessionKey: null,
  order: `0x${'1'.repeat(64)}`,
  seat: seat.seat,
  account: seat.account,
  meter: seat.meter,
  zone: 'north',
  side: 'sell',
  limitPerKwh: '0.1500',
  maxWh: 30,
  start: startIso,
  end: new Date((start + 10) * 1000).toISOString(),
  timeInForce: 'GTC',
  nonce: nowMs + 50,
  status: 'open',
  openWh: 30,
  tradedWh: 0,
  cancelReason: null,
  acceptedAt: new Date(nowMs).toISOString(),
}

describe('the order', () => {
  it('is for exactly one interval, with a nonce above all that the side has used', () => {
    const terms = { area, seat, start, limitTicks: 1_750, energyWh: 12, nowMs, placed: [order] }
    const sold = forwardOrderOf({ ...terms, side: 'sell' })
    expect(sold).toMatchObject({ side: 1, limitPrice: 1_750, maxWh: 12, start, end: start + 10, nonce: nowMs + 51 })
    expect(forwardOrderOf({ ...terms, side: 'buy' })).toMatchObject({ side: 0, nonce: nowMs })
    const signed = { order: sold, signature: `0x${'11'.repeat(65)}` }
    expect(signedOrderSchema.parse(signed)).toEqual(signed)
  })

  it('is listed while it is open', () => {
    expect(withForwardOrder([], order)).toEqual([order])
    expect(withForwardOrder([order], { ...order, openWh: 10 })).toEqual([{ ...order, openWh: 10 }])
    expect(withForwardOrder([order], { ...order, status: 'filled' })).toEqual([])
  })
})

describe('the book', () => {
  const name = { area: 1, zone: 'north', start: startIso }
  const level = (pricePerKwh: string, energyWh: number) => ({ pricePerKwh, energyWh, orders: energyWh > 0 ? 1 : 0 })
  const book: ForwardBookResource = {
    ...name,
    end: order.end,
    lowestPerKwh: '-0.0600',
    highestPerKwh: '0.3400',
    bids: [level('0.0900', 5), level('-0.0100', 7)],
    asks: [level('0.1500', 30), level('0.2000', 4)],
    lastTrades: [],
  }

  it('takes changed levels up, best price first, and drops empty ones', () => {
    const changed = withChange(book, {
      ...name,
      bids: [level('0.1000', 1), level('0.0900', 0)],
      asks: [level('0.1700', 9), level('0.1500', 10)],
    })
    expect(changed.bids).toEqual([level('0.1000', 1), level('-0.0100', 7)])
    expect(changed.asks).toEqual([level('0.1500', 10), level('0.1700', 9), level('0.2000', 4)])
  })

  it('tells one’s own orders from others’', () => {
    const mine = { ...order, openWh: 10 }
    expect(othersAt({ ...level('0.1500', 30), orders: 3 }, [mine])).toEqual({ ...level('0.1500', 20), orders: 2 })
    expect(othersAt(level('0.1500', 10), [mine]).energyWh).toBe(0)
    expect(othersAt(level('0.1600', 10), [mine])).toEqual(level('0.1600', 10))
  })

  it('notes each trade once, newest first', () => {
    const trade = (number: number) => ({ ...name, number, pricePerKwh: '0.1500', energyWh: 20, madeAt: startIso })
    const traded = [2, 1, 2].reduce((all, number) => withTrade(all, trade(number)), book)
    expect(traded.lastTrades.map(({ number }) => number)).toEqual([2, 1])
  })
})

describe('in plain words', () => {
  const trade: OwnForwardTradeResource = {
    seat: seat.seat,
    arrival: order.arrival,
    side: 'sell',
    zone: 'north',
    start: startIso,
    end: order.end,
    number: 1,
    pricePerKwh: '0.1500',
    energyWh: 200,
    madeAt: startIso,
    status: 'agreed',
    deliveredWh: null,
    deviationWh: null,
    amount: null,
    ...{ code: null, because: null },
    message: 'Agreed.',
  }
  it('a trade is agreed, under way, waited for, and then kept or not, with the reason', () => {
    expect(tradeWords(trade, nowMs)).toMatch(/^Agreed\./)
    expect(tradeWords(trade, start * 1000)).toBe('Under way.')
    expect(tradeWords(trade, start * 1000 + 10_000)).toBe('Waiting for the readings.')
    const later = start * 1000 + 10_000
    expect(tradeWords({ ...trade, deliveredWh: 200, deviationWh: 0 }, later)).toBe('Delivered as agreed.')
    const short = { ...trade, deliveredWh: 120, deviationWh: 80, code: 'less-delivered' } as const
    expect(tradeWords(short, later).replaceAll('\u202f', ' ')).toBe(
      'Only 120 Wh of 200 Wh: less was left over than had been agreed. The other 80 Wh were not charged.',
    )
    const fell = { ...trade, deliveredWh: 0, deviationWh: 200, code: 'buyer-side', because: 'no-reading' } as const
    expect(tradeWords(fell, later)).toBe(
      'Fell through: on the buyer’s side no value has come from the meter. Nothing was charged.',
    )
  })
})
