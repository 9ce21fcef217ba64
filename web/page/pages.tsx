/** The pages behind the addresses. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { ProblemError } from '../api/client.ts'
import { part } from '../api/part.ts'
import { peopleQuery } from '../api/queries.ts'
import { AreaSearch } from '../areas/area-search.tsx'
import { Neighbourhood } from '../neighbourhood/neighbourhood.tsx'
import { sessionQuery, useIdentity, useVisitor } from '../session/session.tsx'
import { PageLink, useAddress } from './address.tsx'
import { Card, Empty, Trouble } from './card.tsx'
import { PageWaiting, SeatPage } from './seat-page.tsx'
import { useShownArea } from './shown-area.ts'
import { pageWords } from './words.ts'

/** The view that the address names, of the area that it names. */
export function View() {
  const place = useAddress()
  const shown = useShownArea()
  if (place.view === 'nobody') return <NotFound />
  switch (shown.is) {
    case 'waiting':
      return <PageWaiting />
    case 'failed':
      return <Trouble error={shown.error} retry={shown.retry} />
    case 'none':
      return <NoArea />
    case 'unknown':
      return <NotFound />
    case 'open':
      return <AreaSearch />
    case 'area':
      return <AreaView area={shown.area} />
  }
}

function AreaView({ area }: { area: AreaResource }) {
  const place = useAddress()
  switch (place.view) {
    case 'neighbourhood':
      return <Neighbourhood key={area.area} area={area} />
    case 'join':
      return (
        <Suspense fallback={<PageWaiting />}>
          <Join key={area.area} area={area} />
        </Suspense>
      )
    default:
      return <AccountPage key={area.area} area={area} />
  }
}

const Join = lazy(() => part(() => import('../joining/join.tsx')))
const AccountCare = lazy(() => part(() => import('../session/account-care.tsx')))
const OwnAccount = lazy(() => part(() => import('../session/own-account.tsx')))

function AccountPage({ area }: { area: AreaResource }) {
  const place = useAddress()
  const people = useQuery(peopleQuery)
  const identity = useIdentity()
  const { own } = useVisitor()
  const session = useQuery(sessionQuery(identity, area))
  if (people.isPending) return <PageWaiting />
  if (!identity) {
    if (place.view !== 'account') return <NotFound />
    return (
      <Suspense fallback={<PageWaiting />}>
        <OwnAccount area={area} />
      </Suspense>
    )
  }
  if (session.error && !session.data) return <Trouble error={session.error} retry={() => void session.refetch()} />
  if (!session.data) return <PageWaiting />
  return (
    <>
      <SeatPage key={identity.account} area={area} />
      {identity === own && (
        <Suspense>
          <AccountCare area={area} />
        </Suspense>
      )}
    </>
  )
}

function NoArea() {
  return (
    <Card title={pageWords().noArea}>
      <Empty>{pageWords().noAreaText}</Empty>
    </Card>
  )
}

function NotFound() {
  return (
    <Card title={pageWords().nobody}>
      <p>{pageWords().nobodyText}</p>
      <PageLink to="/">{pageWords().toNeighbourhood}</PageLink>
    </Card>
  )
}

/** A part that could not be fetched is fetched with the page; a page that cannot be fetched either is better left as it is. */
async function reload(): Promise<void> {
  const answer = await fetch(window.location.href).catch(() => null)
  if (answer?.ok) window.location.reload()
}

export function Broken({ error, again }: { error: Error; again: () => void }) {
  const isMissing = error instanceof ProblemError && error.code === 'PAGE_PART_MISSING'
  return (
    <Card title={isMissing ? pageWords().moment : pageWords().broken}>
      <Trouble error={error} retry={isMissing ? () => void reload() : again} />
    </Card>
  )
}
