/** One street written in every format gives the same watt-hours, also on the days on which clocks change. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EnergyDirection, ValueQuality } from '../../server/exchange/official-values.ts'
import { type Read, read } from './reading.ts'
import { autumnDay, intervalsOf, type Profile, plainDay, profileOf, springDay } from './street.ts'
import { edaXml } from './writers/eda-xml.ts'
import { enedisJson } from './writers/enedis.ts'
import { espi } from './writers/espi.ts'
import { mscons } from './writers/mscons.ts'
import { nem12, nem12Rows } from './writers/nem12.ts'
import { ownCsv, ownCsvRows } from './writers/own-csv.ts'
import { sdatE66 } from './writers/sdat-e66.ts'
import { cupsOf, datadisCsv, datadisJson, distributorCsv, spanishRows } from './writers/spanish.ts'
import { portalBook } from './writers/workbook.ts'

/** Everything that differs between two files of one make and means nothing. */
interface Make {
  seed: number
  day: number
  days: number
  crlf: boolean
  mark: boolean
  variant: number
}

const makes: fc.Arbitrary<Make> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  day: fc.oneof(
    fc.constantFrom(springDay, autumnDay, plainDay, springDay - 1, autumnDay - 2),
    fc.integer({ min: plainDay - 2000, max: plainDay + 2000 }),
  ),
  days: fc.integer({ min: 1, max: 3 }),
  crlf: fc.boolean(),
  mark: fc.boolean(),
  variant: fc.nat({ max: 11 }),
})

type Home = { point: string; direction: EnergyDirection; home: number }

/** A file of a format, and the registers that stand in it. */
type Written = { content: string | Buffer; profiles: Profile[] }

const all: readonly ValueQuality[] = ['measured', 'substituted', 'estimated', 'missing']

function profilesOf(
  make: Make,
  homes: Home[],
  zone: string,
  intervalSeconds: number,
  qualities: readonly ValueQuality[],
) {
  return homes.map((home) => profileOf(make.seed, home, { zone, intervalSeconds, ...make }, qualities))
}

const pair = (drawn: string, fed: string): Home[] => [
  { point: drawn, direction: 'import', home: 1 },
  { point: fed, direction: 'export', home: 1 },
]
const at = (number: number) => `AT009999000000000000000000000${String(number).padStart(4, '0')}`
const ch = (number: number) => `CH999990000000000000000000000${String(number).padStart(4, '0')}`

