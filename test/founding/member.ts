/** What a member does on the page while a home joins: claims it by its code, signs the mandate and has the seat opened. */
import type { Wallet } from 'ethers'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { PairingResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import type { ApiClient } from '../../server/api-client.ts'
import { eventually } from './community.ts'

/** From here on the agent may sign. */
export async function claimHome(client: ApiClient, code: string): Promise<void> {
  await client.post(`/pairings/${code}/claim`, {}, `claim-${code}`)
}

interface Joining {
  client: ApiClient
  member: Wallet
  area: AreaResource
  code: string
  mostSellWh: number
  mostBuyWh: number
}

/** Waits for what the agent signs, and sends it with the member's mandate. Gives the meter. */
export async function openSeat({ client, member, area, code, mostSellWh, mostBuyWh }: Joining): Promise<string> {
  const { meter, consent, epochStart } = await eventually(async () => {
    const pairing = await client.get<PairingResource>(`/pairings/${code}`)
    return pairing.consent === null || pairing.epochStart === null ? null : pairing
  })
  const account = member.address.toLowerCase()
  const { signature: epochSignature, ...begun } = epochStart!
  const { chain, rules } = area
  const mandate = {
    ...{ account, meter, rules: rules.hash, sellFloor: 800, buyCeiling: 3_000 },
    ...{ maxSellWh: mostSellWh, maxBuyWh: mostBuyWh, validFrom: begun.time, version: 1 },
    validUntil: (Math.floor(begun.time / 86_400) + 30) * 86_400,
    deadline: Math.floor(Date.now() / 1000) + 600,
  }
  await client.post(
    '/relay/seats',
    {
      ...{ mandate, mandateSignature: await signFull(member, chain, 'Mandate', mandate) },
      ...{ consentValidFrom: consent!.validFrom, consentDeadline: consent!.deadline },
      ...{ consentSignature: consent!.signature, epochSignature },
      epoch: { account, rules: rules.hash, meter, ...begun },
    },
    `seat-${meter}`,
  )
  return meter
}
