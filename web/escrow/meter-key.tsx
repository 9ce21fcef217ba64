/** Approving a meter's next key: its agent has made it and printed a line, which the owner pastes and signs. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { part } from '../api/part.ts'
import { Act } from '../page/act.tsx'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import { formWords } from '../page/form-words.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localMoment, useNow } from '../time/clock.ts'
import { actTexts } from './act-words.tsx'
import { lastKey, readTicket } from './key-ticket.ts'

export function MeterKeyCard({ area, seat }: SeatViewProps) {
  const said = actTexts()
  const session = useSession()
  const queries = useQueryClient()
  const fieldId = useId()
  const nowMs = useNow()
  const [text, setText] = useState('')
  const read = text.trim() === '' ? null : readTicket(text, area, seat, nowMs)
  const ticket = read !== null && 'ticket' in read ? read.ticket : null
  const problem = read !== null && 'problem' in read ? read.problem : null
  const newest = seat.keys.at(-1)
  const approve = useMutation({
    mutationFn: async (approved: NonNullable<typeof ticket>) =>
      (await part(() => import('./relay.ts'))).approveKey(session, area, approved),
    onSuccess: () => {
      setText('')
      void queries.invalidateQueries({ queryKey: ['seats', session.account] })
    },
  })
  return (
    <details className="more">
      <summary>{said.meterKey}</summary>
      <Card title={said.meterKey}>
        <p className="explain">
          {newest === undefined ? said.firstKey : said.newestKey} <code>{lastKey(seat)}</code>
          {newest !== undefined &&
            (Date.parse(newest.from) > nowMs
              ? said.signsFrom(localMoment(newest.from))
              : said.signsSince(localMoment(newest.from)))}
          {said.changeKey(<code>commonwatt-agent rotate-key</code>)}
        </p>
        <form
          className="amount-form"
          onSubmit={(event) => {
            event.preventDefault()
            if (ticket !== null) approve.mutate(ticket)
          }}
        >
          <label htmlFor={fieldId}>{said.agentLine}</label>
          <div className="amount-row">
            <input
              id={fieldId}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
              aria-invalid={problem !== null}
            />
            <Act
              isSubmit
              isOff={ticket === null || approve.isPending}
              why={ticket === null ? (problem ?? formWords().fillIn) : null}
            >
              {approve.isPending ? said.signing : said.approve}
            </Act>
          </div>
          {problem !== null && (
            <p className="explain" role="alert">
              {problem}
            </p>
          )}
          {ticket !== null && (
            <p className="explain">
              {said.nextKey} <code>{ticket.rotation.next}</code>
            </p>
          )}
        </form>
        <Trouble error={approve.error} />
        {approve.data && (
          <p className="sent" role="status">
            {said.approved(<TransactionLink hash={approve.data.transaction} />)}
          </p>
        )}
      </Card>
    </details>
  )
}
