/** Where official values and the homes' own devices differ in an area, by days and by moments. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { WitnessesResource } from '../../server/api/official-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { count } from '../money/format.ts'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localDate } from '../time/clock.ts'
import { DifferenceTable } from './difference-table.tsx'
import { areaWitnessesQuery } from './queries.ts'
import { meteringWords } from './words.ts'

export function AreaWitnesses({ area }: { area: AreaResource }) {
  const said = meteringWords()
  const session = useSession()
  const [openedMs] = useState(Date.now)
  const witnesses = useQuery(areaWitnessesQuery(session, area.area, openedMs))
  if (witnesses.isPending) return <Waiting lines={4} />
  if (!witnesses.data) return <Trouble error={witnesses.error} retry={() => void witnesses.refetch()} />
  const { days, contradictions, tolerance } = witnesses.data
  if (days.length === 0) return <Empty>{said.nothing}</Empty>
  return (
    <>
      <p className="soft">{said.tolerance(count(tolerance.wh), count(tolerance.percent))}</p>
      {contradictions.length > 0 && (
        <>
          <h4>{said.differences}</h4>
          <DifferenceTable contradictions={contradictions} />
        </>
      )}
      <h4>{said.days}</h4>
      <DayTable days={days} />
    </>
  )
}

function DayTable({ days }: Pick<WitnessesResource, 'days'>) {
  const said = meteringWords()
  return (
    <TableFrame label={said.days} tall>
      <thead>
        <tr>
          <th scope="col">{said.day}</th>
          <th scope="col">{said.direction}</th>
          <th scope="col" className="n">
            {said.both}
          </th>
          <th scope="col" className="n">
            {said.beyond}
          </th>
          <th scope="col" className="n">
            {said.official}
          </th>
          <th scope="col" className="n">
            {said.own}
          </th>
          <th scope="col" className="n">
            {said.largest}
          </th>
          <th scope="col">{said.point}</th>
        </tr>
      </thead>
      <tbody>
        {days.map(({ day, point, direction, compared, beyond, officialWh, agentWh, largestWh }) => (
          <tr key={`${day} ${point} ${direction}`}>
            <th scope="row">{localDate(`${day}T12:00:00Z`)}</th>
            <td>{said.directions[direction]}</td>
            <td className="n">{count(compared)}</td>
            <td className="n">{count(beyond)}</td>
            <td className="n">{count(officialWh)}</td>
            <td className="n">{count(agentWh)}</td>
            <td className="n">{count(largestWh)}</td>
            <td>{point}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
