/** Trading ahead with the neighbours of the seat's own zone: the offers, an order of one's own, and the agreed trades. */
import { useState } from 'react'
import { mandateWh, type OrderSide } from '../orders/order.ts'
import { AheadForm } from './ahead-form.tsx'
import type { AheadProps } from './forward.ts'
import { OwnAhead } from './own-ahead.tsx'
import { forwardWords } from './words.ts'
import './forward.css'

/** Closed until somebody asks for it; `side` is what the person mostly does. */
export function AgreedAhead({ area, seat, side }: AheadProps & { side: OrderSide }) {
  const [open, setOpen] = useState(false)
  const sides = (['sell', 'buy'] as const).filter((each) => mandateWh(seat, each) > 0)
  if (sides.length === 0 || seat.closed) return null
  return (
    <details className="more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{forwardWords().title}</summary>
      {open && (
        <div className="ahead">
          <AheadForm area={area} seat={seat} sides={sides} usually={sides.includes(side) ? side : sides[0]!} />
          <OwnAhead area={area} seat={seat} />
        </div>
      )}
    </details>
  )
}
