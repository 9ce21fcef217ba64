/** Lines of a roster by the meters of an area: whoever stands in the list under a meter's or an account's address. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Roster, RosterRefusal } from '../exchange/roster.ts'
import type { PointEntry } from './roster-facts.ts'

/** A line of the roster with the meter that it is about. */
export interface SeatedRow extends PointEntry {
  member: string
  /** Empty where the list is of one community without a name. */
  community: string
  factorPercent: number
  shareMillionths: number | null
}

/**
 * Finds each line's meter; lines without one, and second lines of a meter for the same days and community, are refused by name.
 * Where the area is one of several communities in the list (`own`), lines of the others are kept beside it.
 */
export function seatedRows(
  { entries, refused }: Roster,
  meters: readonly { meter: Address; account: Address }[],
  own: string | null = null,
): { rows: SeatedRow[]; refused: RosterRefusal[] } {
  const known = new Set<string>(meters.map(({ meter }) => meter))
  const ofAccount = new Map<string, Address[]>()
  for (const { meter, account } of meters) ofAccount.set(account, [...(ofAccount.get(account) ?? []), meter])
  const rows: SeatedRow[] = []
  const refusals = [...refused]
  for (const { member, point, direction, supplier, balanceGroup, fromDay, endDay, ...entry } of entries) {
    const community = entry.community ?? ''
    const name = (member ?? '').toLowerCase()
    const found = known.has(name) ? [name as Address] : (ofAccount.get(name) ?? [])
    const refuse = (code: RosterRefusal['code'], reason: string) =>
      refusals.push({ row: `${member}, ${point}`, code, reason })
    if (found.length !== 1) {
      const many = `the account has ${found.length} meters in this area: name one of them`
      refuse('ROSTER_FIELD', found.length === 0 ? 'the member is neither a meter nor an account of this area' : many)
      continue
    }
    const [meter] = found as [Address]
    const overlaps = (other: SeatedRow) =>
      other.meter === meter &&
      (own === null || other.community === community) &&
      other.direction === direction &&
      other.fromDay < endDay &&
      fromDay < (other.endDay ?? Number.POSITIVE_INFINITY)
    if (rows.some(overlaps)) {
      refuse('ROSTER_OVERLAP', 'the meter has another point in this direction for some of these days')
      continue
    }
    const open = endDay === Number.POSITIVE_INFINITY
    const { factorPercent, shareMillionths } = entry
    rows.push({
      ...{ member: name, meter, point, direction, supplier, balanceGroup, fromDay, endDay: open ? null : endDay },
      ...{ community, factorPercent, shareMillionths },
    })
  }
  return { rows, refused: refusals }
}
