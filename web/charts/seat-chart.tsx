/**
 * The chart of a seat's energy per interval: out of the home above the line, into it below, and the price at which neighbours
 * traded.
 */
import { useMemo, useState } from 'react'
import type uPlot from 'uplot'
import type { SeatIntervalResource } from '../../server/api/resources.ts'
import { energy, priceWords } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import { bars, energyAxis, lengthOfBars, pointer, priceAxis, scalesAroundZero, timeAxis } from './axes.ts'
import { drawnCents } from './drawn.ts'
import { Legend } from './legend.tsx'
import { NumbersTable } from './numbers-table.tsx'
import { Plot, type PlotOptions } from './plot.tsx'
import { PointSlider } from './point-slider.tsx'
import { stepPaths } from './steps.ts'
import { takeawayOf } from './takeaway.ts'
import { timeRange } from './time-range.ts'
import { chartWords } from './words.ts'

interface SeatChartProps {
  /** The seat's intervals, newest first. */
  intervals: readonly SeatIntervalResource[]
  /** Whether the chart also draws what the home took from the grid. */
  imports: boolean
  exports: boolean
}

/**
 * The chart's lists of numbers. Bars are drawn over one another, the taller ones first, so each list is the sum of the values
 * that it shows and that cover it. Energy into the home is drawn downwards (`importSign` −1) beside energy out of it, and
 * upwards (1) where the chart shows nothing else.
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

export default function SeatChart({ intervals, imports, exports }: SeatChartProps) {
  const said = chartWords()
  const [pointed, setPointed] = useState<number | null>(null)
  const data = useMemo(() => seatSeries(intervals, exports ? -1 : 1), [intervals, exports])
  const lengthSeconds = lengthOfBars(intervals)
  const options = useMemo<PlotOptions>(
    () => (theme) => ({
      legend: { show: false },
      scales: {
        x: { time: true, range: timeRange(lengthSeconds) },
        ...scalesAroundZero(),
      },
      axes: [timeAxis(theme), energyAxis(theme), priceAxis(theme)],
      series: [
        {},
        { show: exports, fill: theme.grid, stroke: theme.grid, width: 0, paths: bars, points: { show: false } },
        { show: exports, fill: theme.leaf, stroke: theme.leaf, width: 0, paths: bars, points: { show: false } },
        { show: imports, fill: theme.grid, stroke: theme.grid, width: 0, paths: bars, points: { show: false } },
        { show: imports, fill: theme.leaf, stroke: theme.leaf, width: 0, paths: bars, points: { show: false } },
        { scale: 'ct', stroke: theme.sun, width: 2.5, paths: stepPaths(lengthSeconds), points: { show: false } },
      ],
      ...pointer(theme, setPointed),
    }),
    [imports, exports, lengthSeconds],
  )
  const shown = pointed === null ? undefined : intervals[intervals.length - 1 - pointed]
  const columns = [...(exports ? outwards(said) : []), ...(imports ? inwards(said) : [])]
  const takeaway = takeawayOf(
    columns.map(({ words, of }) => ({ words, wh: intervals.reduce((total, each) => total + of(each), 0) })),
  )
  return (
    <figure className="chart">
      <p className="takeaway">{takeaway}</p>
      <Plot label={`${said.seat} ${takeaway}`} options={options} data={data} height={250} at={pointed} />
      <figcaption>
        <Legend
          entries={[
            {
              color: 'leaf',
              text: exports && imports ? said.withNeighbours : exports ? said.toNeighbours : said.fromNeighbours,
            },
            {
              color: 'grid',
              text: exports && imports ? said.withMySupplier : exports ? said.toMySupplier : said.fromMySupplier,
            },
            { color: 'sun', text: said.price, line: true },
          ]}
        />
      </figcaption>
      <PointSlider
        count={intervals.length}
        shown={pointed}
        show={setPointed}
        words={shown ? readout(shown) : null}
        hint={hint(exports, imports)}
      />
      <NumbersTable
        label={said.seat}
        head={[said.time, ...columns.map(({ name }) => name), said.price]}
        count={intervals.length}
        row={(index) => {
          const each = intervals[index]!
          return [localTime(each.start), ...columns.map(({ of }) => energy(of(each))), priceWords(each.pricePerKwh)]
        }}
      />
    </figure>
  )
}

type Column = { name: string; words: (energy: string) => string; of: (interval: SeatIntervalResource) => number }

function outwards(said: ReturnType<typeof chartWords>): Column[] {
  return [
    { name: said.toNeighbours, words: said.sold, of: ({ soldWh }) => soldWh },
    { name: said.toMySupplier, words: said.toSupplier, of: ({ residualExportWh }) => residualExportWh },
  ]
}

function inwards(said: ReturnType<typeof chartWords>): Column[] {
  return [
    { name: said.fromNeighbours, words: said.bought, of: ({ boughtWh }) => boughtWh },
    { name: said.fromMySupplier, words: said.fromSupplier, of: ({ residualImportWh }) => residualImportWh },
  ]
}

function hint(exports: boolean, imports: boolean): string {
  const said = chartWords()
  return exports && imports ? said.seatHint : said.pointHint
}

function readout(interval: SeatIntervalResource): string {
  const said = chartWords()
  const parts = [
    interval.soldWh > 0 && said.sold(energy(interval.soldWh)),
    interval.ownUseWh > 0 && said.ownUse(energy(interval.ownUseWh)),
    interval.residualExportWh > 0 && said.toSupplier(energy(interval.residualExportWh)),
    interval.boughtWh > 0 && said.bought(energy(interval.boughtWh)),
    interval.residualImportWh > 0 && said.fromSupplier(energy(interval.residualImportWh)),
    interval.pricePerKwh !== null && priceWords(interval.pricePerKwh),
  ].filter(Boolean)
  return `${localTime(interval.start)}: ${parts.length > 0 ? parts.join(' · ') : said.nothing}`
}
