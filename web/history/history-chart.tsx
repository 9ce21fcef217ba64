/** The bar chart of a home's energy for each part of a day, week, month or year: out of the home above the line, into it below. */
import { useMemo, useState } from 'react'
import '../charts/language.ts'
import uPlot from 'uplot'
import type { TotalsResource } from '../../server/api/totals-resources.ts'
import { bars, energyAxis, pointer, spanOfValues } from '../charts/axes.ts'
import { Legend } from '../charts/legend.tsx'
import { NumbersTable } from '../charts/numbers-table.tsx'
import { Plot, type PlotOptions } from '../charts/plot.tsx'
import { PointSlider } from '../charts/point-slider.tsx'
import { takeawayOf } from '../charts/takeaway.ts'
import { chartWords } from '../charts/words.ts'
import { energy, moneyColumn } from '../money/format.ts'
import { language } from '../words/language.ts'
import { drawnColumns } from './drawn-columns.ts'
import { labelOf, type Tick, ticksOf } from './labels.ts'
import type { ChartSpan } from './spans.ts'
import { type Part, partOf, type wholeOf } from './totals.ts'
import { historyWords } from './words.ts'

/** Above this number of columns a bar would be thinner than a pixel, so their outline is drawn as an area instead. */
const mostColumns = 1_500

/** The width that a label takes on the axis along the bottom, and the width of the scale beside the chart, in pixels. */
const tickPixels = 46
const scalePixels = 90

interface HistoryChartProps {
  /** The name of the time that the chart shows. */
  name: string
  totals: TotalsResource
  /** The sums of all parts together. */
  whole: ReturnType<typeof wholeOf>
  span: ChartSpan
  /** Whether the chart also draws what left the home. */
  exports: boolean
  currency: string
}

interface Column {
  name: string
  words: (energy: string) => string
  of: 'soldWh' | 'toSupplierWh' | 'boughtWh' | 'fromSupplierWh' | 'usedAtOnceWh'
}

function columnsOf(exports: boolean, knowsUse: boolean): Column[] {
  const said = chartWords()
  const { usedAtOnce, used } = historyWords()
  return [
    ...(exports && knowsUse ? [{ name: usedAtOnce, words: used, of: 'usedAtOnceWh' } as const] : []),
    ...(exports ? [{ name: said.toNeighbours, words: said.sold, of: 'soldWh' } as const] : []),
    ...(exports ? [{ name: said.toMySupplier, words: said.toSupplier, of: 'toSupplierWh' } as const] : []),
    { name: said.fromNeighbours, words: said.bought, of: 'boughtWh' },
    { name: said.fromMySupplier, words: said.fromSupplier, of: 'fromSupplierWh' },
  ]
}

const areas = uPlot.paths.linear!()

export default function HistoryChart({ name, totals, whole, span, exports, currency }: HistoryChartProps) {
  const said = historyWords()
  const ofCharts = chartWords()
  const [pointed, setPointed] = useState<number | null>(null)
  const { starts, by } = totals
  const drawn = useMemo(
    () => drawnColumns(totals, { importSign: exports ? -1 : 1, most: mostColumns }),
    [totals, exports],
  )
  const knowsUse = whole.usedAtOnceWh !== null
  const options = useMemo<PlotOptions>(
    () => (theme) => {
      const paths = starts.length > mostColumns ? areas : bars
      const series = (color: string, show: boolean): uPlot.Series => {
        return { show, fill: color, stroke: color, width: 0, paths, points: { show: false } }
      }
      // The chart asks for the ticks' places and for their names at each drawing, and a year has many places
      // to search, so they are kept.
      const known = new Map<number, Tick[]>()
      const ticks = (plot: uPlot) => {
        const most = Math.max(2, Math.floor((plot.width - scalePixels) / tickPixels))
        const found = known.get(most) ?? ticksOf(starts, { span, language: language(), most })
        known.set(most, found)
        return found
      }
      return {
        legend: { show: false },
        scales: {
          x: { time: false, range: [0, Math.max(1, starts.length)] },
          y: {
            range: (plot) => {
              const { low, high } = spanOfValues(plot.data.slice(1) as number[][])
              return [low, Math.max(1, high)]
            },
          },
        },
        axes: [
          {
            stroke: theme.soft,
            font: theme.font,
            grid: { show: false },
            ticks: { stroke: theme.line, size: 4, width: 1 },
            size: 30,
            splits: (plot) => ticks(plot).map(({ index }) => index),
            values: (plot) => ticks(plot).map(({ text }) => text),
          },
          energyAxis(theme),
        ],
        series: [
          {},
          series(theme.grid, exports),
          series(theme.leaf, exports),
          series(theme.sun, exports && knowsUse),
          series(theme.grid, true),
          series(theme.leaf, true),
        ],
        ...pointer(theme, (column) => setPointed(drawn.partAt(column))),
      }
    },
    [starts, drawn, span, exports, knowsUse],
  )
  const columns = useMemo(() => columnsOf(exports, knowsUse), [exports, knowsUse])
  const takeaway = takeawayOf(columns.map(({ words, of }) => ({ words, wh: whole[of] ?? 0 })))
  const label = (part: Part) => labelOf(part, { span, by, language: language() })
  const readout = (part: Part) => {
    const energies = columns.flatMap(({ words, of }) => ((part[of] ?? 0) > 0 ? [words(energy(part[of] ?? 0))] : []))
    return `${label(part)}: ${energies.length > 0 ? energies.join(' · ') : ofCharts.nothing}`
  }
  /** The parts for which a result is known. */
  const told = useMemo(
    () => starts.flatMap((_, index) => (totals.intervals[index]! > 0 ? [index] : [])),
    [starts, totals],
  )
  const shown = pointed !== null && pointed < starts.length ? pointed : null
  const money = useMemo(() => {
    // A year has many amounts, so they are written only once somebody opens the table.
    let column: ((tokens: string) => string) | null = null
    return (tokens: string) => {
      column ??= moneyColumn([...totals.received, ...totals.paid], currency)
      return column(tokens)
    }
  }, [totals, currency])
  return (
    <figure className="chart">
      <p className="takeaway">{takeaway}</p>
      <Plot
        label={`${name}. ${takeaway}`}
        options={options}
        data={drawn.data}
        height={250}
        at={shown === null ? null : drawn.columnAt(shown)}
      />
      <figcaption>
        <Legend
          entries={[
            ...(exports && knowsUse ? [{ color: 'sun' as const, text: said.usedAtOnce }] : []),
            { color: 'leaf', text: exports ? ofCharts.withNeighbours : ofCharts.fromNeighbours },
            { color: 'grid', text: exports ? ofCharts.withMySupplier : ofCharts.fromMySupplier },
          ]}
        />
      </figcaption>
      <PointSlider
        count={starts.length}
        shown={shown}
        show={setPointed}
        words={shown === null ? null : readout(partOf(totals, shown))}
        newest={told.at(-1) ?? 0}
        hint={exports ? ofCharts.seatHint : ofCharts.pointHint}
      />
      <NumbersTable
        label={name}
        head={[said.parts[by], ...columns.map((column) => column.name), ...(exports ? [said.received] : []), said.paid]}
        count={told.length}
        row={(place) => {
          const part = partOf(totals, told[told.length - 1 - place]!)
          return [
            label(part),
            ...columns.map(({ of }) => energy(part[of] ?? 0)),
            ...(exports ? [money(part.received)] : []),
            money(part.paid),
          ]
        }}
      />
    </figure>
  )
}
