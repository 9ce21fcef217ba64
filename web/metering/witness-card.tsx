/** The sources of a home's values: its own device, official values, and where the two differ. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { count } from '../money/format.ts'
import { Badge, Card, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { DifferenceTable } from './difference-table.tsx'
import { seatWitnessesQuery } from './queries.ts'
import { meteringWords } from './words.ts'

/** The card is left out for a home that only its own device measures. */
export function WitnessCard({ seat }: SeatViewProps) {
  const said = meteringWords()
  const [isOpen, setOpen] = useState(false)
  const { kind, comparedDays, beyondIntervals } = seat.record
  if (kind === 'agent') return null
  const differs = beyondIntervals > 0
  return (
    <Card
      title={comparedDays > 0 ? said.title : said.home}
      aside={comparedDays > 0 && <Badge tone={differs ? 'warn' : 'good'}>{said.compared(count(comparedDays))}</Badge>}
    >
      <p>{said.record[kind]}</p>
      {comparedDays > 0 && <p>{differs ? said.differ(count(beyondIntervals)) : said.agree}</p>}
      {differs && (
        <details className="inner-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{said.show}</summary>
          {isOpen && <Differences seat={seat.seat} />}
        </details>
      )}
    </Card>
  )
}

function Differences({ seat }: { seat: string }) {
  const session = useSession()
  const [openedMs] = useState(Date.now)
  const witnesses = useQuery(seatWitnessesQuery(session, seat, openedMs))
  if (witnesses.isPending) return <Waiting />
  if (!witnesses.data) return <Trouble error={witnesses.error} retry={() => void witnesses.refetch()} />
  const { tolerance, contradictions } = witnesses.data
  return (
    <>
      <p className="soft">{meteringWords().tolerance(count(tolerance.wh), count(tolerance.percent))}</p>
      <DifferenceTable contradictions={contradictions} />
    </>
  )
}
