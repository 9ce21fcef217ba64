/** Monthly statements of a home: closed until somebody asks for one. */
import { useState } from 'react'
import { Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { statementWords } from './words.ts'

const MonthCard = later(() => import('./month-card.tsx'), Waiting)

export function MonthStatements({ area, seat }: SeatViewProps) {
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{statementWords().title}</summary>
      {open && <MonthCard area={area} seat={seat} />}
    </details>
  )
}
