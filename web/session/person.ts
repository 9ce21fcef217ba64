/** The demo's people as identities. Their keys are known to everybody, and are loaded only when they sign. */

import type { DemoPerson } from '../../server/api/demo-resources.ts'
import { part } from '../api/part.ts'
import { inPageLanguage } from '../words/language.ts'
import type { Identity } from './identity.ts'

export function identityOfPerson(person: DemoPerson): Identity {
  return {
    account: person.account.toLowerCase(),
    name: person.name,
    description: inPageLanguage(person.description),
    role: person.role,
    signer: async () => (await part(() => import('./keys.ts'))).signerOfKey(person.privateKey),
  }
}
