/** The frame of a wide table. The table scrolls in it where there is room; where there is none, its rows are stacked. */
import { type ReactNode, useRef } from 'react'
import { useStackedRows } from '../page/stacked-rows.ts'

/** A table that scrolls within its frame, also by the keyboard. */
export function TableFrame({ label, tall, children }: { label: string; tall?: boolean; children: ReactNode }) {
  const table = useRef<HTMLTableElement>(null)
  useStackedRows(table)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, or the keyboard cannot scroll it.
    <section className={tall ? 'table-scroll tall' : 'table-scroll'} aria-label={label} tabIndex={0}>
      <table ref={table}>{children}</table>
    </section>
  )
}
