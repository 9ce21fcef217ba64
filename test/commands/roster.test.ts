/** `commonwatt roster` as it is run: the built program, a real database, and what of the list stands there afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../server/demo/ports.ts'
import { requireArea } from '../../server/store/areas.ts'
import { areaPlace, rosterOf } from '../../server/store/roster-store.ts'
import { zoneMeters } from '../../server/store/zone-meters.ts'
import { lower, meters, people } from '../api/people.ts'
import { type Street, startStreet } from '../api/street.ts'
import { builtProgram } from '../built.ts'

let street: Street
let folder: string
beforeAll(async () => {
  street = await startStreet()
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-roster-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await street.stop()
})

const header = 'member,point,direction,community,supplier,balanceGroup,factor,share,from,to'
const at = (number: number) => `AT00999900000000000000000000000${String(number).padStart(2, '0')}`
const alice = `${lower(meters.alice)},${at(1)},export,,AT Energie,BG1,60,33.3333,2026-11-01,2027-10-31`
const bob = `${people.bob.address},${at(2)},import,,,,,,2026-11-01,`
const place = ['--country', 'AT', '--timezone', 'Europe/Vienna']

function list(...rows: string[]): string {
  const file = join(folder, 'roster.csv')
  writeFileSync(file, [header, ...rows].join('\r\n'))
  return file
}

async function roster(args: readonly string[], url = street.databaseUrl) {
  const child = spawn(process.execPath, [builtProgram('commonwatt'), 'roster', ...args], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 },
    env: { PATH: process.env.PATH, DATABASE_URL: url },
  })
  const said = { out: '', err: '' }
  child.stdout!.setEncoding('utf8').on('data', (text) => (said.out += text))
  child.stderr!.setEncoding('utf8').on('data', (text) => (said.err += text))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, ...said }
}

const take = (...rows: string[]) => roster([list(...rows), '--area', '1', ...place])

/** Everything that the command writes. */
async function stored() {
  const { database } = street
  const { areaId } = await requireArea(database, { area: 1 })
  return {
    place: await areaPlace(database, areaId),
    rows: await rosterOf(database, areaId),
    meters: await zoneMeters(database, areaId),
  }
}

