/** What the grid operator does for the demo's homes, as by `commonwatt invite` and `commonwatt area confirm`: one transaction at a time. */
import { existsSync } from 'node:fs'
import type { Wallet } from 'ethers'
import type { JoiningResource } from '../api/joining.ts'
import { signInWithKey } from '../api-client.ts'
import { carryOutAct } from '../founding/area-acts.ts'
import type { ConfiguredArea } from '../founding/configured-areas.ts'
import { signInvitations } from '../founding/invitations.ts'
import { hasSeatClosed, nextEpoch } from '../founding/meter-seats.ts'
import { giveGuest, type People } from './community.ts'
import type { FlatOffice } from './flats.ts'
import type { GuestOffice } from './guests.ts'
import { meterOf, wishesOf } from './homes.ts'
import type { GridOffice } from './onboarding.ts'
import type { Street, StreetHome, VacantFlat } from './street.ts'
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

export interface GuestOfficeParts {
  serverUrl: string
  place: ConfiguredArea
  office: GridOffice
  people: People
  /** The area of the street, or of the house. */
  area: Street['area']
  /** Gives visitors their tokens, one after the other. */
  give: GuestOffice['give']
}

/** What a visitor finds in its wallet: of one purse for all that visitors can have. */
export function giveInTurn(dataFolder: string, { deployer }: People): GuestOffice['give'] {
  const inTurn = turnstile(1)
  return (account, deposit) => inTurn(() => giveGuest(dataFolder, deployer, account, deposit))
}

/** For visitors of the street: the same as for its own homes. */
export function guestOfficeOf(parts: GuestOfficeParts): GuestOffice {
  return {
    give: parts.give,
    confirm: (account, home) => confirmWaiting(parts, account, { name: home.id, home }),
    hasLeft: async (account, keyFile) =>
      existsSync(keyFile) && (await hasSeatClosed(parts.place, account, meterOf(keyFile))),
  }
}

/** For visitors of the house. */
export function flatOfficeOf(parts: GuestOfficeParts): Pick<FlatOffice, 'give' | 'confirm' | 'hasLeft' | 'nextEpoch'> {
  return {
    give: parts.give,
    confirm: (account, flat) => confirmWaiting(parts, account, { name: flat.drawsThrough, home: flat }),
    hasLeft: (account, meter) => hasSeatClosed(parts.place, account, meter),
    nextEpoch: (meter) => nextEpoch(parts.place, meter),
  }
}

/** Confirms what the account has brought under this name; false where nothing waits. */
async function confirmWaiting(
  { serverUrl, place, office, people, area }: GuestOfficeParts,
  account: string,
  { name, home }: { name: string; home: StreetHome | VacantFlat },
): Promise<boolean> {
  const { chain, area: number } = place.settings
  const client = await signInWithKey(serverUrl, people.grid, chain.chainId)
  const waiting = await client.get<JoiningResource[]>(`/areas/${number}/joining`)
  const own = waiting.filter((each) => each.account === account && each.found?.name === name)
  const { zone, nameplateWh: mostExportWh } = wishesOf(home, area)
  for (const { seat } of own) await office.confirm({ seat, zone, mostExportWh, isCompanion: false })
  return own.length > 0
}
