/** What the page says of a meter after it has heard nothing for a while: only what it knows. */
import { describe, expect, it } from 'vitest'
import {
  back,
  heard,
  knownUntilMs,
  lost,
  type PageConnection,
  quietSeconds,
  renewed,
} from '../../web/live/connection.ts'
import { problemsOf } from '../../web/market/problems.ts'
import { area, seatOf } from './resources.ts'

const startMs = Date.parse('2026-07-01T12:00:00Z')
const hourMs = 3_600_000
const account = `0x${'1'.repeat(40)}`
/** A home whose newest value that the page has is from the start. */
const seat = seatOf(account, { lastReadingAt: new Date(startMs).toISOString() })
const told = (connection: PageConnection, nowMs: number) => problemsOf(area, seat, knownUntilMs(connection, nowMs))

const connected = back({ state: 'connecting' }, startMs)
const away = lost(connected, startMs, true)
const backMs = startMs + hourMs

describe('a page', () => {
  it('that hears the server all the time tells of a silent meter', () => {
    const later = [20_000, 40_000].reduce<PageConnection>((before, ms) => heard(before, startMs + ms), connected)
    expect(told(later, startMs + 60_000)).toEqual(['noReading'])
  })

  it('tells of no silence while its connection is lost, nor once it is there and nothing is fetched yet', () => {
    expect(told(away, backMs)).toEqual([])
    const renewing = back(lost(away, backMs, false), backMs)
    expect(told(renewing, backMs + 5_000)).toEqual([])
    expect(told(renewed(renewing, backMs, backMs + 5_000), backMs + 5_000)).toEqual(['noReading'])
  })

  it('that loses the connection while it fetches takes the answers for no news of what it missed then', () => {
    const again = lost(back(away, backMs), backMs + 1_000, true)
    expect(renewed(again, backMs, backMs + 2_000)).toBe(again)
    const second = back(again, backMs + 60_000)
    expect(renewed(second, backMs, backMs + 61_000)).toBe(second)
    expect(told(second, backMs + 61_000)).toEqual([])
  })

  it('whose device was asleep knows of no silence before the connection is found lost, nor after', () => {
    const awakeMs = startMs + 8 * hourMs
    expect(told(connected, awakeMs)).toEqual([])
    expect(told(lost(connected, awakeMs, false), awakeMs + 1_000)).toEqual([])
    expect(told(back(connected, awakeMs), awakeMs + 1_000)).toEqual([])
  })

  it('gives a home as long to send live values as it would after it opened', () => {
    expect(quietSeconds(connected, startMs, startMs + 10_000)).toBe(10)
    expect(quietSeconds(connected, startMs, startMs + 8 * hourMs)).toBe(25)
    const renewing = back(away, backMs)
    expect(quietSeconds(renewing, startMs, backMs + 3_000)).toBe(3)
    const whole = heard(renewed(renewing, backMs, backMs + 4_000), backMs + 20_000)
    expect(quietSeconds(whole, startMs, backMs + 40_000)).toBe(40)
    expect(quietSeconds(whole, backMs + 39_000, backMs + 40_000)).toBe(1)
  })
})
