/** Netting: where a seat's entries in a batch begin and end, and what its fills add up to in them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { netBatch, type SeatDay, spansOfSeat } from './net-batch.ts'

const interval = 10
const batch = { start: 100, end: 160, intervalSeconds: interval }

function reading(time: number, exportWh = 0, importWh = 0) {
  return { time, importWh, exportWh }
}

function seat(number: number, parts: Partial<SeatDay> = {}): SeatDay {
  return { seat: number, base: 100, measured: [], changes: [], fills: [], ...parts }
}

const net = (seats: SeatDay[]) => netBatch(batch, seats)

const sale = (start: number, energyWh: number, amount: number) => ({ start, isSale: true, energyWh, amount })
const purchase = (start: number, energyWh: number, amount: number) => ({ start, isSale: false, energyWh, amount })

describe('a seat in a batch', () => {
  test('settles all its fills in one entry, from its base to its last measured reading', () => {
    const cut = net([
      seat(2, {
        measured: [reading(110), reading(120), reading(150)],
        fills: [purchase(100, 40, 800), purchase(110, 3, 61)],
      }),
      seat(1, {
        measured: [reading(110, 40), reading(120, 43, 7), reading(160, 50, 7)],
        fills: [sale(100, 40, 720), sale(110, 3, 54)],
      }),
    ])
    expect(cut).toEqual({
      ...{ start: 100, end: 160, bandLow: 18, bandHigh: 21, energyWh: 43, paid: 861n, received: 774n },
      entries: [
        {
          ...{ seat: 1, kind: 'settle', epoch: 1, time: 160, importWh: 7, exportWh: 50 },
          ...{ soldWh: 43, boughtWh: 0, paid: 0n, received: 774n },
        },
        {
          ...{ seat: 2, kind: 'settle', epoch: 1, time: 150, importWh: 0, exportWh: 0 },
          ...{ soldWh: 0, boughtWh: 43, paid: 861n, received: 0n },
        },
      ],
    })
  })

  test('moves its base up even when it traded nothing, and has no entry without a newer reading', () => {
    const cut = net([seat(1, { measured: [reading(140, 5)] }), seat(2)])
    expect(cut.entries.map(({ seat: number, kind, time }) => [number, kind, time])).toEqual([[1, 'settle', 140]])
    expect([cut.bandLow, cut.bandHigh]).toEqual([0, 0])
  })

  const shape = (parts: Partial<SeatDay>) =>
    spansOfSeat(seat(1, parts), batch.start).map(({ kind, from, time }) => `${kind} ${from}-${time}`)

  test('is split at a change of terms that has a reading', () => {
    expect(shape({ measured: [reading(110), reading(120), reading(130)], changes: [120] })).toEqual([
      'settle 100-120',
      'settle 120-130',
    ])
  })

  test('skips over a change of terms that has no reading', () => {
    expect(shape({ measured: [reading(110), reading(130), reading(140)], changes: [120] })).toEqual([
      'settle 100-110',
      'rebase 110-130',
      'settle 130-140',
    ])
    expect(shape({ measured: [reading(130), reading(140)], changes: [120] })).toEqual([
      'rebase 100-130',
      'settle 130-140',
    ])
    expect(shape({ measured: [reading(110)], changes: [120] })).toEqual(['settle 100-110'])
    expect(shape({ measured: [reading(110), reading(150)], changes: [120, 140, 130] })).toEqual([
      'settle 100-110',
      'rebase 110-150',
    ])
  })

  test('whose base lies before the batch trades only from a base that was moved into it', () => {
    expect(shape({ base: 70, measured: [reading(80), reading(90), reading(120)] })).toEqual(['rebase 70-120'])
    expect(shape({ base: 70, measured: [reading(100), reading(110), reading(120)] })).toEqual([
      'rebase 70-110',
      'settle 110-120',
    ])
    expect(shape({ base: 70, measured: [reading(80), reading(100)] })).toEqual([])
    const traded = net([
      seat(1, { base: 70, measured: [reading(80), reading(100), reading(110)], fills: [sale(100, 5, 50)] }),
      seat(2, { measured: [reading(110)], fills: [purchase(100, 5, 50)] }),
    ])
    expect(traded.entries.map(({ seat: number, kind, time }) => `${number} ${kind} ${time}`)).toEqual([
      '1 rebase 100',
      '1 settle 110',
      '2 settle 110',
    ])
  })

  test('rounds the band outwards, also below zero', () => {
    const cut = net([
      seat(1, { measured: [reading(110)], fills: [sale(100, 3, -10)] }),
      seat(2, { measured: [reading(110)], fills: [purchase(100, 3, -8)] }),
    ])
    expect([cut.bandLow, cut.bandHigh]).toEqual([-4, -2])
  })

  test('has money beyond 2^53 to the unit', () => {
    const most = 2 ** 47 - 1
    const starts = [100, 110, 120, 130, 140, 150]
    const measured = starts.map((start) => reading(start + interval))
    const many = (of: typeof sale) => starts.flatMap((start) => Array.from({ length: 40 }, () => of(start, 1, most)))
    const cut = net([seat(1, { measured, fills: many(sale) }), seat(2, { measured, fills: many(purchase) })])
    expect(cut.paid).toBe(240n * BigInt(most))
    expect(cut.received).toBe(cut.paid)
  })
})

describe('a batch is refused by name', () => {
  const refusals: [string, string, SeatDay[]][] = [
    [
      'a fill after the last reading',
      'SETTLEMENT_FILL_UNCOVERED',
      [seat(1, { measured: [reading(110)], fills: [sale(110, 3, 30)] })],
    ],
    [
      'a fill across a change of terms',
      'SETTLEMENT_FILL_UNCOVERED',
      [seat(1, { measured: [reading(110), reading(120)], changes: [115], fills: [sale(110, 3, 30)] })],
    ],
    ['a fill of a seat without an entry', 'SETTLEMENT_FILL_UNCOVERED', [seat(1, { fills: [sale(110, 3, 30)] })]],
    [
      'energy sold that nobody bought',
      'SETTLEMENT_UNBALANCED',
      [seat(1, { measured: [reading(120)], fills: [sale(110, 3, 30)] })],
    ],
    [
      'more received than paid',
      'SETTLEMENT_GRID_TAKE',
      [
        seat(1, { measured: [reading(120)], fills: [sale(110, 3, 30)] }),
        seat(2, { measured: [reading(120)], fills: [purchase(110, 3, 29)] }),
      ],
    ],
    [
      'a fill outside the batch',
      'SETTLEMENT_INPUT',
      [seat(1, { measured: [reading(160)], fills: [sale(160, 3, 30)] })],
    ],
  ]
  test.each(refusals)('%s', (_, code, seats) => {
    expect(() => net(seats)).toThrow(expect.objectContaining({ name: 'SettlementError', code }))
  })
})

/** A random seat: which of its boundaries were measured, which of its terms change. */
const anySeat = fc.record({
  measured: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  changes: fc.subarray([110, 120, 130, 140, 150]),
  energy: fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 6, maxLength: 6 }),
  price: fc.integer({ min: -500, max: 3_000 }),
})
const seed = Number(process.env.SEED ?? 20_260_701)

