/** The demo's people as identities: their keys are known, and loaded only when they sign. */
import type { DemoPerson } from '../../server/api/resources.ts'
import type { Identity } from './identity.ts'

export function identityOfPerson(person: DemoPerson): Identity {
  return {
    account: person.account.toLowerCase(),
    name: person.name,
    description: person.description,
    role: person.role,
    signer: async () => (await import('./keys.ts')).signerOfKey(person.privateKey),
  }
}
