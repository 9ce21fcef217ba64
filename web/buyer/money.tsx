/** A buyer's money: what is in the purse and why, how it gets in and out, and what has been paid. */
import { useState } from 'react'
import { Deposit } from '../escrow/deposit.tsx'
import { PurseLedger } from '../escrow/purse-card.tsx'
import { WithdrawalCard } from '../escrow/withdrawal.tsx'
import { Card } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { buyerWords } from './words.ts'

const Settlements = later(() => import('../escrow/settlements.tsx'))

export default function MoneyCard({ area, seat }: SeatViewProps) {
  const said = buyerWords()
  // A withdrawal that waits to be collected is not hidden, and its outcome stays in sight afterwards.
  const [isAsked, setIsAsked] = useState(seat.withdrawal !== null)
  if (seat.withdrawal !== null && !isAsked) setIsAsked(true)
  return (
    <Card title={said.myBudget} anchor="money">
      <PurseLedger area={area} seat={seat} />
      <Deposit area={area} seat={seat} />
      <details className="inner-more" open={isAsked}>
        <summary>{said.takeBack}</summary>
        <WithdrawalCard area={area} seat={seat} word="withdrawal" />
      </details>
      <Settlements area={area} seat={seat} />
    </Card>
  )
}
