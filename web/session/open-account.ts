/** Opens the account of a passkey on the chain, where it must exist before it signs for the escrow. */
import { relay } from '../api/client.ts'
import { passkeyAccountAt } from './passkey.ts'
import type { Session } from './session.tsx'
import { sessionWords } from './words.ts'

const lookEveryMs = 1_000
const patienceMs = 120_000

/**
 * Opens the account; does nothing for an account of another kind, or one that is open. Throws `ProblemError` where the server
 * does not open it.
 */
export async function openAccountOnChain(session: Session, area: number): Promise<void> {
  const { account, identity } = session
  if (identity.passkey === undefined || (await passkeyAccountAt(area, account)) !== null) return
  const { firstKeys } = identity.passkey
  if (firstKeys !== null) await relay('/relay/accounts', { area, ...firstKeys }, session)
  const untilMs = performance.now() + patienceMs
  while ((await passkeyAccountAt(area, account)) === null) {
    if (performance.now() > untilMs) throw new Error(sessionWords().notOpened)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}
