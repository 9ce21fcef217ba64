/** Who is a clerk of an area: its grid operator, and those who may approve documents and reports. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { StoredArea } from '../store/areas.ts'
import { partiesOfArea } from '../store/billing-parties.ts'
import { areaOf, gridOperatorOf } from './parts.ts'
import type { OrderParts } from './place-order.ts'
import { ApiError } from './problem.ts'
import type { RouteInput } from './route.ts'

type Session = RouteInput<unknown, unknown, unknown>['session']

/** An area, and who asks about it. */
export interface ClerkAsks {
  handle: AreaHandle
  stored: StoredArea
  account: Address
  isClerk: boolean
}

/** The clerks of an area. */
export async function clerksOfArea(
  parts: Pick<OrderParts, 'database' | 'servicesOf'>,
  handle: AreaHandle,
  areaId: number,
): Promise<Address[]> {
  const approvers = (await partiesOfArea(parts.database, areaId))?.parties.approvers ?? []
  return [...new Set([gridOperatorOf(parts, handle), ...approvers])]
}

export function clerksOf(parts: OrderParts) {
  const { areas, tables } = parts

  async function asked(number: number, session: Session): Promise<ClerkAsks> {
    const handle = areaOf(areas, number)
    const { chainId, escrow } = handle.settings.chain
    const stored = { areaId: await tables.idOf(handle), chainId, escrow, area: number }
    const { account } = await session()
    const isClerk = (await clerksOfArea(parts, handle, stored.areaId)).includes(account)
    return { handle, stored, account, isClerk }
  }

  return {
    asked,
    /** Throws `NOT_GRID_ACCOUNT` for everybody else. */
    async ofClerk(number: number, session: Session): Promise<ClerkAsks> {
      const all = await asked(number, session)
      if (all.isClerk) return all
      const grid = gridOperatorOf(parts, all.handle)
      throw new ApiError(
        'NOT_GRID_ACCOUNT',
        `sign in as ${grid}, the grid operator of area ${number}, or as an approver`,
      )
    },
  }
}
