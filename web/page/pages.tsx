/** The pages behind the addresses. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource } from '../../server/api/resources.ts'
import { peopleQuery } from '../api/queries.ts'
import { AreaSearch } from '../areas/area-search.tsx'
import { Neighbourhood } from '../neighbourhood/neighbourhood.tsx'
import { sessionQuery, useIdentity, useVisitor } from '../session/session.tsx'
import { PageLink, useAddress } from './address.tsx'
import { Card, Empty, Trouble } from './card.tsx'
import { later } from './later.tsx'
import { PageWaiting } from './page-waiting.tsx'
import { SeatPage } from './seat-page.tsx'
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
      return <Join key={area.area} area={area} />
    default:
      return <AccountPage key={area.area} area={area} />
  }
}

const Join = later(() => import('../joining/join.tsx'), PageWaiting)
const AccountCare = later(() => import('../session/account-care.tsx'))
const OwnAccount = later(() => import('../session/own-account.tsx'), PageWaiting)

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
      <>
        <div className="page-head">
          <h1>{area.name}</h1>
        </div>
        <OwnAccount area={area} />
      </>
    )
  }
  if (session.error && !session.data) return <Trouble error={session.error} retry={() => void session.refetch()} />
  if (!session.data) return <PageWaiting />
  return (
    <>
      <SeatPage key={identity.account} area={area} />
      {identity === own && <AccountCare area={area} />}
    </>
  )
}

function NoArea() {
  return (
    <Card title={pageWords().noArea} isPage>
      <Empty>{pageWords().noAreaText}</Empty>
    </Card>
  )
}

function NotFound() {
  return (
    <Card title={pageWords().nobody} isPage>
      <p>{pageWords().nobodyText}</p>
      <PageLink to="/">{pageWords().toNeighbourhood}</PageLink>
    </Card>
  )
}
