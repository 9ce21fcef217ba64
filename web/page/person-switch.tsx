/**
 * The demo's people in the header; elsewhere the visitor's own account. The browser closes the list, a native popover, at Esc
 * or at a click beside it.
 */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { slugOf } from '../../contracts/protocol/slug.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'
import { peopleQuery } from '../api/queries.ts'
import type { Identity, Role } from '../session/identity.ts'
import { inPageLanguage } from '../words/language.ts'
import { PageLink, pathIn, useAddress, usePathHere } from './address.tsx'
import { useShownArea } from './shown-area.ts'
import { pageWords } from './words.ts'

const roles: readonly Role[] = ['household', 'buyer', 'utility', 'operator']

/** The people by role, in the order of the list above. */
export function peopleByRole(people: readonly DemoPerson[]): [Role, DemoPerson[]][] {
  return roles
    .map((role): [Role, DemoPerson[]] => [role, people.filter((person) => person.role === role)])
    .filter(([, group]) => group.length > 0)
}

/** The people of the shown neighbourhood, or all of them, with the paths of their pages. */
export function usePeopleHere(): { people: DemoPerson[] | null | undefined; pathOf: (person: DemoPerson) => string } {
  const place = useAddress().area
  const shown = useShownArea()
  const here = shown.is === 'area' ? shown.area.slug : place
  const all = useQuery(peopleQuery).data
  const isPlace = all?.some(({ area }) => area === here)
  const people = isPlace ? all!.filter(({ area }) => area === here || area === null) : all
  return { people, pathOf: ({ name, area }) => pathIn(area ?? place, `/people/${slugOf(name)}`) }
}

export function PersonSwitch({ identity }: { identity: Identity | null }) {
  const said = pageWords()
  const { people, pathOf } = usePeopleHere()
  const menu = useRef<HTMLDivElement>(null)
  const pathHere = usePathHere()
  const account = identity?.account

  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has been chosen closes the list.
  useEffect(() => {
    if (menu.current?.matches(':popover-open')) menu.current.hidePopover()
  }, [account])

  if (!people || people.length === 0) {
    return (
      <PageLink to={pathHere('/account')} className="person-button">
        {identity ? identity.name : said.myAccount}
      </PageLink>
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
          <span className="person-name">{said.seeItAs}</span>
        )}
        <span aria-hidden="true" className="caret" />
      </button>
      <div id="people" popover="auto" className="people-menu" ref={menu}>
        {peopleByRole(people).map(([role, group]) => (
          <section key={role} aria-label={said.groups[role]}>
            <h2>{said.groups[role]}</h2>
            <ul>
              {group.map((person) => (
                <li key={person.account}>
                  <PersonEntry
                    person={person}
                    path={pathOf(person)}
                    isHere={person.account.toLowerCase() === account}
                    follow={() => menu.current?.hidePopover()}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
        <PageLink to={pathHere('/')} className="menu-foot" onClick={() => menu.current?.hidePopover()}>
          {said.wholeNeighbourhood}
        </PageLink>
      </div>
    </>
  )
}

interface PersonEntryProps {
  person: DemoPerson
  path: string
  /** Whether it is this person's page that is shown. */
  isHere?: boolean
  /** What happens besides when somebody follows the link. */
  follow?: () => void
}

/** A person in a list: the link to their page, with their name and what they are. */
export function PersonEntry({ person: { name, role, description }, path, isHere = false, follow }: PersonEntryProps) {
  return (
    <PageLink to={path} aria-current={isHere ? 'page' : undefined} onClick={follow}>
      <Avatar name={name} role={role} />
      <span>
        <span className="person-name">{name}</span>
        <small>{inPageLanguage(description)}</small>
      </span>
    </PageLink>
  )
}

/** "Larch Lane 4" → "L4", "Brook Farm" → "BF", "Bakery" → "B". */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words
  return ends.map((word) => word.charAt(0).toUpperCase()).join('')
}

function Avatar({ name, role }: { name: string; role: Role | null }) {
  return (
    <span className={`avatar ${role ?? ''}`} aria-hidden="true">
      {initials(name)}
    </span>
  )
}