const writers: Record<string, (make: Make) => Written> = {
  'eda-xml': (make) => {
    const [home] = pair(at(1), at(2))
    const profiles = profilesOf(make, [home!], 'Europe/Vienna', 900, all)
    const prefix = ['', 'cp', 'ns0'][make.variant % 3]!
    return { content: edaXml({ registers: [['1-1:1.9.0 G.01T', profiles[0]!]], prefix }), profiles }
  },
  'eda-xlsx': (make) => {
    const profiles = profilesOf(make, pair(at(1), at(2)), 'Europe/Vienna', 900, all)
    const registers: [string, Profile][] = [
      ['1-1:1.9.0 G.01', profiles[0]!],
      ['1-1:2.9.0 P.01', profiles[1]!],
    ]
    const [times, strings] = [
      (['serial', 'text'] as const)[make.variant % 2]!,
      (['shared', 'inline'] as const)[make.day % 2]!,
    ]
    return {
      content: portalBook(registers, { times, strings, float: make.variant % 3 === 0, total: make.crlf }),
      profiles,
    }
  },
  'sdat-e66': (make) => {
    const profiles = profilesOf(make, pair(ch(1), ch(1)), 'Europe/Zurich', 900, ['measured', 'estimated', 'missing'])
    const registers = profiles.map((profile): [string, Profile] => ['8716867000030', profile])
    const edit = (observations: [number, string][]) => {
      if (make.variant % 2 === 1) observations.reverse()
    }
    return { content: sdatE66(registers, { prefix: ['', 'rsm'][make.variant % 2]!, edit }), profiles }
  },
  'datadis-csv': (make) => {
    const [drawn, fed] = profilesOf(make, pair(cupsOf(21990000000001), cupsOf(21990000000001)), 'Europe/Madrid', 3600, [
      'measured',
    ])
    const hours = make.variant % 2 === 0 ? 'clock' : 'position'
    const rows = spanishRows(drawn!, fed!, { hours, yearFirst: make.variant % 3 === 0 })
    // Two hours with one clock time are told apart by their order, all others by their stamps.
    if (hours === 'position') rows.reverse()
    return {
      content: datadisCsv(rows, { quotes: make.variant % 4 === 0, end: make.crlf ? '\r\n' : '\n' }),
      profiles: [drawn!, fed!],
    }
  },
  'datadis-json': (make) => {
    const [drawn, fed] = profilesOf(make, pair(cupsOf(21990000000002), cupsOf(21990000000002)), 'Europe/Madrid', 3600, [
      'estimated',
      'measured',
    ])
    const rows = spanishRows(drawn!, fed!, { yearFirst: true })
    const marked = { ...fed!, values: fed!.values.map(({ wh }, i) => ({ wh, quality: drawn!.values[i]!.quality })) }
    return { content: datadisJson(rows), profiles: [drawn!, marked] }
  },
  'es-distributor-csv': (make) => {
    const profiles = profilesOf(make, [pair(cupsOf(21990000000003), '')[0]!], 'Europe/Madrid', 3600, [
      'estimated',
      'measured',
    ])
    return { content: distributorCsv(spanishRows(profiles[0]!, null, { hours: 'position' })), profiles }
  },
  mscons: (make) => {
    const profiles = profilesOf(
      make,
      pair('51238691484', 'DE0099990000000000000000000000001'),
      'Europe/Berlin',
      900,
      all,
    )
    const registers = profiles.map((profile, i): [string, Profile] => [['1-1:1.29.0', '1-1:2.29.0'][i]!, profile])
    const decimalSign = make.variant % 2 === 0 ? '.' : ','
    const advice = decimalSign === ',' || make.variant % 3 === 0
    return {
      content: mscons([{ registers }], { decimalSign, advice, between: ['', '\n', '\r\n'][make.variant % 3]! }),
      profiles,
    }
  },
  'enedis-json': (make) => {
    const intervalSeconds = [900, 1800, 3600][make.variant % 3]!
    const home: Home = { point: '21999000054321', direction: 'import', home: 1 }
    const profiles = profilesOf(make, [home], 'Europe/Paris', intervalSeconds, ['measured', 'substituted'])
    return { content: enedisJson(profiles), profiles }
  },
  nem12: (make) => {
    const intervalSeconds = [900, 1800][make.variant % 2]!
    const profiles = profilesOf(make, pair('CWN0000001', 'CWN0000001'), '+10:00', intervalSeconds, all)
    const unit = (['Wh', 'kWh', 'MWh'] as const)[make.variant % 3]!
    const padding = make.variant % 4 === 0 ? ',,,' : ''
    const rows = [
      ...nem12Rows('E1', profiles[0]!, { unit, padding }),
      ...nem12Rows('B1', profiles[1]!, { unit, padding }),
    ]
    return { content: nem12(rows, { end: make.crlf ? '\r\n' : '\n' }), profiles }
  },
  espi: (make) => {
    const intervalSeconds = [900, 1800, 3600][make.variant % 3]!
    const profiles = profilesOf(make, pair('6001', '6001'), 'America/New_York', intervalSeconds, all)
    const readings = profiles.map((profile, i) => ({
      id: String(i + 1),
      flowDirection: ['1', '19'][i]!,
      multiplier: -(make.variant % 4),
      blocks: [[profile, '2026-04-16T04:00:00Z'] as [Profile, string]],
    }))
    const shuffle = (entries: string[]) => {
      if (make.crlf) entries.reverse()
    }
    return { content: espi(readings, { prefix: make.variant % 2 === 1, shuffle }), profiles }
  },
  csv: (make) => {
    const intervalSeconds = [900, 1800, 3600][make.variant % 3]!
    const profiles = profilesOf(make, pair('Ährenweg 7, "links"', 'p1'), 'Europe/Vienna', intervalSeconds, all)
    const rows = ownCsvRows(profiles)
    if (make.variant % 2 === 1) rows.reverse()
    return { content: ownCsv(rows, make.crlf ? '\r\n' : '\n'), profiles }
  },
}

/** The registers of a file, each with what it says of every interval. */
function saidBy({ series }: Read) {
  return new Map(series.map(({ point, direction, values }) => [`${point} ${direction}`, values]))
}

function dressed({ crlf, mark }: Make, content: string | Buffer): Buffer {
  if (typeof content !== 'string') return content
  const text = crlf ? content.replace(/\r?\n/g, '\r\n') : content
  return Buffer.from(mark ? `\ufeff${text}` : text)
}

describe('a street written as', () => {
  test.each(Object.keys(writers))('%s is read as the same watt-hours', async (format) => {
    await fc.assert(
      fc.asyncProperty(makes, async (make) => {
        const { content, profiles } = writers[format]!(make)
        const result = await read(dressed(make, content), make.variant % 2 === 0 ? { format } : {})
        expect(result.format).toBe(format)
        expect(result.warnings).toEqual([])
        const expected = profiles.map((profile) => {
          const direction = format === 'enedis-json' ? null : profile.direction
          return [`${profile.point} ${direction}`, intervalsOf(profile)] as const
        })
        expect(saidBy(result)).toEqual(new Map(expected))
      }),
      { numRuns: 40, seed: 20261109 },
    )
  })
})
