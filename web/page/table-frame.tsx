/** The frame of a table. The table scrolls in it where there is room; where there is none, its rows are stacked. */
import { type ReactNode, useRef } from 'react'
import { useStackedRows } from './stacked-rows.ts'
import '../style/tables.css'

interface TableFrameProps {
  label: string
  /** Whether it is as high as part of a screen at most, and scrolls downwards within. */
  tall?: boolean
  /** A `list` reaches from edge to edge of its card; `sums` stand among the card's texts, with their numbers at the right. */
  look?: 'list' | 'sums'
  children: ReactNode
}

/** A table that scrolls within its frame, also by the keyboard. */
export function TableFrame({ label, tall, look = 'list', children }: TableFrameProps) {
  const frame = useRef<HTMLElement>(null)
  useStackedRows(frame, look === 'list' ? 'always' : 'needed')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, or the keyboard cannot scroll it.
    <section ref={frame} className={`table-scroll ${look}${tall ? ' tall' : ''}`} aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </section>
  )
}
