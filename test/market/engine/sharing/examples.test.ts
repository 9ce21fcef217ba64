/**
 * Examples that others published, through the whole engine: a key is declared, meters are read, and the interval's fills are what
 * the source says. Where a source states a rule and no numbers, the numbers are ours and the name says so.
 */
import { describe, expect, test } from 'vitest'
import type { DeclaredRound } from '../../../../server/market/area/declarations.ts'
import { boundary, seatOf, t0 } from '../street.ts'
import { declaring, firstResult, inOneRound, keyOf, meteredIn, openShared, quantitiesOf, tradedBy } from './members.ts'

const fixed = (percents: number[], repeated = false): DeclaredRound['key'] => {
  return { type: 'static', sharesMillionths: percents.map((each) => Math.round(each * 10_000)), repeated }
}
const cascade = (...ranks: number[]): DeclaredRound['key'] => ({ type: 'cascade', ranks })
const proportional: DeclaredRound['key'] = { type: 'proportional' }

interface Example {
  name: string
  rounds: DeclaredRound[]
  /** What each producer fed in, and each consumer drew. */
  produced: number[]
  consumed: number[]
  /** What each consumer gets, and each producer gives. */
  got: number[]
  given?: number[]
}

const examples: Example[] = [
  {
    name: 'AT static: what is not consumed in the quarter-hour is surplus (energiegemeinschaften.gv.at, ElWOG § 16e (3); numbers ours)',
    rounds: inOneRound(fixed([50, 30, 20])),
    ...{ produced: [1000], consumed: [600, 100, 400], got: [500, 100, 200], given: [800] },
  },
  {
    name: 'AT dynamic: a building of three parties (energiewende-einfach-machen.net/?p=416)',
    rounds: inOneRound(proportional),
    ...{ produced: [4000], consumed: [2000, 3000, 1000], got: [1333, 2000, 667] },
  },
  {
    name: 'LU priority: in the agreed order (weshareenergy.lu, "Priority"; numbers ours)',
    rounds: inOneRound(cascade(2, 1, 3)),
    ...{ produced: [300], consumed: [200, 250, 100], got: [50, 250, 0] },
  },
  {
    name: 'LU pro rata: by present consumption (weshareenergy.lu, "Pro rata"; numbers ours)',
    rounds: inOneRound(proportional),
    ...{ produced: [300], consumed: [200, 300, 100], got: [100, 150, 50] },
  },
  {
    name: 'LU pro rata at the producers where more is made than consumed (creos-net.lu, "clé de répartition"; numbers ours)',
    rounds: inOneRound(proportional),
    ...{ produced: [200, 300], consumed: [250], got: [250], given: [100, 150] },
  },
  {
    name: 'BE, one round: the rest is not shared (sibelga.be, fixed, one round; consumption ours)',
    rounds: inOneRound(fixed([25, 25, 25, 25])),
    ...{ produced: [1000], consumed: [400, 100, 250, 300], got: [250, 100, 250, 250] },
  },
  {
    name: 'BE-WAL, iterated: what is left is shared again, until nothing is (CWaPE, sibelga.be; consumption ours)',
    rounds: inOneRound(fixed([25, 25, 25, 25], true)),
    ...{ produced: [1000], consumed: [400, 100, 250, 300], got: [350, 100, 250, 300] },
  },
  {
    name: 'BE-WAL, rounds of different keys: a part by fixed shares, then pro rata (CWaPE, hybrid; numbers ours)',
    rounds: [
      { ofMillionths: 600_000, key: fixed([50, 50]) },
      { ofMillionths: 400_000, key: proportional },
    ],
    ...{ produced: [1000], consumed: [900, 500], got: [600, 400] },
  },
  {
    name: 'ES coefficients of an hour: 30 and 70 % of 100 Wh (ecodrivex.es: 15 and 10 Wh are left to pay)',
    rounds: inOneRound(fixed([30, 70])),
    ...{ produced: [100], consumed: [45, 80], got: [30, 70] },
  },
  {
    name: 'ES: what is not used of one’s part is one’s own surplus (somenergia.coop, article 990; numbers ours)',
    rounds: inOneRound(fixed([30, 70])),
    ...{ produced: [1000], consumed: [200, 900], got: [200, 700] },
  },
  {
    name: 'US percentages of a host account, exact to the Wh (three decimals, 100.000 % altogether; numbers ours)',
    rounds: inOneRound(fixed([33.333, 33.333, 33.334])),
    ...{ produced: [1_000_001], consumed: [1e6, 1e6, 1e6], got: [333_330, 333_330, 333_341] },
  },
  {
    name: 'NZ matching by demand (energyalternatives.co.nz, Waiheke Energy Share)',
    rounds: inOneRound(proportional),
    ...{ produced: [5000], consumed: [4000, 3000, 2000], got: [2222, 1667, 1111] },
  },
]

