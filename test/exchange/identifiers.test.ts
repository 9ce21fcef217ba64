/** Identifiers of metering points: known ones are right, and no change of one digit goes unnoticed where there is a check. */
import { describe, expect, test } from 'vitest'
import {
  austrianPointFault,
  cupsControl,
  cupsFault,
  ean18Fault,
  marketLocationFault,
  meteringLocationFault,
  nmiCheckDigit,
  nmiFault,
  prmFault,
  swissPointFault,
} from '../../server/exchange/identifiers.ts'

/** Every identifier that differs in one digit. */
function changes(text: string): string[] {
  return Array.from(text).flatMap((letter, i) => {
    if (!/\d/.test(letter)) return []
    return Array.from('0123456789')
      .filter((digit) => digit !== letter)
      .map((digit) => text.slice(0, i) + digit + text.slice(i + 1))
  })
}

describe('an identifier', () => {
  test.each([
    [austrianPointFault, 'AT0031000000000000000000990027463'],
    [swissPointFault, 'CH1001101234500000000000000012345'],
    [meteringLocationFault, 'DE0001234567890123456789012345678'],
    [marketLocationFault, '51238690379'],
    [cupsFault, 'ES0021990000047514XJ'],
    [cupsFault, 'ES0021990000047514XJ1P'],
    [cupsFault, 'ES00210000XXXXXXXXXX'],
    [nmiFault, '2001985732'],
    [nmiFault, '20019857328'],
    [nmiFault, 'QAAAVZZZZZ3'],
    [ean18Fault, '541448820000000008'],
    // The example of GS1's own page on check digits.
    [ean18Fault, '376104250021234569'],
    [prmFault, '21999000054321'],
  ])('is right by %o', (fault, text) => {
    expect(fault(text)).toBe(null)
  })

  test.each([
    [austrianPointFault, 'AT003100000000000000000099002746'],
    [austrianPointFault, 'DE0031000000000000000000990027463'],
    [swissPointFault, 'CH100110123450000000000000001234é'],
    [meteringLocationFault, 'de0001234567890123456789012345678'],
    [marketLocationFault, '5123869037'],
    [cupsFault, 'ES0021990000047514'],
    [cupsFault, 'ES0021990000047514XJ1'],
    [nmiFault, '123'],
    [nmiFault, '20019857327'],
    [ean18Fault, '54144882000000000'],
    [prmFault, '2199900005432'],
  ])('is wrong by %o', (fault, text) => {
    expect(fault(text)).not.toBe(null)
  })

  test.each([
    ['market location', marketLocationFault, '51238690379'],
    ['CUPS', cupsFault, 'ES0021990000047514XJ'],
    ['EAN', ean18Fault, '541448820000000008'],
  ])('%s has a check that notices every changed digit', (_name, fault, text) => {
    // Twice a digit is the same modulo ten for digits that are five apart: that much the market location's check misses.
    const unnoticed = changes(text).filter((changed) => fault(changed) === null)
    expect(unnoticed).toHaveLength(fault === marketLocationFault ? 5 : 0)
  })

  test('has control letters and check digits as published', () => {
    expect(cupsControl('0021990000047514')).toBe('XJ')
    expect(['2001985732', '2001985733', '3075621875', 'QAAAVZZZZZ'].map(nmiCheckDigit)).toEqual(['8', '6', '8', '3'])
  })
})
