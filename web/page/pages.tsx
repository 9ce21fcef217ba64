/** The pages behind the addresses. */
import { useQuery } from '@tanstack/react-query'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { areasQuery, peopleQuery } from '../api/queries.ts'
import { Neighbourhood } from '../neighbourhood/neighbourhood.tsx'
import { sessionQuery, useIdentity, useVisitor } from '../session/session.tsx'
import { Card, Empty, Trouble } from './card.tsx'
import { PageWaiting, SeatPage } from './seat-page.tsx'

export function NeighbourhoodPage() {
  const areas = useQuery(areasQuery)
  if (areas.data?.[0]) return <Neighbourhood area={areas.data[0]} />
  if (areas.isPending) return <PageWaiting />
  if (areas.error) return <Trouble error={areas.error} retry={() => void areas.refetch()} />
  return <NoArea />
}

const Join = lazy(() => import('../joining/join.tsx'))
const AccountCare = lazy(() => import('../session/account-care.tsx'))
const OwnAccount = lazy(() => import('../session/own-account.tsx'))

export function JoinPage() {
  return (
    <Suspense fallback={<PageWaiting />}>
      <Join />
    </Suspense>
  )
}

export function AccountPage() {
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
    if (window.location.pathname !== '/account') return <NotFound />
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
    <Card title="No market area yet">
      <Empty>This server has no market area. A grid operator opens one in the escrow.</Empty>
    </Card>
  )
}

export function NotFound() {
  return (
    <Card title="Nobody here">
      <p>There is no such page or person.</p>
      <Link to="/">To the neighbourhood</Link>
    </Card>
  )
}

export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <Card title="This page broke">
      <Trouble error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    </Card>
  )
}
