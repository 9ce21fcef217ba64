/** Who signed a reading, and signing one, one by one and at once: for whoever has a batch of many and does nothing else meanwhile. */
import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, EscrowDomain, Hex, Reading } from '../../contracts/protocol/typed-data.ts'
import { recoverBatch, signDigestCompact } from './recover.ts'
import { digestOfStruct, domainSeparator, encodeStruct, structLength } from './struct-encoding.ts'

const nobody = `0x${'0'.repeat(40)}`
const separators = new Map<string, Uint8Array>()

function separatorOf(domain: EscrowDomain): Uint8Array {
  const name = `${domain.chainId} ${domain.escrow}`
  let separator = separators.get(name)
  if (separator === undefined) {
    separator = domainSeparator(domain)
    separators.set(name, separator)
  }
  return separator
}

function structOf(reading: Reading): Uint8Array {
  const struct = new Uint8Array(structLength('Reading'))
  encodeStruct('Reading', reading, struct, 0)
  return struct
}

/** The compact form of what the key signs of a reading; `privateKey` is `0x` and 64 digits. */
export function signReading(privateKey: Hex, domain: EscrowDomain, reading: Reading): Hex {
  const digest = digestOfStruct(separatorOf(domain), structOf(reading))
  return hexOf(signDigestCompact(digest, bytesOf(privateKey)))
}

/** The address of the key that signed (compact form), or null where nobody did. */
export function signerOfReading(domain: EscrowDomain, reading: Reading, signature: Hex): Address | null {
  const batch = { separator: separatorOf(domain), structs: structOf(reading), signatures: bytesOf(signature), count: 1 }
  const signer = hexOf(recoverBatch(batch).addresses)
  return signer === nobody ? null : signer
}
