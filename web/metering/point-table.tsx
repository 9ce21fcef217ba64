/** The metering points of the roster, each with how complete its values are. */
import { useQuery } from '@tanstack/react-query'
import type { MeteringPointResource } from '../../server/api/official-resources.ts'
import { peopleQuery } from '../api/queries.ts'
import { count, percentage } from '../money/format.ts'
import { Badge } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { localDate, localMoment } from '../time/clock.ts'
import { meteringWords } from './words.ts'

export function PointTable({ points }: { points: readonly MeteringPointResource[] }) {
  const said = meteringWords()
  const people = useQuery(peopleQuery).data
  /** The member as the roster names it, unless that name is the meter's address. */
  const memberOf = ({ member, account }: MeteringPointResource) =>
    people?.find((person) => person.account === account)?.name ??
    (member.startsWith('0x') ? shortened(account) : member)
  const noon = (day: string) => localDate(`${day}T12:00:00Z`)
  return (
    <TableFrame label={said.points} tall>
      <thead>
        <tr>
          <th scope="col">{said.member}</th>
          <th scope="col">{said.direction}</th>
          <th scope="col">{said.there}</th>
          <th scope="col" className="n">
            {said.missing}
          </th>
          <th scope="col" className="n">
            {said.estimated}
          </th>
          <th scope="col" className="n">
            {said.late}
          </th>
          <th scope="col" className="n">
            {said.replaced}
          </th>
          <th scope="col" className="n">
            {said.conflicts}
          </th>
          <th scope="col">{said.newest}</th>
          <th scope="col">{said.point}</th>
          <th scope="col">{said.supplier}</th>
          <th scope="col" className="n">
            {said.share}
          </th>
          <th scope="col">{said.dates}</th>
        </tr>
      </thead>
      <tbody>
        {points.map((own) => {
          const { point, direction, expected, measured, substituted, missing, estimated, conflicts } = own
          const isWhole = missing + estimated + conflicts === 0
          return (
            <tr key={`${point} ${direction} ${own.fromDay}`}>
              <th scope="row">{memberOf(own)}</th>
              <td>{said.directions[direction]}</td>
              <td>
                <Badge tone={isWhole ? 'good' : 'warn'}>
                  {said.of(count(measured + substituted), count(expected))}
                </Badge>
              </td>
              <td className="n">{count(missing)}</td>
              <td className="n">{count(estimated)}</td>
              <td className="n">{count(own.late)}</td>
              <td className="n">{count(own.replaced)}</td>
              <td className="n">{count(conflicts)}</td>
              <td>{own.newest === null ? '–' : localMoment(own.newest)}</td>
              <td>{point}</td>
              <td>{[own.supplier, own.balanceGroup].filter(Boolean).join(' · ') || '–'}</td>
              <td className="n">{shareOf(own)}</td>
              <td>
                {own.endDay === null ? said.since(noon(own.fromDay)) : `${noon(own.fromDay)} – ${noon(own.endDay)}`}
              </td>
            </tr>
          )
        })}
      </tbody>
    </TableFrame>
  )
}

/** The point's share of a static key, or else the part of the point's energy that takes part. */
function shareOf({ sharePercent, factorPercent }: MeteringPointResource): string {
  return percentage(sharePercent ?? String(factorPercent))
}

function shortened(account: string): string {
  return `${account.slice(0, 6)}…${account.slice(-4)}`
}
