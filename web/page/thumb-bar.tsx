/** A bar at the foot of a phone's window, near the thumb: a home's price and its money, each a link to where they are changed. */
import type { SeatResource } from '../../server/api/resources.ts'
import { moneyScale, priceWords } from '../money/format.ts'
import { activeOrder, type OrderSide } from '../orders/order.ts'
import { priceWordsOf } from '../orders/words.ts'

interface ThumbBarProps {
  seat: SeatResource
  side: OrderSide
  /** The names of the two cards. */
  names: { price: string; money: string }
  currency: string
}

export function ThumbBar({ seat, side, names, currency }: ThumbBarProps) {
  const order = activeOrder(seat, side)
  // As in the card to which the link leads, never more than there is.
  const { words, whole } = moneyScale([seat.available], currency)
  return (
    <nav className="thumb-bar" aria-label={`${names.price}, ${names.money}`}>
      <a href="#price">
        {names.price} <strong>{order === null ? priceWordsOf().paused : priceWords(order.limitPerKwh)}</strong>
      </a>
      <a href="#money">
        {names.money} <strong>{words(whole(seat.available))}</strong>
      </a>
    </nav>
  )
}
