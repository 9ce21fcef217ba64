/** The card with a home's energy as a chart: the newest results as they come, or a day, week, month or year. */
import { useState } from 'react'
import type { SeatIntervalResource } from '../../server/api/resources.ts'
import { SeatChart } from '../charts/later-chart.tsx'
import { NoResultYet } from '../market/seat-results.tsx'
import { Card, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { chartSpans } from './spans.ts'
import { historyWords } from './words.ts'

const History = later(() => import('./history.tsx'), Waiting)

interface EnergyCardProps extends SeatViewProps {
  intervals: { data: SeatIntervalResource[] | undefined; error: Error | null; isPending: boolean }
  exports: boolean
}

export function EnergyCard({ area, seat, intervals, exports }: EnergyCardProps) {
  const said = historyWords()
  const [shown, setShown] = useState<'newest' | (typeof chartSpans)[number]>('newest')
  return (
    <Card title={said.title} className="wide">
      <fieldset className="spans">
        <legend className="visually-hidden">{said.which}</legend>
        {(['newest', ...chartSpans] as const).map((each) => (
          <button
            key={each}
            type="button"
            className="quiet"
            aria-pressed={each === shown}
            onClick={() => setShown(each)}
          >
            {said.spans[each]}
          </button>
        ))}
      </fieldset>
      {shown !== 'newest' ? (
        <History key={shown} area={area} seat={seat} span={shown} exports={exports} />
      ) : (
        <>
          <Trouble error={intervals.error} />
          {intervals.isPending && <Waiting lines={5} />}
          {intervals.data?.length === 0 && <NoResultYet area={area} />}
          {intervals.data && intervals.data.length > 0 && (
            <SeatChart intervals={intervals.data} exports={exports} imports />
          )}
        </>
      )}
    </Card>
  )
}
