/** Standing agreements of a seat: closed until somebody asks for them, or until a link brings one to be signed. */
import { useState } from 'react'
import { Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { offerInAddress } from './offer.ts'
import { agreementWords } from './words.tsx'

const AgreementCards = later(() => import('./agreement-cards.tsx'), Waiting)

export function Agreements({ area, seat }: SeatViewProps) {
  const brought = offerInAddress(window.location.hash)
  const [open, setOpen] = useState(brought !== null)
  if (seat.closed) return null
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{agreementWords().title}</summary>
      {open && <AgreementCards area={area} seat={seat} brought={brought ?? ''} />}
    </details>
  )
}
