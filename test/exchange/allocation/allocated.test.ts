/** From the grid operator's series to what each point got and gave, and from there to what is declared. */
import { describe, expect, test } from 'vitest'
import { readDeclaredFile } from '../../../server/commands/declared-file.ts'
import { allocatedOf, byIntervalsOf } from '../../../server/exchange/allocation/allocated.ts'
import type { Channel, OfficialSeries, ValueQuality } from '../../../server/exchange/official-values.ts'
import { writeEsCoefficients } from '../../../server/exchange/write/es-coefficients.ts'
import { tripleRows, triplesHeader } from '../../../server/exchange/write/triples.ts'
import { cupsOf } from '../writers/spanish.ts'

const start = 1_800_000_000

/** A point's series from `start` on, in Wh; a text is a quality without a value that counts. */
function series(
  point: string,
  direction: 'import' | 'export',
  channel: Channel,
  energies: (number | ValueQuality)[],
): OfficialSeries {
  const values = energies.map((energy, place) => ({
    start: start + place * 900,
    energyMicroWh: typeof energy === 'number' ? Math.round(energy * 1e6) : null,
    quality: typeof energy === 'number' ? ('measured' as const) : energy,
  }))
  return { point, direction, channel, code: null, community: null, intervalSeconds: 900, values }
}

describe('what the grid operator allocated', () => {
  test('AT: the consumers’ own cover (G.03), and of producers what is not left over (G.01 less P.01T)', () => {
    const found = allocatedOf([
      series('A', 'import', 'total', [900, 900]),
      series('A', 'import', 'shared', [333.3, 200]),
      series('B', 'import', 'shared', [166.7, 'missing']),
      series('P', 'export', 'total', [800, 500]),
      series('P', 'export', 'residual', [300, 100]),
    ])
    expect(found.intervals).toEqual([
      {
        start,
        energies: [
          { point: 'A', direction: 'import', energyWh: 333 },
          { point: 'B', direction: 'import', energyWh: 167 },
          { point: 'P', direction: 'export', energyWh: 500 },
        ],
      },
    ])
    expect(found.incomplete).toEqual([start + 900])
  })

  test('elsewhere: the community’s channel on both sides', () => {
    const { intervals } = allocatedOf([
      series('A', 'import', 'shared', [100]),
      series('P', 'export', 'shared', [60]),
      series('Q', 'export', 'shared', [40]),
    ])
    expect(intervals[0]!.energies.map(({ energyWh }) => energyWh)).toEqual([100, 60, 40])
  })

  test('both sides may differ by rounding and by nothing else', () => {
    const both = (given: number) => () =>
      allocatedOf([series('A', 'import', 'shared', [100.4]), series('P', 'export', 'shared', [given])])
    expect(both(99.6)().intervals[0]!.energies.map(({ energyWh }) => energyWh)).toEqual([99, 99])
    expect(both(97)).toThrow('100.4 Wh were allocated and 97 Wh shared in the interval of 2027-01-15T08:00:00Z')
    expect(() => allocatedOf([series('A', 'import', 'shared', [1])])).toThrow('nothing that was allocated')
  })
})

describe('an area of other intervals than the file', () => {
  const hour = 3_600
  const file = (parts: (number | ValueQuality)[]) =>
    allocatedOf([
      series('A', 'import', 'shared', parts),
      series('P', 'export', 'shared', parts),
      series(
        'B',
        'import',
        'shared',
        parts.map(() => 0),
      ),
    ])

  test('has the sums of quarter-hours by halves and by hours', () => {
    const quarters = [1, 2, 3, 4, 10, 20, 30, 40]
    const sums = (seconds: number) =>
      byIntervalsOf(seconds, file(quarters)).intervals.map(({ start: own, energies }) => [
        (own - start) / 900,
        energies.map(({ point, energyWh }) => `${point}${energyWh}`).join(' '),
      ])
    expect(sums(900)).toHaveLength(8)
    expect(sums(1_800)).toEqual([
      [0, 'A3 B0 P3'],
      [2, 'A7 B0 P7'],
      [4, 'A30 B0 P30'],
      [6, 'A70 B0 P70'],
    ])
    expect(sums(hour)).toEqual([
      [0, 'A10 B0 P10'],
      [4, 'A100 B0 P100'],
    ])
  })

  test('leaves out and names what lacks a part, and refuses what nobody can divide', () => {
    const { intervals, incomplete } = byIntervalsOf(hour, file([1, 'missing', 3, 4, 5, 6, 7, 8, 9]))
    expect(intervals.map((own) => own.start)).toEqual([start + hour])
    expect(incomplete).toEqual([start, start + 2 * hour])
    expect(() => byIntervalsOf(300, file([1]))).toThrow('15 min: they do not make up the area’s of 5 min')
    expect(() => byIntervalsOf(1_200, file([1]))).toThrow('15 min: they do not make up the area’s of 20 min')
  })
})

