/** An address to which somebody wants to send money: read with its checksum, and shown so that it can be compared. */
import { getAddress } from 'ethers'
import type { AreaResource } from '../../server/api/resources.ts'

export type Payee = { address: string; shown: string } | { fault: 'form' | 'market' | null }

/**
 * Reads an address. `shown` has the letter case of the checksum. An address in mixed case must match its checksum; an empty
 * field is not a fault.
 */
export function readPayee(text: string, { chain }: Pick<AreaResource, 'chain'>): Payee {
  const typed = text.trim()
  if (typed === '') return { fault: null }
  let shown: string
  try {
    if (!/^0x[0-9a-fA-F]{40}$/.test(typed)) return { fault: 'form' }
    shown = getAddress(typed)
  } catch {
    return { fault: 'form' }
  }
  const address = shown.toLowerCase()
  // Nobody could use money that is sent to the zero address, to the escrow or to the token itself.
  if (/^0x0{40}$/.test(address) || [chain.escrow, chain.token].includes(address)) return { fault: 'market' }
  return { address, shown }
}
