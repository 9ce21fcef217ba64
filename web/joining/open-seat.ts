/** Opens a seat: the account signs its mandate, and the server carries it to the chain with what the meter signed. */
import { type Mandate, signFull } from '../../contracts/protocol/typed-data.ts'
import type { PairingResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { relay } from '../api/client.ts'
import type { Session } from '../session/session.tsx'

export async function openSeat(
  session: Session,
  area: AreaResource,
  { consent, epochStart }: Required<Pick<PairingResource, 'consent' | 'epochStart'>>,
  mandate: Mandate,
): Promise<{ transaction: string }> {
  const { account, rules, meter } = mandate
  const mandateSignature = await signFull(await session.identity.signer(), area.chain, 'Mandate', mandate)
  const { signature: epochSignature, ...begun } = epochStart!
  const { validFrom, deadline, signature } = consent!
  return relay(
    '/relay/seats',
    {
      ...{ mandate, mandateSignature, consentValidFrom: validFrom, consentDeadline: deadline },
      ...{ consentSignature: signature, epoch: { account, rules, meter, ...begun }, epochSignature },
    },
    session,
  )
}
