/** Signs a call of a passkey's account. Its owner signs, the account makes the call, and the server carries it to the chain. */
import { type AccountActs, type AccountCall, accountTypedData } from '../../contracts/protocol/passkey-account.ts'
import type { TypedDataSigner } from '../../contracts/protocol/typed-data.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { relay } from '../api/client.ts'
import { passkeyAccountAt } from './passkey.ts'
import type { Session } from './session.tsx'

const signatureLifeSeconds = 3_600

/** Has the account make one call, for which its owner is asked to sign. The account must be open on chain. */
export async function execute(
  session: Session,
  area: AreaResource,
  call: AccountCall,
): Promise<{ transaction: string }> {
  const { account } = session
  const state = await passkeyAccountAt(area.area, account)
  const asked = { nonce: state!.nextNonce, deadline: Math.floor(Date.now() / 1000) + signatureLifeSeconds }
  const act = { calls: [call], nonce: BigInt(asked.nonce), deadline: asked.deadline }
  const signature = await signAct(await session.identity.signer(), { area, account }, 'Execute', act)
  const { value: _, ...sent } = call
  return relay('/relay/executions', { area: area.area, account, calls: [sent], ...asked, signature }, session)
}

export function signAct<Name extends keyof AccountActs>(
  signer: TypedDataSigner,
  { area, account }: { area: AreaResource; account: string },
  name: Name,
  act: AccountActs[Name],
): Promise<string> {
  const { domain, types } = accountTypedData(name, { chainId: area.chain.chainId, account })
  return signer.signTypedData(domain, types, act as unknown as Record<string, unknown>)
}
