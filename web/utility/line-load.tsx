/** The energy that went over the line of each zone in the shown results, compared with its capacity. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { NumbersTable } from '../charts/numbers-table.tsx'
import { Spark } from '../charts/spark.tsx'
import { isFull } from '../market/market.ts'
import { energy } from '../money/format.ts'
import { Card, Empty } from '../page/card.tsx'
import { localTime } from '../time/clock.ts'
import { attentionWords } from './attention-words.ts'
import { loadOf } from './load.ts'

interface LineLoadProps {
  area: AreaResource
  /** The area's intervals, newest first. */
  intervals: readonly IntervalResource[]
}

export default function LineLoad({ area, intervals }: LineLoadProps) {
  const said = attentionWords()
  const lines = area.zones.filter(({ parent }) => parent !== null)
  if (lines.length === 0) {
    return (
      <Card title={said.load}>
        <Empty>{said.noLines}</Empty>
      </Card>
    )
  }
  return (
    <Card title={said.load}>
      <div className="lines">
        {lines.map((zone) => (
          <section key={zone.zone} aria-label={said.lineLoad(zone.name)}>
            <h3>{zone.name}</h3>
            <Load area={area} zone={zone} intervals={intervals} />
          </section>
        ))}
      </div>
      <NumbersTable
        label={said.loadTable}
        head={[said.time, ...lines.map(({ name }) => name)]}
        count={intervals.length}
        row={(index) => {
          const interval = intervals[index]!
          return [
            localTime(interval.start),
            ...lines.map(({ zone }) => {
              const load = loadOf(interval, zone)
              return load === null ? '–' : energy(load)
            }),
          ]
        }}
      />
    </Card>
  )
}

function Load({ area, zone, intervals }: LineLoadProps & { zone: AreaResource['zones'][number] }) {
  const said = attentionWords()
  const loads = intervals.map((interval) => loadOf(interval, zone.zone))
  const known = loads.filter((load) => load !== null)
  if (known.length === 0) return null
  const peak = Math.max(...known)
  const full = known.filter((load) => isFull(zone, load)).length
  const words = [
    said.loadNow(energy(loads[0] ?? 0), zone.capacityWh === null ? null : energy(zone.capacityWh)),
    said.loadPeak(energy(peak), localTime(intervals[loads.indexOf(peak)]!.start)),
    full > 0 && said.loadFull(full, known.length, said.periods(area.intervalSeconds)),
  ].filter((each) => each !== false)
  return (
    <>
      <p>{words.join(' ')}</p>
      <Spark values={loads.toReversed()} label={words.join(' ')} color={full > 0 ? 'sun' : 'leaf'} from={0} />
    </>
  )
}
