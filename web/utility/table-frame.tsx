/** The frame in which a wide table scrolls. */
import type { ReactNode } from 'react'

/** A table that scrolls within its frame, also by the keyboard. */
export function TableFrame({ label, tall, children }: { label: string; tall?: boolean; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, or the keyboard cannot scroll it.
    <section className={tall ? 'table-scroll tall' : 'table-scroll'} aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </section>
  )
}
