/** Which of a file's values belong to an area: by the roster's points, directions and days; and which of several counts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EnergyDirection, OfficialSeries } from '../../server/exchange/official-values.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import { admitSeries, type PointDays, RosterStretches, type ValueRefusal } from '../../server/metering/admit.ts'
import { judgeValue, type StampedValue } from '../../server/metering/newest.ts'

const zone = new TimeZone('Europe/Vienna')
const day = Date.UTC(2026, 9, 24) / 86_400_000
const meter = `0x${'1'.repeat(40)}` as const
const drawn = 'AT0099990000000000000000000000001'

function line(change: Partial<PointDays> = {}): PointDays {
  return { meter, point: drawn, direction: 'import', fromDay: day, endDay: day + 3, factorPercent: 100, ...change }
}

function series(change: Partial<OfficialSeries> & { days?: number; from?: number } = {}): OfficialSeries {
  const { days = 1, from = zone.startOfDay(day), ...rest } = change
  const values = Array.from({ length: days * 96 }, (_, index) => {
    return { start: from + index * 900, energyMicroWh: 1_000_000, quality: 'measured' as const }
  })
  return {
    ...{ point: drawn, direction: 'import' as EnergyDirection, channel: 'total' as const, code: '1-1:1.9.0 P.01' },
    ...{ community: null, intervalSeconds: 900, values, ...rest },
  }
}

function admit(files: OfficialSeries[], lines: PointDays[], now = zone.startOfDay(day + 10), intervalSeconds = 900) {
  const refusals: ValueRefusal[] = []
  const roster = new RosterStretches(lines, zone)
  const admission = { roster, intervalSeconds, now, refuse: (refusal: ValueRefusal) => refusals.push(refusal) }
  const taken = admitSeries(files, admission).map(({ values, ...own }) => ({ ...own, values: [...values] }))
  return { taken, refusals }
}

describe('admission', () => {
  it('takes no interval outside the days of the roster, and none that has not ended', () => {
    const from = zone.startOfDay(day - 1)
    const before = admit([series({ from, days: 2 })], [line()])
    expect(before.taken[0]!.values[0]!.start).toBe(zone.startOfDay(day))
    expect(before.taken[0]!.values).toHaveLength(96)
    expect(before.refusals).toEqual([
      {
        place: `${drawn} 1-1:1.9.0 P.01 import total from 2026-10-22T22:00:00Z`,
        reason: '96 × outside the days of the roster',
      },
    ])
    const early = admit([series()], [line()], zone.startOfDay(day) + 1_800)
    expect([early.taken[0]!.values.length, early.refusals[0]!.reason]).toEqual([2, '94 × the interval has not ended'])
  })

  it('counts the last day to its end, also where it has 25 hours', () => {
    const last = series({ from: zone.startOfDay(day + 1), days: 2 })
    const { taken } = admit([last], [line({ endDay: day + 2 })])
    expect(taken[0]!.values).toHaveLength(100)
  })

  it('finds a direction that the file does not say where the roster has one only', () => {
    expect(admit([series({ direction: null })], [line()]).taken[0]!.direction).toBe('import')
    const both = admit([series({ direction: null })], [line(), line({ direction: 'export' })])
    expect([both.taken, both.refusals[0]!.reason]).toEqual([[], expect.stringMatching(/does not say the direction/)])
  })

  it('refuses by name what is no point of the roster, and leaves the others', () => {
    const stranger = series({ point: 'AT0099990000000000000000000000009' })
    const { taken, refusals } = admit(
      [stranger, series(), series({ direction: 'export' }), series({ intervalSeconds: 3600, code: 'H' })],
      [line()],
    )
    expect(taken).toHaveLength(1)
    expect(refusals.map(({ reason }) => reason)).toEqual([
      'no line of the roster has this metering point',
      'the roster does not have the point as export',
      'intervals of 3600 s, which do not make up those of the area of 900 s',
    ])
  })

  it('sums shorter values where they make up whole intervals of the area, and names those that do not', () => {
    const from = zone.startOfDay(day)
    const quarters = series({ from: from + 900 })
    const values = [...quarters.values]
    values[4] = { ...values[4]!, quality: 'estimated' }
    values[8] = { start: values[8]!.start, energyMicroWh: null, quality: 'missing' }
    const inHours = (...files: OfficialSeries[]) => admit(files, [line()], undefined, 3_600)
    const { taken, refusals } = inHours({ ...quarters, values })
    expect(taken[0]!.values.slice(0, 3)).toEqual([
      { start: from + 3_600, energyMicroWh: 4_000_000, quality: 'estimated' },
      { start: from + 7_200, energyMicroWh: null, quality: 'missing' },
      { start: from + 10_800, energyMicroWh: 4_000_000, quality: 'measured' },
    ])
    // The first hour lacks its first quarter, and the one after the last day has no more than that.
    expect(taken[0]!.values).toHaveLength(23)
    expect(refusals.map(({ place, reason }) => [place.slice(-20), reason])).toEqual([
      ['2026-10-23T22:00:00Z', '1 × not all of its 4 values of 900 s are there'],
      ['2026-10-24T22:00:00Z', '1 × not all of its 4 values of 900 s are there'],
    ])
    const odd = inHours(series({ values: values.map((value) => ({ ...value, start: value.start + 60 })) }))
    expect([odd.taken[0]!.values, odd.refusals[0]!.reason]).toEqual([[], expect.stringMatching(/^25 × not all/)])
    const long = inHours(series({ intervalSeconds: 86_400 }))
    expect(long.refusals[0]!.reason).toMatch(/^intervals of 86400 s/)
  })

  it('takes a register whose intervals change their length, no interval twice', () => {
    const from = zone.startOfDay(day)
    const hours = Array.from({ length: 3 }, (_, i) => ({
      ...{ start: from + i * 3_600, energyMicroWh: 7_000_000, quality: 'measured' as const },
    }))
    const shorter = series({ from: from + 2 * 3_600 })
    const longer = series({ intervalSeconds: 3_600, values: hours })
    const { taken, refusals } = admit([shorter, longer], [line()], undefined, 3_600)
    expect(taken.map(({ values }) => values.length)).toEqual([24, 2])
    expect(refusals.map(({ reason }) => reason)).toEqual([
      '1 × the register says it in intervals of another length too',
    ])
  })

  it('lets the register of the community count beside the one of the whole point', () => {
    const whole = series({ code: '1-1:1.9.0 G.01' })
    const part = series({ code: '1-1:1.9.0 G.01T' })
    expect(admit([whole, part], [line()]).taken.map(({ canCount }) => canCount)).toEqual([false, true])
    const rivals = admit([whole, series({ code: '1-1:1.9.0 P.01' })], [line()])
    expect([rivals.taken, rivals.refusals.length]).toEqual([[], 2])
  })
})

describe('the newest valid value counts', () => {
  const value = (energyMicroWh: number | null, stamp: number, quality: StampedValue['quality'] = 'measured') => {
    return { energyMicroWh, stamp, quality }
  }
  it('whatever the order in which files come', () => {
    expect(judgeValue(null, value(5, 1))).toBe('counts')
    expect(judgeValue(value(5, 1), value(6, 2))).toBe('replaced')
    expect(judgeValue(value(5, 1), value(5, 2, 'substituted'))).toBe('replaced')
    expect(judgeValue(value(5, 2), value(6, 1))).toBe('older')
    expect(judgeValue(value(5, 1), value(5, 2))).toBe('same')
    expect(judgeValue(value(5, 1), value(6, 1))).toBe('conflict')
    expect(judgeValue(value(5, 1), value(null, 2, 'missing'))).toBe('missing')
  })

  it('the one that counts in the end is the same for every order of files with different stamps', () => {
    const values = fc.uniqueArray(
      fc.record({
        energyMicroWh: fc.nat(3),
        stamp: fc.nat(50),
        quality: fc.constantFrom('measured' as const, 'estimated' as const),
      }),
      {
        selector: ({ stamp }) => stamp,
        minLength: 1,
      },
    )
    const counting = (order: StampedValue[]) =>
      order.reduce<StampedValue | null>((known, next) => {
        return ['counts', 'same', 'replaced'].includes(judgeValue(known, next)) ? next : known
      }, null)
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat()), (list, keys) => {
        const shuffled = list.map((each) => ({ each, key: keys.next().value })).sort((a, b) => a.key - b.key)
        expect(counting(shuffled.map(({ each }) => each))).toEqual(list.toSorted((a, b) => b.stamp - a.stamp)[0])
      }),
    )
  })
})
