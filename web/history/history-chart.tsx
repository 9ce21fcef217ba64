/** Bars of a home's energy for each part of a day, week, month or year: out of the home above the line, into it below. */
import { useMemo, useState } from 'react'
import '../charts/language.ts'
import uPlot from 'uplot'
import { bars, energyAxis, pointer, spanOfValues } from '../charts/axes.ts'
import { Legend } from '../charts/legend.tsx'
import { NumbersTable } from '../charts/numbers-table.tsx'
import { Plot, type PlotOptions } from '../charts/plot.tsx'
import { PointSlider } from '../charts/point-slider.tsx'
import { takeawayOf } from '../charts/takeaway.ts'
import { chartWords } from '../charts/words.ts'
import { energy, moneyColumn } from '../money/format.ts'
import { language } from '../words/language.ts'
import { labelOf, type Tick, ticksOf } from './labels.ts'
import type { ChartSpan, Fineness } from './spans.ts'
import { type Part, wholeOf } from './totals.ts'
import { historyWords } from './words.ts'

/** From so many parts on, bars are thinner than a pixel: their outline is drawn as an area. */
const mostBars = 1_500

/** A name takes so many pixels of an axis, and the scale beside it so many. */
const tickPixels = 46
const scalePixels = 90

interface HistoryChartProps {
  /** What the chart is of. */
  name: string
  /** Oldest first. */
  parts: readonly Part[]
  span: ChartSpan
  by: Fineness
  /** Draw what left the home too. */
  exports: boolean
  currency: string
}

/**
 * Heights drawn over one another, the taller one first: each list is the sum of what it shows and what covers it. What went into the
 * home is drawn downwards (`importSign` −1) beside what left it, and upwards (1) where there is nothing else.
 */
function historySeries(parts: readonly Part[], importSign: 1 | -1): uPlot.AlignedData {
  const used = (part: Part) => part.usedAtOnceWh ?? 0
  return [
    parts.map((_, index) => index),
    parts.map((part) => used(part) + part.soldWh + part.toSupplierWh),
    parts.map((part) => used(part) + part.soldWh),
    parts.map(used),
    parts.map((part) => importSign * (part.boughtWh + part.fromSupplierWh)),
    parts.map((part) => importSign * part.boughtWh),
  ]
}

interface Column {
  name: string
  words: (energy: string) => string
  of: (part: Part) => number
}

function columnsOf(exports: boolean, knowsUse: boolean): Column[] {
  const said = chartWords()
  const { usedAtOnce, used } = historyWords()
  const out: Column[] = [
    { name: said.toNeighbours, words: said.sold, of: (part) => part.soldWh },
    { name: said.toMySupplier, words: said.toSupplier, of: (part) => part.toSupplierWh },
  ]
  return [
    ...(exports && knowsUse ? [{ name: usedAtOnce, words: used, of: (part: Part) => part.usedAtOnceWh ?? 0 }] : []),
    ...(exports ? out : []),
    { name: said.fromNeighbours, words: said.bought, of: (part) => part.boughtWh },
    { name: said.fromMySupplier, words: said.fromSupplier, of: (part) => part.fromSupplierWh },
  ]
}

const areas = uPlot.paths.linear!()

export default function HistoryChart({ name, parts, span, by, exports, currency }: HistoryChartProps) {
  const said = historyWords()
  const ofCharts = chartWords()
  const [pointed, setPointed] = useState<number | null>(null)
  const data = useMemo(() => historySeries(parts, exports ? -1 : 1), [parts, exports])
  const whole = useMemo(() => wholeOf(parts), [parts])
  const knowsUse = whole.usedAtOnceWh !== null
  const options = useMemo<PlotOptions>(
    () => (theme) => {
      const starts = parts.map(({ start }) => start)
      const paths = parts.length > mostBars ? areas : bars
      const series = (color: string, show: boolean): uPlot.Series => {
        return { show, fill: color, stroke: color, width: 0, paths, points: { show: false } }
      }
      // Both the places and their names are asked for at each drawing, and a year has many places to look at.
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
          x: { time: false, range: [0, Math.max(1, parts.length)] },
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
        ...pointer(theme, setPointed),
      }
    },
    [parts, span, exports, knowsUse],
  )
  const columns = useMemo(() => columnsOf(exports, knowsUse), [exports, knowsUse])
  const takeaway = useMemo(
    () => takeawayOf(columns.map(({ words, of }) => ({ words, wh: parts.reduce((sum, part) => sum + of(part), 0) }))),
    [parts, columns],
  )
  const label = (index: number) => labelOf(parts[index]!, { span, by, language: language() })
  const readout = (index: number) => {
    const energies = columns
      .filter(({ of }) => of(parts[index]!) > 0)
      .map(({ words, of }) => words(energy(of(parts[index]!))))
    return `${label(index)}: ${energies.length > 0 ? energies.join(' · ') : ofCharts.nothing}`
  }
  /** The parts of which a result is known. */
  const told = useMemo(() => parts.flatMap(({ intervals }, index) => (intervals > 0 ? [index] : [])), [parts])
  const shown = pointed !== null && pointed < parts.length ? pointed : null
  const money = useMemo(() => {
    // A year has many amounts, and who opens no table reads none of them.
    let column: ((tokens: string) => string) | null = null
    return (tokens: string) => {
      column ??= moneyColumn(
        parts.flatMap(({ received, paid }) => [received, paid]),
        currency,
      )
      return column(tokens)
    }
  }, [parts, currency])
  return (
    <figure className="chart">
      <p className="takeaway">{takeaway}</p>
      <Plot label={`${name}. ${takeaway}`} options={options} data={data} height={250} at={shown} />
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
        count={parts.length}
        shown={shown}
        show={setPointed}
        words={shown === null ? null : readout(shown)}
        newest={told.at(-1) ?? 0}
        hint={exports ? ofCharts.seatHint : ofCharts.pointHint}
      />
      <NumbersTable
        label={name}
        head={[said.parts[by], ...columns.map((column) => column.name), ...(exports ? [said.received] : []), said.paid]}
        count={told.length}
        row={(place) => {
          const index = told[told.length - 1 - place]!
          const part = parts[index]!
          return [
            label(index),
            ...columns.map(({ of }) => energy(of(part))),
            ...(exports ? [money(part.received)] : []),
            money(part.paid),
          ]
        }}
      />
    </figure>
  )
}
