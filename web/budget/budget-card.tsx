/**
 * The card "My daily budget": −, + and a field in the area's money. It signs the amount that was set and shows how much of it
 * is spent today.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { BudgetDayResource } from '../../server/api/budget-resources.ts'
import type { SeatIntervalResource } from '../../server/api/resources.ts'
import { getJson, ProblemError } from '../api/client.ts'
import { useConnection } from '../live/live.tsx'
import { currencySign, exceeds, moneyWords, typedAmount } from '../money/format.ts'
import { mandateWh } from '../orders/order.ts'
import { Act } from '../page/act.tsx'
import { Badge, Card, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { OnOff } from '../page/switch.tsx'
import { type Session, useSession } from '../session/session.tsx'
import { useNow } from '../time/clock.ts'
import { firstBudget, readBudget, sentencesOfDay, step, stepped } from './budget.ts'
import { submitBudget } from './submit.ts'
import { budgetWords } from './words.ts'
import './budget.css'

interface BudgetCardProps extends SeatViewProps {
  /** The seat's newest interval with a result. */
  newest: SeatIntervalResource | undefined
}

export default function BudgetCard(props: BudgetCardProps) {
  const said = budgetWords()
  const { seat, newest } = props
  const session = useSession()
  const day = useQuery(dayQuery(session, seat.seat, newest))
  if (seat.closed || mandateWh(seat, 'buy') === 0) return null
  if (day.data !== undefined) return <OpenCard {...props} day={day.data} />
  return (
    <Card title={said.title} className="my-budget">
      <Trouble error={day.error} retry={() => void day.refetch()} />
      {day.isPending && <Waiting lines={3} />}
    </Card>
  )
}

/** The state of the budget today. It is asked for again with every result. */
function dayQuery({ account }: Session, seat: string, newest: SeatIntervalResource | undefined) {
  return {
    queryKey: ['budget-day', account, seat, newest?.start ?? '', newest?.run ?? 0],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      getJson('/accounts/{account}/budget-day', { account, seat }, { account, signal }),
    placeholderData: (previous: BudgetDayResource | undefined) => previous,
  }
}

function OpenCard({ area, seat, newest, day }: BudgetCardProps & { day: BudgetDayResource }) {
  const said = budgetWords()
  const session = useSession()
  const queries = useQueryClient()
  const noteId = useId()
  const now = useNow()
  const isCutOff = useConnection().state === 'lost'
  const agreed = day.newest?.amount ?? null
  const [draft, setDraft] = useState<string | null>(null)
  /** The text in the field while somebody types there. */
  const [typed, setTyped] = useState<string | null>(null)
  const send = useMutation({
    mutationFn: (amount: string | null) => submitBudget(session, { area, seat, amount }),
    onSuccess: () => {
      put(null)
      return queries.invalidateQueries({ queryKey: ['budget-day', session.account, seat.seat] })
    },
  })
  const shown = draft ?? agreed ?? firstBudget
  const isChanged = draft !== null && draft !== agreed
  const problem = typed !== null && readBudget(typed) === null ? said.notAnAmount : null
  const isBusy = send.isPending
  const isLeast = !exceeds(shown, step)
  const isOff = problem !== null || isCutOff || isBusy || (agreed !== null && !isChanged)
  const words = (amount: string) => moneyWords(amount, area.currency)

  function put(amount: string | null) {
    setDraft(amount)
    setTyped(null)
  }
  const type = (text: string) => {
    setTyped(text)
    const amount = readBudget(text)
    if (amount !== null) setDraft(amount)
  }
  const note = problem ?? (isCutOff ? said.noConnection : agreed !== null && !isChanged ? said.nothingChanged : '')
  return (
    <Card
      title={said.title}
      className="my-budget"
      aside={
        <OnOff
          label={said.keepTo}
          state={agreed === null ? said.isOff : said.isSet}
          isOn={agreed !== null}
          isDisabled={isBusy || isCutOff || problem !== null}
          describedBy={noteId}
          change={(on) => send.mutate(on ? shown : null)}
        />
      }
    >
      <p className="my-price-value">
        <span className="visually-hidden">{said.most}: </span>
        <output className="big-number">{words(shown)}</output>
        {(isChanged || agreed === null) && <Badge tone="warn">{said.notSetYet}</Badge>}
      </p>
      <div className="price-ways">
        <Act
          className="step-button"
          isOff={isBusy || isLeast}
          why={isLeast ? said.least : null}
          press={() => put(stepped(shown, -1))}
          label={said.less(words(step))}
        >
          −
        </Act>
        <span className="price-field">
          <input
            inputMode="decimal"
            autoComplete="off"
            aria-label={said.field(currencySign(area.currency))}
            aria-invalid={problem !== null}
            aria-describedby={noteId}
            value={typed ?? typedAmount(shown)}
            onChange={(event) => type(event.target.value)}
            onBlur={() => problem === null && setTyped(null)}
          />{' '}
          <span aria-hidden="true">{currencySign(area.currency)}</span>
        </span>
        <Act className="step-button" isOff={isBusy} press={() => put(stepped(shown, 1))} label={said.more(words(step))}>
          +
        </Act>
      </div>
      <div className="my-price-actions">
        <Act className="primary" isOff={isOff} describedBy={noteId} press={() => send.mutate(shown)}>
          {isBusy ? said.signing : said.set}
        </Act>
        {(isChanged || typed !== null) && !isBusy && (
          <button type="button" className="quiet" onClick={() => put(null)}>
            {said.keepAsItWas}
          </button>
        )}
      </div>
      <p id={noteId} className={problem === null ? 'explain' : 'explain wrong'} aria-live="polite">
        {note}
      </p>
      <Unsent error={send.error} />
      <div className="effect" aria-live="polite">
        <p>{sentencesOfDay(day, area, newest, now).join(' ')}</p>
      </div>
      <p className="explain">{said.explain(said.period(area.intervalSeconds))}</p>
    </Card>
  )
}

/** Says why the budget was not sent, and which one holds instead. */
function Unsent({ error }: { error: Error | null }) {
  if (error instanceof ProblemError && error.code === 'PAGE_UNREACHABLE') {
    return <Trouble error={new Error(budgetWords().unanswered)} />
  }
  return <Trouble error={error} />
}
