/**
 * A home's energy over a day, a week, a month or a year. The reader chooses the span, turns back in time and picks finer or
 * coarser parts.
 */

import { useQuery } from '@tanstack/react-query'
import { useId, useMemo, useState } from 'react'
import { Act } from '../page/act.tsx'
import { Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { language } from '../words/language.ts'
import HistoryChart from './history-chart.tsx'
import { spanName } from './labels.ts'
import { boundsOf, type ChartSpan, type Fineness, finenessesOf } from './spans.ts'
import { totalsQuery, wholeOf } from './totals.ts'
import { historyWords } from './words.ts'
import './history.css'

interface HistoryProps extends SeatViewProps {
  span: ChartSpan
  exports: boolean
}

export default function History({ area, seat, span, exports }: HistoryProps) {
  const said = historyWords()
  const session = useSession()
  const id = useId()
  const choices = finenessesOf(span, area.intervalSeconds)
  const [back, setBack] = useState(0)
  const [chosen, setChosen] = useState<Fineness>(choices[0]!)
  const bounds = boundsOf(span, back, Date.now())
  const totals = useQuery(totalsQuery(session, seat.seat, { ...bounds, by: chosen }))
  const isOfThis = totals.data !== undefined && !totals.isPlaceholderData
  const whole = useMemo(() => (totals.data === undefined ? null : wholeOf(totals.data)), [totals.data])
  const name = spanName(bounds, span, language())
  const isEmpty = whole?.intervals === 0
  return (
    <div className="history">
      <p className="history-choice">
        <span className="history-turn">
          <button type="button" aria-label={said.before[span]} onClick={() => setBack(back + 1)}>
            ‹
          </button>
          <span role="status">{name}</span>
          <Act
            label={said.after[span]}
            isOff={back === 0}
            why={back === 0 ? said.noLater : null}
            press={() => setBack(back - 1)}
          >
            ›
          </Act>
        </span>
        <span>
          <label htmlFor={id}>{said.by}</label>{' '}
          <select id={id} value={chosen} onChange={(event) => setChosen(event.target.value as Fineness)}>
            {choices.map((each) => (
              <option key={each} value={each}>
                {said.parts[each]}
              </option>
            ))}
          </select>
        </span>
      </p>
      <Trouble error={totals.error} retry={() => void totals.refetch()} />
      {totals.isPending && <Waiting lines={5} />}
      {isOfThis && isEmpty && <p className="empty">{said.nothing}</p>}
      {totals.data && whole && !isEmpty && (
        <div className={isOfThis ? undefined : 'stale'}>
          <HistoryChart
            key={`${span} ${chosen} ${totals.data.from}`}
            name={name}
            totals={totals.data}
            whole={whole}
            span={span}
            exports={exports}
            currency={area.currency}
          />
          {whole.provisional > 0 && (
            <p className="explain">{said.provisional(whole.provisional, said.periods(area.intervalSeconds))}</p>
          )}
          {exports && whole.usedAtOnceWh !== null && <p className="explain">{said.usedExplained}</p>}
        </div>
      )}
    </div>
  )
}
