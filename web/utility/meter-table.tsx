/**
 * The meters of the area for its grid operator: where each one is, whether it sends, and a button to take its confirmation
 * back.
 */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { MeterResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import { part } from '../api/part.ts'
import { silentAfterMs } from '../market/problems.ts'
import { count } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Badge, Empty, TransactionLink, Trouble, Waiting } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { meterWords } from './meter-words.tsx'
import { utilityWords } from './words.ts'

const pageLength = 100

export default function MeterTable({ area }: { area: AreaResource }) {
  const said = meterWords()
  const session = useSession()
  const [chosen, setChosen] = useState<string | null>(null)
  const meters = useInfiniteQuery({
    queryKey: ['meters', session.account, area.area],
    queryFn: ({ pageParam, signal }) => {
      const asks = { area: area.area, limit: pageLength, cursor: pageParam ?? undefined }
      return getJson('/areas/{area}/meters', asks, { account: session.account, signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    refetchInterval: 30_000,
  })
  if (meters.isPending) return <Waiting lines={4} />
  const items = meters.data?.pages.flatMap((page) => page.items) ?? []
  const meter = items.find(({ seat }) => seat === chosen)
  return (
    <>
      <Trouble error={meters.error} retry={() => void meters.refetch()} />
      {meter && <Revoking key={meter.seat} area={area} meter={meter} done={() => setChosen(null)} />}
      {items.length === 0 ? (
        <Empty>{said.none}</Empty>
      ) : (
        <TableFrame label={utilityWords().meters} tall>
          <thead>
            <tr>
              <th scope="col">{said.meter}</th>
              <th scope="col">{said.zone}</th>
              <th scope="col" className="n">
                {said.most}
              </th>
              <th scope="col">{said.newest}</th>
              <th scope="col">{said.state}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {items.map((each) => (
              <Row
                key={each.seat}
                area={area}
                meter={each}
                askedMs={meters.dataUpdatedAt}
                revoke={() => setChosen(each.seat)}
              />
            ))}
          </tbody>
        </TableFrame>
      )}
      {meters.hasNextPage && (
        <Act className="quiet" isOff={meters.isFetchingNextPage} press={() => void meters.fetchNextPage()}>
          {said.older}
        </Act>
      )}
    </>
  )
}

interface RowProps {
  area: AreaResource
  meter: MeterResource
  /** When the meter's state was asked for: nothing is known of the time since. */
  askedMs: number
  revoke: () => void
}

function Row({ area, meter, askedMs, revoke }: RowProps) {
  const said = meterWords()
  const { closed, suspended, confirmed, closesAt, lastReadingAt } = meter
  const state = closed ? 'closed' : suspended ? 'suspended' : confirmed ? 'confirmed' : 'unconfirmed'
  const isSilent = !closed && lastReadingAt !== null && askedMs - Date.parse(lastReadingAt) > silentAfterMs(area)
  return (
    <tr>
      <th scope="row">
        <code title={meter.meter}>{shortMeter(meter)}</code>
      </th>
      <td>{area.zones.find(({ zone }) => zone === meter.zone)?.name ?? meter.zone}</td>
      <td className="n">{meter.nameplateWh === null ? '–' : count(meter.nameplateWh)}</td>
      <td>
        {lastReadingAt === null ? said.never : localMoment(lastReadingAt)}{' '}
        {isSilent && <Badge tone="warn">{said.silent}</Badge>}
      </td>
      <td>
        <Badge tone={state === 'confirmed' ? 'good' : state === 'suspended' ? 'bad' : 'calm'}>
          {said.states[state]}
        </Badge>{' '}
        {closesAt !== null && said.closesAt(localMoment(closesAt))}
      </td>
      <td>
        {!closed && closesAt === null && confirmed && (
          <button type="button" className="quiet" onClick={revoke} aria-label={said.revokeTitle(shortMeter(meter))}>
            {said.act}
          </button>
        )}
      </td>
    </tr>
  )
}

function Revoking({ area, meter, done }: { area: AreaResource; meter: MeterResource; done: () => void }) {
  const said = meterWords()
  const session = useSession()
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: async () => (await part(() => import('./confirm.ts'))).revokeMeter(session, area, meter),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['meters', session.account] }),
  })
  return (
    <div className="revoking">
      <h3>{said.revokeTitle(shortMeter(meter))}</h3>
      {revoke.data ? (
        <p className="sent" role="status">
          {said.revoked(<TransactionLink hash={revoke.data.transaction} />)}
        </p>
      ) : (
        <>
          <p className="explain">{said.revokeText(said.period(area.intervalSeconds))}</p>
          <p className="step-acts">
            <Act isOff={revoke.isPending} press={() => revoke.mutate()}>
              {revoke.isPending ? said.signing : said.revoke}
            </Act>
            <button type="button" className="quiet" onClick={done}>
              {said.cancel}
            </button>
          </p>
        </>
      )}
      <Trouble error={revoke.error} />
    </div>
  )
}

function shortMeter({ meter }: MeterResource): string {
  return `${meter.slice(0, 8)}…${meter.slice(-4)}`
}
