/** What a home expects to have left over. */
import { expect, it } from 'vitest'
import { daysBefore, expectedSun, type LeftOver } from '../../web/household/expected-sun.ts'

const hourMs = 3_600_000
/** Past the change from summer time in most of Europe, so that days are told by the calendar. */
const now = new Date(2026, 9, 28, 12, 30).getTime()

/** A home that has so much left over in every hour of the day before, of the one before that, and so on. */
function home(...whPerHour: readonly number[]): LeftOver[] {
  return whPerHour.flatMap((wh, index) => {
    const midnightMs = new Date(2026, 9, 28 - 1 - index).getTime()
    const nextMs = new Date(2026, 9, 28 - index).getTime()
    return Array.from({ length: (nextMs - midnightMs) / hourMs }, (_, hour) => {
      return { startMs: midnightMs + hour * hourMs, wh }
    })
  })
}

const expected = (told: readonly LeftOver[]) => expectedSun(told, { days: daysBefore(now, null), lengthMs: hourMs })

it('is the middle of the last days, from this time on and as a whole, with the least and the most', () => {
  expect(expected(home(3, 1, 5))).toMatchObject({
    untilMidnight: { wh: 3 * 11, leastWh: 11, mostWh: 5 * 11 },
    nextDay: { wh: 3 * 24, leastWh: 24 },
    days: 3,
  })
  expect(expected(home(1, 2, 3, 4, 5, 6, 7, 100))).toMatchObject({ untilMidnight: { wh: 4 * 11 }, days: 7 })
})

it('is nothing where fewer than three days are known, or nothing was ever left over', () => {
  expect(expected(home(3, 1))).toBeNull()
  expect(expected(home(3, 1, 5).filter(({ startMs }) => startMs % (4 * hourMs) !== 0))).toBeNull()
  expect(expected(home(0, 0, 0, 0))).toBeNull()
})

it('goes by the sun of the demo where that runs faster', () => {
  const day = { area: 1, epoch: '2026-07-01T00:00:00.000Z', dayLengthSeconds: 360 }
  const nowMs = Date.parse(day.epoch) + 10 * 360_000 + 90_000
  const [first] = daysBefore(nowMs, day)
  expect(first).toEqual({
    rest: { fromMs: nowMs - 360_000, toMs: nowMs - 90_000 },
    whole: { fromMs: nowMs - 450_000, toMs: nowMs - 90_000 },
  })
})
