/** The best fixed shares against every share on a grid, and `commonwatt keys` as it is run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { bestStaticShares, coveredBy, fixedKey } from '../../../server/exchange/allocation/best-keys.ts'
import { hourOfYear, hoursOfYear } from '../../../server/exchange/allocation/hour-of-year.ts'
import { TimeZone } from '../../../server/exchange/time-zone.ts'
import { readEsCoefficients } from '../../../server/exchange/write/es-coefficients.ts'
import { runCommonwatt } from '../../market/run-commonwatt.ts'
import { plainDay, profileOf } from '../street.ts'
import { ownCsv, ownCsvRows } from '../writers/own-csv.ts'
import { cupsOf, datadisCsv, spanishRows } from '../writers/spanish.ts'

const sum = (list: readonly number[]) => list.reduce((all, each) => all + each, 0)

describe('the best fixed shares', () => {
  test('cover as much as any on a grid of a hundredth', () => {
    const intervals = fc.integer({ min: 1, max: 6 })
    const histories = intervals.chain((count) => {
      const list = fc.array(fc.nat({ max: 100_000 }), { minLength: count, maxLength: count })
      return fc.record({ producedWh: list, consumedWh: fc.tuple(list, list, list) })
    })
    fc.assert(
      fc.property(histories, (history) => {
        const covered = (shares: number[]) => sum(coveredBy(history, () => fixedKey(shares)))
        const shares = bestStaticShares(history)
        expect(sum(shares)).toBe(1_000_000)
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(0)
        // Shares are whole millionths and energies whole Wh: each interval and consumer may lose one Wh by either.
        const rounding = 6 * history.producedWh.length
        for (let a = 0; a <= 100; a += 4) {
          for (let b = 0; a + b <= 100; b += 4) {
            const other = [a * 10_000, b * 10_000, (100 - a - b) * 10_000]
            expect(covered(shares) + rounding).toBeGreaterThanOrEqual(covered(other))
          }
        }
      }),
      { numRuns: 60, seed: 20261117 },
    )
  })

  test('go to those who can use them', () => {
    const shares = bestStaticShares({
      producedWh: [1000, 1000],
      consumedWh: [
        [0, 1000],
        [0, 0],
        [1000, 1000],
      ],
    })
    expect(shares[1]).toBe(0)
    expect(shares[2]).toBeGreaterThan(shares[0]!)
  })
})

test('hours of a year are counted as they pass', () => {
  const madrid = new TimeZone('Europe/Madrid')
  const hour = (text: string) => hourOfYear(Date.parse(text) / 1000, madrid)
  expect(hour('2025-12-31T23:00:00Z')).toEqual({ year: 2026, hour: 1 })
  expect(hour('2026-12-31T22:59:59Z')).toEqual({ year: 2026, hour: 8760 })
  expect([hoursOfYear(2026), hoursOfYear(2028)]).toEqual([8760, 8784])
})

describe('commonwatt keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-keys-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const written = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  test('says what each key would have given to whom', async () => {
    const profile = (home: number, direction: 'import' | 'export') =>
      profileOf(5, { point: `p${home}`, home, direction }, { zone: 'UTC', day: plainDay, intervalSeconds: 900 })
    const profiles = [profile(1, 'import'), profile(2, 'import'), profile(9, 'export')]
    const files = profiles.map((each, i) => written(`${i}.csv`, ownCsv(ownCsvRows([each]))))
    const { status, stdout, stderr } = await runCommonwatt(['keys', ...files])
    expect([status, stderr]).toEqual([0, ''])
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ intervalSeconds: 900, intervals: 96, intervalsLeftOut: 0, producers: ['p9'] })
    const covered = Object.fromEntries(
      result.keys.map((key: { name: string; coveredWh: number }) => [key.name, key.coveredWh]),
    )
    expect(Object.keys(covered)).toEqual(['equal', 'by-consumption', 'best-fixed', 'hourly', 'proportional'])
    expect(covered['best-fixed']).toBeGreaterThanOrEqual(Math.max(covered.equal, covered['by-consumption']) - 96 * 2)
    expect(covered.proportional).toBeGreaterThanOrEqual(covered['best-fixed'])
    const most = profiles[0]!.values.map(({ wh }, i) =>
      Math.min(profiles[2]!.values[i]!.wh!, wh! + profiles[1]!.values[i]!.wh!),
    )
    expect(covered.proportional).toBe(sum(most))
    expect(result.bestFor.map(({ point }: { point: string }) => point)).toEqual(['p1', 'p2'])
  })

  test('prints coefficients for a Spanish distributor', async () => {
    const span = { zone: 'Europe/Madrid', day: plainDay, intervalSeconds: 3600 }
    const homes = [1, 2, 3].map((home) => {
      const point = cupsOf(21_990_000_000_000 + home)
      return [
        profileOf(6, { point, home, direction: 'import' }, span),
        profileOf(6, { point, home, direction: 'export' }, span),
      ] as const
    })
    const files = homes.map(([drawn, fed], i) =>
      written(`${i}.txt`, datadisCsv(spanishRows(drawn, i === 0 ? fed : null), { surplus: i === 0 })),
    )
    const fixed = await runCommonwatt(['keys', ...files, '--coefficients', 'fixed'])
    expect(fixed.stdout.split('\r\n')).toHaveLength(3)
    expect(fixed.stdout).toMatch(/^ES\d{16}[A-Z]{2}0F;\d,\d{6}\r\n/)
    const hourly = await runCommonwatt(['keys', ...files, '--coefficients', 'hourly'])
    const { millionths } = readEsCoefficients(hourly.stdout, 2026)
    expect(millionths).toHaveLength(8760)
    const hour = hourOfYear(homes[0]![0].start, new TimeZone('Europe/Madrid')).hour - 1
    const drawn = homes.map(([home]) => home.values[0]!.wh!)
    expect(millionths[hour]![0]! / 1e6).toBeCloseTo(drawn[0]! / sum(drawn), 5)
  })

  test.each([
    [
      'nobody who produces',
      ['p,2026-04-14T00:00:00Z,import,total,1,measured', 'p,2026-04-14T00:15:00Z,import,total,1,measured'],
      'no production',
    ],
    ['a file that is refused', ['p,x,import,total,1,measured'], '0.csv: line 2'],
  ])('refuses %s in one line', async (_name, rows, reason) => {
    const { status, stdout, stderr } = await runCommonwatt(['keys', written('0.csv', ownCsv(rows))])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain(reason)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
