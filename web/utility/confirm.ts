/**
 * The grid operator's statement that a meter is where it is said to be, or shall no longer trade. It is signed in the browser,
 * and the server carries it to the chain.
 */
import { encodeBytes32String } from 'ethers'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { JoiningResource, MeterResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { relay } from '../api/client.ts'
import type { Session } from '../session/session.tsx'
import { nextBoundary } from '../time/clock.ts'

const lifeSeconds = 3600

/** Confirms a meter; `nameplateWh` is the most energy that the home can feed in within an interval, in Wh. */
export async function confirmMeter(
  session: Session,
  area: AreaResource,
  { seat, bars, nextVersion }: JoiningResource,
  { zone, nameplateWh }: { zone: string; nameplateWh: number },
): Promise<{ transaction: string }> {
  const common = {
    nameplateWh,
    grade: area.rules.settlingGrade,
    from: nextBoundary(Date.now(), area.intervalSeconds),
    bars,
    version: nextVersion,
    deadline: Math.floor(Date.now() / 1000) + lifeSeconds,
  }
  const confirmation = { ...common, seat: BigInt(seat), zone: encodeBytes32String(zone) as `0x${string}` }
  const signature = await signFull(await session.identity.signer(), area.chain, 'ConfirmMeter', confirmation)
  return relay('/relay/confirmations', { ...common, seat, zone, signature }, session)
}

/** Takes a confirmation back: the meter trades nothing from the next boundary on, until it is confirmed anew. */
export async function revokeMeter(
  session: Session,
  area: AreaResource,
  { seat, nextVersion }: Pick<MeterResource, 'seat' | 'nextVersion'>,
): Promise<{ transaction: string }> {
  const revocation = {
    from: nextBoundary(Date.now(), area.intervalSeconds),
    version: nextVersion,
    deadline: Math.floor(Date.now() / 1000) + lifeSeconds,
  }
  const signed = { ...revocation, seat: BigInt(seat) }
  const signature = await signFull(await session.identity.signer(), area.chain, 'RevokeMeter', signed)
  return relay('/relay/revocations', { ...revocation, seat, signature }, session)
}
