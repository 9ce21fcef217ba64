/** The moments in which the official value and the home's own device differ by more than the tolerance. */
import type { WitnessesResource } from '../../server/api/official-resources.ts'
import { count } from '../money/format.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { localMoment } from '../time/clock.ts'
import { meteringWords } from './words.ts'

export function DifferenceTable({ contradictions }: Pick<WitnessesResource, 'contradictions'>) {
  const said = meteringWords()
  return (
    <TableFrame label={said.differences} tall>
      <thead>
        <tr>
          <th scope="col">{said.when}</th>
          <th scope="col">{said.direction}</th>
          <th scope="col" className="n">
            {said.official}
          </th>
          <th scope="col" className="n">
            {said.own}
          </th>
          <th scope="col" className="n">
            {said.difference}
          </th>
          <th scope="col">{said.point}</th>
        </tr>
      </thead>
      <tbody>
        {contradictions.map(({ start, point, direction, officialWh, agentWh, differenceWh }) => (
          <tr key={`${start} ${point} ${direction}`}>
            <th scope="row">{localMoment(start)}</th>
            <td>{said.directions[direction]}</td>
            <td className="n">{count(officialWh)}</td>
            <td className="n">{count(agentWh)}</td>
            <td className="n">{count(differenceWh)}</td>
            <td>{point}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
