/** The parts that the page's charts have in common. */
import './language.ts'
import uPlot from 'uplot'
import { localTime } from '../time/clock.ts'
import { language } from '../words/language.ts'
import type { Theme } from './plot.tsx'
import { aroundOneZero, type ValueSpan } from './zero.ts'

/** The axis along the bottom, in local time. */
export function timeAxis(theme: Theme): uPlot.Axis {
  return {
    stroke: theme.soft,
    font: theme.font,
    grid: { show: false },
    ticks: { stroke: theme.line, size: 4, width: 1 },
    size: 30,
    space: 70,
    values: (_, splits, __, ___, stepSeconds) =>
      splits.map((each) => localTime(new Date(each * 1000).toISOString(), stepSeconds < 60 ? 1 : 60)),
  }
}

/** The length of a chart's intervals, in seconds. */
export function lengthOfBars(intervals: readonly { start: string; end: string }[]): number {
  const newest = intervals[0]
  return newest === undefined ? 1 : (Date.parse(newest.end) - Date.parse(newest.start)) / 1000
}

/**
 * The axis on the left: energy in the unit that suits its size. A sign would only say which way the energy went, so it is left
 * out.
 */
export function energyAxis(theme: Theme): uPlot.Axis {
  return {
    stroke: theme.soft,
    font: theme.font,
    grid: { stroke: theme.line, width: 1 },
    ticks: { show: false },
    size: 58,
    values: (_, splits) => {
      const large = splits.some((each) => Math.abs(each) >= 1000)
      return splits.map((each) =>
        large
          ? axisNumber(Math.abs(each) / 1000, 'kWh')
          : Number.isInteger(each)
            ? axisNumber(Math.abs(each), 'Wh')
            : '',
      )
    },
  }
}

/** A number on an axis, as short as it can be, in the page's language. */
function axisNumber(value: number, unit: string): string {
  return `${new Intl.NumberFormat(language()).format(value)} ${unit}`
}

/**
 * The axis on the right: prices in cents per kWh. It has no numbers below zero, where only energy is drawn, unless a price is
 * negative.
 */
export function priceAxis(theme: Theme): uPlot.Axis {
  return {
    scale: 'ct',
    side: 1,
    stroke: theme.soft,
    font: theme.font,
    grid: { show: false },
    ticks: { show: false },
    size: 44,
    values: (plot, splits) => {
      const { low } = spanOfValues([plot.data.at(-1) as number[]])
      return splits.map((each) => (each < 0 && low === 0 ? '' : axisNumber(each, 'ct')))
    },
  }
}

/** Draws bars side by side that fill nearly all of their interval. */
export const bars = uPlot.paths.bars!({ size: [0.86, 44], align: 1 })

/** The range that the numbers of several lists span, with zero in it. */
export function spanOfValues(lists: readonly (readonly (number | null | undefined)[])[]): ValueSpan {
  let [low, high] = [0, 0]
  for (const list of lists) {
    for (const value of list) {
      if (value == null) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return { low: low * 1.1, high: high * 1.1 }
}

/** Scales for energy (`y`) and prices (`ct`, the last series) that share one zero line. */
export function scalesAroundZero(): Pick<uPlot.Scales, 'y' | 'ct'> {
  const both = ({ data }: uPlot) =>
    aroundOneZero(spanOfValues(data.slice(1, -1) as number[][]), spanOfValues(data.slice(-1) as number[][]))
  const range =
    (of: 0 | 1): uPlot.Scale.Range =>
    (plot) => {
      const { low, high } = both(plot)[of]
      return [low, high]
    }
  return { y: { range: range(0) }, ct: { range: range(1) } }
}

/** The zero line, drawn over the bars. */
function zeroLine({ ink }: Theme): NonNullable<uPlot.Hooks.Arrays['draw']>[number] {
  return (plot) => {
    const { ctx, bbox } = plot
    const y = Math.round(plot.valToPos(0, 'y', true)) + 0.5
    ctx.save()
    ctx.strokeStyle = ink
    ctx.lineWidth = 1
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.restore()
  }
}

/** Draws the zero line, and calls back with the point under the pointer. When the pointer leaves, the last point remains chosen. */
export function pointer(theme: Theme, show: (index: number) => void): Pick<uPlot.Options, 'cursor' | 'hooks'> {
  return {
    cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false } },
    hooks: {
      setCursor: [({ cursor: { idx } }) => idx != null && show(idx)],
      draw: [zeroLine(theme)],
    },
  }
}
