/** From fills to one entry for each seat. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeterReading } from '../../server/market/engine/area.ts'
import { netBatch, type SeatFills } from '../../server/settlement/netting.ts'

const meter = `0x${'11'.repeat(20)}`
const interval = 10

function reading(time: number, exportWh = 0, importWh = 0, epoch = 1): MeterReading {
  return { meter, epoch, time, importWh, exportWh, quality: 0 }
}

function seat(number: number, parts: Partial<SeatFills> = {}): SeatFills {
  return { seat: number, base: { epoch: 1, time: 100 }, measured: [], changes: [], fills: [], ...parts }
}

const net = (seats: SeatFills[]) => netBatch({ start: 100, end: 160, intervalSeconds: interval, seats })

describe('a seat in a batch', () => {
  test('settles all its fills in one entry, from its base to its last measured reading', () => {
    const cut = net([
      seat(2, {
        measured: [reading(110), reading(120), reading(150)],
        fills: [
          { start: 100, soldWh: 0, boughtWh: 40, paid: 800n, received: 0n },
          { start: 110, soldWh: 0, boughtWh: 3, paid: 61n, received: 0n },
        ],
      }),
      seat(1, {
        measured: [reading(110, 40), reading(120, 43, 7), reading(160, 50, 7)],
        fills: [
          { start: 100, soldWh: 40, boughtWh: 0, paid: 0n, received: 720n },
          { start: 110, soldWh: 3, boughtWh: 0, paid: 0n, received: 54n },
        ],
      }),
    ])
    expect(cut).toEqual({
      start: 100,
      end: 160,
      bandLow: 18,
      bandHigh: 21,
      energyWh: 43,
      paid: 861n,
      received: 774n,
      entries: [
        {
          seat: 1,
          kind: 'settle',
          epoch: 1,
          time: 160,
          importWh: 7,
          exportWh: 50,
          soldWh: 43,
          boughtWh: 0,
          paid: 0n,
          received: 774n,
        },
        {
          seat: 2,
          kind: 'settle',
          epoch: 1,
          time: 150,
          importWh: 0,
          exportWh: 0,
          soldWh: 0,
          boughtWh: 43,
          paid: 861n,
          received: 0n,
        },
      ],
    })
  })

  test('moves its base up even when it traded nothing, and has no entry without a newer reading', () => {
    const cut = net([seat(1, { measured: [reading(140, 5)] }), seat(2)])
    expect(cut.entries.map(({ seat, kind, time }) => ({ seat, kind, time }))).toEqual([
      { seat: 1, kind: 'settle', time: 140 },
    ])
    expect([cut.bandLow, cut.bandHigh]).toEqual([0, 0])
  })

  const shape = (parts: Partial<SeatFills>) =>
    net([seat(1, parts)]).entries.map(({ kind, time, epoch }) => `${kind} ${epoch}:${time}`)

  test('is split at a change of terms that has a reading', () => {
    expect(shape({ measured: [reading(110), reading(120), reading(130)], changes: [120] })).toEqual([
      'settle 1:120',
      'settle 1:130',
    ])
  })

  test('skips over a change of terms that has no reading', () => {
    expect(shape({ measured: [reading(110), reading(130), reading(140)], changes: [120] })).toEqual([
      'settle 1:110',
      'rebase 1:130',
      'settle 1:140',
    ])
    expect(shape({ measured: [reading(130), reading(140)], changes: [120] })).toEqual(['rebase 1:130', 'settle 1:140'])
    expect(shape({ measured: [reading(110)], changes: [120] })).toEqual(['settle 1:110'])
    expect(shape({ measured: [reading(110), reading(150)], changes: [120, 140, 130] })).toEqual([
      'settle 1:110',
      'rebase 1:150',
    ])
  })

  const bought = { start: 100, soldWh: 0, boughtWh: 5, paid: 50n, received: 0n }
  const sold = { start: 100, soldWh: 5, boughtWh: 0, paid: 0n, received: 50n }

  test('whose base lies before the batch trades only from a base that was moved into it', () => {
    const base = { epoch: 1, time: 70 }
    expect(shape({ base, measured: [reading(80), reading(90), reading(120)] })).toEqual(['rebase 1:120'])
    expect(shape({ base, measured: [reading(100), reading(110), reading(120)] })).toEqual([
      'rebase 1:110',
      'settle 1:120',
    ])
    expect(shape({ base, measured: [reading(80), reading(100)] })).toEqual([])
    const traded = net([
      seat(1, { base, measured: [reading(80), reading(100), reading(110)], fills: [sold] }),
      seat(2, { measured: [reading(110)], fills: [bought] }),
    ])
    expect(traded.entries.map(({ seat, kind, time }) => `${seat} ${kind} ${time}`)).toEqual([
      '1 rebase 100',
      '1 settle 110',
      '2 settle 110',
    ])
  })

  test('leaves the readings of other epochs alone', () => {
    const base = { epoch: 2, time: 120 }
    const measured = [reading(130, 0, 0, 1), reading(140, 0, 0, 2), reading(150, 5, 0, 3)]
    expect(shape({ base, measured })).toEqual(['settle 2:140'])
  })

  test('rounds the band outwards, also below zero', () => {
    const cut = net([
      seat(1, {
        measured: [reading(110)],
        fills: [{ start: 100, soldWh: 3, boughtWh: 0, paid: 0n, received: -10n }],
      }),
      seat(2, {
        measured: [reading(110)],
        fills: [{ start: 100, soldWh: 0, boughtWh: 3, paid: -8n, received: 0n }],
      }),
    ])
    expect([cut.bandLow, cut.bandHigh]).toEqual([-4, -2])
  })
})

describe('a batch is refused by name', () => {
  const sale = { start: 110, soldWh: 3, boughtWh: 0, paid: 0n, received: 30n }
  const refusals: [string, string, SeatFills[]][] = [
    [
      'a fill after the last reading',
      'SETTLEMENT_FILL_UNCOVERED',
      [seat(1, { measured: [reading(110)], fills: [sale] })],
    ],
    [
      'a fill across a change of terms',
      'SETTLEMENT_FILL_UNCOVERED',
      [seat(1, { measured: [reading(110), reading(120)], changes: [115], fills: [sale] })],
    ],
    ['energy sold that nobody bought', 'SETTLEMENT_UNBALANCED', [seat(1, { measured: [reading(120)], fills: [sale] })]],
    [
      'more received than paid',
      'SETTLEMENT_GRID_TAKE',
      [
        seat(1, { measured: [reading(120)], fills: [sale] }),
        seat(2, {
          measured: [reading(120)],
          fills: [{ start: 110, soldWh: 0, boughtWh: 3, paid: 29n, received: 0n }],
        }),
      ],
    ],
    [
      'a fill outside the batch',
      'SETTLEMENT_INPUT',
      [seat(1, { measured: [reading(160)], fills: [{ ...sale, start: 160 }] })],
    ],
    ['readings that go back', 'SETTLEMENT_INPUT', [seat(1, { measured: [reading(120), reading(110)] })]],
    ['a reading after the end', 'SETTLEMENT_INPUT', [seat(1, { measured: [reading(170)] })]],
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

test('every fill is in exactly one entry, no entry spans a change, and sums are kept', () => {
  fc.assert(
    fc.property(fc.array(anySeat, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 40 }), (parts, fee) => {
      const seats = parts.flatMap(({ measured, changes, energy, price }, index) => {
        const at = [true, ...measured]
        const readings = measured.flatMap((is, k) => (is ? [reading(110 + k * interval, k, k)] : []))
        const traded = energy
          .map((energyWh, k) => ({ start: 100 + k * interval, energyWh }))
          .filter(({ energyWh }, k) => at[k] && at[k + 1] && energyWh > 0)
        const sides = (sells: boolean) =>
          seat(2 * index + (sells ? 1 : 0), {
            measured: readings,
            changes,
            fills: traded.map(({ start, energyWh }) => ({
              start,
              soldWh: sells ? energyWh : 0,
              boughtWh: sells ? 0 : energyWh,
              paid: sells ? 0n : BigInt(price + fee) * BigInt(energyWh),
              received: sells ? BigInt(price) * BigInt(energyWh) : 0n,
            })),
          })
        return [sides(false), sides(true)]
      })
      const cut = net(seats)
      const fills = seats.flatMap(({ fills }) => fills)
      expect(cut.paid).toBe(fills.reduce((sum, { paid }) => sum + paid, 0n))
      expect(cut.received).toBe(fills.reduce((sum, { received }) => sum + received, 0n))
      expect(cut.energyWh).toBe(fills.reduce((sum, { soldWh }) => sum + soldWh, 0))
      expect(cut.paid - cut.received).toBe(BigInt(fee) * BigInt(cut.energyWh))
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
    { seed: 20_260_701, numRuns: 300 },
  )
})
