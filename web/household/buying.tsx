/**
 * What a home with a roof pays when it buys: its price, its daily budget and its money for buying, closed until somebody opens
 * it.
 */
import { useQuery } from '@tanstack/react-query'
import { intervalsQuery, ordersQuery, seatIntervalsQuery } from '../api/queries.ts'
import { Deposit } from '../escrow/deposit.tsx'
import { priceIn } from '../market/market.ts'
import { lastLimit } from '../orders/order.ts'
import { PriceControl } from '../orders/price-control.tsx'
import { Card, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { More } from '../page/more.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { buyingWords } from './buying-words.ts'

const BudgetCard = later(() => import('../budget/budget-card.tsx'), Waiting)

export function Buying({ area, seat }: SeatViewProps) {
  const said = buyingWords()
  const session = useSession()
  const intervals = useQuery(seatIntervalsQuery(session, seat.seat)).data ?? []
  const orders = useQuery(ordersQuery(session, seat.seat)).data ?? []
  const newest = useQuery(intervalsQuery(area.area)).data?.[0]
  return (
    <More title={said.whatIPay}>
      <PriceControl
        area={area}
        seat={seat}
        side="buy"
        title={said.priceForBuying}
        intervals={intervals}
        lastLimit={lastLimit(orders, 'buy')}
        priceNow={priceIn(newest, seat.zone)}
      />
      <BudgetCard area={area} seat={seat} newest={intervals[0]} />
      <Card title={said.moneyToBuy}>
        <Deposit area={area} seat={seat} />
      </Card>
    </More>
  )
}
