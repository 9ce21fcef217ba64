/** Words of a file as they may stand in a message: on one line, without control characters, and short. */

const longestQuote = 60

/** A text of the file in quotation marks, escaped and shortened. */
export function inQuotes(text: string): string {
  return JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text)
}

/** A short word of the file as it is: a unit, a code. `ExchangeError` keeps it on one line. */
export function shortened(text: string | undefined): string {
  if (text === undefined || text === '') return 'missing'
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text
}

/** A message without line breaks and other characters that a terminal would act on. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
}
