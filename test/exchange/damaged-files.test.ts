/**
 * Damaged files: never a crash, never a wrong number without a word. Bytes are changed anywhere; records are left out,
 * doubled, exchanged or cut off. A number that is changed into another number is no damage that a reader could see, so what
 * must hold is: an interval keeps its value, or is missing or absent, or the file is refused, or a warning names what was
 * decided.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExchangeError } from '../../server/exchange/error.ts'
import { type Read, read } from './reading.ts'
import { autumnDay, type Profile, plainDay, profileOf } from './street.ts'
import { edaXml } from './writers/eda-xml.ts'
import { enedisJson } from './writers/enedis.ts'
import { espi } from './writers/espi.ts'
import { mscons } from './writers/mscons.ts'
import { nem12, nem12Rows } from './writers/nem12.ts'
import { ownCsv, ownCsvRows } from './writers/own-csv.ts'
import { sdatE66 } from './writers/sdat-e66.ts'
import { cupsOf, datadisCsv, datadisJson, distributorCsv, spanishRows } from './writers/spanish.ts'
import { portalBook } from './writers/workbook.ts'

const homes = (point: string, zone: string, intervalSeconds: number, day = autumnDay): [Profile, Profile] => {
  const span = { zone, day, days: 2, intervalSeconds }
  return [
    profileOf(31, { point, home: 1, direction: 'import' }, span, ['measured', 'estimated']),
    profileOf(31, { point, home: 2, direction: 'export' }, span),
  ]
}

const at = 'AT0099990000000000000000000000001'
const cups = cupsOf(21_990_000_000_009)
const spanish = homes(cups, 'Europe/Madrid', 3600)
const [american] = homes('6001', 'America/New_York', 1800)
const australian = homes('CWN0000009', '+10:00', 1800, plainDay)

/** A file of each make, and what separates its records. */
const files: Record<string, { file: string | Buffer; between: string }> = {
  'eda-xml': {
    file: edaXml({
      registers: [
        ['1-1:1.9.0 G.01T', homes(at, 'Europe/Vienna', 900)[0]],
        ['1-1:2.9.0 G.02', homes(at, 'Europe/Vienna', 900)[0]],
      ],
    }),
    between: '\n',
  },
  'eda-xlsx': { file: portalBook([['1-1:1.9.0 G.01', homes(at, 'Europe/Vienna', 900)[0]]]), between: 'PK' },
  'sdat-e66': {
    file: sdatE66([['8716867000030', homes('CH9999900000000000000000000000001', 'Europe/Zurich', 900)[0]]]),
    between: '\n',
  },
  'datadis-csv': { file: datadisCsv(spanishRows(...spanish, { hours: 'position' })), between: '\n' },
  'datadis-json': { file: datadisJson(spanishRows(...spanish)), between: '\n' },
  'es-distributor-csv': { file: distributorCsv(spanishRows(...spanish, { hours: 'position' })), between: '\r\n' },
  mscons: {
    file: mscons([
      { registers: [['1-1:1.29.0', homes('51238691484', 'Europe/Berlin', 900)[0]]] },
      { registers: [['1-1:2.29.0', homes('51238690379', 'Europe/Berlin', 900)[1]]], createdAt: '202604160506' },
    ]),
    between: '\nQTY',
  },
  'enedis-json': {
    file: enedisJson([homes('21999000054321', 'Europe/Paris', 1800)[1]]).replaceAll('},{', '},\n{'),
    between: '\n',
  },
  nem12: { file: nem12([...nem12Rows('E1', australian[0]), ...nem12Rows('B1', australian[1])]), between: '\r\n' },
  espi: {
    file: espi([{ id: '1', flowDirection: '1', blocks: [[american, '2026-04-15T05:00:00Z']] }]).replaceAll(
      '<IntervalReading>',
      '\n<IntervalReading>',
    ),
    between: '\n',
  },
  csv: { file: ownCsv(ownCsvRows(homes('p1', 'Europe/Vienna', 900))), between: '\r\n' },
}

/** The file as read, or null where it is refused; anything else than a refusal fails the test. */
async function attempt(file: Buffer): Promise<Read | null> {
  try {
    return await read(file)
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    expect(error.message).toMatch(/^[^\p{Cc}]+$/u)
    return null
  }
}

function valuesOf({ series }: Read): Map<string, number | null> {
  const all = new Map<string, number | null>()
  for (const { point, direction, code, intervalSeconds, values } of series) {
    for (const { start, energyMicroWh } of values) {
      all.set([point, direction, code, intervalSeconds, start].join(' '), energyMicroWh)
    }
  }
  return all
}

/** Left out, doubled, exchanged with another, or everything behind it cut off. */
type Damage = { kind: 'out' | 'double' | 'exchange' | 'cut'; at: number; other: number }

const damages: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('out', 'double', 'exchange', 'cut'),
  at: fc.nat(),
  other: fc.nat(),
})

function damaged(file: Buffer, between: string, { kind, at: place, other }: Damage): Buffer {
  const records = file.toString('latin1').split(between)
  const [one, two] = [place % records.length, other % records.length]
  const [first, second] = [records[one]!, records[two]!]
  if (kind === 'out') records.splice(one, 1)
  else if (kind === 'double') records.splice(one, 0, first)
  else if (kind === 'exchange') [records[one], records[two]] = [second, first]
  else records.splice(one)
  return Buffer.from(records.join(between), 'latin1')
}

describe.each(Object.entries(files))('a damaged file of %s', (_format, { file, between }) => {
  const whole = Buffer.from(file as string)

  test('is read or refused, whatever bytes are changed', async () => {
    const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), byte: fc.nat({ max: 255 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(whole)
        for (const { at: place, byte } of changes) changed[place] = byte
        await attempt(changed)
      }),
      { numRuns: 150, seed: 20261113 },
    )
  })

  test('gives no interval another value without a word, whatever records are missing, doubled or exchanged', async () => {
    const right = valuesOf(await read(whole))
    await fc.assert(
      fc.asyncProperty(damages, async (damage) => {
        const result = await attempt(damaged(whole, between, damage))
        if (result === null || result.warnings.length > 0) return
        for (const [interval, energyMicroWh] of valuesOf(result)) {
          if (energyMicroWh !== null) expect([interval, energyMicroWh]).toEqual([interval, right.get(interval)])
        }
      }),
      { numRuns: 200, seed: 20261114 },
    )
  })
})
