/** A month's statement as CSV (RFC 4180): its lines with their rules, then its days, all in Wh and exact money. */
import type { MonthResource } from '../../server/api/totals-resources.ts'
import type { Part } from '../history/totals.ts'
import { statementLines } from './lines.ts'
import { statementWords } from './words.ts'

const header = ['period', 'line', 'energyWh', 'amount', 'paid', 'currency', 'rule']

/** The statement as CSV; `dayOf` names the local day that begins at a time. */
export function statementCsv(
  month: MonthResource,
  days: readonly Part[],
  { currency, period, dayOf }: { currency: string; period: string; dayOf: (start: string) => string },
): string {
  const said = statementWords()
  const cells = statementLines(month).map(({ name, energyWh, amount, settledAmount }) => [
    ...[month.month, said.lines[name], String(energyWh), amount ?? '', settledAmount ?? ''],
    ...[amount === null ? '' : currency, said.rules[name](period)],
  ])
  const ofDays = days.flatMap((day) => {
    const row = (line: string, energyWh: number, amount: string | null) => [
      ...[dayOf(day.start), line, String(energyWh), amount ?? '', '', amount === null ? '' : currency, ''],
    ]
    return [
      row(said.day.sold, day.soldWh, day.received),
      row(said.day.toSupplier, day.toSupplierWh, null),
      row(said.day.bought, day.boughtWh, day.paid),
      row(said.day.fromSupplier, day.fromSupplierWh, null),
    ]
  })
  return [header, ...cells, ...ofDays].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
