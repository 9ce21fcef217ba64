/**
 * Official identifiers of metering points and the rules by which a wrong one is noticed.
 *
 * Sources: VDE-AR-N 4400 (DE, 33 characters) and BDEW (market location, 11 digits), ebutilities.at (AT), VSE (CH), Real Decreto
 * 1074/2015 and the CNMC's CUPS (ES), AEMO's NMI procedure (AU), GS1 (18 digits: BE, NL, DK and others), Enedis (FR).
 */

/** Why an identifier is wrong, in words that follow it; null where nothing is wrong with it. */
export type IdentifierFault = string | null

const fault = (right: boolean, reason: string): IdentifierFault => (right ? null : reason)

/** Zählpunkt: `AT` and 31 letters or digits. */
export function austrianPointFault(text: string): IdentifierFault {
  return fault(/^AT[0-9A-Z]{31}$/.test(text), 'is no metering point of 33 characters AT…')
}

/** Messpunkt: `CH` and 31 letters or digits. */
export function swissPointFault(text: string): IdentifierFault {
  return fault(/^CH[0-9A-Z]{31}$/.test(text), 'is no metering point of 33 characters CH…')
}

/** Messlokation: `DE` and 31 letters or digits; it has no check digit. */
export function meteringLocationFault(text: string): IdentifierFault {
  return fault(/^DE[0-9A-Z]{31}$/.test(text), 'is no metering location of 33 characters DE…')
}

/** Marktlokation: ten digits and the one that makes odd places + 2 × even places a multiple of ten. */
export function marketLocationFault(text: string): IdentifierFault {
  if (!/^\d{11}$/.test(text)) return 'is no market location of 11 digits'
  const digits = Array.from(text, Number)
  const sum = digits.reduce((total, digit, i) => total + (i < 10 && i % 2 === 1 ? 2 * digit : digit), 0)
  return fault(sum % 10 === 0, 'has a wrong check digit')
}

const cupsLetters = 'TRWAGMYFPDXBNJZSQVHLCKE'

/**
 * CUPS: `ES`, 16 digits, two control letters and, where a border point is named, two more characters. A number made
 * anonymous with X among its digits has nothing left to check.
 */
export function cupsFault(text: string): IdentifierFault {
  const match = /^ES([\dX]{16})([A-Z]{2})(?:[0-9A-Z]{2})?$/.exec(text)
  if (match === null) return 'is no CUPS (ES, 16 digits, 2 letters)'
  const [, digits, letters] = match
  return fault(digits!.includes('X') || cupsControl(digits!) === letters, 'has wrong control letters')
}

/** The two letters after the 16 digits: the rest of 529, as quotient and rest of 23. */
export function cupsControl(digits: string): string {
  const rest = Number(BigInt(digits) % 529n)
  return cupsLetters[Math.floor(rest / 23)]! + cupsLetters[rest % 23]!
}

/** National Metering Identifier: ten letters or digits, and its check digit where it is given with it. */
export function nmiFault(text: string): IdentifierFault {
  if (!/^[0-9A-Z]{10}\d?$/.test(text)) return 'is no NMI of 10 characters'
  return fault(text.length === 10 || nmiCheckDigit(text.slice(0, 10)) === text[10], 'has a wrong check digit')
}

/** By ASCII codes from the right, every second one doubled, the digits of all of them added up to a multiple of ten. */
export function nmiCheckDigit(nmi: string): string {
  const codes = Array.from(nmi, (letter) => letter.charCodeAt(0)).reverse()
  const digits = codes.flatMap((code, i) => Array.from(String(i % 2 === 0 ? 2 * code : code), Number))
  return String((10 - (digits.reduce((a, b) => a + b, 0) % 10)) % 10)
}

/** EAN-18 (GS1 GSRN): 17 digits and the one that makes 3 × every other + the rest a multiple of ten. */
export function ean18Fault(text: string): IdentifierFault {
  if (!/^\d{18}$/.test(text)) return 'is no EAN of 18 digits'
  const sum = Array.from(text, Number).reduce((total, digit, i) => total + (i % 2 === 0 ? 3 * digit : digit), 0)
  return fault(sum % 10 === 0, 'has a wrong check digit')
}

/** PRM (PDL): 14 digits, also made anonymous with X. */
export function prmFault(text: string): IdentifierFault {
  return fault(/^[\dX]{14}$/.test(text), 'is no PRM of 14 digits')
}

const faultsByCountry = new Map<string, (text: string) => IdentifierFault>([
  ['AT', austrianPointFault],
  ['AU', nmiFault],
  ['BE', ean18Fault],
  ['CH', swissPointFault],
  ['DE', (text) => (/^\d/.test(text) ? marketLocationFault(text) : meteringLocationFault(text))],
  ['DK', ean18Fault],
  ['ES', cupsFault],
  ['FR', prmFault],
  ['NL', ean18Fault],
])

/** What is wrong with an identifier where no country's rule is known: anything short without blanks and control characters is right. */
export function pointFault(text: string): IdentifierFault {
  return fault(/^[^\s\p{Cc}]{1,64}$/u.test(text), 'is no identifier of a metering point')
}

/** The same by the rule of a country (ISO 3166, two letters), where that is known here. */
export function pointFaultIn(country: string, text: string): IdentifierFault {
  return (faultsByCountry.get(country) ?? pointFault)(text)
}
