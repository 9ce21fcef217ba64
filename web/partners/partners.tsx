/** The neighbours from whom a home's energy came, or who bought it, and how far away they are, as far as they show themselves. */
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { PartnerResource, PartnersResource } from '../../server/api/partner-resources.ts'
import { energy, shareWords } from '../money/format.ts'
import type { OrderSide } from '../orders/order.ts'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment, localSpan, useNow } from '../time/clock.ts'
import { PartnerForm } from './partner-form.tsx'
import { partnersQuery } from './queries.ts'
import { awayWords, partnersOf, takeaway } from './told.ts'
import { partnerWords } from './words.ts'
import './partners.css'

const spans = ['day', 'month'] as const
type Span = (typeof spans)[number]

/** `usually` is the side on which the home mostly trades. The other side is shown where it has any energy. */
export default function Partners({ seat, usually }: SeatViewProps & { usually: OrderSide }) {
  const said = partnerWords()
  const session = useSession()
  const id = useId()
  const [span, setSpan] = useState<Span>('day')
  const range = localSpan(span, useNow())
  const found = useQuery(partnersQuery(session, seat.seat, range))
  const other = usually === 'buy' ? 'sell' : 'buy'
  return (
    <div className="partners">
      <p className="field">
        <label htmlFor={id}>{said.span}</label>
        <select id={id} value={span} onChange={(event) => setSpan(event.target.value as Span)}>
          {spans.map((each) => (
            <option key={each} value={each}>
              {said[each]}
            </option>
          ))}
        </select>
      </p>
      <Trouble error={found.error} retry={() => void found.refetch()} />
      {found.isPending && <Waiting lines={4} />}
      {found.data && (
        <>
          <SideCard found={found.data} side={usually} />
          {partnersOf(found.data, other).energyWh > 0 && <SideCard found={found.data} side={other} />}
          {Date.parse(found.data.from) > Date.parse(range.from) && (
            <p className="explain">{said.since(localMoment(found.data.from))}</p>
          )}
        </>
      )}
      <p className="explain">{said.how}</p>
      <PartnerForm />
    </div>
  )
}

function SideCard({ found, side }: { found: PartnersResource; side: OrderSide }) {
  const said = partnerWords()
  const { energyWh, partners } = partnersOf(found, side)
  return (
    <Card title={said.title[side]}>
      {energyWh === 0 ? (
        <Empty>{said.nothing[side]}</Empty>
      ) : (
        <>
          <p className="takeaway">{takeaway({ energyWh, partners }, side)}</p>
          <TableFrame label={`${said.title[side]}: ${said.list}`} look="sums">
            <thead>
              <tr>
                <th scope="col">{said.who}</th>
                <th scope="col">{said.energy}</th>
                <th scope="col">{said.share}</th>
              </tr>
            </thead>
            <tbody>
              {partners.map((partner) => (
                <tr key={`${partner.who} ${partner.neighbour} ${partner.zone}`}>
                  <th scope="row">
                    {whoWords(partner)} <small>{awayWords(partner)}</small>
                  </th>
                  <td>{energy(partner.energyWh)}</td>
                  <td>{shareWords(partner.energyWh, energyWh)}</td>
                </tr>
              ))}
            </tbody>
          </TableFrame>
        </>
      )}
    </Card>
  )
}

function whoWords({ who, name }: PartnerResource): string {
  const said = partnerWords()
  return who === 'neighbour' ? name! : said[who]
}
