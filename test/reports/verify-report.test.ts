/** What `verify` finds of a report by itself: a cut, a changed line, a sum that is wrong. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { beginsReport, type CheckedRow, ReportReader } from '../../server/reports/verify-report.ts'
import { BatchFigures } from '../../server/reports/verify-rows.ts'
import { headOf, later, seller, settings, write } from './rows.ts'

function readReport(text: string) {
  const reader = new ReportReader()
  const rows = text
    .split('\n')
    .slice(0, text.endsWith('\n') ? -1 : undefined)
    .map((line) => reader.take(line))
    .filter((row): row is CheckedRow => row !== null)
  return { rows, ...{ counted: reader.finish().rows } }
}

const named = headOf({ settings: { ...settings, name: '=Sun;, "street"\nEast' } })
const rows = [seller, later(seller, 1, { import_at_start: null }), later(seller, 2, { meter: 'm2' })]
const fresh = (line: string, separator = ',') => {
  const without = line.slice(0, line.lastIndexOf(separator))
  return `${without}${separator}${createHash('sha256').update(without).digest('hex')}`
}

describe.each(['csv', 'csv-excel'])('a report as %s', (format) => {
  test('is right as it was written, whatever its names are', async () => {
    const { text } = await write(format, rows, { head: named })
    expect(beginsReport(text.slice(0, text.indexOf('\n')))).toBe(true)
    const read = readReport(text)
    expect(read.counted).toBe(3)
    expect(read.rows[0]).toMatchObject({ meter: seller.meter, start: seller.start, soldWh: 300, received: 30_000_000n })
  })

  test('that was cut, longer, or changed is not', async () => {
    const { text } = await write(format, rows)
    const lines = text.split('\r\n')
    const refused = (changed: string) => {
      expect(() => readReport(changed)).toThrowError(expect.objectContaining({ code: 'REPORT_WRONG' }))
    }
    refused(`${lines.slice(0, 3).join('\r\n')}\r\n`)
    refused(`${text}${lines[1]}\r\n`)
    refused([...lines.slice(0, 2), ...lines.slice(3)].join('\r\n'))
    refused(text.replace('300', '301'))
    refused(text.replace('North', 'South'))
    const separator = format === 'csv' ? ',' : ';'
    const changed = fresh(
      lines[1]!.replace(`${separator}300${separator}0${separator}200`, `${separator}299${separator}0${separator}201`),
      separator,
    )
    expect(changed).not.toBe(lines[1])
    refused([lines[0], changed, ...lines.slice(2)].join('\r\n'))
  })
})

test('energy that was corrected after its registers were signed is in none, nor in those of its day', async () => {
  const before = {
    ...seller,
    import_at_start: 1_000,
    import_at_end: 1_000,
    export_at_start: 1_500,
    export_at_end: 2_000,
  }
  const corrected = { ...later(seller, 1), export_wh: 520, is_corrected: true }
  const after = { ...later(seller, 2), export_at_start: 2_500, export_at_end: 3_000 }
  for (const by of ['interval', 'day'] as const) {
    const { text } = await write('csv', [before, corrected, after], { head: headOf({ by }) })
    expect(readReport(text).rows.reduce((sum, { exportWh }) => sum + exportWh, 0)).toBe(1_520)
  }
  const { text } = await write('csv', [before, { ...corrected, export_wh: 500 }, after], {
    head: headOf({ by: 'day' }),
  })
  expect(text).toContain(',1500,3000,')
  // Whatever else differs from the registers is found.
  const wrong = await write('csv', [before, { ...corrected, is_corrected: false }])
  expect(() => readReport(wrong.text)).toThrow('the registers did not advance by exportWh')
})

test('a report that is right by itself is not what its batch gives where the fills differ', async () => {
  const { text } = await write('csv', rows)
  const compared = (change: { amount?: string; energyWh?: number; root?: string }) => {
    const fills = [0, 1, 2].map(
      (after) =>
        [seller.start + after * 900, 'spot', 1, 'sell', change.energyWh ?? 300, change.amount ?? '300000'] as const,
    )
    const [start, end] = [seller.start, seller.start + 3_600]
    const figures = new BatchFigures()
    figures.of(
      {
        start,
        end,
        seats: [
          { seat: 1, fills: fills.slice(0, 2) },
          { seat: 2, fills: fills.slice(2) },
        ],
      },
      {
        ...{ rules: { priceTick: 100 }, statementRoot: change.root ?? seller.statement_root },
        seats: [
          { seat: 1, meter: seller.meter },
          { seat: 2, meter: 'm2' },
        ],
      },
    )
    for (const row of readReport(text).rows) figures.compare(row)
    return figures.finish()
  }
  expect(compared({})).toBe(3)
  for (const change of [{ amount: '300001' }, { energyWh: 301 }, { root: `0x${'0'.repeat(64)}` }]) {
    expect(() => compared(change)).toThrowError(expect.objectContaining({ code: 'REPORT_WRONG' }))
  }
})