describe('a file', () => {
  const seats: Record<string, number> = { A: 3, B: 2, P: 1 }
  const form = {
    ...{ intervalSeconds: 900, priceDecimals: 4, name: 'file', now: start, producersAt: () => ['P'] },
    seatAt(name: string) {
      const seat = seats[name]
      if (seat === undefined) throw new Error(`point ${name} has no seat`)
      return seat
    },
  }
  const read = async (text: string) => (await readDeclaredFile(Buffer.from(text), form)).pieces

  test('of triples is declared by seat, intervals that follow one another together', async () => {
    const productions = [0, 900, 2_700].map((later) => ({ producer: 'P', start: start + later, energyWh: 500 }))
    const triples = productions.flatMap(({ producer, start: from }) => [
      { producer, consumer: 'A', start: from, energyWh: 200 },
      { producer, consumer: 'B', start: from, energyWh: 150 },
    ])
    const seatsOf = [
      { seat: 1, allocatedWh: 0, sharedWh: 350 },
      { seat: 2, allocatedWh: 150, sharedWh: 0 },
      { seat: 3, allocatedWh: 200, sharedWh: 0 },
    ]
    const piece = (...starts: number[]) => ({
      ...{ start: starts[0]!, end: starts.at(-1)! + 900 },
      body: { type: 'quantities', intervals: starts.map((own) => ({ start: own, seats: seatsOf })) },
    })
    expect(await read(triplesHeader + tripleRows(productions, triples))).toEqual([
      piece(start, start + 900),
      piece(start + 2_700),
    ])
  })

  test('of Spanish coefficients is a key of what is still to come of the year, a step for each hour that differs', async () => {
    const cups = [1, 2].map((number) => `${cupsOf(21_990_000_000_000 + number)}0F`)
    const seatAt = (name: string) => (name === 'P' ? 1 : 2 + cups.indexOf(name))
    // The days are those of Madrid: an hour is that many after the year began there.
    const yearStart = Date.UTC(2026, 11, 31, 23) / 1000
    const noon = Math.floor((start - yearStart) / 3_600) + 4
    const hours = Array.from({ length: 8_760 }, (_, hour) => (hour < noon ? [400_000, 600_000] : [250_000, 750_000]))
    const named = (millionths: number[][], name: string) =>
      readDeclaredFile(Buffer.from(writeEsCoefficients({ cups, millionths }, 2027)), { ...form, seatAt, name })
    const { pieces } = await named(hours, `${cups[0]}A001_2027.txt`)
    const round = (sharesMillionths: number[]) => [
      { ofMillionths: 1_000_000, key: { type: 'static', sharesMillionths, repeated: false } },
    ]
    const end = yearStart + 365 * 86_400
    const key = { type: 'key', consumers: [2, 3], producers: [1] }
    const first = { from: start + 1_800, rounds: round([400_000, 600_000]) }
    const steps = [first, { from: yearStart + noon * 3_600, rounds: round([250_000, 750_000]) }]
    expect(pieces).toEqual([{ start: start + 1_800, end, body: { ...key, steps } }])
    const fixed = await named([[400_000, 600_000]], `${cups[0]}A001_2027.txt`)
    expect(fixed.pieces).toEqual([{ start: start + 1_800, end, body: { ...key, steps: [first] } }])
    // So many different hours do not fit into one declaration.
    const changing = hours.map((_, hour) => [hour, 1_000_000 - hour])
    const many = (await named(changing, `${cups[0]}A001_2027.txt`)).pieces
    expect(many.map((piece) => piece.end).slice(0, -1)).toEqual(many.slice(1).map((piece) => piece.start))
    expect(many.map(({ body }) => body.type === 'key' && body.steps.length)).toEqual([5_000, 8_760 - 5_000 - noon + 4])
    await expect(named(hours, 'coefficients.txt')).rejects.toThrow('<CAU>_2027.txt')
    await expect(named([[400_000, 600_000]], `${cups[0]}A001_2026.txt`)).rejects.toThrow('the year 2026 is over')
  })

  test('of a key or of prices is JSON that names points', async () => {
    const key = {
      ...{ type: 'key', from: '2027-01-15T08:00:00Z', consumers: ['A', 'B'], producers: ['P'] },
      rounds: [{ key: { type: 'static', sharesMillionths: [400_000, 600_000] } }],
    }
    const [declared] = await read(JSON.stringify(key))
    expect(declared).toMatchObject({ start, body: { consumers: [3, 2], producers: [1] } })
    expect(declared!.body).toMatchObject({ steps: [{ from: start, rounds: [{ ofMillionths: 1_000_000 }] }] })
    expect(declared!.end % 900).toBe(0)
    const prices = {
      type: 'prices',
      from: '2027-01-15T08:00:00Z',
      stepSeconds: 3_600,
      pricesPerKwh: ['0.0812', '-0.01'],
    }
    expect(await read(JSON.stringify(prices))).toEqual([
      { body: { type: 'prices', stepSeconds: 3_600, ticks: [812, -100] }, start, end: start + 7_200 },
    ])
    await expect(read(JSON.stringify({ ...key, rounds: undefined }))).rejects.toThrow('either rounds or steps')
    await expect(read(JSON.stringify({ ...key, consumers: ['C'] }))).rejects.toThrow('point C has no seat')
  })
})
