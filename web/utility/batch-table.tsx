/** Settlement batches with what the chain says about them. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource, BatchResource } from '../../server/api/resources.ts'
import { watchersQuery } from '../api/queries.ts'
import { batchStatusTones } from '../escrow/settlements.tsx'
import { moneyTexts } from '../escrow/words.tsx'
import { count, energy, moneyColumn } from '../money/format.ts'
import { Badge, Empty, TransactionLink } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { each, localMoment, localTime } from '../time/clock.ts'
import { dashed } from '../words/dashed.ts'
import { SettlementHealth } from './settlement-health.tsx'
import { utilityWords } from './words.ts'

export default function BatchTable({ area, batches }: { area: AreaResource; batches: readonly BatchResource[] }) {
  const said = utilityWords()
  const watchers = useQuery(watchersQuery(area.area)).data?.keys.length ?? 0
  const column = (pick: (batch: BatchResource) => string) => moneyColumn(batches.map(pick), area.currency)
  const [paid, received, grid] = [
    column((each) => each.paid),
    column((each) => each.received),
    column((each) => each.gridTake),
  ]
  if (batches.length === 0) return <Empty>{said.noBatch(each(area.batchSeconds))}</Empty>
  return (
    <>
      <SettlementHealth area={area} batches={batches} />
      <TableFrame label={said.batches} tall>
        <thead>
          <tr>
            <th scope="col">{said.batch}</th>
            <th scope="col">{said.status}</th>
            <th scope="col" className="n">
              {said.seats}
            </th>
            <th scope="col" className="n">
              {said.energy}
            </th>
            <th scope="col" className="n">
              {said.paid}
            </th>
            <th scope="col" className="n">
              {said.received}
            </th>
            <th scope="col" className="n">
              {said.grid}
            </th>
            <th scope="col">{said.watchers}</th>
            <th scope="col">{said.transaction}</th>
            <th scope="col" className="n">
              {said.block}
            </th>
            <th scope="col" className="n">
              {said.gas}
            </th>
          </tr>
        </thead>
        <tbody>
          {batches.map((batch) => (
            <tr key={batch.start}>
              <th scope="row">{dashed(localMoment(batch.start), localTime(batch.end))}</th>
              <td>
                <Badge tone={batchStatusTones[batch.status]}>{moneyTexts().statuses[batch.status]}</Badge>
              </td>
              <td className="n">{batch.seats}</td>
              <td className="n">{energy(batch.energyWh)}</td>
              <td className="n">{paid(batch.paid)}</td>
              <td className="n">{received(batch.received)}</td>
              <td className="n">{grid(batch.gridTake)}</td>
              <td>{watchers > 0 && batch.approvals !== null ? said.approvals(batch.approvals, watchers) : '–'}</td>
              <td>{batch.transaction ? <TransactionLink hash={batch.transaction} /> : '–'}</td>
              <td className="n">{batch.block ?? '–'}</td>
              <td className="n">{batch.gasUsed === null ? '–' : count(batch.gasUsed)}</td>
            </tr>
          ))}
        </tbody>
      </TableFrame>
    </>
  )
}