describe('a key that members agreed on', () => {
  test.each(examples)('$name', ({ rounds, produced, consumed, got, given }) => {
    const producers = produced.map((_, place) => place + 1)
    const consumers = consumed.map((_, place) => produced.length + place + 1)
    const area = openShared(2, produced.length + consumed.length, { graceMs: 0 })
    const key = keyOf(rounds, { consumers, producers })
    area.run(declaring(t0 * 1000 - 2_000, key, { start: t0, end: t0 + 365 * 86_400 }))
    const rows = [
      ...produced.map((exportWh, place) => [producers[place]!, 0, exportWh] as const),
      ...consumed.map((importWh, place) => [consumers[place]!, importWh, 0] as const),
    ]
    const result = firstResult(area.run(meteredIn(0, rows)))
    expect(tradedBy(result, consumers).map(({ bought }) => bought)).toEqual(got)
    if (given !== undefined) expect(tradedBy(result, producers).map(({ sold }) => sold)).toEqual(given)
    for (const { code } of result.seats.flatMap(({ outcomes }) => outcomes)) expect(code).toBe('allocated')
  })

  test('ES hourly coefficients: another hour, another key (TED/1247/2021; numbers ours)', () => {
    const area = openShared(2, 3, { graceMs: 0 })
    const steps = [
      { from: t0, rounds: inOneRound(fixed([100, 0])) },
      { from: boundary(1), rounds: inOneRound(fixed([10, 90])) },
    ]
    const key = { type: 'key', consumers: [2, 3], producers: [1], steps } as const
    area.run(
      declaring(t0 * 1000 - 2_000, { ...key, consumers: [2, 3], producers: [1] }, { start: t0, end: boundary(96) }),
    )
    const first = [
      [1, 0, 200],
      [2, 150, 0],
      [3, 150, 0],
    ] as const
    const one = firstResult(area.run(meteredIn(0, first)))
    expect(tradedBy(one, [2, 3]).map(({ bought }) => bought)).toEqual([150, 0])
    const events = area.run(meteredIn(1, first, first))
    const two = events.flatMap((event) => (event.type === 'interval-cleared' ? [event.result] : []))
    expect(tradedBy(two.findLast(({ start }) => start === boundary(1))!, [2, 3]).map(({ bought }) => bought)).toEqual([
      20, 150,
    ])
  })
})

test('the CH community channel, declared by the grid operator: total = shared + grid (ebl.ch; numbers ours)', () => {
  const area = openShared(1, 4, { graceMs: 0 })
  const rows = [
    [1, 0, 100],
    [2, 65, 0],
    [3, 96, 0],
    [4, 122, 0],
  ] as const
  area.run(meteredIn(0, rows))
  const shared = [
    [1, 0, 100],
    [2, 23, 0],
    [3, 34, 0],
    [4, 43, 0],
  ] as const
  const events = area.run(
    declaring(boundary(1) * 1000 + 2_000, quantitiesOf(t0, shared), { start: t0, end: boundary(1) }),
  )
  const result = firstResult(events)
  expect(tradedBy(result, [2, 3, 4]).map(({ bought }) => bought)).toEqual([23, 34, 43])
  expect(seatOf(result, 1).soldWh).toBe(100)
  for (const [own, importWh] of rows.slice(1)) {
    const { importWh: metered, boughtWh } = seatOf(result, own)
    expect(metered - boughtWh).toBe(importWh - shared.find(([each]) => each === own)![1])
  }
})
