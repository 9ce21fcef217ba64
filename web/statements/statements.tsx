/** Monthly statements of a home: closed until somebody asks for one. */
import { lazy, Suspense, useState } from 'react'
import { part } from '../api/part.ts'
import { Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { statementWords } from './words.ts'

const MonthCard = lazy(() => part(() => import('./month-card.tsx')))

export function MonthStatements({ area, seat }: SeatViewProps) {
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{statementWords().title}</summary>
      {open && (
        <Suspense fallback={<Waiting />}>
          <MonthCard area={area} seat={seat} />
        </Suspense>
      )}
    </details>
  )
}
