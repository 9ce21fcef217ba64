/** The operator's page: what keeps the next payment waiting, payments, watchers, gas, offices, members and invitations. */
import { useQuery } from '@tanstack/react-query'
import type { OperationResource } from '../../server/api/operation-resources.ts'
import type { AreaResource, BatchResource } from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import { batchesQuery, watchersQuery } from '../api/queries.ts'
import { count } from '../money/format.ts'
import { Badge, Card, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import { useSession } from '../session/session.tsx'
import { localTime } from '../time/clock.ts'
import { ServerSays } from '../utility/server-says.tsx'
import { GasCard } from './gas-card.tsx'
import { OfficesCard } from './offices-card.tsx'
import { operatorState } from './state.ts'
import { WatchersCard } from './watchers-card.tsx'
import { operatorWords } from './words.ts'
import '../utility/utility.css'
import './operator.css'

const BatchTable = later(() => import('../utility/batch-table.tsx'), Waiting)
const Members = later(() => import('../utility/members.tsx'), Waiting)

const renewedEveryMs = 10_000

export default function Operator({ area }: { area: AreaResource }) {
  const said = operatorWords()
  const { account } = useSession()
  const operation = useQuery({
    queryKey: ['operation', account, area.area],
    queryFn: ({ signal }) => getJson('/areas/{area}/operation', { area: area.area }, { account, signal }),
    refetchInterval: renewedEveryMs,
  })
  const batches = useQuery(batchesQuery(area.area))
  const watchers = useQuery({ ...watchersQuery(area.area), refetchInterval: renewedEveryMs })
  if (isComing(operation, batches, watchers)) return <PageWaiting />
  return (
    <div className="utility operator">
      <Trouble error={operation.error} retry={() => void operation.refetch()} />
      {operation.data && <Standing operation={operation.data} />}
      <Card title={said.payments} className="dense">
        <Trouble error={batches.error} retry={() => void batches.refetch()} />
        <BatchTable area={area} batches={batches.data ?? []} />
      </Card>
      <Trouble error={watchers.error} retry={() => void watchers.refetch()} />
      {watchers.data && <WatchersCard watchers={watchers.data} />}
      {operation.data && <GasCard operation={operation.data} gasOfPayment={gasOfPayment(batches.data ?? [])} />}
      {operation.data && <OfficesCard area={area} operation={operation.data} />}
      <Card title={said.members} className="dense">
        <Members area={area} />
      </Card>
    </div>
  )
}

function Standing({ operation }: { operation: OperationResource }) {
  const said = operatorWords()
  const { light, reasons } = operatorState(operation)
  const { head } = operation
  return (
    <Card title={said.title}>
      <p>
        <Badge tone={light}>{said.lights[light]}</Badge> {light === 'good' && said.runs}
      </p>
      {reasons.length > 0 && (
        <ul className="exceptions">
          {reasons.map(({ key, sentence, detail }) => (
            <li key={key}>
              {sentence}
              {detail !== null && <ServerSays sentence={detail} />}
            </li>
          ))}
        </ul>
      )}
      {head !== null && <p className="explain">{said.block(count(head.block), localTime(head.time))}</p>}
    </Card>
  )
}

/** The average gas of the known payments; null where none is known. */
function gasOfPayment(batches: readonly BatchResource[]): number | null {
  const known = batches.flatMap(({ gasUsed }) => (gasUsed === null ? [] : [gasUsed]))
  return known.length === 0 ? null : Math.round(known.reduce((sum, gas) => sum + gas, 0) / known.length)
}
