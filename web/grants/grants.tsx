/** Who may read a seat's data, and who did: closed until somebody asks for it. */
import { useState } from 'react'
import { Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { grantWords } from './words.ts'

const GrantCards = later(() => import('./grant-cards.tsx'), Waiting)

export function Grants({ area, seat }: SeatViewProps) {
  const [open, setOpen] = useState(false)
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{grantWords().title}</summary>
      {open && <GrantCards area={area} seat={seat} />}
    </details>
  )
}
