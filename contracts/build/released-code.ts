/** Whether the code at an address is the code that this release deploys. */
import escrowArtifact from './abi/Escrow.json' with { type: 'json' }
import tokenArtifact from './abi/LocalEuro.json' with { type: 'json' }
import accountArtifact from './abi/PasskeyAccount.json' with { type: 'json' }
import accountsArtifact from './abi/PasskeyAccounts.json' with { type: 'json' }
import registryArtifact from './abi/Registry.json' with { type: 'json' }
import revocationsArtifact from './abi/Revocations.json' with { type: 'json' }

const released = {
  Escrow: escrowArtifact.bytecode,
  LocalEuro: tokenArtifact.bytecode,
  PasskeyAccount: accountArtifact.bytecode,
  PasskeyAccounts: accountsArtifact.bytecode,
  Registry: registryArtifact.bytecode,
  Revocations: revocationsArtifact.bytecode,
} as const
export type ReleasedContract = keyof typeof released

/** What solc leaves in the place of a value that is fixed when a contract is deployed: PUSH32 of zero. */
const immutable = `7f${'00'.repeat(32)}`

/**
 * Compares a contract's code (hexadecimal, as a node gives it) with this release's, which differs from it in nothing but the values
 * that were fixed at deployment. Gives those, one word for each place in the code, or null where the code is another.
 */
export function fixedValues(contract: ReleasedContract, code: string): string[] | null {
  const own = code.slice(2).toLowerCase()
  const creation = released[contract].slice(2).toLowerCase()
  // What creates a contract holds the contract's code, behind what runs once.
  const start = creation.indexOf(own.slice(0, 64), 2)
  if (own.length < 64 || start < 0) return null
  const template = creation.slice(start, start + own.length)
  const values: string[] = []
  for (let at = 0; at < own.length; ) {
    const place = template.indexOf(immutable, at)
    const end = place < 0 ? template.length : place
    if (own.slice(at, end) !== template.slice(at, end)) return null
    if (place < 0) break
    if (own.slice(place, place + 2) !== '7f') return null
    const next = place + immutable.length
    values.push(own.slice(place + 2, next))
    at = next
  }
  return template.length === own.length ? values : null
}
