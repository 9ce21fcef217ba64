/** The grid operator's and supplier's view: zones and links, energy in and out, results, settlement, reports. */
import { useQuery } from '@tanstack/react-query'
import { Tabs } from 'radix-ui'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { batchesQuery, gridIntervalsQuery } from '../api/queries.ts'
import { MarketChart } from '../charts/later-chart.tsx'
import { priceIn } from '../market/market.ts'
import { NoResultYet } from '../market/seat-results.tsx'
import { cents, energy, moneyWords, shareWords, sum } from '../money/format.ts'
import { Card, Figure, Trouble, Waiting } from '../page/card.tsx'
import { awaited, later } from '../page/later.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localMoment } from '../time/clock.ts'
import { Check } from './check.tsx'
import { missingReadings } from './exceptions.ts'
import { utilityWords } from './words.ts'
import { ZoneTable } from './zone-table.tsx'
import './utility.css'

const AttentionCards = awaited(() => import('./attention.tsx'))
const LineLoad = later(() => import('./line-load.tsx'))
const IntervalTable = later(() => import('./interval-table.tsx'), Waiting)
const BatchTable = later(() => import('./batch-table.tsx'), Waiting)
const Members = later(() => import('./members.tsx'), Waiting)
const MeterTable = later(() => import('./meter-table.tsx'), Waiting)
const Report = later(() => import('./report.tsx'), Waiting)

const DeclarationTable = later(() => import('./declaration-table.tsx'), Waiting)
const OfficialTab = later(() => import('../metering/official-tab.tsx'), Waiting)

export default function Utility({ area }: { area: AreaResource }) {
  const said = utilityWords()
  const intervals = useQuery(gridIntervalsQuery(useSession(), area.area))
  const batches = useQuery(batchesQuery(area.area))
  if (isComing(intervals)) return <PageWaiting />
  const newest = intervals.data?.[0]
  const cleared = intervals.data ?? []
  // In an area without a market the grid operator or a key decides the quantities, which are then shown as declarations.
  const isMarket = area.rules.allocation === 0
  return (
    <div className="utility">
      <Trouble error={intervals.error} retry={() => void intervals.refetch()} />
      {intervals.data && <AttentionCards area={area} intervals={cleared} />}
      {newest ? (
        <Numbers area={area} newest={newest} cleared={cleared} />
      ) : (
        intervals.data && <NoResultYet area={area} />
      )}
      <Card
        title={said.zones}
        className="dense"
        aside={
          newest && (
            <span className="soft">{said.ofOne(localMoment(newest.start), said.period(area.intervalSeconds))}</span>
          )
        }
      >
        {intervals.isPending ? <Waiting lines={4} /> : <ZoneTable area={area} interval={newest} />}
      </Card>
      <Card title={said.betweenAndRest} aside={<Check area={area} intervals={cleared} />}>
        {intervals.isPending ? <Waiting lines={5} /> : <MarketChart intervals={cleared} height={230} />}
      </Card>
      {newest && <LineLoad area={area} intervals={cleared} />}
      <Tabs.Root defaultValue="intervals" className="tabs card dense">
        <Tabs.List className="tab-list" aria-label={said.records}>
          <Tabs.Trigger value="intervals">{said.intervals}</Tabs.Trigger>
          <Tabs.Trigger value="batches">{said.batches}</Tabs.Trigger>
          <Tabs.Trigger value="report">{said.report}</Tabs.Trigger>
          <Tabs.Trigger value="meters">{said.meters}</Tabs.Trigger>
          <Tabs.Trigger value="official">{said.official}</Tabs.Trigger>
          {!isMarket && <Tabs.Trigger value="declarations">{said.declarations}</Tabs.Trigger>}
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
        <Tabs.Content value="meters" tabIndex={-1}>
          <Members area={area}>
            <MeterTable area={area} />
          </Members>
        </Tabs.Content>
        <Tabs.Content value="official" tabIndex={-1}>
          <OfficialTab area={area} />
        </Tabs.Content>
        {!isMarket && (
          <Tabs.Content value="declarations" tabIndex={-1}>
            <DeclarationTable area={area} />
          </Tabs.Content>
        )}
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
  const said = utilityWords()
  const now = priceIn(newest)
  const total = (pick: (interval: IntervalResource) => number) => cleared.reduce((all, each) => all + pick(each), 0)
  const matched = total((each) => each.matchedWh)
  const fedIn = total((each) => each.exportWh)
  const missing = missingReadings(cleared)
  return (
    <div className="numbers">
      <Figure label={said.priceNow}>{now === null ? '–' : cents(now)}</Figure>
      <Figure label={said.matchedNow}>{energy(newest.matchedWh)}</Figure>
      <Figure label={said.fedInNow}>{energy(newest.exportWh)}</Figure>
      <Figure label={said.takenNow}>{energy(newest.importWh)}</Figure>
      <Figure label={said.share(energy(fedIn), duration(cleared.length * area.intervalSeconds))}>
        {shareWords(matched, fedIn)}
      </Figure>
      <Figure label={said.fees}>{moneyWords(sum(cleared.map((each) => each.gridFees)), area.currency)}</Figure>
      <Figure label={said.withoutReading(missing)}>{missing === 0 ? said.none : missing}</Figure>
      <Figure label={said.settledUntil}>
        {area.settledUntil === null ? said.notYet : localMoment(area.settledUntil)}
      </Figure>
    </div>
  )
}
