/** What an area came to, in files of grid operators: read back by our own readers, in a folder as the command writes them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ExportValuesOptions, exportValues } from '../../server/commands/run-export-values.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import { readEsCoefficients } from '../../server/exchange/write/es-coefficients.ts'
import { readTriples, tripleRows, triplesHeader } from '../../server/exchange/write/triples.ts'
import { contentOf } from '../../server/market/area/declarations.ts'
import { encodeCommand } from '../../server/market/engine/journal.ts'
import type { PointFacts } from '../../server/reports/row.ts'
import { settledRow } from '../../server/reports/settled-row.ts'
import { officialSeriesOf, triplesOf } from '../../server/reports/value-export.ts'
import { requireArea } from '../../server/store/areas.ts'
import { transact } from '../../server/store/database.ts'
import { seatsOfArea } from '../../server/store/declaration-store.ts'
import { yearOfCoefficients } from '../../server/store/declared-coefficients.ts'
import { replaceRoster, setAreaPlace } from '../../server/store/roster-store.ts'
import { lower, meters, people } from '../api/people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from '../api/street.ts'
import { read } from '../exchange/reading.ts'
import { cupsOf } from '../exchange/writers/spanish.ts'
import { t0 } from '../market/engine/street.ts'
import { later, seller, settings } from './rows.ts'

const at = (number: number) => `AT0010000${String(number).padStart(24, '0')}`
const facts = (point: string): PointFacts => ({ point, exportPoint: point, supplier: null, balanceGroup: null })

test('a point has what was metered, what came from neighbours and what was left; what is not final is an estimate', () => {
  const rows = [
    { ...seller, import_wh: 20 },
    later({ ...seller, import_wh: 5 }, 1, { status: 'provisional' }),
    later(seller, 3, { quality: 'doubtful', sold_wh: 0, export_wh: 0, outcomes: [], received: '0' }),
  ].map((row) => settledRow(settings, facts(at(1)), { ...row, results: null }))
  const range = { from: seller.start, to: seller.start + 3_600, intervalSeconds: 900, community: null }
  const series = officialSeriesOf(rows, range).map(({ code, direction, channel, values }) => {
    const said = [...values].map(({ energyMicroWh, quality }) => [energyMicroWh && energyMicroWh / 1e6, quality[0]])
    return [`${code} ${direction} ${channel}`, said]
  })
  const lacking = [null, 'm']
  expect(series).toEqual([
    ['1-1:1.9.0 G.01T import total', [[20, 'm'], [5, 'e'], lacking, lacking]],
    ['1-1:2.9.0 G.03 import shared', [[0, 'm'], [0, 'e'], lacking, lacking]],
    ['1-1:2.9.0 G.01T export total', [[500, 'm'], [500, 'e'], lacking, lacking]],
    ['1-1:2.9.0 P.01T export residual', [[200, 'm'], [200, 'e'], lacking, lacking]],
  ])
})

test('whoever gave and whoever got add up in every interval', () => {
  const buyer = (meter: string, wh: number) => ({
    ...{ ...seller, meter, import_wh: wh + 50, export_wh: 0, bought_wh: wh, sold_wh: 0, received: '0' },
    ...{ paid: String(wh * 1_000), results: null },
    outcomes: [
      {
        stage: 'spot' as const,
        arrival: 2,
        side: 'buy' as const,
        filledWh: wh,
        priceTicks: 1_000,
        amount: BigInt(wh * 1_000),
      },
    ],
  })
  const own = [{ ...seller, results: null }, buyer('m2', 100), buyer('m3', 200)]
  const rows = own.map((row, i) => settledRow(settings, facts(at(i + 1)), row))
  const { productions, triples } = triplesOf(rows)
  expect(triples).toEqual([
    { producer: at(1), consumer: at(2), start: seller.start, energyWh: 100 },
    { producer: at(1), consumer: at(3), start: seller.start, energyWh: 200 },
  ])
  expect(readTriples(Buffer.from(triplesHeader + tripleRows(productions, triples)))).toEqual({ productions, triples })
  expect(() => triplesOf(rows.slice(1))).toThrow(RangeError)
})

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-values-'))
const cups = cupsOf(21_990_000_000_001)
let street: Street
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await street.stop()
})

/** Gives the files that the command named, and what it refused. */
async function exported(change: Pick<ExportValuesOptions, 'format'> & Partial<ExportValuesOptions>) {
  const out = join(folder, change.format)
  const asked = { databaseUrl: street.databaseUrl, area: 1, from: t0, to: t0 + 3_600, out, ...change }
  const said: string[] = []
  const taking = (text: unknown, ...rest: unknown[]) => {
    said.push(String(text))
    const written = rest.at(-1)
    if (typeof written === 'function') written()
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(taking)
  vi.spyOn(process.stderr, 'write').mockImplementation(taking)
  await exportValues(asked).finally(() => vi.restoreAllMocks())
  process.exitCode = 0
  return { files: readdirSync(out).map((name) => join(out, name)), said: said.join('') }
}

async function name(points: { alice: string; bob: string }, shareMillionths: number | null) {
  const { areaId } = await requireArea(street.database, { area: 1 })
  await transact(street.database, async (sql) => {
    const place = { country: 'AT', timeZone: 'UTC', sender: null, receiver: null, domain: null, community: null }
    await setAreaPlace(sql, areaId, place)
    const line = {
      fromDay: Math.floor(t0 / 86_400) - 1,
      endDay: null,
      supplier: null,
      balanceGroup: null,
      community: '',
    }
    const whole = { ...line, factorPercent: 100 }
    await replaceRoster(sql, areaId, [
      {
        ...whole,
        meter: lower(meters.alice),
        member: 'a',
        point: points.alice,
        direction: 'export',
        shareMillionths: null,
      },
      { ...whole, meter: lower(meters.bob), member: 'b', point: points.bob, direction: 'import', shareMillionths },
    ])
  })
}

test('the command writes documents, a workbook, triples and coefficients, which say what the report says', async () => {
  await expect(exported({ format: 'triples' })).rejects.toThrow('the area has no roster')
  await name({ alice: at(1), bob: at(2) }, null)
  const [sums] = await street.database`
    select sum(import_wh)::int as drawn, sum(bought_wh)::int as bought, sum(export_wh)::int as fed, sum(sold_wh)::int as sold
    from seat_intervals where current and start >= ${t0} and start < ${t0 + 3_600} and quality = 0`
  const triples = await exported({ format: 'triples' })
  const { productions, triples: given } = readTriples(readFileSync(triples.files[0]!))
  const sumOf = (list: readonly { energyWh: number }[]) => list.reduce((sum, { energyWh }) => sum + energyWh, 0)
  expect([sumOf(productions), sumOf(given)]).toEqual([sums!.fed, sums!.sold])
  for (const format of ['eda-xml', 'eda-xlsx'] as const) {
    const { files } = await exported({ format })
    expect(files).toHaveLength(format === 'eda-xml' ? 2 : 1)
    const series = (await Promise.all(files.map(async (file) => (await read(readFileSync(file))).series))).flat()
    const wh = (code: string) =>
      series
        .flatMap((own) => (own.code === code ? [...own.values] : []))
        .reduce((sum, own) => sum + (own.energyMicroWh ?? 0) / 1e6, 0)
    expect([wh('1-1:1.9.0 G.01T'), wh('1-1:2.9.0 G.03'), wh('1-1:2.9.0 G.01T')]).toEqual([
      sums!.drawn,
      sums!.bought,
      sums!.fed,
    ])
    expect(wh('1-1:2.9.0 P.01T')).toBe(sums!.fed - sums!.sold)
  }
  const longer = await exported({ format: 'eda-xml', to: t0 + 2 * 86_400, out: join(folder, 'eda-xml') })
  expect(longer.said).toMatch(/no value at/)
  const cau = `${cups}0FA001`
  await expect(exported({ format: 'es-coefficients', cau })).rejects.toThrow('the roster has no share for')
  await name({ alice: cupsOf(21_990_000_000_002), bob: cups }, 1_000_000)
  const { files } = await exported({ format: 'es-coefficients', cau })
  expect(files.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual([`${cau}_2027.txt`])
  const read2027 = readEsCoefficients(readFileSync(files[0]!, 'utf8'), 2027)
  expect(read2027).toEqual({ cups: [`${cups}0F`], millionths: [[1_000_000]] })
  await expect(exported({ format: 'triples', to: t0 })).rejects.toThrow('from must be before to')
  await expect(exported({ format: 'triples', to: t0 + 40 * 86_400 })).rejects.toThrow('longer than a month')
})

test('the API gives the same files, one at a time, to the grid operator', async () => {
  const token = await tokenOf(street, people.grid)
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
  const range = `from=${iso(t0)}&to=${iso(t0 + 3_600)}`
  const get = (query: string, as = token) => ask(street, 'GET', `areas/1/exported-values?${query}`, { token: as })
  await name({ alice: at(1), bob: at(2) }, null)
  const triples = await get(`${range}&format=triples`)
  const { files } = await exported({ format: 'triples' })
  expect(triples.body).toBe(readFileSync(files[0]!, 'utf8'))
  expect(triples.headers.get('content-disposition')).toContain('triples-1-')
  const document = await get(`${range}&format=eda-xml&point=${at(2)}`)
  expect((await read(Buffer.from(document.body))).series.map(({ point }) => point)).toEqual([at(2), at(2)])
  for (const [status, code, query] of [
    [400, 'REQUEST_INVALID', `${range}&format=eda-xml`],
    [400, 'REPORT_POINT', `${range}&format=eda-xml&point=AT9`],
    [400, 'REPORT_SELECTION', `${range}&format=es-coefficients`],
    [400, 'REPORT_RANGE', `from=${iso(t0)}&to=${iso(t0 + 40 * 86_400)}&format=triples`],
  ]) {
    const { status: answered, body } = await get(String(query))
    expect([answered, body.code]).toEqual([status, code])
  }
  const foreign = await get(`${range}&format=triples`, await tokenOf(street, people.alice))
  expect(foreign.body.code).toBe('NOT_METERING_ACCOUNT')
})

test('coefficients are those of the declared keys, hour by hour, and the roster’s where no key holds', async () => {
  const { database } = street
  await name({ alice: cupsOf(21_990_000_000_002), bob: cups }, 1_000_000)
  const seats = new Map((await seatsOfArea(database, 1)).map(({ seat, meter }) => [meter, seat]))
  const bob = seats.get(lower(meters.bob))!
  const hours = 8_760
  const [second, sixth] = [1, 5].map((hour) => Date.UTC(2027, 0, 1) / 1000 + hour * 3_600) as [number, number]
  const steps = [
    {
      from: second,
      rounds: [
        { ofMillionths: 1_000_000, key: { type: 'static' as const, sharesMillionths: [1_000_000], repeated: false } },
      ],
    },
  ]
  const body = { type: 'key' as const, consumers: [bob], producers: [seats.get(lower(meters.alice))!], steps }
  const declaration = {
    ...{ rules: `0x${'1'.repeat(64)}`, kind: 1, start: second, end: sixth, version: 1 },
    ...{ content: contentOf(body), evidence: `0x${'2'.repeat(64)}` },
  }
  const asked = { from: t0, zone: new TimeZone('UTC') }
  const keep = (own: typeof body) =>
    database`
      insert into declarations (area_id, arrival, declaration_id, kind, start, end_at, version, counts_from, accepted_at, signed)
      values (1, 1, ${Buffer.alloc(32)}, 'key', ${second}, ${sixth}, 1, ${second}, now(),
        ${encodeCommand({ type: 'declare', atMs: 0, id: `0x${'0'.repeat(64)}`, declaration, body: own, signature: `0x${'3'.repeat(128)}`, forgotten: [] })})
      on conflict (area_id, arrival) do update set signed = excluded.signed`
  await keep(body)
  // The key says what the roster says: one coefficient for the whole year.
  expect(await yearOfCoefficients(database, 1, asked)).toEqual({
    year: 2027,
    cups: [`${cups}0F`],
    millionths: [[1_000_000]],
  })
  await name({ alice: cupsOf(21_990_000_000_002), bob: cups }, 400_000)
  const { millionths } = await yearOfCoefficients(database, 1, asked)
  expect([millionths.length, millionths.slice(0, 7).map(([share]) => share! / 1e6)]).toEqual([
    hours,
    [0.4, 1, 1, 1, 1, 0.4, 0.4],
  ])
  await keep({
    ...body,
    steps: [{ ...steps[0]!, rounds: [{ ofMillionths: 1_000_000, key: { type: 'proportional' } } as never] }],
  })
  await expect(yearOfCoefficients(database, 1, asked)).rejects.toThrow('no list of shares that are fixed beforehand')
})
