/** Who may read a seat's data, and who did: closed until somebody asks for it. */
import { lazy, Suspense, useState } from 'react'
import { Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'

const GrantCards = lazy(() => import('./grant-cards.tsx'))

export function Grants({ area, seat }: SeatViewProps) {
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Who reads my data</summary>
      {open && (
        <Suspense fallback={<Waiting />}>
          <GrantCards area={area} seat={seat} />
        </Suspense>
      )}
    </details>
  )
}
