/** What the grid operator does for the demo's homes, as by `commonwatt invite` and `commonwatt area confirm`: one transaction at a time. */
import { existsSync } from 'node:fs'
import type { Wallet } from 'ethers'
import { escrowAt } from '../../contracts/build/deploy.ts'
import type { JoiningResource } from '../api/joining.ts'
import { signInWithKey } from '../api-client.ts'
import { asChainError, openProvider } from '../chain/escrow-client.ts'
import { carryOutAct } from '../founding/area-acts.ts'
import type { ConfiguredArea } from '../founding/configured-areas.ts'
import { signInvitations } from '../founding/invitations.ts'
import { giveGuest, type People } from './community.ts'
import type { GuestOffice } from './guests.ts'
import { meterOf, wishesOf } from './homes.ts'
import type { GridOffice } from './onboarding.ts'
import type { Street } from './street.ts'
import { turnstile } from './turnstile.ts'

const invitedForSeconds = 3_600

/** For the homes of any of its areas. */
export function officesOf(grid: Wallet): (place: ConfiguredArea) => GridOffice {
  const inTurn = turnstile(1)
  return (place) => ({
    async invite() {
      const validUntil = Math.floor(Date.now() / 1000) + invitedForSeconds
      const [signed] = await signInvitations(place, grid, { number: 1, accounts: 1, validUntil })
      return signed!
    },
    async confirm(meter) {
      await inTurn(() => carryOutAct(place, grid, { act: 'confirm', ...meter }))
    },
  })
}

/** For visitors: the same as for the street's own homes. */
export function guestOfficeOf(parts: {
  serverUrl: string
  place: ConfiguredArea
  office: GridOffice
  people: People
  street: Street
  dataFolder: string
}): GuestOffice {
  const { serverUrl, place, office, people, street, dataFolder } = parts
  const { area, chain } = place.settings
  const inTurn = turnstile(1)
  return {
    give: (account, deposit) => inTurn(() => giveGuest(dataFolder, people.deployer, account, deposit)),
    async confirm(account, home) {
      const client = await signInWithKey(serverUrl, people.grid, chain.chainId)
      const waiting = await client.get<JoiningResource[]>(`/areas/${area}/joining`)
      const own = waiting.filter((each) => each.account === account && each.found?.name === home.id)
      const { zone, nameplateWh: mostExportWh } = wishesOf(home, street.area)
      for (const { seat } of own) await office.confirm({ seat, zone, mostExportWh, isCompanion: false })
      return own.length > 0
    },
    hasLeft: (account, keyFile) => hasSeatClosed(place, account, keyFile),
  }
}

/** Whether the account's seat with the meter, whose key lies in this file, has closed: what the escrow says. */
export async function hasSeatClosed(place: ConfiguredArea, account: string, meterKeyFile: string): Promise<boolean> {
  if (!existsSync(meterKeyFile)) return false
  const { area, chain } = place.settings
  const provider = openProvider(place.rpcUrl, chain.chainId)
  try {
    const escrow = escrowAt(chain.escrow, provider)
    const seat: bigint = await escrow.getFunction('seatOf')(account, meterOf(meterKeyFile), area)
    if (seat === 0n) return false
    const { closedFrom } = await escrow.getFunction('seatView')(seat)
    return closedFrom !== 0n && Number(closedFrom) <= Date.now() / 1000
  } catch (error) {
    throw asChainError(error)
  } finally {
    provider.destroy()
  }
}
