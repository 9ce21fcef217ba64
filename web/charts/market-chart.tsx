/** A whole area's energy per interval, matched and residual on both sides, with its price. */
import { useMemo, useState } from 'react'
import type uPlot from 'uplot'
import type { IntervalResource } from '../../server/api/resources.ts'
import { priceIn } from '../market/market.ts'
import { energy, priceWords } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import {
  bars,
  energyAxis,
  energyRange,
  lengthOfBars,
  pointer,
  priceAxis,
  scaleFromZero,
  steps,
  timeAxis,
  timeRange,
} from './axes.ts'
import { drawnCents } from './drawn.ts'
import { Legend } from './legend.tsx'
import { Plot, type PlotOptions } from './plot.tsx'
import { chartWords } from './words.ts'

interface MarketChartProps {
  /** Newest first. */
  intervals: readonly IntervalResource[]
  height?: number
}

/** Bars drawn over one another: the taller one first, so each list is the sum of what it shows and what covers it. */
function marketSeries(intervals: readonly IntervalResource[]): uPlot.AlignedData {
  const ordered = [...intervals].reverse()
  return [
    ordered.map((each) => Date.parse(each.start) / 1000),
    ordered.map((each) => each.exportWh),
    ordered.map((each) => each.matchedWh),
    ordered.map((each) => 0 - each.importWh),
    ordered.map((each) => 0 - each.matchedWh),
    ordered.map((each) => drawnCents(priceIn(each))),
  ]
}

export default function MarketChart({ intervals, height = 260 }: MarketChartProps) {
  const said = chartWords()
  const [pointed, setPointed] = useState<number | null>(null)
  const data = useMemo(() => marketSeries(intervals), [intervals])
  const lengthSeconds = lengthOfBars(intervals)
  const options = useMemo<PlotOptions>(
    () => (theme) => {
      const bar = (color: string) => ({ fill: color, stroke: color, width: 0, paths: bars, points: { show: false } })
      return {
        legend: { show: false },
        scales: {
          x: { time: true, range: timeRange(lengthSeconds) },
          y: { range: energyRange },
          ct: { range: scaleFromZero },
        },
        axes: [timeAxis(theme), energyAxis(theme), priceAxis(theme)],
        series: [
          {},
          bar(theme.grid),
          bar(theme.leaf),
          bar(theme.grid),
          bar(theme.leaf),
          { scale: 'ct', stroke: theme.sun, width: 2.5, paths: steps, points: { show: false } },
        ],
        ...pointer(setPointed),
      }
    },
    [lengthSeconds],
  )
  const shown = pointed === null ? undefined : intervals[intervals.length - 1 - pointed]
  return (
    <figure className="chart">
      <Plot label={said.market} options={options} data={data} height={height} />
      <figcaption>
        <Legend
          entries={[
            { color: 'leaf', text: said.between },
            { color: 'grid', text: said.withSupplier },
            { color: 'sun', text: said.price, line: true },
          ]}
        />
        <p className="readout">
          {shown ? (
            said.marketReadout(
              localTime(shown.start),
              energy(shown.matchedWh),
              energy(shown.exportWh),
              energy(shown.importWh),
              priceWords(priceIn(shown)),
            )
          ) : (
            <span className="soft">{said.marketHint}</span>
          )}
        </p>
      </figcaption>
    </figure>
  )
}
