/**
 * Codes by which the European energy market names parties, areas and metering points, with the scheme that each belongs to.
 * Sources: ENTSO-E, EIC reference manual (16 characters, the last one checks); GS1 (GLN and GSRN); coding scheme list of the
 * ENTSO-E code lists (A01 EIC, A10 GS1, `N` and two letters a country's own).
 */
import { ean18Fault } from '../exchange/identifiers.ts'

/** A code with its scheme, or null where it has none. */
export type SchemedCode = { code: string; scheme: string } | null

const eicCharacters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-'

/** Whether a text is an EIC: 16 characters, of which the last one checks the others. */
export function isEic(text: string): boolean {
  return /^[0-9A-Z-]{15}[0-9A-Z]$/.test(text) && eicCheckCharacter(text.slice(0, 15)) === text[15]
}

/** Values 0 to 36 of the 15 characters by weights 16 to 2; the character of 36 − (sum − 1) mod 37. */
export function eicCheckCharacter(code: string): string {
  const sum = Array.from(code).reduce((total, letter, i) => total + eicCharacters.indexOf(letter) * (16 - i), 0)
  return eicCharacters[36 - ((sum + 36) % 37)]!
}

/** An EIC, or a GLN of 13 digits. */
export function partyCode(text: string): SchemedCode {
  if (isEic(text)) return { code: text, scheme: 'A01' }
  return isGln(text) ? { code: text, scheme: 'A10' } : null
}

function isGln(text: string): boolean {
  if (!/^\d{13}$/.test(text)) return false
  return Array.from(text, Number).reduce((sum, digit, i) => sum + (i % 2 === 0 ? digit : 3 * digit), 0) % 10 === 0
}

/** An official identifier of a metering point. */
export function pointCode(text: string): SchemedCode {
  if (/^\d{18}$/.test(text)) return ean18Fault(text) === null ? { code: text, scheme: 'A10' } : null
  // 33 characters that begin with the country (AT, CH, DE), or a CUPS.
  const country = /^([A-Z]{2})[0-9A-Z]{18,31}$/.exec(text)?.[1]
  if (country !== undefined) return { code: text, scheme: `N${country}` }
  // A French PRM and a German market location are digits alone.
  if (/^\d{14}$/.test(text)) return { code: text, scheme: 'NFR' }
  return /^\d{11}$/.test(text) ? { code: text, scheme: 'NDE' } : null
}
