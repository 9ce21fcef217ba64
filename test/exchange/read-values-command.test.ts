/** `commonwatt read-values` as people run it: one document, or one line of refusal. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runCommonwatt } from '../market/run-commonwatt.ts'
import { plainDay, profileOf } from './street.ts'
import { nem12, nem12Rows } from './writers/nem12.ts'
import { ownCsv, ownCsvRows } from './writers/own-csv.ts'

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-values-'))
afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const span = { zone: '+10:00', day: plainDay, intervalSeconds: 1800 }
const profile = profileOf(41, { point: 'CWN0000001', home: 1, direction: 'export' }, span, ['measured', 'missing'])

describe('commonwatt read-values', () => {
  test('prints what a file says', async () => {
    const file = written('values.txt', nem12(nem12Rows('B1', profile)))
    const { status, stdout, stderr } = await runCommonwatt([
      'read-values',
      file,
      '--format',
      'nem12',
      '--timezone',
      '+08:00',
    ])
    expect([status, stderr]).toEqual([0, ''])
    const { series, ...document } = JSON.parse(stdout)
    expect(document).toEqual({ format: 'nem12', createdAt: '2026-04-16T01:17:00Z', warnings: [] })
    const { values, ...identity } = series[0]
    expect(identity).toEqual({
      point: 'CWN0000001',
      direction: 'export',
      channel: 'total',
      code: 'B1',
      community: null,
      intervalSeconds: 1800,
    })
    expect(values).toHaveLength(48)
    const first = profile.values[0]!
    const energyWh = first.wh === null ? null : String(first.wh)
    expect(values[0]).toEqual({ start: '2026-04-13T16:00:00Z', energyWh, quality: first.quality })
  })

  test('writes exact decimals, and empty lists', async () => {
    const rows = ['p,2026-04-14T00:00:00Z,,total,125.25,measured', 'p,2026-04-14T00:15:00Z,,total,0.0000005,measured']
    const { stdout } = await runCommonwatt(['read-values', written('own.csv', ownCsv(rows))])
    expect(JSON.parse(stdout).series[0].values.map(({ energyWh }: { energyWh: string }) => energyWh)).toEqual([
      '125.25',
      '0',
    ])
  })

  const good = ownCsv(
    ownCsvRows([profileOf(41, { point: 'p', home: 1, direction: 'import' }, { ...span, zone: 'UTC' })]),
  )
  test.each<[string, string | Buffer, string[], string]>([
    ['a fault in it', good.replace('measured', 'guessed'), [], ': line 2: quality "guessed"'],
    ['another format', good, ['--format', 'mscons'], ': the content is csv, not mscons'],
    ['an unknown format', good, ['--format', 'x'], ': format "x" is none of'],
    ['an unknown zone', good, ['--timezone', 'Mars/Phobos'], ': time zone "Mars/Phobos" is not known'],
    ['control characters', 'a\u001b[2J\u2028b', [], ': none of the formats'],
    ['its letters of two bytes', Buffer.from(`\ufeff${good}`, 'utf16le'), [], ': written in UTF-16: save it as UTF-8'],
    ['the same, the other way round', Buffer.from(`\ufeff${good}`, 'utf16le').swap16(), [], ': written in UTF-16'],
    ['a workbook of before 2007', Buffer.from('d0cf11e0a1b11ae1', 'hex'), [], ': a workbook of before 2007 (.xls)'],
    ['a picture of values', '%PDF-1.7\n', [], ': a PDF holds no values'],
    ['its size', Buffer.alloc(64 * 2 ** 20 + 1), [], ': larger than 64 MiB'],
  ])('refuses a file for %s in one line', async (_name, content, options, reason) => {
    const file = written('refused', content)
    const { status, stdout, stderr } = await runCommonwatt(['read-values', file, ...options])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr.startsWith(`${file}${reason}`)).toBe(true)
    expect(stderr.replace(/\n$/, '')).toMatch(/^[^\p{Cc}\u2028]+$/u)
  })

  test('refuses what cannot be read', async () => {
    for (const file of [join(folder, 'nowhere'), folder]) {
      const { status, stdout, stderr } = await runCommonwatt(['read-values', file])
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^[^\n]*: cannot be read: [^\n]*\n$/)
    }
  })
})
