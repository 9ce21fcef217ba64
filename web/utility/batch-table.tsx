/** Settlement batches with what the chain says about them. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource, BatchResource } from '../../server/api/resources.ts'
import { watchersQuery } from '../api/queries.ts'
import { batchStatusTones, batchStatusWords } from '../escrow/settlements.tsx'
import { energy, exactMoney } from '../money/format.ts'
import { Badge, Empty, TransactionLink } from '../page/card.tsx'
import { duration, localMoment, localTime } from '../time/clock.ts'
import { TableFrame } from './table-frame.tsx'

const grouped = new Intl.NumberFormat('en')

export function BatchTable({ area, batches }: { area: AreaResource; batches: readonly BatchResource[] }) {
  const watchers = useQuery(watchersQuery(area.area)).data?.keys.length ?? 0
  if (batches.length === 0)
    return <Empty>No batch yet. Final trades are settled together every {duration(area.batchSeconds)}.</Empty>
  return (
    <TableFrame label="Settlement batches" tall>
      <thead>
        <tr>
          <th scope="col">batch</th>
          <th scope="col">status</th>
          <th scope="col" className="n">
            seats
          </th>
          <th scope="col" className="n">
            energy
          </th>
          <th scope="col" className="n">
            paid
          </th>
          <th scope="col" className="n">
            received
          </th>
          <th scope="col" className="n">
            grid
          </th>
          <th scope="col">watchers</th>
          <th scope="col">transaction</th>
          <th scope="col" className="n">
            block
          </th>
          <th scope="col" className="n">
            gas
          </th>
        </tr>
      </thead>
      <tbody>
        {batches.map((batch) => (
          <tr key={batch.start}>
            <th scope="row">
              {localMoment(batch.start)}–{localTime(batch.end)}
            </th>
            <td>
              <Badge tone={batchStatusTones[batch.status]}>{batchStatusWords[batch.status]}</Badge>
            </td>
            <td className="n">{batch.seats}</td>
            <td className="n">{energy(batch.energyWh)}</td>
            <td className="n">{exactMoney(batch.paid, area.currency)}</td>
            <td className="n">{exactMoney(batch.received, area.currency)}</td>
            <td className="n">{exactMoney(batch.gridTake, area.currency)}</td>
            <td>{watchers > 0 && batch.approvals !== null ? `${batch.approvals} of ${watchers}` : '–'}</td>
            <td>{batch.transaction ? <TransactionLink hash={batch.transaction} /> : '–'}</td>
            <td className="n">{batch.block ?? '–'}</td>
            <td className="n">{batch.gasUsed === null ? '–' : grouped.format(batch.gasUsed)}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
