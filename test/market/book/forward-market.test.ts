/** The forward book against its slow twin, and as examples. */
import { describe, expect, test } from 'vitest'
import { type BookCommand, type BookEvent, ForwardMarket } from '../../../server/market/book/forward-market.ts'
import { Dice } from '../random-auctions.ts'
import { SlowMarket } from './slow-market.ts'

describe('the book agrees with its slow twin, event for event and level for level,', () => {
  test.each([
    ['at few prices near zero', 1, 4, 4000],
    ['at many prices', 2, 400, 4000],
    ['across the nodes of the price tree', 3, 70_000, 3000],
    ['over the whole range of prices', 4, 2 ** 30 - 1, 3000],
    ['on one tick', 5, 0, 3000],
  ])('%s', (_, seed, spreadTicks, count) => {
    const dice = new Dice(seed)
    const fast = new ForwardMarket()
    const slow = new SlowMarket()
    for (let i = 0; i < count; i++) {
      const command = randomCommand(dice, i, spreadTicks)
      expect({ seed, i, events: fast.apply(command) }).toEqual({ seed, i, events: slow.apply(command) })
      if (i % 50 !== 0) continue
      for (const { zone, interval, bids, asks } of fast.states()) {
        expect({ seed, i, bids }).toEqual({ seed, i, bids: slow.levels({ zone, interval }, 'buy') })
        expect({ seed, i, asks }).toEqual({ seed, i, asks: slow.levels({ zone, interval }, 'sell') })
        if (bids[0] && asks[0]) expect(bids[0].ticks).toBeLessThan(asks[0].ticks)
      }
    }
  })
})

/** Mostly places that often cross, some cancels and amends of recent orders, a few wrong values, rarely a closed gate. */
function randomCommand(dice: Dice, i: number, spreadTicks: number): BookCommand {
  const recent = `o${dice.between(Math.max(0, i - 60), i)}`
  const ticks = dice.between(-spreadTicks, spreadTicks)
  const energyWh = dice.between(1, dice.oneOf([3, 50]))
  const name = dice.oneOf([{}, {}, {}, { zone: 'f1' }, { zone: 'f1', interval: 'noon' }])
  const kind = dice.between(1, 100)
  if (kind <= 15) return { op: 'cancel', id: recent }
  if (kind <= 30) {
    return {
      op: 'amend',
      id: recent,
      ...dice.oneOf([{ energyWh }, { ticks }, { energyWh, ticks }, { energyWh: 0 }, { ticks: null }]),
    }
  }
  if (kind === 31 && dice.between(1, 40) === 1) return { op: 'close-gate', zone: 'f1', interval: 'noon' }
  return {
    op: 'place',
    id: kind === 32 ? recent : `o${i}`,
    account: dice.oneOf(['A', 'B', 'C', 'D', 'E']),
    side: kind === 33 ? 'hold' : dice.oneOf(['buy', 'sell']),
    ticks: kind === 34 ? dice.oneOf([null, 0.5, 2 ** 30]) : ticks,
    energyWh: kind === 35 ? dice.oneOf([0, -1, 1.5, '3', 2 ** 53]) : energyWh,
    timeInForce: kind === 36 ? 'GTD' : dice.oneOf([undefined, 'GTC', 'GTC', 'IOC', 'FOK']),
    ...name,
  }
}

