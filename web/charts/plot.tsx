/** One uPlot chart that follows its container's width, its data and the colour scheme. */
import { useEffect, useRef, useSyncExternalStore } from 'react'
import './language.ts'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

/** The page's colours, for what is drawn on a canvas. */
export interface Theme {
  ink: string
  soft: string
  line: string
  sun: string
  leaf: string
  grid: string
  font: string
}

const darkScheme = typeof window === 'undefined' ? null : window.matchMedia('(prefers-color-scheme: dark)')

function watchScheme(changed: () => void): () => void {
  darkScheme?.addEventListener('change', changed)
  return () => darkScheme?.removeEventListener('change', changed)
}

function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: color('ink'),
    soft: color('ink-soft'),
    line: color('line'),
    sun: color('sun'),
    leaf: color('leaf'),
    grid: color('grid'),
    font: `12px ${color('text-font')}`,
  }
}

export type PlotOptions = (theme: Theme) => Omit<uPlot.Options, 'width' | 'height'>

interface PlotProps {
  /** A description of the chart for people who do not see it. */
  label: string
  /** Must keep its identity between renders: a new one draws the chart anew. */
  options: PlotOptions
  data: uPlot.AlignedData
  height: number
  /** The index of the point that a line marks, as the pointer would mark it. */
  at?: number | null
}

export function Plot({ label, options, data, height, at = null }: PlotProps) {
  const container = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(null)
  const newest = useRef(data)
  const dark = useSyncExternalStore(watchScheme, () => darkScheme?.matches ?? false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colour scheme is read from the style sheet when it changes.
  useEffect(() => {
    const element = container.current!
    const plot = new uPlot(
      { ...options(readTheme()), width: Math.max(240, element.clientWidth), height },
      newest.current,
      element,
    )
    chart.current = plot
    const observer = new ResizeObserver(() => plot.setSize({ width: Math.max(240, element.clientWidth), height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
      chart.current = null
    }
  }, [options, height, dark])

  useEffect(() => {
    newest.current = data
    chart.current?.setData(data)
  }, [data])

  useEffect(() => {
    const plot = chart.current
    const x = at === null ? undefined : plot?.data[0][at]
    if (plot && x !== undefined && plot.cursor.idx !== at) {
      plot.setCursor({ left: plot.valToPos(x, 'x') + 1, top: 0 }, false)
    }
  }, [at])

  return <div className="plot" role="img" aria-label={label} ref={container} style={{ minHeight: height }} />
}
