/** Files of official values taken into a real database: kept as evidence, once each; the newest counts; differences are named. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOfficialValues } from '../../server/exchange/read-values.ts'
import type { ZoneMeter } from '../../server/metering/feeder-balance.ts'
import { type FileIntake, type IntakeBounds, startFileIntake } from '../../server/official/file-intake.ts'
import { takeFile } from '../../server/official/take-file.ts'
import { takenLines } from '../../server/official/taken-lines.ts'
import { transact } from '../../server/store/database.ts'
import { replaceRoster, setAreaPlace } from '../../server/store/roster-store.ts'
import { settingsHistory } from '../../server/store/settings-store.ts'
import { changeZoneMeters, feedersOf, zoneMeters } from '../../server/store/zone-meters.ts'
import { assertBuilt } from '../built.ts'
import type { Profile } from '../exchange/street.ts'
import { edaXml } from '../exchange/writers/eda-xml.ts'
import { ownCsv, ownCsvRows } from '../exchange/writers/own-csv.ts'
import { addressOf, boundary, intervalSeconds, seat, t0 } from '../market/engine/street.ts'
import { openedArea, type ScratchArea } from '../store/area.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'

const point = 'AT0099990000000000000000000000001'
const now = new Date('2027-01-17T04:00:00Z')
let server: ScratchServer
let area: ScratchArea
beforeAll(async () => {
  server = await startScratchServer()
  area = await openedArea(server, [seat(1)])
  await transact(area.database, async (sql) => {
    const place = { country: 'AT', timeZone: 'UTC', sender: null, receiver: null, domain: null, community: null }
    await setAreaPlace(sql, area.areaId, place)
    await replaceRoster(sql, area.areaId, [
      {
        ...{ meter: addressOf('b', 1), direction: 'import', fromDay: Math.floor(t0 / 86_400), endDay: null },
        ...{ member: 'one', point, supplier: null, balanceGroup: null, community: '', factorPercent: 100 },
        shareMillionths: null,
      },
    ])
  })
})
afterAll(async () => {
  await area.close()
  await server.stop()
})

function profile(values: Profile['values'], first = 0): Profile {
  return { point, direction: 'import', start: boundary(first), intervalSeconds, values }
}

const measured = (...energies: number[]) => energies.map((wh) => ({ wh, quality: 'measured' as const }))

async function take(name: string, text: string, at = now) {
  const content = Buffer.from(text)
  const values = await readOfficialValues(content)
  return takeFile(area.database, area.areaId, { name, content, values, by: null, now: at })
}

const document = (createdAt: string, values: Profile['values']) =>
  edaXml({ registers: [['1-1:1.9.0 P.01', profile(values)]], createdAt })

async function counting() {
  const rows = await area.database`
    select start, energy_micro_wh / 1000000 as wh, quality, file from official_values
    where area_id = ${area.areaId} and counts order by start`
  return rows.map(({ start, wh, quality, file }) => [(start - t0) / intervalSeconds, wh, quality, file])
}

test('the newest valid value counts, whatever comes when; every value is kept and what differs is named', async () => {
  const second = await take('second.xml', document('2027-01-17T02:00:00Z', measured(10, 20, 31, 40)))
  expect(second).toMatchObject({ file: 1, kept: 4, verdicts: { counts: 4 }, refused: 0, differences: [] })
  // Made before it, and taken after it.
  const first = await take('first.xml', document('2027-01-17T01:00:00Z', measured(10, 20, 30, 40)))
  expect(first.verdicts).toMatchObject({ older: 4, counts: 0 })
  const third = await take('third.xml', document('2027-01-17T03:00:00Z', measured(10, 20, 33, 40)))
  expect(third.verdicts).toMatchObject({ same: 3, replaced: 1 })
  expect(takenLines('third.xml', third).said).toEqual([
    'third.xml: eda-xml, 4 values kept: 0 new, 1 replace others, 3 as before',
    `third.xml: ${point} import 2027-01-15T08:30:00Z: 33 Wh measured replaces 31 Wh measured of second.xml`,
  ])
  const rival = await take('rival.xml', document('2027-01-17T03:00:00Z', measured(10, 20, 34, 40)))
  expect(rival.verdicts).toMatchObject({ same: 3, conflict: 1 })
  expect(rival.differences).toMatchObject([
    { kind: 'conflict', before: { file: 'third.xml' }, after: { file: 'rival.xml' } },
  ])
  expect(await counting()).toEqual([
    [0, 10, 0, 4],
    [1, 20, 0, 4],
    [2, 33, 0, 3],
    [3, 40, 0, 4],
  ])
  const [kept] = await area.database`select count(*)::int as count from official_values`
  expect(kept!.count).toBe(16)
  expect(await take('again.xml', document('2027-01-17T03:00:00Z', measured(10, 20, 34, 40)))).toMatchObject({
    file: null,
  })
})

test('an interval without a value takes nothing away from one that was measured', async () => {
  const rows = ownCsv(
    ownCsvRows([
      profile(
        [
          { wh: null, quality: 'missing' },
          { wh: 7, quality: 'estimated' },
        ],
        3,
      ),
    ]),
  )
  const taken = await take('later.csv', rows, new Date(now.getTime() + 86_400_000))
  expect(taken.verdicts).toMatchObject({ missing: 1, counts: 1 })
  expect((await counting()).slice(3)).toEqual([
    [3, 40, 0, 4],
    [4, 7, 2, 5],
  ])
})

test('a file that says it was made years ahead is as new as the day on which it was taken, and no newer', async () => {
  const of = (createdAt: string, wh: number) =>
    edaXml({ registers: [['1-1:1.9.0 P.01', profile(measured(wh), 6)]], createdAt })
  const ahead = await take('ahead.xml', of('2099-01-01T00:00:00Z', 60), now)
  expect(ahead.verdicts).toMatchObject({ counts: 1 })
  const day = 86_400_000
  const right = await take(
    'right.xml',
    of(new Date(now.getTime() + day).toISOString(), 61),
    new Date(now.getTime() + day),
  )
  expect(right.verdicts).toMatchObject({ replaced: 1, older: 0 })
})

test('what the roster does not know is refused by name, and the others are taken', async () => {
  const stranger = { ...profile(measured(1, 2)), point: 'AT0099990000000000000000000000002' }
  const taken = await take('two.csv', ownCsv(ownCsvRows([stranger, profile(measured(50, 60), 6)])))
  expect(taken).toMatchObject({ kept: 2, refused: 1 })
  expect(takenLines('two.csv', taken).refused).toEqual([
    'two.csv: AT0099990000000000000000000000002 import total: no line of the roster has this metering point',
  ])
  const [file] = await area.database`select kept, refused, refusals from official_files where name = 'two.csv'`
  expect(file).toMatchObject({ kept: 2, refused: 1, refusals: taken.refusals })
})

const byZone = (a: ZoneMeter, b: ZoneMeter) => (a.zone < b.zone ? -1 : 1)

test('a transformer’s point is taken in both directions, is nobody’s, and stands beside the homes of its zone', async () => {
  const { database, areaId } = area
  const transformer = 'AT0099990000000000000000000000009'
  const { zone } = (await settingsHistory(database, areaId)).at(-1)!.settings.zones[0]!
  const row = (direction: 'import' | 'export', index: number, wh: number) =>
    `${transformer},${new Date(boundary(index) * 1000).toISOString().slice(0, 19)}Z,${direction},total,${wh},measured`
  const header = 'point,start,direction,channel,energyWh,quality'
  const text = [header, ...[0, 1].flatMap((i) => [row('import', i, 70 + i), row('export', i, 0)]), ''].join('\n')
  expect(await take('before.csv', text)).toMatchObject({ kept: 0, refused: 2 })
  const change = (meters: ZoneMeter[], without: string[] = []) =>
    transact(database, (sql) => changeZoneMeters(sql, areaId, { meters, without }))
  await change([{ zone, point: transformer }])
  // A roster that says nothing of transformers, or something of other zones, leaves it where it is; one that names its zone does not.
  const elsewhere = { zone: 'elsewhere', point: 'AT0099990000000000000000000000010' }
  await change([])
  await change([elsewhere])
  expect(await zoneMeters(database, areaId)).toEqual([elsewhere, { zone, point: transformer }].toSorted(byZone))
  await change([{ zone: 'elsewhere', point: transformer }])
  expect(await zoneMeters(database, areaId)).toEqual([{ zone: 'elsewhere', point: transformer }])
  await change([{ zone, point: transformer }], ['elsewhere'])
  expect(await zoneMeters(database, areaId)).toEqual([{ zone, point: transformer }])
  expect(await take('transformer.csv', `${text}\n`)).toMatchObject({ kept: 4, refused: 0, verdicts: { counts: 4 } })
  await database`
    insert into seat_intervals (area_id, seat, start, paid, received, run, import_wh, export_wh, bought_wh, sold_wh, deviation_wh, zone,
      quality, current, outcomes)
    values (${areaId}, 1, ${boundary(0)}, 0, 0, 99, 65, 0, 0, 0, 0, 0, 0, true, '')`
  const range = { from: boundary(0), to: boundary(4) }
  expect(await feedersOf(database, areaId, range)).toEqual([
    {
      ...{ zone, point: transformer },
      intervals: [
        { start: boundary(0), transformerWh: 70, homesWh: 65, differenceWh: 5 },
        { start: boundary(1), transformerWh: 71, homesWh: null, differenceWh: null },
      ],
    },
  ])
})

describe('files that are sent to the server', () => {
  const started: FileIntake[] = []
  const intake = (bounds?: IntakeBounds) => {
    assertBuilt(['values-thread'])
    const own = startFileIntake(area.url, bounds)
    started.push(own)
    return own
  }
  afterAll(() => Promise.all(started.map((own) => own.stop())))
  const sent = (content: Buffer, by = 'an office') => ({ name: 'sent', content, by, now })
  const csv = (wh: number, first: number) => Buffer.from(ownCsv(ownCsvRows([profile(measured(wh, wh), first)])))
  const elements = Buffer.from(`<ConsumptionRecord>${'<a/>'.repeat(2 ** 20)}</ConsumptionRecord>`)

  test('are taken off the thread that answers, and refused as they are anywhere else', async () => {
    const { take } = intake()
    expect(await take(area.areaId, sent(csv(70, 9)))).toMatchObject({ kept: 2, verdicts: { counts: 2 } })
    expect(await take(area.areaId, sent(csv(70, 9)))).toMatchObject({ file: null })
    await expect(take(area.areaId, sent(Buffer.from('what')))).rejects.toMatchObject({
      code: 'VALUES_FORMAT',
      place: '',
    })
    await expect(take(999, sent(csv(71, 9)))).rejects.toMatchObject({
      name: 'OfficialError',
      code: 'OFFICIAL_NO_PLACE',
    })
  })

  test('are refused by name where reading them takes too long or too much memory, and the next is taken', async () => {
    const hurried = intake({ readMs: 50, heapMebibytes: 384 })
    await expect(hurried.take(area.areaId, sent(elements))).rejects.toMatchObject({
      code: 'VALUES_TOO_LARGE',
      message: 'reading it takes longer than 0.05 s: split the file, or take it with "commonwatt import"',
    })
    const narrow = intake({ readMs: 60_000, heapMebibytes: 24 })
    const points = Array.from({ length: 60_000 }, (_, i) => `${i},2026-01-01T00:00:00Z,,total,1,measured\n`)
    const many = Buffer.from(`point,start,direction,channel,energyWh,quality\n${points.join('')}`)
    await expect(narrow.take(area.areaId, sent(many))).rejects.toMatchObject({
      code: 'VALUES_TOO_LARGE',
      message: expect.stringMatching(/^reading it takes more than 24 MiB of memory/),
    })
    expect(await narrow.take(area.areaId, sent(csv(80, 11)))).toMatchObject({ kept: 2 })
  })

  test('are taken one at a time, their senders in turn', async () => {
    const { take } = intake()
    const taken: string[] = []
    const all = ['one', 'one', 'one', 'two'].map(async (by, i) => {
      await take(area.areaId, sent(csv(90 + i, 13), by))
      taken.push(by)
    })
    await Promise.all(all)
    expect(taken).toEqual(['one', 'one', 'two', 'one'])
  })

  test('wait for nothing once the server stops', async () => {
    const own = intake()
    const [under, behind] = [own.take(area.areaId, sent(elements)), own.take(area.areaId, sent(elements))]
    const ends = [under, behind].map((each) => expect(each).rejects.toMatchObject({ code: 'STORE_LOST' }))
    await own.stop()
    await Promise.all(ends)
  })
})
