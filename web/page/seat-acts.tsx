/**
 * What a home does seldom, each closed until somebody opens it: trading ahead, agreements, a month's statement, what stands
 * behind its values, who reads its data, inviting, the meter's key, stopping.
 */
import { Agreements } from '../agreements/agreements.tsx'
import { ClosingCard } from '../escrow/closing.tsx'
import { MeterKeyCard } from '../escrow/meter-key.tsx'
import { AgreedAhead } from '../forward/agreed-ahead.tsx'
import { Grants } from '../grants/grants.tsx'
import { InviteCard } from '../joining/invite.tsx'
import { WitnessCard } from '../metering/witness-card.tsx'
import type { OrderSide } from '../orders/order.ts'
import { MonthStatements } from '../statements/statements.tsx'
import type { SeatViewProps } from './seat-view.ts'

/** `usually`: what the home mostly does. */
export default function SeatActs({ area, seat, usually }: SeatViewProps & { usually: OrderSide }) {
  return (
    <>
      <AgreedAhead area={area} seat={seat} side={usually} />
      <Agreements area={area} seat={seat} />
      <MonthStatements area={area} seat={seat} />
      <WitnessCard area={area} seat={seat} />
      <Grants area={area} seat={seat} />
      <InviteCard area={area} seat={seat} />
      <MeterKeyCard area={area} seat={seat} />
      <ClosingCard area={area} seat={seat} />
    </>
  )
}
