/** What goes back to others is read by our own readers as it was written. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OfficialSeries, ValueQuality } from '../../server/exchange/official-values.ts'
import { writeEdaXlsx } from '../../server/exchange/write/eda-xlsx.ts'
import { writeEdaXml } from '../../server/exchange/write/eda-xml.ts'
import { readTriples, type Triple, tripleRows, triplesHeader } from '../../server/exchange/write/triples.ts'
import { read } from './reading.ts'
import { autumnDay, intervalsOf, plainDay, profileOf, springDay } from './street.ts'

const community = 'AT00999900000RC100000000000000001'
const at = (number: number) => `AT009999000000000000000000000${String(number).padStart(4, '0')}`
const envelope = {
  sender: 'AT009999',
  receiver: 'RC100001 <&>',
  messageId: 'M1',
  conversationId: 'C1',
  createdAt: Date.UTC(2026, 3, 16, 1, 12) / 1000,
}

/** A consumer's registers: what it drew, and as much offered and shared as it drew. */
function series(
  point: string,
  day: number,
  seed: number,
  qualities: readonly ValueQuality[] = ['measured', 'estimated'],
): OfficialSeries[] {
  const profile = profileOf(
    seed,
    { point, home: 1, direction: 'import' },
    { zone: 'Europe/Vienna', day, days: 2, intervalSeconds: 900 },
    qualities,
  )
  const values = intervalsOf(profile)
  const half = values.map((value) => ({
    ...value,
    energyMicroWh: value.energyMicroWh === null ? null : value.energyMicroWh / 2,
  }))
  const shape = { point, direction: 'import', community, intervalSeconds: 900 } as const
  return [
    { ...shape, code: '1-1:1.9.0 G.01T', channel: 'total', values },
    { ...shape, code: '1-1:2.9.0 G.02', channel: 'offered', values },
    { ...shape, code: '1-1:2.9.0 G.03', channel: 'shared', values: half },
  ]
}

const days = fc.constantFrom(springDay, autumnDay, plainDay, springDay - 1)

describe('an Austrian document', () => {
  test('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(days, fc.nat(), async (day, seed) => {
        const written = series(at(1), day, seed)
        const result = await read(writeEdaXml(envelope, written))
        expect(result).toEqual({ format: 'eda-xml', createdAt: envelope.createdAt, warnings: [], series: written })
      }),
      { numRuns: 20, seed: 20261119 },
    )
  })

  test('is not written with a gap, an unknown code or two points', () => {
    const [total, offered] = series(at(1), plainDay, 1)
    const missing = {
      ...total!,
      values: [...total!.values].map((value, i) =>
        i === 3 ? { ...value, energyMicroWh: null, quality: 'missing' as const } : value,
      ),
    }
    const gap = { ...total!, values: [...total!.values].filter((_, i) => i !== 3) }
    expect(() => writeEdaXml(envelope, [missing])).toThrow('no value at')
    expect(() => writeEdaXml(envelope, [gap])).toThrow('no interval before')
    expect(() => writeEdaXml(envelope, [{ ...total!, code: 'E1' }])).toThrow('meter code "E1"')
    expect(() => writeEdaXml(envelope, [total!, { ...offered!, point: at(2) }])).toThrow('one point')
    expect(() => writeEdaXml(envelope, [])).toThrow('in that time there is none')
    expect(() => writeEdaXml(envelope, [total!, { ...offered!, values: [...offered!.values].slice(1) }])).toThrow(
      'different periods',
    )
    expect(() => writeEdaXml(envelope, [{ ...total!, intervalSeconds: 3600 }])).toThrow('expected 900 s')
  })
})

describe('a workbook', () => {
  test('is read as it was written, with what is missing, and the same each time', async () => {
    await fc.assert(
      fc.asyncProperty(days, fc.nat(), async (day, seed) => {
        const written = [1, 2, 3].flatMap((number) =>
          series(at(number), day, seed + number, ['measured', 'substituted', 'missing']),
        )
        const book = writeEdaXlsx(written, (point) => `=Haus "${point.at(-1)}" & <Söhne>`)
        const { series: result, warnings } = await read(Buffer.from(book))
        expect(warnings).toEqual([])
        expect(result).toEqual(written.map((one) => ({ ...one, community: null })))
        expect(
          Buffer.from(writeEdaXlsx(written, (point) => `=Haus "${point.at(-1)}" & <Söhne>`)).equals(Buffer.from(book)),
        ).toBe(true)
      }),
      { numRuns: 10, seed: 20261120 },
    )
  })

  test('is not written for series of different periods', () => {
    expect(() => writeEdaXlsx([...series(at(1), plainDay, 1), ...series(at(2), plainDay + 1, 1)], () => '')).toThrow(
      'different periods',
    )
    expect(() => writeEdaXlsx([], () => '')).toThrow('in that time there is none')
  })
})

describe('triples', () => {
  const cases = fc.array(
    fc.record({ energyWh: fc.nat({ max: 100_000 }), parts: fc.array(fc.nat({ max: 100 }), { maxLength: 4 }) }),
    { maxLength: 10 },
  )

  test('are read as they were written, and every producer’s coefficients are one', () => {
    fc.assert(
      fc.property(cases, (all) => {
        const productions = all.map(({ energyWh }, i) => ({
          producer: `P "${i % 3}", x`,
          start: plainDay * 86_400 + 900 * i,
          energyWh,
        }))
        const triples = all.flatMap(({ energyWh, parts }, i): Triple[] => {
          const sum = Math.max(
            1,
            parts.reduce((a, b) => a + b, 0),
          )
          const { producer, start } = productions[i]!
          return parts.map((part, c) => ({
            producer,
            consumer: `c${c}`,
            start,
            energyWh: Math.floor((energyWh * part) / sum),
          }))
        })
        const text = triplesHeader + tripleRows(productions, triples)
        expect(readTriples(Buffer.from(text))).toEqual({ productions, triples })
      }),
      { numRuns: 300, seed: 20261121 },
    )
  })

  test('name what nobody got', () => {
    const production = { producer: 'P1', start: 1_800_000_000, energyWh: 3 }
    const text =
      triplesHeader + tripleRows([production], [{ producer: 'P1', consumer: 'c1', start: 1_800_000_000, energyWh: 1 }])
    expect(text.split('\r\n').slice(1, 3)).toEqual([
      'P1,c1,2027-01-15T08:00:00Z,1,0.333333',
      'P1,rest,2027-01-15T08:00:00Z,2,0.666667',
    ])
    expect(
      () =>
        triplesHeader +
        tripleRows([production], [{ producer: 'P1', consumer: 'c1', start: 1_800_000_000, energyWh: 4 }]),
    ).toThrow('gave more')
    expect(
      () =>
        triplesHeader +
        tripleRows([production], [{ producer: 'P2', consumer: 'c1', start: 1_800_000_000, energyWh: 1 }]),
    ).toThrow('nothing was produced')
    expect(() => readTriples(Buffer.from(text.replace('0.666667', '0.666666')))).toThrow('add up to 999999')
    expect(() => readTriples(Buffer.from(text.replace(/P1,rest.*\r\n/, '')))).toThrow('cut short')
  })
})
