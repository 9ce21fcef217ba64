/** The grid operator's and supplier's view: zones and links, energy in and out, results, settlement, reports. */
import { useQuery } from '@tanstack/react-query'
import { Tabs } from 'radix-ui'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { batchesQuery, intervalsQuery } from '../api/queries.ts'
import { MarketChart } from '../charts/market-chart.tsx'
import { priceIn } from '../market/market.ts'
import { NoResultYet } from '../market/seat-results.tsx'
import { cents, energy, moneyWords, sum } from '../money/format.ts'
import { Card, Figure, Trouble, Waiting } from '../page/card.tsx'
import { duration, localMoment } from '../time/clock.ts'
import { BatchTable } from './batch-table.tsx'
import { Check } from './check.tsx'
import { IntervalTable } from './interval-table.tsx'
import { Report } from './report.tsx'
import { ZoneTable } from './zone-table.tsx'
import './utility.css'

export default function Utility({ area }: { area: AreaResource }) {
  const intervals = useQuery(intervalsQuery(area.area))
  const batches = useQuery(batchesQuery(area.area))
  const newest = intervals.data?.[0]
  const cleared = intervals.data ?? []
  return (
    <div className="utility">
      <Trouble error={intervals.error} retry={() => void intervals.refetch()} />
      {newest ? (
        <Numbers area={area} newest={newest} cleared={cleared} />
      ) : (
        intervals.data && <NoResultYet area={area} />
      )}
      <Card
        title="Zones and links"
        className="dense"
        aside={newest && <span className="soft">{localMoment(newest.start)}, Wh of one interval</span>}
      >
        {intervals.isPending ? <Waiting lines={4} /> : <ZoneTable area={area} interval={newest} />}
      </Card>
      <Card title="Matched and residual" aside={<Check intervals={cleared} />}>
        {intervals.isPending ? <Waiting lines={5} /> : <MarketChart intervals={cleared} height={230} />}
      </Card>
      <Tabs.Root defaultValue="intervals" className="tabs card dense">
        <Tabs.List className="tab-list" aria-label="Records">
          <Tabs.Trigger value="intervals">Intervals</Tabs.Trigger>
          <Tabs.Trigger value="batches">Settlement batches</Tabs.Trigger>
          <Tabs.Trigger value="report">Report</Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="intervals" tabIndex={-1}>
          <IntervalTable area={area} intervals={intervals.data ?? []} />
        </Tabs.Content>
        <Tabs.Content value="batches" tabIndex={-1}>
          <Trouble error={batches.error} retry={() => void batches.refetch()} />
          {batches.isPending ? <Waiting lines={4} /> : <BatchTable area={area} batches={batches.data ?? []} />}
        </Tabs.Content>
        <Tabs.Content value="report" tabIndex={-1}>
          <Report area={area} />
        </Tabs.Content>
      </Tabs.Root>
    </div>
  )
}

interface NumbersProps {
  area: AreaResource
  newest: IntervalResource
  cleared: IntervalResource[]
}

function Numbers({ area, newest, cleared }: NumbersProps) {
  const now = priceIn(newest)
  const total = (pick: (interval: IntervalResource) => number) => cleared.reduce((all, each) => all + pick(each), 0)
  const matched = total((each) => each.matchedWh)
  const fedIn = total((each) => each.exportWh)
  const missing = newest.missingReadings
  return (
    <div className="numbers">
      <Figure label="price now, ct/kWh">{now === null ? '–' : cents(now)}</Figure>
      <Figure label="matched now">{energy(newest.matchedWh)}</Figure>
      <Figure label="fed in now">{energy(newest.exportWh)}</Figure>
      <Figure label="taken now">{energy(newest.importWh)}</Figure>
      <Figure label={`of ${energy(fedIn)} fed in, matched in ${duration(cleared.length * area.intervalSeconds)}`}>
        {fedIn === 0 ? '–' : `${Math.round((matched / fedIn) * 100)} %`}
      </Figure>
      <Figure label="grid fees in that time">
        {moneyWords(sum(cleared.map((each) => each.gridFees)), area.currency)}
      </Figure>
      <Figure label="meters without a reading">{missing === 0 ? 'none' : missing}</Figure>
      <Figure label="settled on chain until">
        {area.settledUntil === null ? 'not yet' : localMoment(area.settledUntil)}
      </Figure>
    </div>
  )
}
