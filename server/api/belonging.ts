/**
 * Who belongs here. An account costs nothing and signs in by itself, so that an allowance of its own would be one for every key that a
 * stranger makes: only whoever has a seat or an office in a served area has one, and all others share their network's.
 */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { ApiParts } from './parts.ts'

type BelongingParts = Pick<ApiParts, 'areas' | 'servicesOf' | 'meteringOperator'>

/** Whether an account has a seat (open or closed) or an office in an area of this server, as its areas know now. */
export function belongsHere({ areas, servicesOf, meteringOperator }: BelongingParts, account: Address): boolean {
  if (account === meteringOperator) return true
  return areas.all().some((area) => {
    if (area.hasAccount(account)) return true
    const { area: number } = area.settings
    const { grid, operator } = servicesOf(number).officesOf(number)
    return account === grid || account === operator
  })
}
