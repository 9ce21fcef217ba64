/** A month's statement as a PDF document, with the same lines, rules and days as on the page. */
import type { MonthResource } from '../../server/api/totals-resources.ts'
import type { Part } from '../history/totals.ts'
import { difference, energy, moneyColumn } from '../money/format.ts'
import { localDate, monthName } from '../time/clock.ts'
import { language } from '../words/language.ts'
import { addsUp, statementLines } from './lines.ts'
import { Paper, sheet } from './paper.ts'
import { statementWords } from './words.ts'

const right = sheet.width - sheet.margin
/** Where the columns of the table of days end, in points from the left edge. */
const dayColumns = [180, 255, 325, 385, 460, right]

export interface StatementOf {
  home: string
  area: string
  currency: string
  period: string
  /** The name of several such periods, in the plural. */
  periods: string
}

export function statementPdf(
  month: MonthResource,
  days: readonly Part[],
  { home, area, currency, period, periods }: StatementOf,
): Uint8Array<ArrayBuffer> {
  const said = statementWords()
  const { summary, lines } = month
  const ofDays = days.flatMap(({ received, paid }) => [received, paid])
  const money = moneyColumn([summary.received, summary.paid, ...lines.map(({ amount }) => amount), ...ofDays], currency)
  const title = `${said.title}: ${monthName(month.month)}`
  const paper = new Paper()
  paper.text(title, 'title')
  paper.text(`${home} · ${area}`)
  paper.beginTable(
    [{ text: said.what }, { text: said.energy, endsAt: 400 }, { text: said.amount, endsAt: right }],
    'head',
  )
  for (const { name, energyWh, amount, settledAmount } of statementLines(month)) {
    const sum = amount === null ? '–' : money(amount)
    paper.row([{ text: said.lines[name] }, { text: energy(energyWh), endsAt: 400 }, { text: sum, endsAt: right }])
    if (settledAmount !== null) {
      paper.row([{ text: '' }, { text: '' }, { text: said.paid(money(settledAmount)), endsAt: right }], 'small')
    }
    paper.text(said.rules[name](period), 'small')
  }
  const balance = money(difference(summary.received, summary.paid))
  paper.row([{ text: said.balance }, { text: '' }, { text: balance, endsAt: right }], 'strong')
  paper.endTable()
  paper.text(addsUp(month) ? said.addsUpText(energy(summary.soldWh), energy(summary.boughtWh)) : said.doesNotText)
  if (month.provisional > 0) paper.text(said.open(month.provisional, periods))
  const unpaid = month.batches.filter(({ status }) => status !== 'settled').length
  if (unpaid > 0) paper.text(said.unpaid(unpaid))
  paper.text(said.byDay, 'head')
  const heads = [
    said.day.sold,
    said.received,
    said.day.toSupplier,
    said.day.bought,
    said.spentColumn,
    said.day.fromSupplier,
  ]
  const cellsOf = (name: string, cells: readonly string[]) => [
    { text: name },
    ...cells.map((text, place) => ({ text, endsAt: dayColumns[place]! })),
  ]
  paper.beginTable(cellsOf(said.dayName, heads), 'small')
  for (const day of days) {
    const cells = [energy(day.soldWh), money(day.received), energy(day.toSupplierWh), energy(day.boughtWh)]
    paper.row(cellsOf(localDate(day.start), [...cells, money(day.paid), energy(day.fromSupplierWh)]), 'small')
  }
  paper.endTable()
  return paper.bytes({ title: `${title}, ${home}`, language: language() })
}
