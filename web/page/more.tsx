/** A part of a page that is closed, and not even fetched, until somebody opens it. */
import { type ReactNode, useState } from 'react'

export function More({ title, children }: { title: string; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {open && children}
    </details>
  )
}
