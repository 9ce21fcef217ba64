/** The frame of every page: the header with the people, the note of a lost connection, and the footer. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { areasQuery } from '../api/queries.ts'
import { LiveProvider, useConnection } from '../live/live.tsx'
import { SessionProvider, sessionQuery, useIdentity } from '../session/session.tsx'
import { localTime } from '../time/clock.ts'
import { addressOf, type PageAddress, PageLink, usePath } from './address.tsx'
import { Boundary } from './boundary.tsx'
import { LanguageSwitch } from './language-switch.tsx'
import { Broken, later } from './later.tsx'
import { View } from './pages.tsx'
import { PersonSwitch } from './person-switch.tsx'
import { useShownArea } from './shown-area.ts'
import { useTitle } from './title.ts'
import { pageWords } from './words.ts'

const Release = later(() => import('./release.tsx'))

export function Shell() {
  const said = pageWords()
  const shown = useShownArea()
  const areas = useQuery(areasQuery).data ?? []
  const area = shown.is === 'area' ? shown.area : undefined
  const identity = useIdentity()
  const isOpen = useQuery(sessionQuery(identity, area)).data !== undefined
  const session = identity && isOpen ? { identity, account: identity.account } : null
  return (
    <SessionProvider value={session}>
      <LiveProvider area={area?.area} account={session?.account}>
        <a className="skip" href="#content">
          {said.skip}
        </a>
        <header className="top">
          <PageLink to="/" className="brand" aria-label={said.home}>
            <Mark />
            <span>Commonwatt</span>
          </PageLink>
          <nav aria-label={said.people} className="top-nav">
            <LanguageSwitch />
            <PersonSwitch identity={identity} />
          </nav>
        </header>
        <ConnectionNote />
        <Main area={area} />
        <footer className="foot">
          {area && <span>{footerOf(area)}</span>}
          <span>
            {area && areas.length > 1 && (
              <>
                <PageLink to="/areas">{said.otherAreas}</PageLink> ·{' '}
              </>
            )}
            <a href="/docs">API</a> · <a href="/openapi.json">OpenAPI</a>
          </span>
          <Release />
        </footer>
      </LiveProvider>
    </SessionProvider>
  )
}

function footerOf({ name, intervalSeconds }: AreaResource): string {
  const said = pageWords()
  const period = said.periodOf(intervalSeconds)
  return intervalSeconds === 900 ? said.footerUsual(name, period) : said.footer(name, intervalSeconds, period)
}

/** Moves the focus to the content when another page is shown, so that a screen reader starts there. */
function Main({ area }: { area: AreaResource | undefined }) {
  const path = usePath()
  const name = useIdentity()?.name
  useTitle(titleOf(addressOf(path), { person: name, area: area?.name }))
  const main = useRef<HTMLElement>(null)
  const shown = useRef(path)
  useEffect(() => {
    if (shown.current === path) return
    shown.current = path
    main.current?.focus({ preventScroll: true })
    window.scrollTo({ top: 0 })
  }, [path])
  return (
    <main id="content" ref={main} tabIndex={-1}>
      <Boundary key={path} instead={(error, again) => <Broken error={error} again={again} />}>
        <View />
      </Boundary>
    </main>
  )
}

/** The name of the place where somebody is, for the browser's tab. */
function titleOf(
  { view, area: place }: PageAddress,
  { person, area }: { person: string | undefined; area: string | undefined },
): string {
  const { titles } = pageWords()
  const where = view === 'person' ? (person ?? titles.nobody) : titles[view]
  if (place === null) return where
  return view === 'neighbourhood' ? (area ?? titles.nobody) : `${where} · ${area ?? place}`
}

function ConnectionNote() {
  const said = pageWords()
  const connection = useConnection()
  return (
    <div role="status" className="connection">
      {connection.state === 'lost' && (
        <p className="offline">
          {(connection.isOffline ? said.offline : said.lost)(localTime(new Date(connection.sinceMs).toISOString()))}
        </p>
      )}
    </div>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="mark" aria-hidden="true">
      <circle cx="16" cy="16" r="16" />
      <path d="M5 19l5 6 6-11 6 11 5-6" />
    </svg>
  )
}
