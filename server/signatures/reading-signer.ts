/** Who signed a reading, one by one and at once: for whoever checks a batch of many and does nothing else meanwhile. */
import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, EscrowDomain, Hex, Reading } from '../../contracts/protocol/typed-data.ts'
import { recoverBatch } from './recover.ts'
import { domainSeparator, encodeStruct, structLength } from './struct-encoding.ts'

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

/** The address of the key that signed (compact form), or null where nobody did. */
export function signerOfReading(domain: EscrowDomain, reading: Reading, signature: Hex): Address | null {
  const structs = new Uint8Array(structLength('Reading'))
  encodeStruct('Reading', reading, structs, 0)
  const batch = { separator: separatorOf(domain), structs, signatures: bytesOf(signature), count: 1 }
  const signer = hexOf(recoverBatch(batch).addresses)
  return signer === nobody ? null : signer
}
