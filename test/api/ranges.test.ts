/** A range that is empty or ends before it begins is an error wherever one may be asked for, and never a time without energy. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepParties } from '../../server/store/billing-parties.ts'
import { parties } from '../store/billed-street.ts'
import { lower, people, seatIds } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: { enum?: string[] }
}

let street: Street
const tokens: string[] = []
beforeAll(async () => {
  street = await startStreet()
  await keepParties(street.database, 1, { parties, now: new Date() })
  for (const who of [people.grid, people.alice]) tokens.push(await tokenOf(street, who))
})
afterAll(() => street.stop())

const known: Record<string, string> = {
  ...{ area: '1', account: lower(people.alice), seat: seatIds.alice, zone: 'north', timeZone: 'UTC' },
  ...{ limits: '0.10', point: 'AT1', month: '2027-01' },
}

test('is refused by every route that takes one', async () => {
  const { body } = await ask(street, 'GET', '/openapi.json')
  const ranged = Object.entries<{ get?: { parameters?: Parameter[] } }>(body.paths).flatMap(([path, { get }]) => {
    const parameters = get?.parameters ?? []
    const has = (name: string) => parameters.some((each) => each.in === 'query' && each.name === name)
    return has('from') && has('to') ? [{ path, parameters }] : []
  })
  expect(ranged.length).toBeGreaterThan(10)
  for (const { path, parameters } of ranged) {
    const where = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name]!).replace('/api/v1/', '')
    const others = parameters.filter(
      ({ name, in: place, required }) => place === 'query' && required && !/^(from|to)$/.test(name),
    )
    for (const [from, to] of [
      ['2027-01-15T10:00:00Z', '2027-01-15T08:00:00Z'],
      ['2027-01-15T10:00:00Z', '2027-01-15T10:00:00Z'],
    ] as const) {
      const query = new URLSearchParams({ from, to })
      for (const { name, schema } of others) query.set(name, schema.enum?.[0] ?? known[name]!)
      const replies = await Promise.all(tokens.map((token) => ask(street, 'GET', `${where}?${query}`, { token })))
      const codes = replies.map((reply) => reply.body?.code)
      expect([path, from, to, codes.find((code) => /^(RANGE_EMPTY|REPORT_RANGE)$/.test(code)) ?? codes]).toEqual([
        ...[path, from, to],
        expect.stringMatching(/^(RANGE_EMPTY|REPORT_RANGE)$/),
      ])
    }
  }
})
