/** The frame in which a plain table scrolls where it is wider than its card. */
import type { ReactNode } from 'react'
import '../style/plain-table.css'

/** The frame; with `isTall` it scrolls downwards too. */
export function Scrolls({ label, isTall, children }: { label: string; isTall?: boolean; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, or the keyboard cannot scroll it.
    <section className={isTall ? 'scrolls tall' : 'scrolls'} aria-label={label} tabIndex={0}>
      <table className="plain-table">{children}</table>
    </section>
  )
}
