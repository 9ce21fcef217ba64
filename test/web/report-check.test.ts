/** The page's check of a report's rows. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { writeReport } from '../../server/reports/csv.ts'
import type { SettledInterval } from '../../server/reports/row.ts'
import { checkReport, readCsv } from '../../web/utility/report-check.ts'

const settings = {
  name: 'Street, the "long" one',
  currency: 'EUR',
  priceDecimals: 4,
  rules: { intervalSeconds: 10 },
  ownUse: 'residual' as const,
  zones: [{ zone: 'street', parent: null }],
}

const row: SettledInterval = {
  start: 1_800_000_000,
  meter: `0x${'5'.repeat(40)}`,
  zone: 'street',
  run: 1,
  status: 'final',
  quality: 'measured',
  import_wh: 12,
  export_wh: 30,
  bought_wh: 5,
  sold_wh: 20,
  paid: '5000',
  received: '20000',
  deviation_wh: 0,
  outcomes: [
    { stage: 'spot', arrival: 1, side: 'sell', filledWh: 20, priceTicks: 1000, amount: 20_000n },
    { stage: 'spot', arrival: 2, side: 'buy', filledWh: 5, priceTicks: 1000, amount: 5_000n },
  ],
  agreed: new Map(),
  zones: [{ zone: 'street', priceTicks: 1000 }],
  flows: [],
  batch_end: null,
  statement_root: null,
}

async function report(rows: SettledInterval[]): Promise<string> {
  let text = ''
  for await (const chunk of writeReport(
    () => settings,
    (async function* () {
      yield rows
    })(),
  ))
    text += chunk
  return text
}

it('agrees with the server’s report', async () => {
  expect(checkReport(await report([row, { ...row, start: row.start + 10 }]))).toEqual({ rows: 2, faults: [] })
  expect(checkReport(await report([]))).toEqual({ rows: 0, faults: [] })
})

it('finds a row that was altered', async () => {
  const text = await report([row])
  const cells = readCsv(text)[1]!
  const soldWh = readCsv(text)[0]!.indexOf('soldWh')
  const altered = text.replace(`,${cells.slice(soldWh - 3, soldWh + 1).join(',')},`, ',12,30,5,21,')
  expect(altered).not.toBe(text)
  expect(checkReport(altered).faults).toEqual([`${row.meter} at 2027-01-15T08:00:00Z: export 30 is not 0 + 21 + 10 Wh`])
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
