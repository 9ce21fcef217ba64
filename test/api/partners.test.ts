/** What is told of partners: nobody by name who does not want it, few homes only together with others, and all of the energy. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pairsOf } from '../../server/api/partner-sums.ts'
import { type PartnerSum, toldPartners } from '../../server/api/told-partners.ts'

const seed = Number(process.env.SEED ?? 20_261_128)
const chain = ['feeder', 'transformer', 'street']

/** So many homes in each zone of the chain, of which those of `named` let themselves be seen. */
function told(homes: readonly number[], named: readonly number[], sums: readonly PartnerSum[]) {
  const zones = homes.flatMap((count, at) => Array<string>(count).fill(chain[at]!))
  const around = new Map(zones.map((zone, at) => [at + 1, zone]))
  const shownOf = (seat: number) => (named.includes(seat) ? { neighbour: seat, name: `N${seat}` } : null)
  return toldPartners(sums, { chain, around, shownOf })
}
const sum = (seat: number, zone: string, energyWh: number) => ({ seat, zone, energyWh })

describe('partners', () => {
  test('that let themselves be seen are named, the nearest and largest first; the others are told by distance', () => {
    const sums = [sum(1, 'feeder', 10), sum(2, 'feeder', 30), sum(3, 'feeder', 5), sum(7, 'street', 50)]
    expect(told([7, 0, 6], [1, 2, 8], sums)).toEqual([
      { shown: { neighbour: 2, name: 'N2' }, zone: 'feeder', levels: 0, energyWh: 30 },
      { shown: { neighbour: 1, name: 'N1' }, zone: 'feeder', levels: 0, energyWh: 10 },
      { shown: null, zone: 'feeder', levels: 0, energyWh: 5 },
      { shown: null, zone: 'street', levels: 2, energyWh: 50 },
    ])
  })

  test('of whom fewer than five are left unnamed are told with those further away', () => {
    const sums = [sum(5, 'feeder', 10), sum(6, 'transformer', 20)]
    expect(told([5, 5, 0], [1], sums)).toEqual([{ shown: null, zone: 'transformer', levels: 1, energyWh: 30 }])
  })

  test('of whom few are left at the root take nearer ones with them', () => {
    const sums = [sum(1, 'feeder', 10), sum(6, 'street', 20)]
    expect(told([5, 0, 1], [], sums)).toEqual([{ shown: null, zone: 'street', levels: 2, energyWh: 30 }])
  })

  test(`are told of wholly, and of no four homes apart (SEED=${seed})`, () => {
    const worlds = fc.record({
      homes: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)),
      named: fc.uniqueArray(fc.integer({ min: 1, max: 27 }), { maxLength: 9 }),
      energies: fc.array(fc.nat(1_000), { minLength: 27, maxLength: 27 }),
    })
    fc.assert(
      fc.property(worlds, ({ homes, named, energies }) => {
        const zones = homes.flatMap((count, at) => Array<string>(count).fill(chain[at]!))
        const sums = zones.map((zone, at) => sum(at + 1, zone, energies[at]!))
        const partners = told(homes, named, sums)
        const all = (list: readonly { energyWh: number }[]) => list.reduce((total, own) => total + own.energyWh, 0)
        expect(all(partners)).toBe(all(sums))
        const unnamed = zones.filter((_, at) => !named.includes(at + 1))
        const figures = partners.filter(({ shown }) => shown === null)
        for (const [at, { levels }] of figures.entries()) {
          const nearer = figures[at - 1]?.levels ?? -1
          const within = unnamed.filter((zone) => chain.indexOf(zone) > nearer && chain.indexOf(zone) <= levels)
          if (figures.length > 1) expect(within.length).toBeGreaterThanOrEqual(5)
        }
      }),
      { seed, numRuns: 300 },
    )
  })
})

test('what was agreed keeps its partners; the rest goes to whom one prefers since then, and then to the nearest', () => {
  const interval = {
    ...{ start: 900, seats: [1, 2, 3, 4], zones: [1, 2, 1, 2] },
    ...{ sold: [50, 30, 0, 0], bought: [0, 0, 40, 40] },
  }
  const named = [{ start: 900, seller: 1, buyer: 4, wh: 10 }]
  const ask = (since: number) =>
    pairsOf(interval, { parent: [-1, 0, 0], turn: 1, named, preferred: [{ one: 3, other: 2, since }] }).map(
      ({ seller, buyer, zone, energyWh }) => [seller, buyer, zone, energyWh],
    )
  expect(ask(901)).toEqual([
    [1, 4, 0, 10],
    [1, 3, 1, 40],
    [2, 4, 2, 30],
  ])
  expect(ask(900)).toEqual([
    [1, 4, 0, 10],
    [1, 3, 1, 10],
    [1, 4, 0, 30],
    [2, 3, 0, 30],
  ])
})
