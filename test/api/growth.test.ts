/** How an area has grown, as anybody may read it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { growthPartsOf } from '../../server/api/growth-parts.ts'
import { growthSchema } from '../../server/api/growth-resources.ts'
import { intervalSchema, pageOf } from '../../server/api/resources.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import type { AreaConfig, AreaFace } from '../../server/market/area/area.ts'
import { areaSums, metersAt } from '../../server/store/queries-growth.ts'
import { keptInStreet } from '../../web/market/market.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { ask, type Street, startStreet, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const traded = 6
/** From here on the supplier pays and asks for twice as much. */
const changed = t0 + 2 * intervalSeconds

let street: Street
beforeAll(async () => {
  street = await startStreet()
})
afterAll(() => street.stop())

async function growth() {
  const { status, body } = await ask(street, 'GET', 'areas/1/growth?timeZone=Europe/Berlin')
  expect(status).toBe(200)
  return growthSchema.parse(body)
}

test('of an area without a result there is nothing to tell', async () => {
  expect(await growth()).toMatchObject({ area: 1, currency: 'EUR', timeZone: 'Europe/Berlin', starts: [], meters: [] })
})

test('a young area is told by the hour, each quarter-hour by the tariffs of its time', async () => {
  await trade(street, traded)
  const [row] = await street.database<{ area_id: number; settings: { config: AreaConfig; face: AreaFace } }[]>`
    select area_id, settings from area_settings`
  const { config, face } = row!.settings
  const now = { config, face: { ...face, feedInTicks: 1_600, retailTicks: 6_000 } }
  await street.database`
    insert into area_settings (area_id, from_start, settings)
    values (${row!.area_id}, ${changed}, ${street.database.json(now as never)})`

  const told = await growth()
  const end = t0 + traded * intervalSeconds
  expect(told).toMatchObject({ by: 'hour', from: iso(t0), to: iso(end) })
  expect(told.starts).toEqual([t0, ...fullHours(t0, end)].map(iso))
  expect(told.meters).toEqual(told.starts.map(() => 2))

  const { items } = pageOf(intervalSchema).parse((await ask(street, 'GET', 'areas/1/intervals')).body)
  const before = { feedInPerKwh: '0.0800', retailPerKwh: '0.3000' }
  const after = { feedInPerKwh: '0.1600', retailPerKwh: '0.6000' }
  const ofPart = told.starts.map((start, place) => {
    const until = told.starts[place + 1] ?? told.to
    return items.filter((each) => each.start >= start && each.start < until)
  })
  const sum = (all: readonly number[]) => all.reduce((total, each) => total + each, 0)
  expect(told.intervals).toEqual(ofPart.map(({ length }) => length))
  expect(told.matchedWh).toEqual(ofPart.map((part) => sum(part.map(({ matchedWh }) => matchedWh))))
  expect(told.importWh).toEqual(ofPart.map((part) => sum(part.map(({ importWh }) => importWh))))
  expect(told.keptInStreet.map(Number)).toEqual(
    ofPart.map((part) => {
      const [old, young] = [
        part.filter(({ start }) => start < iso(changed)),
        part.filter(({ start }) => start >= iso(changed)),
      ]
      return Number((Number(keptInStreet(before, old)) + Number(keptInStreet(after, young))).toFixed(10))
    }),
  )

  // Of the day that runs: only what has a result since its midnight.
  const midnight = Date.parse(told.today.from)
  const ofToday = items.filter(({ start }) => Date.parse(start) >= midnight)
  expect(new Date(midnight).toLocaleTimeString('de-DE', { timeZone: 'Europe/Berlin' })).toBe('00:00:00')
  expect(told.today.matchedWh).toBe(sum(ofToday.map(({ matchedWh }) => matchedWh)))
  expect(told.today.importWh).toBe(sum(ofToday.map(({ importWh }) => importWh)))
  const [old, young] = [
    ofToday.filter(({ start }) => start < iso(changed)),
    ofToday.filter(({ start }) => start >= iso(changed)),
  ]
  expect(ofToday.length).toBeGreaterThan(0)
  expect(Number(told.today.keptInStreet)).toBeCloseTo(
    Number(keptInStreet(before, old)) + Number(keptInStreet(after, young)),
    10,
  )
})

test('a meter counts from when its seat opened until it closed', async () => {
  const area = 98
  const open = { from: 1_000, closed: false }
  const seats = [
    { openedAt: 1_000, terms: [open] },
    {
      openedAt: 1_100,
      terms: [
        { ...open, from: 1_100 },
        { from: 1_200, closed: true },
      ],
    },
    { openedAt: 1_150, terms: [{ ...open, from: 1_150 }] },
  ]
  await street.database`
    insert into seats (area_id, seat, account, meter, chain, suspended)
    select ${area}, place, 'account ' || place, 'meter ' || place, chain, false
    from jsonb_array_elements(${street.database.json(seats)}) with ordinality as own (chain, place)`
  const times = [999, 1_000, 1_099, 1_100, 1_149, 1_150, 1_200, 1_201]
  expect(await metersAt(street.database, area, times)).toEqual([0, 0, 1, 1, 2, 2, 3, 2])
})

function fullHours(from: number, to: number): number[] {
  const first = Math.floor(from / 3600) * 3600 + 3600
  return Array.from({ length: Math.ceil((to - first) / 3600) }, (_, hour) => first + hour * 3600)
}

describe('the parts of the calendar', () => {
  const zone = new TimeZone('Europe/Berlin')
  const at = (text: string) => Date.parse(text) / 1000
  const parts = (from: string, to: string) => {
    const { by, starts } = growthPartsOf(zone, { first: at(from), to: at(to) })
    return [by, ...starts.map(iso)]
  }

  test('are hours at first', () => {
    expect(parts('2026-10-25T00:20:00Z', '2026-10-25T02:00:00Z')).toEqual([
      ...['hour', '2026-10-25T00:20:00.000Z', '2026-10-25T01:00:00.000Z'],
    ])
  })

  test('are days from the second day on', () => {
    expect(parts('2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      ...['day', '2026-10-24T12:00:00.000Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ])
  })

  test('are months once there are two', () => {
    expect(parts('2026-08-10T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      ...['month', '2026-08-10T12:00:00.000Z', '2026-08-31T22:00:00.000Z', '2026-09-30T22:00:00.000Z'],
    ])
  })
})

test('three years of quarter-hours are summed from the index of intervals, within a part of a second', async () => {
  const [area, years] = [99, 3]
  const count = years * 35_040
  await street.database`
    insert into intervals (area_id, start, run, status, kind, matched_wh, import_wh, export_wh, missing_readings, deviation_wh,
      grid_fees, congestion_rent, grid_take, computed_at)
    select ${area}, place * 900, 1, 'final', 'computed', 10, 20, 30, 0, 0, 1, 0, 1, now() from generate_series(0, ${count - 1}) place`
  await street.database`analyze intervals`
  const bounds = Array.from({ length: 37 }, (_, month) => Math.round((month * count) / 36) * 900)
  const rows = await areaSums(street.database, { area, bounds })
  expect(rows).toHaveLength(36)
  expect(rows.reduce((sum, { matched_wh }) => sum + matched_wh, 0)).toBe(count * 10)
})
