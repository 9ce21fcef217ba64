/** Rows of separated values (RFC 4180 with any separator) out of the bytes of a file, one at a time. */
import { ExchangeError } from './error.ts'

/** A row longer than this is a quote that was never closed, or no table. */
const longestRowBytes = 1 << 16
const [newline, carriageReturn, quote] = [0x0a, 0x0d, 0x22]

export interface SeparatedRow {
  /** The line it begins on, counted from 1. */
  line: number
  fields: string[]
}

/**
 * The rows that are not empty. `text` decodes bytes of the file. Throws `VALUES_SYNTAX` for a quote that is not closed or
 * stands inside a field, and for a row of more than 64 KiB.
 */
export function* separatedRows(
  bytes: Buffer,
  separator: ',' | ';',
  encoding: 'utf8' | 'latin1',
): Generator<SeparatedRow> {
  let line = 1
  for (let from = 0; from < bytes.length; ) {
    let end = lineEnd(bytes, from)
    let lines = 1
    let quotes = countQuotes(bytes, from, end)
    while (quotes % 2 === 1) {
      if (end >= bytes.length || end - from > longestRowBytes) throw openQuote(line)
      const next = lineEnd(bytes, end + 1)
      quotes += countQuotes(bytes, end + 1, next)
      end = next
      lines++
    }
    if (end - from > longestRowBytes) throw syntax(line, `a row of more than ${longestRowBytes} bytes`)
    const row = bytes.toString(encoding, from, bytes[end - 1] === carriageReturn && end > from ? end - 1 : end)
    if (row !== '') yield { line, fields: quotes > 0 ? quotedFields(row, separator, line) : row.split(separator) }
    line += lines
    from = end + 1
  }
}

function countQuotes(bytes: Buffer, from: number, end: number): number {
  let quotes = 0
  for (let at = from; at < end; at++) if (bytes[at] === quote) quotes++
  return quotes
}

/** Where the line that begins at `from` ends; the length of the file where no line break follows. */
function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(newline, from)
  return end < 0 ? bytes.length : end
}

function quotedFields(row: string, separator: string, line: number): string[] {
  const fields: string[] = []
  for (let at = 0; at <= row.length; ) {
    if (row[at] !== '"') {
      const end = row.indexOf(separator, at)
      const field = end < 0 ? row.slice(at) : row.slice(at, end)
      if (field.includes('"')) throw syntax(line, 'a quote inside a field')
      fields.push(field)
      at = end < 0 ? row.length + 1 : end + 1
      continue
    }
    let end = row.indexOf('"', at + 1)
    while (end >= 0 && row[end + 1] === '"') end = row.indexOf('"', end + 2)
    if (end < 0) throw openQuote(line)
    if (end + 1 < row.length && row[end + 1] !== separator) throw syntax(line, 'text after a closing quote')
    fields.push(row.slice(at + 1, end).replaceAll('""', '"'))
    at = end + 2
  }
  return fields
}

function openQuote(line: number): ExchangeError {
  return syntax(line, 'a quote is not closed')
}

function syntax(line: number, reason: string): ExchangeError {
  return new ExchangeError('VALUES_SYNTAX', `line ${line}`, reason)
}
