/** A table of the area's results, one interval in each row: metered = matched + residual on both sides. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { priceIn } from '../market/market.ts'
import { cents, moneyColumn } from '../money/format.ts'
import { Badge, Empty } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { localTime } from '../time/clock.ts'
import { utilityWords } from './words.ts'

const shownRows = 40

export default function IntervalTable({
  area,
  intervals,
}: {
  area: AreaResource
  intervals: readonly IntervalResource[]
}) {
  const said = utilityWords()
  if (intervals.length === 0) return <Empty>{said.noInterval}</Empty>
  const shown = intervals.slice(0, shownRows)
  const fees = moneyColumn(
    shown.map(({ gridFees }) => gridFees),
    area.currency,
  )
  const ahead = shown.some(({ forwardWh }) => forwardWh > 0)
  return (
    <TableFrame label={said.intervals} tall>
      <thead>
        <tr>
          <th scope="col">{said.from}</th>
          <th scope="col">{said.status}</th>
          <th scope="col" className="n">
            ct/kWh
          </th>
          <th scope="col" className="n">
            {said.fedInWh}
          </th>
          <th scope="col" className="n">
            {said.isMatched}
          </th>
          <th scope="col" className="n">
            {said.plusRest}
          </th>
          <th scope="col" className="n">
            {said.takenWh}
          </th>
          <th scope="col" className="n">
            {said.isMatched}
          </th>
          <th scope="col" className="n">
            {said.plusRest}
          </th>
          <th scope="col" className="n">
            {said.gridFees}
          </th>
          <th scope="col" className="n">
            {said.missing}
          </th>
          {ahead && (
            <th scope="col" className="n">
              {said.ahead}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {shown.map((interval) => {
          const price = priceIn(interval)
          return (
            <tr key={interval.start}>
              <th scope="row">
                <time dateTime={interval.start}>{localTime(interval.start)}</time>
              </th>
              <td>
                <Badge tone={interval.status === 'final' ? 'good' : 'calm'}>{said.statuses[interval.status]}</Badge>
                {interval.run > 1 && <span className="soft"> {said.corrected(interval.run - 1)}</span>}
              </td>
              <td className="n">{price === null ? '–' : cents(price)}</td>
              <td className="n">{interval.exportWh}</td>
              <td className="n">{interval.matchedWh}</td>
              <td className="n">{interval.exportWh - interval.matchedWh}</td>
              <td className="n">{interval.importWh}</td>
              <td className="n">{interval.matchedWh}</td>
              <td className="n">{interval.importWh - interval.matchedWh}</td>
              <td className="n">{fees(interval.gridFees)}</td>
              <td className="n">{interval.missingReadings || '–'}</td>
              {ahead && <td className="n">{aheadWords(interval)}</td>}
            </tr>
          )
        })}
      </tbody>
    </TableFrame>
  )
}

/** Energy traded ahead, less the part that was not delivered or not taken. */
function aheadWords({ forwardWh, deviationWh }: IntervalResource): string {
  if (forwardWh === 0) return '–'
  return deviationWh === 0 ? String(forwardWh) : `${forwardWh} − ${deviationWh}`
}
