/** Rosters: rows that stand, rows that are refused by name, and who counts in an interval. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readEcmpList } from '../../server/exchange/ecmp-list.ts'
import { pointFaultIn } from '../../server/exchange/identifiers.ts'
import { dayOf } from '../../server/exchange/instants.ts'
import { RosterBuilder, type RosterEntry, whoCounts } from '../../server/exchange/roster.ts'
import { readRosterCsv } from '../../server/exchange/roster-csv.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'

const header = 'member,point,direction,community,supplier,balanceGroup,factor,share,from,to'
const at = (number: number) => `AT00999900000000000000000000000${String(number).padStart(2, '0')}`
const day = (text: string) => Date.parse(`${text}T00:00:00Z`) / 86_400_000
const csv = (...rows: string[]) => readRosterCsv(Buffer.from([header, ...rows].join('\r\n')), 'AT')

describe('a roster as CSV', () => {
  test('keeps what every row says', () => {
    const { entries, refused } = csv(
      `"Huber, Anna",${at(1)},import,EEG1,AT Energie,BG1,60,33.3333,2026-11-01,2027-10-31`,
      `"Huber, Anna",${at(1)},import,EEG2,AT Energie,BG1,40,,2026-11-01,`,
      `Bauer,${at(2)},export,EEG1,,,,,2026-11-01,`,
    )
    expect(refused).toEqual([])
    expect(entries).toHaveLength(3)
    expect(entries[0]).toEqual({
      member: 'Huber, Anna',
      point: at(1),
      direction: 'import',
      community: 'EEG1',
      supplier: 'AT Energie',
      balanceGroup: 'BG1',
      factorPercent: 60,
      shareMillionths: 333_333,
      fromDay: day('2026-11-01'),
      endDay: day('2027-11-01'),
    })
    expect(entries[2]).toMatchObject({
      supplier: null,
      factorPercent: 100,
      shareMillionths: null,
      endDay: Number.POSITIVE_INFINITY,
    })
  })

  test('may come out of a German spreadsheet', () => {
    const rows = [header.replaceAll(',', ';'), `Änne;${at(1)};import;E;;;;33,3333;2026-11-01;`]
    const { entries } = readRosterCsv(Buffer.from(`\ufeff${rows.join('\r\n')}`), 'AT')
    expect(entries[0]).toMatchObject({ member: 'Änne', shareMillionths: 333_333 })
  })

  test.each<[string, string, string]>([
    ['a malformed point', `B,AT1,import,E,,,,,2026-11-01,`, 'ROSTER_POINT'],
    ['an unknown direction', `B,${at(3)},both,E,,,,,2026-11-01,`, 'ROSTER_FIELD'],
    ['no member', `,${at(3)},import,E,,,,,2026-11-01,`, 'ROSTER_FIELD'],
    ['a factor of 0', `B,${at(3)},import,E,,,0,,2026-11-01,`, 'ROSTER_FIELD'],
    ['half a percent', `B,${at(3)},import,E,,,0.5,,2026-11-01,`, 'ROSTER_FIELD'],
    ['a share of five decimals', `B,${at(3)},import,E,,,,0.00001,2026-11-01,`, 'ROSTER_SHARE'],
    ['a share above the whole', `B,${at(3)},import,E,,,,100.0001,2026-11-01,`, 'ROSTER_SHARE'],
    ['a day that does not exist', `B,${at(3)},import,E,,,,,2026-02-30,`, 'ROSTER_DATES'],
    ['an end before its beginning', `B,${at(3)},import,E,,,,,2026-11-01,2026-10-31`, 'ROSTER_DATES'],
    ['a field less', `B,${at(3)},import,E,,,,,2026-11-01`, 'ROSTER_FIELD'],
    ['a point that is there already', `B,${at(1)},import,EEG1,,,1,,2027-01-01,`, 'ROSTER_OVERLAP'],
    ['more than the whole point', `B,${at(1)},import,EEG2,,,41,,2026-11-01,`, 'ROSTER_FACTOR'],
    ['more than the whole community', `B,${at(3)},import,EEG1,,,,66.6668,2026-11-01,`, 'ROSTER_SHARE'],
  ])('refuses %s by its name, and the others stand', (_name, row, code) => {
    const first = `A,${at(1)},import,EEG1,,,60,33.3333,2026-11-01,2027-10-31`
    const last = `C,${at(9)},export,EEG1,,,,,2026-11-01,`
    const { entries, refused } = csv(first, row, last)
    expect(entries.map(({ member }) => member)).toEqual(['A', 'C'])
    expect(refused).toEqual([{ row: expect.stringContaining('line 3'), code, reason: expect.any(String) }])
  })

  test('takes a point again once its time is over', () => {
    const { refused } = csv(
      `A,${at(1)},import,E,,,,,2026-11-01,2026-11-30`,
      `B,${at(1)},import,E,,,,,2026-12-01,`,
      `A,${at(1)},export,E,,,,,2026-11-15,`,
    )
    expect(refused).toEqual([])
  })

  test('is refused as a whole only where it is no roster', () => {
    expect(() => readRosterCsv(Buffer.from('a,b\r\n1,2'), 'AT')).toThrow('expected the header')
    expect(() => readRosterCsv(Buffer.from(''), 'AT')).toThrow('the list is empty')
    expect(() => readRosterCsv(Buffer.from([0xff, 0xfe]), 'AT')).toThrow('UTF-8')
  })
})

describe('an ECMPList', () => {
  const timeData = (fields: Record<string, string>) =>
    `<MPTimeData>${Object.entries(fields)
      .map(([name, text]) => `<${name}>${text}</${name}>`)
      .join('')}</MPTimeData>`
  const usual = { DateFrom: '2026-11-01', DateTo: '9999-12-31', EnergyDirection: 'CONSUMPTION', ECPartFact: '100' }
  const list = (...points: [point: string, ...times: Record<string, string>[]][]) =>
    Buffer.from(
      `<ns0:ECMPList xmlns:ns0="http://www.ebutilities.at/schemata/customerprocesses/ecmplist/01p10"><ProcessDirectory><ECID>EEG1</ECID>` +
        `<ECType>RC_R</ECType><ECDisModel>S</ECDisModel>${points.map(([point, ...times]) => `<MPListData><MeteringPoint>${point}</MeteringPoint>${times.map(timeData).join('')}</MPListData>`).join('')}</ProcessDirectory></ns0:ECMPList>`,
    )

  test('has directions, validity, factors and shares', () => {
    const { entries, refused, community, model } = readEcmpList(
      list(
        [at(1), { ...usual, ECShare: '12.5000' }, { ...usual, EnergyDirection: 'GENERATION', ECPartFact: '60' }],
        [at(2), { ...usual, DateTo: '2026-12-31', DateActivate: '2026-11-15', DateDeactivate: '2026-12-01' }],
      ),
    )
    expect([refused, community, model]).toEqual([[], 'EEG1', 'static'])
    expect(
      entries.map(({ point, direction, shareMillionths, factorPercent }) => [
        point,
        direction,
        shareMillionths,
        factorPercent,
      ]),
    ).toEqual([
      [at(1), 'import', 125_000, 100],
      [at(1), 'export', null, 60],
      [at(2), 'import', null, 100],
    ])
    expect([entries[2]!.fromDay, entries[2]!.endDay]).toEqual([day('2026-11-15'), day('2026-12-02')])
  })

  test('refuses single points by name', () => {
    const { entries, refused } = readEcmpList(
      list(
        [at(1), usual],
        ['AT1', usual],
        [at(2), { ...usual, ECPartFact: '101' }],
        [at(3), { ...usual, DateFrom: 'soon' }],
        [at(4), usual],
      ),
    )
    expect(entries.map(({ point }) => point)).toEqual([at(1), at(4)])
    expect(refused.map(({ row, code }) => [row.split(',')[0], code])).toEqual([
      ['AT1', 'ROSTER_POINT'],
      [at(2), 'ROSTER_FIELD'],
      [at(3), 'ROSTER_DATES'],
    ])
  })

  test('is refused as a whole where it is another document', () => {
    expect(() => readEcmpList(Buffer.from('<a/>'))).toThrow('no ECMPList')
    expect(() => readEcmpList(Buffer.from('<!DOCTYPE a><ECMPList/>'))).toThrow('DTD')
  })
})

describe('who counts', () => {
  const zone = new TimeZone('Europe/Vienna')
  const entry = (fromDay: number, endDay: number): RosterEntry => ({
    member: 'A',
    point: at(1),
    direction: 'import',
    community: null,
    supplier: null,
    balanceGroup: null,
    factorPercent: 100,
    shareMillionths: null,
    fromDay,
    endDay,
  })

  test('is whose days hold the whole interval, by the clock of the zone', () => {
    const november = entry(dayOf(2026, 11, 1)!, dayOf(2026, 12, 1)!)
    const first = Date.UTC(2026, 9, 31, 23) / 1000
    const last = Date.UTC(2026, 10, 30, 23) / 1000
    const at = (start: number) => whoCounts([november], { start, end: start + 900 }, zone).length
    expect([first - 900, first, last - 900, last - 450, last].map(at)).toEqual([0, 1, 1, 0, 0])
  })

  test('never adds up to more than a whole point, whatever rows are admitted', () => {
    const rows = fc.array(
      fc.record({
        point: fc.constantFrom(at(1), at(2)),
        community: fc.constantFrom('E1', 'E2', 'E3'),
        factorPercent: fc.integer({ min: 1, max: 100 }),
        shareMillionths: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
        fromDay: fc.integer({ min: 20_000, max: 20_010 }),
        length: fc.integer({ min: 1, max: 10 }),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(rows, (all) => {
        const builder = new RosterBuilder('AT')
        for (const { length, ...row } of all) {
          builder.admit('row', () => ({ ...entry(row.fromDay, row.fromDay + length), ...row }))
        }
        const { entries, refused } = builder.finish()
        expect(entries.length + refused.length).toBe(all.length)
        for (let each = 20_000; each < 20_025; each++) {
          const counted = entries.filter(({ fromDay, endDay }) => fromDay <= each && each < endDay)
          for (const point of [at(1), at(2)]) {
            const factors = counted.filter((one) => one.point === point).map(({ factorPercent }) => factorPercent)
            expect(factors.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(100)
          }
          for (const community of ['E1', 'E2', 'E3']) {
            const inside = counted.filter((one) => one.community === community)
            expect(inside.reduce((a, one) => a + (one.shareMillionths ?? 0), 0)).toBeLessThanOrEqual(1_000_000)
            expect(new Set(inside.map(({ point }) => point)).size).toBe(inside.length)
          }
        }
      }),
      { numRuns: 500, seed: 20261116 },
    )
  })
})

test('identifiers are checked by the rule of the country', () => {
  expect(pointFaultIn('DE', '51238690379')).toBe(null)
  expect(pointFaultIn('DE', '51238690378')).toContain('check digit')
  expect(pointFaultIn('US', 'meter-7')).toBe(null)
  expect(pointFaultIn('US', 'meter 7')).not.toBe(null)
})