describe('scenario:', () => {
  test('the earlier order at a price trades first, the better price before it', () => {
    const { events } = run(sell('1', 'A', 20, 5), sell('2', 'B', 20, 5), sell('3', 'C', 19, 5), buy('4', 'D', 20, 12))
    expect(events.slice(3)).toEqual([
      accepted('4'),
      trade('3', '4', 19, 5),
      trade('1', '4', 20, 5),
      trade('2', '4', 20, 2),
    ])
  })

  test('lowering the energy keeps the place, also with the price repeated', () => {
    for (const change of [{ energyWh: 3 }, { energyWh: 3, ticks: 20 }]) {
      const { events } = run(
        sell('1', 'A', 20, 5),
        sell('2', 'B', 20, 5),
        { op: 'amend', id: '1', ...change },
        buy('3', 'C', 20, 4),
      )
      expect(events.slice(2)).toEqual([
        amended('1', 3, 20),
        accepted('3'),
        trade('1', '3', 20, 3),
        trade('2', '3', 20, 1),
      ])
    }
  })

  test('raising the energy, repeating it or moving away and back loses the place', () => {
    for (const changes of [[{ energyWh: 6 }], [{ energyWh: 5 }], [{ ticks: 20 }], [{ ticks: 21 }, { ticks: 20 }]]) {
      const amends = changes.map((change): BookCommand => ({ op: 'amend', id: '1', ...change }))
      const { events } = run(sell('1', 'A', 20, 5), sell('2', 'B', 20, 5), ...amends, buy('3', 'C', 20, 1))
      expect(events.at(-1)).toEqual(trade('2', '3', 20, 1))
    }
  })

  test('an amended price trades like a new order, at the resting order’s price', () => {
    const { events } = run(sell('1', 'A', 20, 5), buy('2', 'B', 10, 8), { op: 'amend', id: '2', ticks: 25 })
    expect(events.slice(2)).toEqual([amended('2', 8, 25), trade('1', '2', 20, 5)])
  })

  test('what immediate-or-cancel cannot fill is cancelled', () => {
    const { events, market } = run(sell('1', 'A', 20, 5), buy('2', 'B', 20, 8, 'IOC'))
    expect(events.slice(1)).toEqual([accepted('2'), trade('1', '2', 20, 5), cancelled('2', 3, 'immediate-or-cancel')])
    expect(market.states()[0]).toMatchObject({ bids: [], asks: [] })
  })

  test('fill-or-kill fills wholly or changes nothing', () => {
    const before = run(sell('1', 'A', 20, 5), sell('2', 'B', 21, 5))
    const { events, market } = run(sell('1', 'A', 20, 5), sell('2', 'B', 21, 5), buy('3', 'C', 20, 6, 'FOK'))
    expect(events.slice(2)).toEqual([accepted('3'), cancelled('3', 6, 'fill-or-kill')])
    expect(market.states()[0]?.hash).toBe(before.market.states()[0]?.hash)
    const filled = run(sell('1', 'A', 20, 5), sell('2', 'B', 21, 5), buy('3', 'C', 21, 6, 'FOK'))
    expect(filled.events.slice(2)).toEqual([accepted('3'), trade('1', '3', 20, 5), trade('2', '3', 21, 1)])
  })

  test('fill-or-kill counts other accounts only, and leaves its own order where it cannot be filled', () => {
    const { events, market } = run(sell('1', 'A', 20, 5), sell('2', 'B', 21, 5), buy('3', 'A', 21, 6, 'FOK'))
    expect(events.slice(2)).toEqual([accepted('3'), cancelled('3', 6, 'fill-or-kill')])
    expect(market.states()[0]?.asks).toHaveLength(2)
    const filled = run(sell('1', 'A', 20, 5), sell('2', 'B', 21, 5), buy('3', 'A', 21, 5, 'FOK'))
    expect(filled.events.slice(2)).toEqual([accepted('3'), cancelled('1', 5, 'self-trade'), trade('2', '3', 21, 5)])
  })

  test('meeting one’s own order cancels the resting one and goes on', () => {
    const { events, market } = run(sell('1', 'A', 20, 5), sell('2', 'B', 20, 5), buy('3', 'A', 20, 7))
    expect(events.slice(2)).toEqual([accepted('3'), cancelled('1', 5, 'self-trade'), trade('2', '3', 20, 5)])
    expect(market.states()[0]).toMatchObject({ bids: [{ ticks: 20, energyWh: 2n, orders: 1 }], asks: [] })
  })

  test('names of accepted orders are spent for ever, those of refused ones are free', () => {
    const { events } = run(
      sell('1', 'A', 20, 0),
      sell('1', 'A', 20, 5),
      { op: 'cancel', id: '1' },
      sell('1', 'A', 20, 5),
      { op: 'cancel', id: '1' },
      { op: 'amend', id: '1', energyWh: 2 },
    )
    expect(events).toEqual([
      rejected('1', 'ORDER_ENERGY'),
      accepted('1'),
      cancelled('1', 5, 'requested'),
      rejected('1', 'ORDER_DUPLICATE'),
      rejected('1', 'ORDER_UNKNOWN'),
      rejected('1', 'ORDER_UNKNOWN'),
    ])
  })

  test('a closed gate cancels what rests in its book only and takes no more', () => {
    const noon = { zone: 'f', interval: 'noon' }
    const { events, market } = run(
      { ...sell('1', 'A', 20, 5), ...noon },
      { ...buy('2', 'B', 10, 5), ...noon },
      { ...sell('3', 'A', 20, 5), zone: 'f' },
      { op: 'close-gate', ...noon },
      { ...sell('4', 'A', 20, 5), ...noon },
      { op: 'close-gate', ...noon },
    )
    expect(events.slice(3)).toEqual([
      cancelled('2', 5, 'gate-closed'),
      cancelled('1', 5, 'gate-closed'),
      rejected('4', 'ORDER_GATE_CLOSED'),
    ])
    expect(market.states().map(({ zone, interval, asks }) => [zone, interval, asks.length])).toEqual([
      ['f', 'noon', 0],
      ['f', undefined, 1],
    ])
  })

  test('energies at one price add up exactly at any size', () => {
    const most = Number.MAX_SAFE_INTEGER
    const { market } = run(sell('1', 'A', 20, most), sell('2', 'B', 20, most), sell('3', 'B', 20, most))
    expect(market.states()[0]?.asks).toEqual([{ ticks: 20, energyWh: 3n * BigInt(most), orders: 3 }])
  })
})