test(`every fill is in exactly one entry, no entry spans a change, and sums are kept (SEED=${seed})`, () => {
  fc.assert(
    fc.property(fc.array(anySeat, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 40 }), (parts, fee) => {
      const seats = parts.flatMap(({ measured, changes, energy, price }, index) => {
        const at = [true, ...measured]
        const readings = measured.flatMap((is, k) => (is ? [reading(110 + k * interval, k, k)] : []))
        const traded = energy
          .map((energyWh, k) => ({ start: 100 + k * interval, energyWh }))
          .filter(({ energyWh }, k) => at[k] && at[k + 1] && energyWh > 0)
        const side = (sells: boolean) => {
          const fills = traded.map(({ start, energyWh }) => {
            return sells ? sale(start, energyWh, price * energyWh) : purchase(start, energyWh, (price + fee) * energyWh)
          })
          return seat(2 * index + (sells ? 1 : 0), { measured: readings, changes, fills })
        }
        return [side(false), side(true)]
      })
      const cut = net(seats)
      const fills = seats.flatMap((own) => own.fills)
      const sum = (isSale: boolean, of: 'energyWh' | 'amount') =>
        fills.reduce((all, fill) => (fill.isSale === isSale ? all + fill[of] : all), 0)
      expect(cut.paid).toBe(BigInt(sum(false, 'amount')))
      expect(cut.received).toBe(BigInt(sum(true, 'amount')))
      expect(cut.energyWh).toBe(sum(true, 'energyWh'))
      for (const { seat: number, changes, measured } of seats) {
        const entries = cut.entries.filter((entry) => entry.seat === number)
        expect(entries.at(-1)?.time).toBe(measured.at(-1)?.time)
        let from = 100
        for (const entry of entries) {
          expect(entry.time).toBeGreaterThan(from)
          if (entry.kind === 'settle') expect(changes.filter((at) => at > from && at < entry.time)).toEqual([])
          else expect([entry.soldWh, entry.boughtWh, entry.paid, entry.received]).toEqual([0, 0, 0n, 0n])
          from = entry.time
        }
      }
      for (const { paid, received, boughtWh, soldWh } of cut.entries) {
        for (const [amount, energyWh] of [
          [paid, boughtWh],
          [received, soldWh],
        ] as const) {
          expect(amount >= BigInt(cut.bandLow) * BigInt(energyWh)).toBe(true)
          expect(amount <= BigInt(cut.bandHigh) * BigInt(energyWh)).toBe(true)
        }
      }
      expect(net([...seats].reverse())).toEqual(cut)
    }),
    { seed, numRuns: 300 },
  )
})
