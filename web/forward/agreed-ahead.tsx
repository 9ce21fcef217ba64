/** Trading ahead with the neighbours of one's own zone: what is offered, an order of one's own, and what was agreed. */
import { useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { mandateWh, type Side } from '../orders/order.ts'
import { AheadForm } from './ahead-form.tsx'
import { OwnAhead } from './own-ahead.tsx'
import './forward.css'

export interface AheadProps {
  area: AreaResource
  seat: SeatResource
}

/** Closed until somebody asks for it; `side` is what the person mostly does. */
export function AgreedAhead({ area, seat, side }: AheadProps & { side: Side }) {
  const [open, setOpen] = useState(false)
  const sides = (['sell', 'buy'] as const).filter((each) => mandateWh(seat, each) > 0)
  if (sides.length === 0 || seat.closed) return null
  return (
    <details className="more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Agreed ahead, for intervals to come</summary>
      {open && (
        <div className="ahead">
          <AheadForm area={area} seat={seat} sides={sides} usually={sides.includes(side) ? side : sides[0]!} />
          <OwnAhead area={area} seat={seat} />
        </div>
      )}
    </details>
  )
}
