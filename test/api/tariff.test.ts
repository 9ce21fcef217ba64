/** The tariff as cars, batteries and homes read it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tariffSchema } from '../../server/api/tariff-resources.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { ask, type Street, startStreet, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

let street: Street
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
})
afterAll(() => street.stop())

async function ratesIn(query: string) {
  const { status, body } = await ask(street, 'GET', `areas/1/tariff${query}`)
  expect(status).toBe(200)
  return tariffSchema.parse(body)
}

test('where Alice lives energy is left over, behind the full link to Bob the tariff is paid', async () => {
  const north = await ratesIn(`?zone=north&from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`)
  expect(north).toMatchObject({ area: 1, zone: 'north', currency: 'EUR' })
  expect(north.rates.map(({ start }) => start)).toEqual([0, 1, 2, 3].map((n) => iso(t0 + n * intervalSeconds)))
  for (const { kind, source, value, pricePerKwh, days } of north.rates) {
    expect({ kind, source, days }).toEqual({ kind: 'past', source: 'neighbours', days: null })
    expect(value).toBe(Number(pricePerKwh))
  }
  const south = await ratesIn(`?zone=south&from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`)
  for (const { source, pricePerKwh } of south.rates) expect([source, pricePerKwh]).toEqual(['supplier', '0.3000'])
})

test('a day each way of the root is shown where nothing is asked for, tomorrow from today', async () => {
  const { zone, rates } = await ratesIn('')
  expect(zone).toBe('street')
  expect(rates.filter(({ kind }) => kind === 'past')).toHaveLength(4)
  const expected = rates.filter(({ kind }) => kind === 'expected')
  expect(expected.map(({ start, days }) => [start, days])).toContainEqual([iso(t0 + 86_400 + intervalSeconds), 1])
})

test.each([
  ['?zone=moon', 404, 'ZONE_UNKNOWN'],
  [`?from=${iso(t0)}&to=${iso(t0)}`, 400, 'RANGE_EMPTY'],
  [`?from=${iso(t0)}&to=${iso(t0 + 86_400 * 30)}`, 400, 'RANGE_TOO_LONG'],
  ['?from=yesterday', 400, 'REQUEST_INVALID'],
])('%s is refused', async (query, status, code) => {
  const answer = await ask(street, 'GET', `areas/1/tariff${query}`)
  expect([answer.status, answer.body.code]).toEqual([status, code])
})
