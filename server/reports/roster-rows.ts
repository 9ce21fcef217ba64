/** Lines of a roster by the meters of an area: whoever stands in the list under a meter's or an account's address. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Roster, RosterRefusal } from '../exchange/roster.ts'
import type { PointEntry } from './roster-facts.ts'

/** Finds each line's meter; lines without one, and second lines of a meter for the same days, are refused by name. */
export function seatedRows(
  { entries, refused }: Roster,
  meters: readonly { meter: Address; account: Address }[],
): { rows: (PointEntry & { member: string })[]; refused: RosterRefusal[] } {
  const known = new Set<string>(meters.map(({ meter }) => meter))
  const ofAccount = new Map<string, Address[]>()
  for (const { meter, account } of meters) ofAccount.set(account, [...(ofAccount.get(account) ?? []), meter])
  const rows: (PointEntry & { member: string })[] = []
  const refusals = [...refused]
  for (const { member, point, direction, supplier, balanceGroup, fromDay, endDay } of entries) {
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
    const overlaps = (other: PointEntry) =>
      other.meter === meter &&
      other.direction === direction &&
      other.fromDay < endDay &&
      fromDay < (other.endDay ?? Number.POSITIVE_INFINITY)
    if (rows.some(overlaps)) {
      refuse('ROSTER_OVERLAP', 'the meter has another point in this direction for some of these days')
      continue
    }
    const open = endDay === Number.POSITIVE_INFINITY
    rows.push({ member: name, meter, point, direction, supplier, balanceGroup, fromDay, endDay: open ? null : endDay })
  }
  return { rows, refused: refusals }
}
