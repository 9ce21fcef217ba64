/** What is shown of the past goes by the settings of its time: names, fees, capacities and tariffs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { intervalSchema, pageOf, seatIntervalSchema, summarySchema } from '../../server/api/resources.ts'
import type { AreaConfig, AreaFace } from '../../server/market/area/area.ts'
import { checkInterval } from '../../web/market/market.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { lower, people, seatIds } from './people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
/** From here on the south feeder carries nothing, costs more, has another name, and the tariffs are doubled. */
const changed = t0 + 2 * intervalSeconds

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  token = await tokenOf(street, people.bob)
  const [row] = await street.database<{ area_id: number; settings: { config: AreaConfig; face: AreaFace } }[]>`
    select area_id, settings from area_settings`
  const { config, face } = row!.settings
  const zones = config.zones.map((zone) =>
    zone.id === 'south' ? { ...zone, feeTicksPerKwh: 900, capacityWh: 0 } : zone,
  )
  const zoneNames = face.zoneNames.map((name) => (name === 'South feeder' ? 'Lower feeder' : name))
  const now = {
    config: { ...config, zones },
    face: { ...face, zoneNames, feedInTicks: 1_600, retailTicks: 6_000 },
  }
  await street.database`
    insert into area_settings (area_id, from_start, settings)
    values (${row!.area_id}, ${changed}, ${street.database.json(now as never)})`
})
afterAll(() => street.stop())

const own = (path: string) => ask(street, 'GET', `accounts/${lower(people.bob)}/${path}`, { token })

describe('after a zone changed', () => {
  test('each interval tells the zones of its time, and adds up by them', async () => {
    const { items } = pageOf(intervalSchema).parse((await ask(street, 'GET', 'areas/1/intervals')).body)
    const south = items.map(({ zones }) => zones.find(({ zone }) => zone === 'south')!)
    expect(south.map(({ name, feePerKwh, capacityWh }) => [name, feePerKwh, capacityWh])).toEqual([
      ['Lower feeder', '0.0900', 0],
      ['Lower feeder', '0.0900', 0],
      ['South feeder', '0.0100', 400],
      ['South feeder', '0.0100', 400],
    ])
    expect(items.slice(2).flatMap(checkInterval)).toEqual([])
    const [single] = pageOf(intervalSchema).parse((await ask(street, 'GET', `areas/1/intervals/${iso(t0)}`)).body).items
    expect(single).toEqual(items.at(-1))
  })

  test('sentences name a zone as it was called then', async () => {
    const { items } = pageOf(seatIntervalSchema).parse((await own('intervals')).body)
    const messages = items.map(({ outcomes }) => outcomes[0]!.message)
    expect(messages[0]).toContain('the line of Lower feeder was full')
    expect(messages.at(-1)).toContain('the line of South feeder was full')
  })

  test('sums go by the tariffs of each part of the range', async () => {
    const sum = async (from: number, to: number) => {
      const reply = await own(`summary?seat=${seatIds.bob}&from=${iso(from)}&to=${iso(to)}`)
      return summarySchema.parse(reply.body)
    }
    const end = t0 + 4 * intervalSeconds
    const parts = [await sum(t0, changed), await sum(changed, end)]
    expect(parts.map(({ boughtWh, boughtAtRetail }) => [boughtWh, boughtAtRetail])).toEqual([
      [800, '0.24'],
      [800, '0.48'],
    ])
    expect(await sum(t0, end)).toMatchObject({ boughtWh: 1_600, boughtAtRetail: '0.72' })
  })

  test('the report runs through, and what was settled keeps its fees', async () => {
    const grid = await tokenOf(street, people.grid)
    const path = `areas/1/report?from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`
    const reply = await ask(street, 'GET', path, { token: grid })
    const [header, ...lines] = reply.body.trim().split('\r\n').slice(0, -1)
    const fee = header.split(',').indexOf('gridFeeAmount')
    expect(lines.map((line: string) => line.split(',')[fee])).toEqual(Array.from({ length: 8 }, () => '0.004'))
  })
})

test('what lies in an archive is said to, and is no empty list', async () => {
  const until = changed
  await street.database`
    insert into archives (area_id, month, until, end_at, file, sha256, bytes, last_sequence, dropped)
    values (1, ${t0}, ${until}, ${until}, 'area-1.commonwatt-archive.gz', '\\x', 1, 1, true)`
  const grid = await tokenOf(street, people.grid)
  const range = `from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`
  const replies = await Promise.all([
    ask(street, 'GET', `areas/1/intervals?${range}`),
    ask(street, 'GET', `areas/1/intervals/${iso(t0)}`),
    ask(street, 'GET', `areas/1/tariff?${range}`),
    ask(street, 'GET', `areas/1/report?${range}`, { token: grid }),
    ask(street, 'GET', `areas/1/batches/${iso(until)}/export`, { token: grid }),
    own(`intervals?${range}`),
    own(`summary?seat=${seatIds.bob}&${range}`),
    own(`readings?seat=${seatIds.bob}&${range}`),
    own(`statements/${iso(until)}?seat=${seatIds.bob}`),
  ])
  for (const { status, body } of replies) {
    const problem = typeof body === 'string' ? JSON.parse(body) : body
    expect([status, problem.code, problem.detail]).toEqual([410, 'STORE_ARCHIVED', expect.stringMatching(/archived/)])
  }
  const later = await ask(street, 'GET', `areas/1/intervals?from=${iso(until)}`)
  expect(pageOf(intervalSchema).parse(later.body).items).toHaveLength(2)
  await street.database`delete from archives`
})
