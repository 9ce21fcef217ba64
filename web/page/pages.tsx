/** The pages behind the addresses. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { ProblemError } from '../api/client.ts'
import { part } from '../api/part.ts'
import { areasQuery, peopleQuery } from '../api/queries.ts'
import { Neighbourhood } from '../neighbourhood/neighbourhood.tsx'
import { sessionQuery, useIdentity, useVisitor } from '../session/session.tsx'
import { PageLink, useAddress } from './address.tsx'
import { Card, Empty, Trouble } from './card.tsx'
import { PageWaiting, SeatPage } from './seat-page.tsx'
import { pageWords } from './words.ts'

/** The view that the address names. */
export function View() {
  const place = useAddress()
  switch (place.view) {
    case 'neighbourhood':
      return <NeighbourhoodPage />
    case 'join':
      return <JoinPage />
    case 'nobody':
      return <NotFound />
    default:
      return <AccountPage />
  }
}

function NeighbourhoodPage() {
  const areas = useQuery(areasQuery)
  if (areas.data?.[0]) return <Neighbourhood area={areas.data[0]} />
  if (areas.isPending) return <PageWaiting />
  if (areas.error) return <Trouble error={areas.error} retry={() => void areas.refetch()} />
  return <NoArea />
}

const Join = lazy(() => part(() => import('../joining/join.tsx')))
const AccountCare = lazy(() => part(() => import('../session/account-care.tsx')))
const OwnAccount = lazy(() => part(() => import('../session/own-account.tsx')))

function JoinPage() {
  return (
    <Suspense fallback={<PageWaiting />}>
      <Join />
    </Suspense>
  )
}

function AccountPage() {
  const place = useAddress()
  const areas = useQuery(areasQuery)
  const people = useQuery(peopleQuery)
  const identity = useIdentity()
  const { own } = useVisitor()
  const area = areas.data?.[0]
  const session = useQuery(sessionQuery(identity, area))
  if (areas.error) return <Trouble error={areas.error} retry={() => void areas.refetch()} />
  if (areas.isPending || people.isPending) return <PageWaiting />
  if (!area) return <NoArea />
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
      <SeatPage key={identity.account} areas={areas.data} />
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
