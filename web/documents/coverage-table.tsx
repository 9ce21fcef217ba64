/** How complete a month's values are, for each metering point; points with missing values come first. */
import type { BillResource } from '../../server/api/document-resources.ts'
import { Badge } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { localMoment } from '../time/clock.ts'
import { documentWords } from './words.ts'

type Coverage = NonNullable<BillResource['preview']>['coverage']

export function CoverageTable({ coverage }: { coverage: Coverage }) {
  const said = documentWords()
  const isWhole = ({ expected, measured, final }: Coverage[number]) => measured >= expected && final >= expected
  const sorted = [...coverage].sort((a, b) => Number(isWhole(a)) - Number(isWhole(b)))
  return (
    <TableFrame label={said.coverage} tall>
      <thead>
        <tr>
          <th scope="col">{said.point}</th>
          <th scope="col">{said.member}</th>
          <th scope="col">{said.measured}</th>
          <th scope="col" className="n">
            {said.final}
          </th>
          <th scope="col">{said.last}</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((each) => (
          <tr key={`${each.point} ${each.account}`}>
            <th scope="row">{each.point}</th>
            <td>{each.member ?? each.account}</td>
            <td>
              <Badge tone={isWhole(each) ? 'good' : 'warn'}>{said.of(each.measured, each.expected)}</Badge>
            </td>
            <td className="n">{said.of(each.final, each.expected)}</td>
            <td>{each.lastMeasured === null ? said.never : localMoment(each.lastMeasured)}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
