/** The values that a newer file replaced, and those about which two files contradict each other. */
import type { OfficialDifferenceResource } from '../../server/api/official-resources.ts'
import { allDigits } from '../money/format.ts'
import { Badge } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { localMoment } from '../time/clock.ts'
import { meteringWords } from './words.ts'

/** The conflicts first, then the replaced values, each with the newest first. */
export function ChangeTable({ changes }: { changes: readonly OfficialDifferenceResource[] }) {
  const said = meteringWords()
  const claim = ({ energyWh, quality, file }: OfficialDifferenceResource['before']) =>
    `${energyWh === null ? '' : `${allDigits(energyWh)}\u202fWh `}${said.qualities[quality]} (${file})`
  const isConflict = ({ kind }: OfficialDifferenceResource) => kind === 'conflict'
  const ordered = [...changes].reverse().sort((a, b) => Number(isConflict(b)) - Number(isConflict(a)))
  return (
    <TableFrame label={said.changes} tall>
      <thead>
        <tr>
          <th scope="col">{said.when}</th>
          <th scope="col">{said.what}</th>
          <th scope="col">{said.before}</th>
          <th scope="col">{said.after}</th>
          <th scope="col">{said.direction}</th>
          <th scope="col">{said.point}</th>
        </tr>
      </thead>
      <tbody>
        {ordered.map((change) => (
          <tr key={`${change.start} ${change.point} ${change.direction} ${change.after.file}`}>
            <th scope="row">{localMoment(change.start)}</th>
            <td>
              <Badge tone={isConflict(change) ? 'bad' : 'calm'}>{said.kinds[change.kind]}</Badge>
            </td>
            <td>{claim(change.before)}</td>
            <td>{claim(change.after)}</td>
            <td>{said.directions[change.direction]}</td>
            <td>{change.point}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