test('the hash tells resting states apart by energy, price, side, account, name and place', () => {
  const hashOf = (...commands: BookCommand[]) => run(...commands).market.states()[0]!.hash
  const hashes = [
    hashOf(),
    hashOf(sell('1', 'A', 20, 5)),
    hashOf(sell('1', 'A', 20, 6)),
    hashOf(sell('1', 'A', 21, 5)),
    hashOf(buy('1', 'A', 20, 5)),
    hashOf(sell('1', 'B', 20, 5)),
    hashOf(sell('2', 'A', 20, 5)),
    hashOf(sell('1', 'A', 20, 5), sell('2', 'A', 20, 5)),
    hashOf(sell('2', 'A', 20, 5), sell('1', 'A', 20, 5)),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(hashOf(sell('1', 'A', 20, 8), buy('2', 'B', 20, 3))).toBe(hashOf(sell('1', 'A', 20, 5)))
})

function run(...commands: BookCommand[]): { events: BookEvent[]; market: ForwardMarket } {
  const market = new ForwardMarket()
  if (commands.length === 0) market.states()
  return { events: commands.flatMap((command) => market.apply(command)), market }
}

type Place = Extract<BookCommand, { op: 'place' }>

function sell(id: string, account: string, ticks: number, energyWh: number, timeInForce?: string): Place {
  return { op: 'place', id, account, side: 'sell', ticks, energyWh, timeInForce }
}

function buy(id: string, account: string, ticks: number, energyWh: number, timeInForce?: string): Place {
  return { op: 'place', id, account, side: 'buy', ticks, energyWh, timeInForce }
}

function accepted(id: string): BookEvent {
  return { event: 'accepted', id }
}

function trade(maker: string, taker: string, ticks: number, energyWh: number): BookEvent {
  return { event: 'trade', maker, taker, ticks, energyWh }
}

function cancelled(
  id: string,
  energyWh: number,
  reason: 'requested' | 'self-trade' | 'immediate-or-cancel' | 'fill-or-kill' | 'gate-closed',
): BookEvent {
  return { event: 'cancelled', id, energyWh, reason }
}

function amended(id: string, energyWh: number, ticks: number): BookEvent {
  return { event: 'amended', id, energyWh, ticks }
}

function rejected(
  id: string,
  code: 'ORDER_ENERGY' | 'ORDER_DUPLICATE' | 'ORDER_UNKNOWN' | 'ORDER_GATE_CLOSED',
): BookEvent {
  return { event: 'rejected', id, code }
}
