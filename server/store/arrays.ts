/**
 * Columns of many rows as PostgreSQL reads an array's text: one statement takes any number of rows as a few of these, and
 * `unnest` makes rows of them again. Written by hand, since the driver quotes every element and looks through it twice.
 */

/** Whole numbers; null stays null. */
export function numbers<Row>(rows: readonly Row[], of: (row: Row) => number | bigint | null): string {
  let text = '{'
  for (const row of rows) text += `${text.length === 1 ? '' : ','}${of(row)}`
  return `${text}}`
}

/** Names from fixed lists, which need no quotes; null stays null. */
export function names<Row>(rows: readonly Row[], of: (row: Row) => string | null): string {
  let text = '{'
  for (const row of rows) text += `${text.length === 1 ? '' : ','}${of(row)}`
  return `${text}}`
}

/** A column of any text. */
export function texts<Row>(rows: readonly Row[], of: (row: Row) => string | null): string {
  let text = '{'
  for (const row of rows) {
    const value = of(row)
    text += text.length === 1 ? '' : ','
    text += value === null ? 'NULL' : `"${value.replace(/[\\"]/g, '\\$&')}"`
  }
  return `${text}}`
}

/** Bytes, of which some columns have none. */
export function bytes<Row>(rows: readonly Row[], of: (row: Row) => Buffer | null): string {
  let text = '{'
  for (const row of rows) {
    const value = of(row)
    if (text.length > 1) text += ','
    text += value === null ? 'null' : `"\\\\x${value.toString('hex')}"`
  }
  return `${text}}`
}

/** Bytes that are written as `0x` and hexadecimal digits. */
export function hexes<Row>(rows: readonly Row[], of: (row: Row) => string): string {
  let text = '{'
  for (const row of rows) text += `${text.length === 1 ? '"\\\\x' : ',"\\\\x'}${of(row).slice(2)}"`
  return `${text}}`
}

/** Rows of one statement at most, so that no text becomes long. */
const rowsPerStatement = 4_000

/** The rows in parts that fit one statement each. */
export function* parts<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  if (rows.length <= rowsPerStatement) {
    if (rows.length > 0) yield rows
    return
  }
  for (let from = 0; from < rows.length; from += rowsPerStatement) yield rows.slice(from, from + rowsPerStatement)
}