describe('commonwatt roster', { timeout: 300_000 }, () => {
  beforeEach(async () => {
    expect(await take(alice, bob)).toEqual({ status: 0, out: '2 lines taken, 0 refused\n', err: '' })
  })

  test('keeps where the area lies and who stands behind which meter, by meter or by account', async () => {
    const { place, rows } = await stored()
    expect(place).toMatchObject({ country: 'AT', timeZone: 'Europe/Vienna', community: null })
    const byPoint = [...rows].sort((a, b) => a.point.localeCompare(b.point))
    expect(byPoint).toMatchObject([
      { meter: lower(meters.alice), point: at(1), direction: 'export', supplier: 'AT Energie', factorPercent: 60 },
      { meter: lower(meters.bob), point: at(2), direction: 'import', member: lower(people.bob), endDay: null },
    ])
  })

  test('says the same again, and changes nothing by it', async () => {
    const before = await stored()
    expect(await take(alice, bob)).toMatchObject({ status: 0, out: '2 lines taken, 0 refused\n' })
    expect(await stored()).toEqual(before)
  })

  test('puts a newer list in the place of the one before', async () => {
    expect(await take(bob)).toMatchObject({ status: 0, out: '1 lines taken, 0 refused\n' })
    expect((await stored()).rows.map(({ point }) => point)).toEqual([at(2)])
  })

  test('refuses single lines by name, and the others stand', async () => {
    const stranger = `${people.stranger.address},${at(3)},import,,,,,,2026-11-01,`
    const malformed = `${people.bob.address},AT7,import,,,,,,2026-11-01,`
    const second = `${people.bob.address},${at(4)},import,,,,,,2026-11-01,`
    const { status, out, err } = await take(alice, malformed, stranger, bob, second)
    expect([status, out]).toEqual([1, '2 lines taken, 3 refused\n'])
    const lines = err.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^line 3 \(.*, AT7\): ROSTER_POINT /)
    expect(lines[1]).toMatch(new RegExp(`${at(3)}: ROSTER_FIELD the member is neither a meter nor an account`))
    expect(lines[2]).toMatch(new RegExp(`${at(4)}: ROSTER_OVERLAP the meter has another point`))
    expect((await stored()).rows.map(({ point }) => point).sort()).toEqual([at(1), at(2)])
  })

  test('of a list of which nothing can be taken leaves the one before', async () => {
    const before = await stored()
    const { status, out, err } = await roster([list(alice, bob), '--area', '1', ...place.with(1, 'CH')])
    expect([status, out]).toEqual([1, ''])
    expect(err.trimEnd().split('\n').at(-1)).toBe('none of 2 lines can be taken: the roster stays as it was')
    expect(err).toMatch(/^line 2 \(.*\): ROSTER_POINT /)
    expect(await stored()).toEqual(before)
  })

  const rubbish: [name: string, bytes: Buffer | string, says: RegExp][] = [
    ['an empty file', '', /the list is empty/],
    ['another table', 'a,b\r\n1,2', /expected the header/],
    ['bytes', Buffer.from([0xff, 0xfe, 0, 1]), /not UTF-8/],
    ['an open quotation', `${header}\r\n"${lower(meters.alice)},${at(1)}`, /quot/],
    ['a header with a NUL', `${header}\0\r\n`, /expected the header/],
  ]
  test.each(rubbish)('refuses %s in a line, and changes nothing', async (_name, bytes, says) => {
    const before = await stored()
    const file = join(folder, 'rubbish.csv')
    writeFileSync(file, bytes)
    const { status, out, err } = await roster([file, '--area', '1', ...place])
    expect([status, out, err.trimEnd().split('\n').length]).toEqual([1, '', 1])
    expect(err).toMatch(says)
    expect(await stored()).toEqual(before)
  })

  const mistakes: [name: string, args: string[], says: RegExp][] = [
    ['a file that is not there', ['nothing.csv', '--area', '1', ...place], /nothing\.csv/],
    ['a folder', ['.', '--area', '1', ...place], /cannot be read/],
    ['an area that the database does not know', ['LIST', '--area', '7', ...place], /knows no area 7/],
    ['a country that is none', ['LIST', '--area', '1', ...place.with(1, 'Austria')], /--country Austria: two letters/],
    ['a time zone that is none', ['LIST', '--area', '1', ...place.with(3, 'Mars/Olympus')], /Mars\/Olympus/],
    ['a transformer of no zone', ['LIST', '--area', '1', ...place, '--transformer', `moon=${at(8)}`], /no such zone/],
    ['a transformer’s point that is none', ['LIST', '--area', '1', ...place, '--transformer', 'north=AT77'], /AT77/],
  ]
  test.each(mistakes)('refuses %s in a line, and changes nothing', async (_name, args, says) => {
    const before = await stored()
    const { status, out, err } = await roster(args.map((arg) => (arg === 'LIST' ? list(alice, bob) : arg)))
    expect([status, out, err.trimEnd().split('\n').length]).toEqual([1, '', 1])
    expect(err).toMatch(says)
    expect(await stored()).toEqual(before)
  })

  test('says that the database is away', async () => {
    const away = `postgres://somebody:secret@127.0.0.1:${await freePort()}/market`
    const { status, out, err } = await roster([list(alice), '--area', '1', ...place], away)
    expect([status, out, err.trimEnd().split('\n').length]).toEqual([1, '', 1])
    expect(err).toMatch(/^the database at 127\.0\.0\.1:\d+\/\w+ cannot be used: nothing listens there/)
    expect(err).not.toContain('secret')
  })
})
