/** A seat's energy per interval: out of the home above the line, into it below, and the price at which neighbours traded. */
import { useMemo, useState } from 'react'
import type uPlot from 'uplot'
import type { SeatIntervalResource } from '../../server/api/resources.ts'
import { energy, priceWords } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import {
  bars,
  drawnCents,
  energyAxis,
  energyRange,
  pointer,
  priceAxis,
  scaleFromZero,
  steps,
  timeAxis,
  timeRange,
} from './axes.ts'
import { Legend } from './legend.tsx'
import { Plot, type PlotOptions } from './plot.tsx'

interface SeatChartProps {
  /** Newest first. */
  intervals: readonly SeatIntervalResource[]
  /** Also draw what the home took from the grid. */
  imports: boolean
  exports: boolean
}

/**
 * Bars drawn over one another: the taller one first, so each list is the sum of what it shows and what covers it. What went
 * into the home is drawn downwards (`importSign` −1) beside what left it, and upwards (1) where there is nothing else.
 */
function seatSeries(intervals: readonly SeatIntervalResource[], importSign: 1 | -1): uPlot.AlignedData {
  const ordered = [...intervals].reverse()
  return [
    ordered.map((each) => Date.parse(each.start) / 1000),
    ordered.map((each) => each.soldWh + each.residualExportWh),
    ordered.map((each) => each.soldWh),
    ordered.map((each) => importSign * (each.boughtWh + each.residualImportWh)),
    ordered.map((each) => importSign * each.boughtWh),
    ordered.map((each) => drawnCents(each.pricePerKwh)),
  ]
}

export function SeatChart({ intervals, imports, exports }: SeatChartProps) {
  const [pointed, setPointed] = useState<number | null>(null)
  const data = useMemo(() => seatSeries(intervals, exports ? -1 : 1), [intervals, exports])
  const options = useMemo<PlotOptions>(
    () => (theme) => ({
      legend: { show: false },
      scales: { x: { time: true, range: timeRange }, y: { range: energyRange }, ct: { range: scaleFromZero } },
      axes: [timeAxis(theme), energyAxis(theme), priceAxis(theme)],
      series: [
        {},
        { show: exports, fill: theme.grid, stroke: theme.grid, width: 0, paths: bars, points: { show: false } },
        { show: exports, fill: theme.leaf, stroke: theme.leaf, width: 0, paths: bars, points: { show: false } },
        { show: imports, fill: theme.grid, stroke: theme.grid, width: 0, paths: bars, points: { show: false } },
        { show: imports, fill: theme.leaf, stroke: theme.leaf, width: 0, paths: bars, points: { show: false } },
        { scale: 'ct', stroke: theme.sun, width: 2.5, paths: steps, points: { show: false } },
      ],
      ...pointer(setPointed),
    }),
    [imports, exports],
  )
  const shown = pointed === null ? undefined : intervals[intervals.length - 1 - pointed]
  return (
    <figure className="chart">
      <Plot
        label="Energy traded with neighbours and with the supplier, and the neighbours’ price, interval by interval. The list of results holds the same numbers."
        options={options}
        data={data}
        height={250}
      />
      <figcaption>
        <Legend
          entries={[
            {
              color: 'leaf',
              text: exports && imports ? 'with neighbours' : exports ? 'to neighbours' : 'from neighbours',
            },
            {
              color: 'grid',
              text: exports && imports ? 'with my supplier' : exports ? 'to my supplier' : 'from my supplier',
            },
            { color: 'sun', text: 'price', line: true },
          ]}
        />
        <p className="readout">{shown ? readout(shown) : <span className="soft">{hint(exports, imports)}</span>}</p>
      </figcaption>
    </figure>
  )
}

function hint(exports: boolean, imports: boolean): string {
  return exports && imports
    ? 'Out of the home above the line, into it below.'
    : 'Point at the chart for an interval’s numbers.'
}

function readout(interval: SeatIntervalResource): string {
  const parts = [
    interval.soldWh > 0 && `sold ${energy(interval.soldWh)}`,
    interval.ownUseWh > 0 && `used by myself ${energy(interval.ownUseWh)}`,
    interval.residualExportWh > 0 && `to supplier ${energy(interval.residualExportWh)}`,
    interval.boughtWh > 0 && `bought ${energy(interval.boughtWh)}`,
    interval.residualImportWh > 0 && `from supplier ${energy(interval.residualImportWh)}`,
    interval.pricePerKwh !== null && priceWords(interval.pricePerKwh),
  ].filter(Boolean)
  return `${localTime(interval.start)}: ${parts.length > 0 ? parts.join(' · ') : 'nothing metered'}`
}
