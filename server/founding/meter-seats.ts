/** What the escrow says of a meter's seats. */
import { escrowAt } from '../../contracts/build/deploy.ts'
import { asChainError, openProvider } from '../chain/escrow-client.ts'
import type { ConfiguredArea } from './configured-areas.ts'

type Escrow = ReturnType<typeof escrowAt>

/** The epoch that a meter begins with its next seat: 1, or one more than that of the newest. Throws `ChainError`. */
export function nextEpoch(place: ConfiguredArea, meter: string): Promise<number> {
  return asked(place, async (escrow) => {
    const { seat } = await escrow.getFunction('meterView')(meter)
    if (seat === 0n) return 1
    const { epoch } = await escrow.getFunction('seatView')(seat)
    return Number(epoch) + 1
  })
}

/** Whether the account's newest seat with the meter has closed, or has passed to another account. Throws `ChainError`. */
export function hasSeatClosed(place: ConfiguredArea, account: string, meter: string): Promise<boolean> {
  const { area } = place.settings
  return asked(place, async (escrow) => {
    const seat: bigint = await escrow.getFunction('seatOf')(account, meter, area)
    if (seat === 0n) return false
    const { closedFrom } = await escrow.getFunction('seatView')(seat)
    return closedFrom !== 0n && Number(closedFrom) <= Date.now() / 1000
  })
}

async function asked<Answer>(
  { rpcUrl, settings: { chain } }: ConfiguredArea,
  ask: (escrow: Escrow) => Promise<Answer>,
): Promise<Answer> {
  const provider = openProvider(rpcUrl, chain.chainId)
  try {
    return await ask(escrowAt(chain.escrow, provider))
  } catch (error) {
    throw asChainError(error)
  } finally {
    provider.destroy()
  }
}
