/** When there is something to tell accounts: meters that send nothing, and months of which all is settled. */
import { expect, test } from 'vitest'
import { type SilenceQuestion, settledMonth, silentSeats } from '../../server/notices/due.ts'
import { settings } from '../api/people.ts'

const seconds = (iso: string) => Date.parse(iso) / 1000
const noon = seconds('2026-07-01T12:00:00Z')
const seat = (number: number, time: number, closed = false) => {
  return { seat: number, account: `0x${'a'.repeat(40)}`, closed, newest: { epoch: 1, time } }
}
const silentMs = 3 * settings.rules.intervalSeconds * 1000 + settings.graceMs
const ask = (change: Partial<SilenceQuestion>) =>
  silentSeats({ settings, seats: [seat(1, noon)], nowMs: noon * 1000, openSinceMs: 0, ...change })

test('a meter is silent after three intervals and the grace, since its last reading', () => {
  expect(ask({ nowMs: noon * 1000 + silentMs })).toEqual([])
  const nowMs = noon * 1000 + silentMs + 1
  expect(ask({ nowMs })).toMatchObject([{ seat: 1, subject: String(noon), happenedAt: Math.floor(nowMs / 1000) }])
})

test('nobody is told of a closed seat, of a server that was away, or where the metering operator’s values settle', () => {
  const nowMs = noon * 1000 + 10 * silentMs
  expect(ask({ nowMs, seats: [seat(1, noon, true)] })).toEqual([])
  expect(ask({ nowMs, openSinceMs: nowMs - silentMs })).toEqual([])
  expect(ask({ nowMs, settings: { ...settings, rules: { ...settings.rules, settlingGrade: 1 } } })).toEqual([])
})

test('a month is settled once it has ended in every time zone', () => {
  const name = (iso: string) => settledMonth(seconds(iso)).name
  expect(name('2026-11-01T11:59:59Z')).toBe('2026-09')
  expect(name('2026-11-01T12:00:00Z')).toBe('2026-10')
  expect(settledMonth(seconds('2027-01-31T00:00:00Z'))).toEqual({
    ...{ name: '2026-12', from: seconds('2026-12-01T00:00:00Z'), to: seconds('2027-01-01T00:00:00Z') },
  })
})
