/** The money in which an area's prices are read. */

const iso4217 = new Set(Intl.supportedValuesOf('currency'))

/** Whether these are the three letters of a currency in ISO 4217, by which documents and reports name it. */
export function isCurrency(letters: string): boolean {
  return iso4217.has(letters)
}

export const noCurrency = 'write a currency’s three capital letters (ISO 4217), like EUR'
