/** Monthly statements of a home: closed until somebody asks for one. */
import { Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { More } from '../page/more.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { statementWords } from './words.ts'

const MonthCard = later(() => import('./month-card.tsx'), Waiting)

export function MonthStatements({ area, seat }: SeatViewProps) {
  return (
    <More title={statementWords().title}>
      <MonthCard area={area} seat={seat} />
    </More>
  )
}
