/** The demo's people in the header, or the visitor's own account elsewhere. A native popover closes itself by Esc or a click beside it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { DemoPerson } from '../../server/api/resources.ts'
import { peopleQuery } from '../api/queries.ts'
import { type Identity, type Role, slugOf } from '../session/identity.ts'

export const roleWords: Record<Role, { one: string; many: string }> = {
  household: { one: 'household', many: 'Households with a roof' },
  buyer: { one: 'buyer', many: 'Buyers' },
  utility: { one: 'utility', many: 'Utility' },
}

/** The people by role, in the order of the roles above. */
export function peopleByRole(people: readonly DemoPerson[]): [Role, DemoPerson[]][] {
  return (Object.keys(roleWords) as Role[])
    .map((role): [Role, DemoPerson[]] => [role, people.filter((person) => person.role === role)])
    .filter(([, group]) => group.length > 0)
}

export function PersonSwitch({ identity }: { identity: Identity | null }) {
  const people = useQuery(peopleQuery).data
  const menu = useRef<HTMLDivElement>(null)
  const account = identity?.account

  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has been chosen closes the list.
  useEffect(() => {
    if (menu.current?.matches(':popover-open')) menu.current.hidePopover()
  }, [account])

  if (!people || people.length === 0) {
    return (
      <Link to="/account" className="person-button">
        {identity ? identity.name : 'My account'}
      </Link>
    )
  }
  return (
    <>
      <button type="button" className="person-button" popoverTarget="people">
        {identity ? (
          <>
            <Avatar name={identity.name} role={identity.role} />
            <span className="person-name">{identity.name}</span>
          </>
        ) : (
          'See it as…'
        )}
        <span aria-hidden="true" className="caret" />
      </button>
      <div id="people" popover="auto" className="people-menu" ref={menu}>
        {peopleByRole(people).map(([role, group]) => (
          <section key={role} aria-label={roleWords[role].many}>
            <h2>{roleWords[role].many}</h2>
            <ul>
              {group.map((person) => (
                <li key={person.account}>
                  <Link
                    to="/people/$person"
                    params={{ person: slugOf(person.name) }}
                    aria-current={person.account.toLowerCase() === account ? 'page' : undefined}
                    onClick={() => menu.current?.hidePopover()}
                  >
                    <Avatar name={person.name} role={person.role} />
                    <span>
                      <span className="person-name">{person.name}</span>
                      <small>{person.description}</small>
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
        <Link to="/" className="menu-foot" onClick={() => menu.current?.hidePopover()}>
          The whole neighbourhood
        </Link>
      </div>
    </>
  )
}

/** "Larch Lane 4" → "L4", "Brook Farm" → "BF", "Bakery" → "B". */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words
  return ends.map((word) => word.charAt(0).toUpperCase()).join('')
}

export function Avatar({ name, role }: { name: string; role: Role | null }) {
  return (
    <span className={`avatar ${role ?? ''}`} aria-hidden="true">
      {initials(name)}
    </span>
  )
}
