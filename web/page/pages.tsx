/** The pages behind the addresses. */
import { useQuery } from '@tanstack/react-query'
import { areasQuery, peopleQuery } from '../api/queries.ts'
import { Neighbourhood } from '../neighbourhood/neighbourhood.tsx'
import { sessionQuery, useIdentity, useVisitor } from '../session/session.tsx'
import { PageLink, useAddress } from './address.tsx'
import { Card, Empty, Trouble } from './card.tsx'
import { later } from './later.tsx'
import { PageWaiting, SeatPage } from './seat-page.tsx'
import { pageWords } from './words.ts'

/** The view that the address names. */
export function View() {
  const place = useAddress()
  switch (place.view) {
    case 'neighbourhood':
      return <NeighbourhoodPage />
    case 'join':
      return <Join />
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

const Join = later(() => import('../joining/join.tsx'), PageWaiting)
const AccountCare = later(() => import('../session/account-care.tsx'))
const OwnAccount = later(() => import('../session/own-account.tsx'), PageWaiting)

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
    return <OwnAccount area={area} />
  }
  if (session.error && !session.data) return <Trouble error={session.error} retry={() => void session.refetch()} />
  if (!session.data) return <PageWaiting />
  return (
    <>
      <SeatPage key={identity.account} areas={areas.data} />
      {identity === own && <AccountCare area={area} />}
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
