/**
 * Cells of separated values (RFC 4180) that no spreadsheet runs, and, where a file is meant to be opened in one, none changes.
 *
 * A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return; some do so behind blanks, or for
 * the wide forms of these signs. Such a text gets an apostrophe in front, as does one that begins with an apostrophe, so that
 * taking one away gives the text back. Numbers are written by whoever knows that they are numbers, and stay as they are.
 */

const live = /^[\s\p{Cf}\p{Cc}]*[=+\-@＝＋－＠'\t\r\n]/u
/** What a spreadsheet takes for a number, a date or a truth value although it is a name. */
const misread =
  /^\s*(?:\d|[.,]\d|(?:jan|feb|m[aä]r|mrz|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\p{L}*[\s.\-/]*\d|(?:true|false|wahr|falsch)$)/iu

/** A text that no spreadsheet runs. */
export function harmless(text: string): string {
  return live.test(text) ? `'${text}` : text
}

/** A text that a spreadsheet also leaves as it is: an identifier of 18 digits stays one. */
export function harmlessAndKept(text: string): string {
  return live.test(text) || misread.test(text) ? `'${text}` : text
}

/** The text of a cell that was written so. */
export function textOfCell(cell: string): string {
  return cell.startsWith("'") ? cell.slice(1) : cell
}

/** A cell with the separator, a quote or a line break is quoted, its quotes doubled. */
export function quotedCell(text: string): string {
  return /[",;\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A line without its end; texts are made harmless, numbers are left as they are. */
export function separatedLine(cells: readonly (string | number)[], separator: ',' | ';'): string {
  return cells.map((cell) => (typeof cell === 'number' ? cell : quotedCell(harmless(cell)))).join(separator)
}
