/** The chart of a whole area's energy per interval, matched and residual on both sides, with the price. */
import { useMemo, useState } from 'react'
import type uPlot from 'uplot'
import type { IntervalResource } from '../../server/api/resources.ts'
import { priceIn } from '../market/market.ts'
import { energy, priceWords } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import { bars, energyAxis, lengthOfBars, pointer, priceAxis, scalesAroundZero, timeAxis } from './axes.ts'
import { drawnCents } from './drawn.ts'
import { Legend } from './legend.tsx'
import { NumbersTable } from './numbers-table.tsx'
import { Plot, type PlotOptions } from './plot.tsx'
import { PointSlider } from './point-slider.tsx'
import { stepPaths } from './steps.ts'
import { timeRange } from './time-range.ts'
import { chartWords } from './words.ts'

interface MarketChartProps {
  /** The area's intervals, newest first. */
  intervals: readonly IntervalResource[]
  height?: number
}

/**
 * The chart's lists of numbers. Bars are drawn over one another, the taller ones first, so each list is the sum of the values
 * that it shows and that cover it.
 */
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
          ...scalesAroundZero(),
        },
        axes: [timeAxis(theme), energyAxis(theme), priceAxis(theme)],
        series: [
          {},
          bar(theme.grid),
          bar(theme.leaf),
          bar(theme.grid),
          bar(theme.leaf),
          { scale: 'ct', stroke: theme.sun, width: 2.5, paths: stepPaths(lengthSeconds), points: { show: false } },
        ],
        ...pointer(theme, setPointed),
      }
    },
    [lengthSeconds],
  )
  const shown = pointed === null ? undefined : intervals[intervals.length - 1 - pointed]
  const sum = (of: (interval: IntervalResource) => number) => intervals.reduce((total, each) => total + of(each), 0)
  const takeaway = said.marketTakeaway(
    energy(sum(({ matchedWh }) => matchedWh)),
    energy(sum(({ exportWh }) => exportWh)),
    energy(sum(({ importWh }) => importWh)),
  )
  return (
    <figure className="chart">
      <p className="takeaway">{takeaway}</p>
      <Plot label={`${said.market} ${takeaway}`} options={options} data={data} height={height} at={pointed} />
      <figcaption>
        <Legend
          entries={[
            { color: 'leaf', text: said.between },
            { color: 'grid', text: said.withSupplier },
            { color: 'sun', text: said.price, line: true },
          ]}
        />
      </figcaption>
      <PointSlider
        count={intervals.length}
        shown={pointed}
        show={setPointed}
        words={shown ? readout(shown) : null}
        hint={said.marketHint}
      />
      <NumbersTable
        label={said.market}
        head={[said.time, said.between, said.fedIn, said.taken, said.price]}
        count={intervals.length}
        row={(index) => {
          const each = intervals[index]!
          return [
            localTime(each.start),
            ...[each.matchedWh, each.exportWh, each.importWh].map(energy),
            priceWords(priceIn(each)),
          ]
        }}
      />
    </figure>
  )
}

function readout(interval: IntervalResource): string {
  return chartWords().marketReadout(
    localTime(interval.start),
    energy(interval.matchedWh),
    energy(interval.exportWh),
    energy(interval.importWh),
    priceWords(priceIn(interval)),
  )
}
