/** The page's check of a report's rows. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { SettledInterval } from '../../server/reports/settled-row.ts'
import { checkReport, readCsv, reportSums } from '../../web/utility/report-check.ts'
import { headOf, seller, settings, write } from '../reports/rows.ts'

const row: SettledInterval = {
  ...{ ...seller, meter: `0x${'5'.repeat(40)}`, zone: 'street', start: 1_800_000_000 },
  ...{ import_wh: 12, export_wh: 30, bought_wh: 5, sold_wh: 20, paid: '5000', received: '20000' },
  outcomes: [
    { stage: 'spot', arrival: 1, side: 'sell', filledWh: 20, priceTicks: 1000, amount: 20_000n },
    { stage: 'spot', arrival: 2, side: 'buy', filledWh: 5, priceTicks: 1000, amount: 5_000n },
  ],
  results: { zones: [{ zone: 'street', priceTicks: 1000 }], flows: [] },
}
const head = headOf({ settings: { ...settings, name: 'Street, the "long" one', ownUse: 'residual' } })

async function report(rows: SettledInterval[]): Promise<string> {
  return (await write('csv', rows, { head })).text
}

it('agrees with the server’s report', async () => {
  expect(checkReport(await report([row, { ...row, start: row.start + 10 }]))).toEqual({ rows: 2, faults: [] })
  expect(checkReport(await report([]))).toEqual({ rows: 0, faults: [] })
})

it('adds its rows up', async () => {
  const text = await report([row, { ...row, start: row.start + 10 }])
  expect(reportSums(text)).toEqual({ rows: 2, importWh: 24, exportWh: 60, soldWh: 40 })
  expect(reportSums(await report([]))).toEqual({ rows: 0, importWh: 0, exportWh: 0, soldWh: 0 })
})

it('finds a row that was altered', async () => {
  const text = await report([row])
  const cells = readCsv(text)[1]!
  const soldWh = readCsv(text)[0]!.indexOf('soldWh')
  const altered = text.replace(`,${cells.slice(soldWh - 3, soldWh + 1).join(',')},`, ',12,30,5,21,')
  expect(altered).not.toBe(text)
  expect(checkReport(altered).faults).toEqual([
    `${row.meter} at 2027-01-15T08:00:00Z: export 30 is not 0 + 21 + 10\u202fWh`,
  ])
})

it('notices that a report was cut, and that rows are missing in it', async () => {
  const text = await report([row, { ...row, start: row.start + 900, meter: 'm2' }])
  expect(checkReport(text.slice(0, text.indexOf('#end'))).faults).toHaveLength(1)
  expect(checkReport(await report([row, { ...row, sold_wh: 21 }])).faults).toHaveLength(1)
})

it('does not take another file for a report', () => {
  expect(checkReport('a,b\r\n1,2\r\n').faults).toHaveLength(1)
})

it('reads back whatever cells were written', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r\n', ' ') })
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 5 }), (rows) => {
      expect(readCsv(rows.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join(''))).toEqual(rows)
    }),
    { seed: 6 },
  )
})
