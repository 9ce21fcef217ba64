/** The formats of the settlement report: this table drives command, API and page. */
import { csvWriter } from './csv.ts'
import { csvExcelWriter } from './csv-excel.ts'
import { checkEnergyAccount, energyAccountWriter } from './energy-account.ts'
import { checkEspi, espiWriter } from './espi.ts'
import { checkNem12, nem12Writer } from './nem12.ts'
import { type Period, periods } from './periods.ts'
import { ReportError } from './row.ts'
import { checkRange } from './selection.ts'
import type { FormatWriter, ReportHead } from './writer.ts'

export interface ReportFormat {
  name: string
  /** For whom, in a few words. */
  about: string
  mediaType: string
  /** The ending of file names, without the dot. */
  ending: string
  /** The order in which the rows have to come: by start and then point, or by point and then start. */
  order: 'time' | 'point'
  /** Throws `ReportError` for a report that the format cannot be, before anything is read for it. */
  check(head: ReportHead): void
  writer(head: ReportHead): FormatWriter
}

const always = () => {}

export const reportFormats: readonly ReportFormat[] = [
  {
    name: 'csv',
    about: 'for programs: RFC 4180, UTF-8',
    mediaType: 'text/csv; charset=utf-8',
    ending: 'csv',
    order: 'time',
    check: always,
    writer: csvWriter,
  },
  {
    name: 'csv-excel',
    about: 'for people: opens with a double click in a spreadsheet of a country with decimal commas',
    mediaType: 'text/csv; charset=utf-8',
    ending: 'csv',
    order: 'time',
    check: always,
    writer: csvExcelWriter,
  },
  {
    name: 'espi',
    about: 'Green Button (NAESB REQ.21, ESPI)',
    mediaType: 'application/atom+xml; charset=utf-8',
    ending: 'xml',
    order: 'point',
    check: checkEspi,
    writer: espiWriter,
  },
  {
    name: 'energy-account',
    about: 'IEC 62325-451-4 EnergyAccount_MarketDocument',
    mediaType: 'application/xml; charset=utf-8',
    ending: 'xml',
    order: 'point',
    check: checkEnergyAccount,
    writer: energyAccountWriter,
  },
  {
    name: 'nem12',
    about: 'Australian meter data file (AEMO)',
    mediaType: 'text/csv; charset=us-ascii',
    ending: 'csv',
    order: 'point',
    check: checkNem12,
    writer: nem12Writer,
  },
]

/** Throws `REPORT_FORMAT` for a name that is none. */
export function reportFormat(name: string): ReportFormat {
  const format = reportFormats.find((each) => each.name === name)
  if (format === undefined) {
    const names = reportFormats.map((each) => each.name).join(', ')
    throw new ReportError('REPORT_FORMAT', `format ${JSON.stringify(name.slice(0, 60))} is none of ${names}`)
  }
  return format
}

/** Throws `REPORT_SELECTION` for a name that is none. */
export function reportPeriod(name: string): Period {
  const period = periods.find((each) => each === name)
  if (period === undefined) {
    throw new ReportError('REPORT_SELECTION', `by ${JSON.stringify(name.slice(0, 60))}: expected ${periods.join(', ')}`)
  }
  return period
}

/** Whether the report can be written at all: its range and what the format asks for. Throws `ReportError`. */
export function checkReportHead(format: ReportFormat, head: ReportHead): void {
  checkRange(head.from, head.to)
  format.check(head)
}
