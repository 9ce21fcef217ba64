/** Getting money out of the escrow in two steps: ask, wait for the escrow's delay, collect. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { moneyWords, readAmount, signOf } from '../money/format.ts'
import { TransactionLink, Trouble } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localMoment, useNow } from '../time/clock.ts'
import { moneyTexts } from './words.tsx'

interface WithdrawalProps {
  area: AreaResource
  seat: SeatResource
  /** What the money is called here: "payout" or "withdrawal". */
  word: 'payout' | 'withdrawal'
}

export function WithdrawalCard({ area, seat, word }: WithdrawalProps) {
  const said = moneyTexts()
  const session = useSession()
  const queries = useQueryClient()
  const fieldId = useId()
  const [text, setText] = useState('')
  const nowMs = useNow()
  const settled = () => {
    void queries.invalidateQueries({ queryKey: ['seats', session.account] })
    void queries.invalidateQueries({ queryKey: ['wallet', session.account] })
  }
  const request = useMutation({
    mutationFn: async (amount: string) => (await import('./relay.ts')).requestWithdrawal(session, area, seat, amount),
    onSuccess: () => {
      setText('')
      settled()
    },
  })
  const collect = useMutation({
    mutationFn: async () => (await import('./relay.ts')).claim(session, seat),
    onSuccess: settled,
  })
  const amount = readAmount(text, area.priceDecimals + 3)
  const open = seat.withdrawal
  const remaining = open ? (Date.parse(open.claimableAt) - nowMs) / 1000 : 0
  const delay = area.chain.withdrawalDelaySeconds

  return (
    <div className="withdrawal">
      {open && (
        <div className="step" aria-live="polite">
          <p>
            {said.askedFor(<strong>{moneyWords(open.amount, area.currency)}</strong>)}{' '}
            {remaining > 0 ? said.collectAt(localMoment(open.claimableAt), duration(remaining)) : said.ready}
          </p>
          <button
            type="button"
            className="primary"
            disabled={remaining > 0 || collect.isPending}
            onClick={() => collect.mutate()}
          >
            {collect.isPending ? said.sending : said.collect}
          </button>
        </div>
      )}
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (amount) request.mutate(amount)
        }}
      >
        <label htmlFor={fieldId}>{open ? said.requestInstead : said.request(word)}</label>
        <div className="amount-row">
          <input
            id={fieldId}
            inputMode="decimal"
            autoComplete="off"
            placeholder="0.00"
            value={text}
            onChange={(event) => setText(event.target.value)}
            aria-invalid={text !== '' && amount === null}
          />
          <span className="amount-unit">{area.currency}</span>
          <button
            type="button"
            className="quiet"
            disabled={signOf(seat.available) <= 0}
            onClick={() => setText(seat.available)}
          >
            {said.all}
          </button>
          <button type="submit" disabled={amount === null || request.isPending}>
            {request.isPending ? said.signing : said.ask}
          </button>
        </div>
        <p className="explain">{said.twoSteps(duration(delay))}</p>
      </form>
      <Trouble error={request.error ?? collect.error} />
      {request.data && !request.isPending && (
        <p className="sent" role="status">
          {said.requestSent(<TransactionLink hash={request.data.transaction} />)}
        </p>
      )}
      {collect.data && (
        <p className="sent" role="status">
          {said.collected(<TransactionLink hash={collect.data.transaction} />)}
        </p>
      )}
    </div>
  )
}
