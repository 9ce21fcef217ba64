/**
 * A roster as CSV: `member,point,direction,community,supplier,balanceGroup,factor,share,from,to`. With semicolons as
 * separators, as a German spreadsheet writes it, numbers have a decimal comma.
 */
import { isUtf8 } from 'node:buffer'
import { wholeMillionths } from './allocation/allocate.ts'
import { commaForm, type DecimalForm, pointForm, readDecimal, scaledToWhole } from './decimal.ts'
import { ExchangeError } from './error.ts'
import { type DayNumber, dayOf } from './instants.ts'
import type { EnergyDirection } from './official-values.ts'
import { inQuotes, shortened } from './quote.ts'
import { type Roster, RosterBuilder, type RosterEntry } from './roster.ts'
import { separatedRows } from './separated-values.ts'

const columns = [
  'member',
  'point',
  'direction',
  'community',
  'supplier',
  'balanceGroup',
  'factor',
  'share',
  'from',
  'to',
]
const longestName = 200
/** A share is written in percent; its unit here is a millionth of the whole. */
const percentPower = 4

/** Reads a list. Throws `ROSTER_FORMAT` or `VALUES_SYNTAX` where it is none; single rows are refused in the result. */
export function readRosterCsv(bytes: Buffer, country: string): Roster {
  if (!isUtf8(bytes)) throw new ExchangeError('ROSTER_FORMAT', '', 'the text is not UTF-8')
  const content = bytes.toString('utf8', 0, 3).startsWith('\ufeff') ? bytes.subarray(3) : bytes
  const firstLine = content.toString('utf8', 0, 1000).split(/\r?\n/)[0]!
  const separator = firstLine.includes(';') ? ';' : ','
  const form = separator === ';' ? commaForm : pointForm
  const builder = new RosterBuilder(country)
  let header = true
  for (const { line, fields } of separatedRows(content, separator, 'utf8')) {
    if (header && fields.join(',') !== columns.join(',')) {
      throw new ExchangeError('ROSTER_FORMAT', `line ${line}`, `expected the header ${columns.join(separator)}`)
    }
    if (!header) builder.admit(nameOf(line, fields), () => readRow(fields, form))
    header = false
  }
  if (header) throw new ExchangeError('ROSTER_FORMAT', '', 'the list is empty')
  return builder.finish()
}

function nameOf(line: number, [member, point]: readonly string[]): string {
  return `line ${line} (${[member, point].map(shortened).join(', ')})`
}

function readRow(fields: readonly string[], form: DecimalForm): RosterEntry {
  const refuse = (reason: string): never => {
    throw new ExchangeError('ROSTER_FIELD', '', reason)
  }
  if (fields.length !== columns.length) refuse(`${fields.length} fields, expected ${columns.length}`)
  const [member, point, direction, community, supplier, balanceGroup, factor, share, from, to] = fields.map((field) =>
    field.trim(),
  ) as [string, string, string, string, string, string, string, string, string, string]
  for (const name of [member, community, supplier, balanceGroup]) {
    if (name.length > longestName || /\p{Cc}/u.test(name)) refuse(`${inQuotes(name)} is no name`)
  }
  if (member === '') refuse('the member has no name')
  if (direction !== 'import' && direction !== 'export')
    refuse(`direction ${inQuotes(direction)}, expected import or export`)
  const percent = factor === '' ? 100 : Number(/^\d{1,3}$/.exec(factor)?.[0])
  if (!(percent >= 1 && percent <= 100)) refuse(`factor ${inQuotes(factor)} is no whole percentage from 1 to 100`)
  return {
    member,
    point,
    direction: direction as EnergyDirection,
    community: community || null,
    supplier: supplier || null,
    balanceGroup: balanceGroup || null,
    factorPercent: percent,
    shareMillionths: share === '' ? null : readShare(share, form),
    fromDay: readRosterDay(from),
    endDay: to === '' ? Number.POSITIVE_INFINITY : readRosterDay(to) + 1,
  }
}

/** A percentage with up to four decimals. Throws `ROSTER_SHARE`. */
export function readShare(text: string, form: DecimalForm): number {
  const refusal = new ExchangeError(
    'ROSTER_SHARE',
    '',
    `share ${inQuotes(text)} is no percentage of up to four decimals`,
  )
  let millionths: bigint
  try {
    const decimal = readDecimal(text, form, () => '')
    if (decimal.power < -percentPower) throw refusal
    millionths = scaledToWhole(decimal, percentPower)
  } catch {
    throw refusal
  }
  if (millionths > wholeMillionths) throw refusal
  return Number(millionths)
}

/** Reads a day such as `2026-11-01`. Throws `ROSTER_DATES`. */
export function readRosterDay(text: string): DayNumber {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  const day = year === undefined ? null : dayOf(Number(year), Number(month), Number(date))
  if (day === null) throw new ExchangeError('ROSTER_DATES', '', `${inQuotes(text)} is no date`)
  return day
}
