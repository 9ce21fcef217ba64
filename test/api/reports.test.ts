/** Reports over HTTP: for the grid operator alone, in every format, compressed, numbered, refused with a reason. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchSeconds, intervalSeconds, t0 } from '../market/engine/street.ts'
import { linesOf } from '../reports/rows.ts'
import { lower, meters, people } from './people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const range = `from=${iso(t0)}&to=${iso(t0 + 900)}`

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  token = await tokenOf(street, people.grid)
})
afterAll(() => street.stop())

const report = (query: string, headers: Record<string, string> = {}) =>
  ask(street, 'GET', `areas/1/report?${query}`, { token, headers })

describe('the settlement report', () => {
  test('is for the grid operator only, the export of a batch also for the watchers of the area', async () => {
    for (const [path, code] of [
      [`areas/1/report?${range}`, 'NOT_GRID_ACCOUNT'],
      ['areas/1/reports', 'NOT_GRID_ACCOUNT'],
      [`areas/1/batches/${iso(t0 + batchSeconds)}/export`, 'NOT_WATCHER'],
    ] as const) {
      expect((await ask(street, 'GET', path)).body.code).toBe('SESSION_NEEDED')
      const foreign = await ask(street, 'GET', path, { token: await tokenOf(street, people.alice) })
      expect(foreign.body.code).toBe(code)
    }
  })

  test('has a row per metering point that reconciles to the watt-hour and the ledger unit', async () => {
    const reply = await report(range)
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toContain('text/csv')
    const [alice, bob, end] = linesOf(reply.body)
    expect(alice).toMatchObject({
      ...{
        gridArea: 'Test street',
        zone: 'north',
        intervalStart: '2027-01-15T08:00:00Z',
        importWh: '0',
        exportWh: '500',
      },
      ...{ soldWh: '400', residualExportWh: '100', averagePricePerKwh: '0.155000', energyAmount: '0.044' },
      ...{ gridFeeAmount: '0.004', congestionAmount: '-0.022', batch: '2027-01-15T09:00:00Z', soldSpotWh: '400' },
      ...{ paidAmount: '0', receivedAmount: '0.062', exportAtStartWh: '', exportAtEndWh: '500' },
    })
    expect(bob).toMatchObject({
      ...{ importWh: '800', boughtWh: '400', residualImportWh: '400', energyAmount: '-0.044' },
      ...{ gridFeeAmount: '0.004', congestionAmount: '0.03', paidAmount: '0.078', importAtEndWh: '800' },
    })
    expect(end).toMatchObject({ importWh: '800', exportWh: '500', paidAmount: '0.078', receivedAmount: '0.062' })
    for (const line of reply.body.split('\r\n').slice(1, 3)) {
      const at = line.lastIndexOf(',')
      expect(line.slice(at + 1)).toBe(createHash('sha256').update(line.slice(0, at)).digest('hex'))
    }
  })

  test('comes compressed to whoever takes it', async () => {
    const path = `${street.origin}/api/v1/areas/1/report?${range}`
    const get = (encoding: string) =>
      fetch(path, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': encoding } })
    const [packed, plain] = [await get('gzip'), await get('identity')]
    expect([packed, plain].map(({ headers }) => headers.get('content-encoding'))).toEqual(['gzip', null])
    expect(await packed.text()).toBe(await plain.text())
  })

  test('sums, selects and has the formats of the table', async () => {
    const day = linesOf((await report(`from=${iso(t0)}&to=${iso(t0 + 3_600)}&by=day&zone=north`)).body)
    expect(day[0]).toMatchObject({ intervals: '4', exportWh: '2000', exportAtEndWh: '2000' })
    expect(day).toHaveLength(2)
    const one = linesOf((await report(`${range}&point=${lower(meters.bob)}`)).body)
    expect(one[0]).toMatchObject({ meter: lower(meters.bob) })
    expect(linesOf((await report(`${range}&changedSince=1`)).body)).toHaveLength(1)
    const formats = (await ask(street, 'GET', 'report-formats')).body.items
    expect(formats.map(({ name }: { name: string }) => name)).toContain('espi')
    const feed = await report(`${range}&format=espi`)
    expect(feed.headers.get('content-type')).toContain('application/atom+xml')
    expect(feed.body.match(/<espi:value>/g)).toHaveLength(8)
  })

  test.each([
    ['a range that ends before it begins', `from=${iso(t0 + 900)}&to=${iso(t0)}`, 'REPORT_RANGE'],
    ['an empty range', `from=${iso(t0)}&to=${iso(t0)}`, 'REPORT_RANGE'],
    ['an unknown format', `${range}&format=pdf`, 'REPORT_FORMAT'],
    ['an unknown period', `${range}&by=week`, 'REPORT_SELECTION'],
    ['an unknown time zone', `${range}&timeZone=Mars`, 'VALUES_ZONE'],
    ['a run that is none', `${range}&changedSince=monday`, 'REPORT_SELECTION'],
    [
      'a format that cannot be without rows',
      `from=${iso(t0 + 86_400)}&to=${iso(t0 + 2 * 86_400)}&format=energy-account`,
      'REPORT_FORMAT',
    ],
    ['intervals of another length', `${range}&format=nem12&by=day`, 'REPORT_LENGTH'],
  ])('is refused for %s, with a problem document', async (_name, query, code) => {
    const reply = await report(query)
    expect(reply.status).toBe(400)
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
    expect(reply.body.code).toBe(code)
  })

  test('has versions: the same again, and the next one once something changed', async () => {
    const query = `from=${iso(t0)}&to=${iso(t0 + 2 * intervalSeconds)}`
    const [first, again] = [await report(query), await report(query)]
    expect(again.body).toBe(first.body)
    expect(first.headers.get('content-disposition')).toContain('-v1.csv')
    await street.database`update intervals set computed_at = computed_at + interval '1 hour' where start = ${t0}`
    expect((await report(query)).headers.get('content-disposition')).toContain('-v2.csv')
    const changed = linesOf((await report(`${query}&changedSince=${iso(t0 + intervalSeconds + 3_600)}`)).body)
    expect(changed.slice(0, -1).map(({ intervalStart }) => intervalStart)).toEqual(
      Array(2).fill('2027-01-15T08:00:00Z'),
    )
    const { items } = (await ask(street, 'GET', 'areas/1/reports', { token })).body
    const own = items.filter(({ report }: { report: { to: number } }) => report.to === t0 + 2 * intervalSeconds)
    expect(own.map(({ version }: { version: number }) => version)).toEqual([1, 2, 1])
    expect(own[2].manifest).toMatchObject({ rows: 4, sha256: createHash('sha256').update(first.body).digest('hex') })
  })
})
