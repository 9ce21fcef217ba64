/** What the demo's metering operator makes of registers, and what of it comes with which file. */
import { describe, expect, test } from 'vitest'
import { demoHouse } from '../../server/demo/demo-house.ts'
import { demoStreet } from '../../server/demo/demo-street.ts'
import { LoadProfiles } from '../../server/demo/load-profile.ts'
import { asItComes, connectionSeries, registersOfHomes } from '../../server/demo/metering-operator.ts'
import { readOfficialValues } from '../../server/exchange/read-values.ts'
import { writeEspi } from '../../server/exchange/write/espi.ts'

const length = 10
const flat = { home: 'flat', point: 'AT1', direction: 'import' as const }

/** Registers at boundaries, from 0 on; null where nobody read. */
function profilesOf(shown: (number | null)[], most = 100): LoadProfiles {
  const profiles = new LoadProfiles(length, most)
  for (const [place, register] of shown.entries()) {
    if (register !== null) profiles.note(place * length, 'flat', { import: register, export: 0 })
  }
  return profiles
}

const valuesOf = (profiles: LoadProfiles, from: number, to: number) =>
  profiles.series(flat, from, to).values.map(({ energyMicroWh, quality }) => [energyMicroWh, quality])

describe('registers at boundaries', () => {
  test('give what was measured between them', () => {
    expect(valuesOf(profilesOf([5, 6, 8]), 0, 20)).toEqual([
      [1_000_000, 'measured'],
      [2_000_000, 'measured'],
    ])
  })

  test('share what was counted where one was not read, to the last millionth', () => {
    expect(valuesOf(profilesOf([0, null, null, 1, 3]), 0, 40)).toEqual([
      [333_333, 'substituted'],
      [333_333, 'substituted'],
      [333_334, 'substituted'],
      [2_000_000, 'measured'],
    ])
  })

  test('say nothing of what lies outside them, nor of what is forgotten', () => {
    expect(valuesOf(profilesOf([null, 0, 1, 3], 2), 0, 40)).toEqual([
      [null, 'missing'],
      [null, 'missing'],
      [2_000_000, 'measured'],
      [null, 'missing'],
    ])
  })
})

describe('the files of the house', () => {
  const house = demoStreet.house!
  const registers = registersOfHomes(house.homes)
  const span = 30
  const wrongAt = 2 * span
  const profiles = new LoadProfiles(length, 1_000)
  for (let boundary = 0; boundary <= 16 * span; boundary += length) {
    const shown = { import: boundary / length, export: (3 * boundary) / length }
    for (const { id } of house.homes) profiles.note(boundary, id, shown)
  }

  async function fileUp(end: number) {
    const series = asItComes(profiles, registers, { end, length, wrongAt })
    return { series, read: await readOfficialValues(Buffer.from(writeEspi({ createdAt: end + 20, series }))) }
  }

  test('are read as they were written, and say together all that was measured but the one value that stays wrong', async () => {
    const newest = new Map<string, [number | null, string]>()
    const qualities = new Set<string>()
    for (let end = span; end <= 16 * span; end += span) {
      const { series, read } = await fileUp(end)
      expect(read).toMatchObject({ format: 'espi', createdAt: end + 20, warnings: [] })
      const plain = (all: typeof series) => all.map((own) => ({ ...own, values: [...own.values] }))
      expect(plain(read.series)).toEqual(plain(series).sort((a, b) => (a.point < b.point ? -1 : 1)))
      for (const { point, values } of series) {
        for (const { start, energyMicroWh, quality } of values) {
          newest.set(`${point} ${start}`, [energyMicroWh, quality])
          qualities.add(quality)
        }
      }
    }
    expect([...qualities].sort()).toEqual(['estimated', 'measured', 'substituted'])
    const ends = 15 * span
    for (const { point, direction } of registers) {
      for (let start = 0; start < ends; start += length) {
        const wh = direction === 'import' ? 1 : 3
        const isWrong = direction === 'export' && start === wrongAt
        const expected = isWrong ? [15_000_000, 'substituted'] : [wh * 1e6, 'measured']
        expect([point, start, newest.get(`${point} ${start}`)]).toEqual([point, start, expected])
      }
    }
  })

  test('are late and incomplete now and then', async () => {
    const pointsIn = async (number: number) => {
      const { series } = await fileUp(number * span)
      return series.map(({ values }) => [...values].length)
    }
    expect(await pointsIn(1)).toEqual([3, 3, 3, 3])
    expect(await pointsIn(2)).toEqual([3, 3, 3, 4])
    expect(await pointsIn(3)).toEqual([3, 3, 3])
    expect(await pointsIn(4)).toEqual([3, 3, 6, 3])
  })
})

test('the first file of a point has everything since its meter was read first, and nothing is left out of it', () => {
  const house = demoStreet.house!
  const profiles = new LoadProfiles(length, 100)
  for (let boundary = 50; boundary <= 100; boundary += length) {
    for (const { id } of house.homes) profiles.note(boundary, id, { import: boundary, export: 0 })
  }
  const series = asItComes(profiles, registersOfHomes(house.homes), { end: 90, length, wrongAt: 0, isNew: () => true })
  expect(series.map(({ values }) => Array.from(values, ({ start }) => start))).toEqual(Array(4).fill([50, 60, 70, 80]))
})

test('two flats of the house have no agent, and the home with the roof has one', () => {
  expect(demoHouse.homes.map(({ hasAgent }) => hasAgent)).toEqual([true, false, false])
})

test('the house’s connection counts all homes, the stairs and what its lines lose, in one direction at a time', () => {
  const registers = [flat, { home: 'roof', point: 'AT2', direction: 'export' as const }]
  const profiles = new LoadProfiles(length, 100)
  // The flat draws 10 Wh an interval, the roof feeds in nothing, then 30 Wh.
  for (const [place, fedIn] of [0, 0, 30].entries()) {
    profiles.note(place * length, 'flat', { import: place * 10, export: 0 })
    profiles.note(place * length, 'roof', { import: 0, export: fedIn })
  }
  const series = connectionSeries(profiles, registers, { point: 'AT9', from: 0, end: 3 * length, length })
  const stairs = 600_000
  expect(
    series.map(({ direction, values }) => [direction, ...Array.from(values, ({ energyMicroWh }) => energyMicroWh)]),
  ).toEqual([
    ['import', 10_000_000 + 200_000 + stairs, 0, null],
    ['export', 0, 20_000_000 - 800_000 - stairs, null],
  ])
})
