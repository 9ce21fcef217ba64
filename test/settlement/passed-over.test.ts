/** How often a seat that wanted to trade could not, whatever the market. */
import { expect, test } from 'vitest'
import { chancesOf, keptOut } from '../../server/settlement/passed-over.ts'

type Grounds = Parameters<typeof chancesOf>[0]

/** A batch of four intervals of ten seconds; seat 1 has an order in all of them, seat 2 in the first two. */
function batch(change: Partial<Grounds> = {}, missing: { seat: number; time: number }[] = []): Grounds {
  const order = (arrival: number, seat: number, activeUntil: number) =>
    ({ arrival, seat, activeFrom: 0, activeUntil }) as Grounds['orders'][number]
  const times = [0, 10, 20, 30, 40]
  return {
    ...{ start: 0, end: 40, forwardOrders: [], forwardTrades: [], agreements: [], declarations: [], leftOut: [] },
    orders: [order(1, 1, 40), order(2, 2, 20)],
    intervals: [0, 10, 20, 30].map((start) => {
      return { start, block: 1, suspendedAtStart: [], suspendedAtComputation: [], cut: [], budgets: [] }
    }),
    seats: [1, 2, 3].map((seat) => ({
      seat,
      fills: [],
      // What the meter itself calls estimated is in all the same.
      readings: times
        .filter((time) => !missing.some((own) => own.seat === seat && own.time === time))
        .map((time) => [1, time, 0, 0, time === 10 ? 1 : 0, '0x']),
    })),
    ...change,
  }
}

test('nobody is passed over whose readings are all in, and who wants nothing is not counted', () => {
  expect(chancesOf(batch(), 10)).toEqual(
    new Map([
      [1, { wanted: 4, passedOver: 0 }],
      [2, { wanted: 2, passedOver: 0 }],
    ]),
  )
})

test.each<[string, Grounds, number]>([
  ['a reading that is not in takes the two intervals beside it', batch({}, [{ seat: 1, time: 20 }]), 2],
  ['funds that are said to cover nothing take their interval', withCut(20, 0), 1],
  ['funds that cover something take none', withCut(20, 5), 0],
  ['whoever is left out is passed over in all of them', batch({ leftOut: [[9], [1]] }), 4],
])('%s', (_, file, passedOver) => {
  expect(chancesOf(file, 10).get(1)).toEqual({ wanted: 4, passedOver })
})

function withCut(at: number, energyWh: number): Grounds {
  const file = batch()
  const intervals = file.intervals.map((own) => (own.start === at ? { ...own, cut: [{ arrival: 1, energyWh }] } : own))
  return { ...file, intervals }
}

test('a seat is kept out of a batch that passes it over wholly and moves its base', () => {
  const chances = chancesOf(batch({ leftOut: [[1, 2]] }), 10)
  expect(keptOut(chances, [{ number: 2 }, { number: 3 }])).toEqual([2])
  expect(keptOut(chances, [])).toEqual([])
})
