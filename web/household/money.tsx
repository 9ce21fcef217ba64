/** A home's money: what is in its purse and why, how it is paid out, and what has been paid. */
import { PurseLedger } from '../escrow/purse-card.tsx'
import { WithdrawalCard } from '../escrow/withdrawal.tsx'
import { Card } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { householdWords } from './words.tsx'

const Settlements = later(() => import('../escrow/settlements.tsx'))

export default function MoneyCard({ area, seat }: SeatViewProps) {
  return (
    <Card title={householdWords().payout} anchor="money">
      <PurseLedger area={area} seat={seat} />
      <WithdrawalCard area={area} seat={seat} word="payout" />
      <Settlements area={area} seat={seat} />
    </Card>
  )
}
