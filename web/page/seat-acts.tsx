/** What a home looks at or does seldom, each closed until somebody opens it: a month's statement, what stands behind its values, who reads its data, inviting, the meter's key, stopping. */
import { ClosingCard } from '../escrow/closing.tsx'
import { MeterKeyCard } from '../escrow/meter-key.tsx'
import { Grants } from '../grants/grants.tsx'
import { InviteCard } from '../joining/invite.tsx'
import { WitnessCard } from '../metering/witness-card.tsx'
import { MonthStatements } from '../statements/statements.tsx'
import type { SeatViewProps } from './seat-view.ts'

export default function SeatActs({ area, seat }: SeatViewProps) {
  return (
    <>
      <MonthStatements area={area} seat={seat} />
      <WitnessCard area={area} seat={seat} />
      <Grants area={area} seat={seat} />
      <InviteCard area={area} seat={seat} />
      <MeterKeyCard area={area} seat={seat} />
      <ClosingCard area={area} seat={seat} />
    </>
  )
}
