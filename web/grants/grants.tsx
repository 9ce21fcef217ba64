/** The list of people who may read a seat's data, and of those who did; closed until somebody asks for it. */
import { Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { More } from '../page/more.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { grantWords } from './words.ts'

const GrantCards = later(() => import('./grant-cards.tsx'), Waiting)

export function Grants({ area, seat }: SeatViewProps) {
  return (
    <More title={grantWords().title}>
      <GrantCards area={area} seat={seat} />
    </More>
  )
}
