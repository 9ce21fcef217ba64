/** What stands around every page: the header with the people, the note of a lost connection, the footer. */
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { areasQuery } from '../api/queries.ts'
import { LiveProvider, useConnection } from '../live/live.tsx'
import { SessionProvider, sessionQuery, useIdentity } from '../session/session.tsx'
import { localTime } from '../time/clock.ts'
import { PersonSwitch } from './person-switch.tsx'

export function Shell() {
  const area = useQuery(areasQuery).data?.[0]
  const identity = useIdentity()
  const token = useQuery(sessionQuery(identity, area)).data
  const session = identity && token ? { identity, account: identity.account, token: token.token } : null
  return (
    <SessionProvider value={session}>
      <LiveProvider area={area?.area} token={session?.token} account={session?.account}>
        <a className="skip" href="#content">
          Skip to the content
        </a>
        <header className="top">
          <Link to="/" className="brand" aria-label="Commonwatt, the neighbourhood">
            <Mark />
            <span>Commonwatt</span>
          </Link>
          <nav aria-label="People" className="top-nav">
            <PersonSwitch identity={identity} />
          </nav>
        </header>
        <ConnectionNote />
        <Main />
        <footer className="foot">
          <span>{area ? `${area.name} · intervals of ${area.intervalSeconds} s` : 'Commonwatt'}</span>
          <span>
            <a href="/docs">API</a> · <a href="/openapi.json">OpenAPI</a>
          </span>
        </footer>
      </LiveProvider>
    </SessionProvider>
  )
}

/** Moves the focus to the content when another page is shown, so that a screen reader starts there. */
function Main() {
  const path = useRouterState({ select: (state) => state.location.pathname })
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
      <Outlet />
    </main>
  )
}

function ConnectionNote() {
  const connection = useConnection()
  return (
    <div role="status" className="connection">
      {connection.state === 'lost' && (
        <p className="offline">
          Connection lost. What you see is from {localTime(new Date(connection.sinceMs).toISOString())}. Connecting
          again…
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
