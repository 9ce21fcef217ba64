/** The page of one account: its seats, and the view that suits its role. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { areaQuery, seatsQuery } from '../api/queries.ts'
import { IntervalProgress } from '../market/interval-progress.tsx'
import type { Role } from '../session/identity.ts'
import { useSession } from '../session/session.tsx'
import { PageLink, pathIn, useAddress, usePathHere } from './address.tsx'
import { Badge, Card, Empty, Trouble } from './card.tsx'
import { later } from './later.tsx'
import { PageWaiting } from './page-waiting.tsx'
import { pageWords } from './words.ts'

const Household = later(() => import('../household/household.tsx'), PageWaiting)
const Buyer = later(() => import('../buyer/buyer.tsx'), PageWaiting)
const Office = later(() => import('../operator/office.tsx'), PageWaiting)
const Notices = later(() => import('../notices/notices.tsx'))
const NewNotices = later(() => import('../notices/new-notices.tsx'))
const Documents = later(() => import('../documents/documents.tsx'))

/** The role of an account in an area: the holder of an office, a seller where a mandate allows selling, otherwise a buyer. */
function roleOf(account: string, area: AreaResource, seats: readonly SeatResource[]): Role {
  const { grid, operator } = area.offices
  if (account === grid) return 'utility'
  if (account === operator) return 'operator'
  return seats.some((seat) => seat.mandate.maxSellWh > 0) ? 'household' : 'buyer'
}

export function SeatPage({ area }: { area: AreaResource }) {
  const said = pageWords()
  const session = useSession()
  const { identity } = session
  const seats = useQuery(seatsQuery(session))
  const [chosen, setChosen] = useState<number | null>(null)
  const pathHere = usePathHere()

  if (seats.isPending) return <PageWaiting />
  if (!seats.data) return <Trouble error={seats.error} retry={() => void seats.refetch()} />

  const here = seats.data.filter((each) => each.area === area.area)
  const elsewhere = [...new Set(seats.data.map((each) => each.area))].filter((each) => each !== area.area)
  // The first seat that is not closed is shown, so that a person who joined again sees the present one.
  const place =
    chosen ??
    Math.max(
      0,
      here.findIndex(({ closed }) => !closed),
    )
  const seat = here[Math.min(place, here.length - 1)]
  const role = identity.role ?? roleOf(session.account, area, here)
  const isOffice = role === 'utility' || role === 'operator'
  const nameOf = (place: string | undefined) => area.zones.find((each) => each.zone === place)?.name

  return (
    <>
      <div className="page-head">
        <div>
          <h1>{identity.name}</h1>
          <p className="page-sub">
            {[identity.description, isOffice ? area.name : nameOf(seat?.zone)].filter(Boolean).join(' · ')}
            {!isOffice && seat && !seat.confirmed && (
              <>
                {' '}
                <Badge tone="warn">{said.unconfirmed}</Badge>
              </>
            )}{' '}
            <NewNotices />
          </p>
        </div>
        <IntervalProgress area={area} />
      </div>
      {!isOffice && here.length > 1 && (
        <label className="seat-choice">
          {said.meter}{' '}
          <select value={place} onChange={(event) => setChosen(Number(event.target.value))}>
            {here.map((each, index) => (
              <option key={each.seat} value={index}>
                {each.meter.slice(0, 8)}… · {nameOf(each.zone) ?? each.zone}
              </option>
            ))}
          </select>
        </label>
      )}
      {elsewhere.length > 0 && <Elsewhere areas={elsewhere} />}
      {isOffice ? (
        <Office area={area} />
      ) : seat ? (
        role === 'household' ? (
          <Household key={seat.seat} area={area} seat={seat} />
        ) : (
          <Buyer key={seat.seat} area={area} seat={seat} />
        )
      ) : (
        <Card title={said.noMeter}>
          <Empty>{said.noMeterText(area.name)}</Empty>
          <PageLink to={pathHere('/join')} className="button primary">
            {said.join}
          </PageLink>
        </Card>
      )}
      <Notices area={area} isClerk={isOffice} />
      <Documents area={area} />
    </>
  )
}

/** The other areas in which the account has a meter, each as a link. */
function Elsewhere({ areas }: { areas: readonly number[] }) {
  return (
    <p className="seat-choice">
      {pageWords().elsewhere}
      {areas.map((area) => (
        <OtherArea key={area} number={area} />
      ))}
    </p>
  )
}

function OtherArea({ number }: { number: number }) {
  const place = useAddress()
  const area = useQuery(areaQuery(String(number))).data
  const path = place.view === 'person' ? `/people/${encodeURIComponent(place.person)}` : '/account'
  return <PageLink to={pathIn(area?.slug ?? String(number), path)}>{area?.name ?? number}</PageLink>
}
