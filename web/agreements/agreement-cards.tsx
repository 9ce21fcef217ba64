/** What a seat has agreed with neighbours, an agreement that somebody sent to be signed, and the form for a new one. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { formatPrice } from '../../contracts/protocol/units.ts'
import type { AgreementResource, AreaResource } from '../../server/api/resources.ts'
import { energy, priceWords } from '../money/format.ts'
import { Badge, Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { duration, localMoment, useNow } from '../time/clock.ts'
import { AgreementForm } from './agreement-form.tsx'
import { type AgreementOffer, earliestEnd, kindOf, partnerLine, readOffer, standingOf } from './offer.ts'
import { agreementsQuery, applyAgreement } from './queries.ts'
import './agreements.css'

export default function AgreementCards({ area, seat, brought }: SeatViewProps & { brought: string }) {
  return (
    <div className="agreements">
      <OwnAgreements area={area} seat={seat} />
      <Sent area={area} seat={seat} brought={brought} />
      <AgreementForm area={area} seat={seat} />
    </div>
  )
}

function OwnAgreements({ area, seat }: SeatViewProps) {
  const session = useSession()
  const agreements = useQuery(agreementsQuery(session, seat.seat))
  return (
    <Card title="What I have agreed" className="agreements-own">
      <Trouble error={agreements.error} retry={() => void agreements.refetch()} />
      {agreements.isPending && <Waiting />}
      {agreements.data?.length === 0 && (
        <Empty>
          Nothing yet. An agreement gives a neighbour part of a roof’s surplus before anything else is traded.
        </Empty>
      )}
      {agreements.data && agreements.data.length > 0 && (
        <ul className="result-list">
          {agreements.data.map((each) => (
            <OwnAgreement key={each.agreement} area={area} agreement={each} />
          ))}
        </ul>
      )}
      <p className="explain">
        My line for others: <code className="agreement-line">{partnerLine(seat)}</code>
      </p>
    </Card>
  )
}

const standingWords = { ahead: 'agreed', running: 'running', ending: 'ends', ended: 'ended' } as const
const standingTones = { ahead: 'calm', running: 'good', ending: 'warn', ended: 'calm' } as const

function OwnAgreement({ area, agreement }: { area: AreaResource; agreement: AgreementResource }) {
  const session = useSession()
  const nowMs = useNow()
  const sells = agreement.seller.account === session.account
  const partner = sells ? agreement.buyer : agreement.seller
  const standing = standingOf(agreement, nowMs)
  const { noticeBy } = agreement
  return (
    <li className="agreement">
      <p>
        <strong>{sells ? 'I sell' : 'I buy'}</strong> {agreement.description}{' '}
        <Badge tone={standingTones[standing]}>{standingWords[standing]}</Badge>
      </p>
      <p className="soft">
        {sells ? 'to' : 'from'} <code title={partner.account}>{shortened(partner.account)}</code>, from{' '}
        {localMoment(agreement.start)} until {localMoment(agreement.end)}
        {noticeBy !== null && (noticeBy === session.account ? '; I gave notice' : '; the neighbour gave notice')}
        {noticeBy === null && agreement.noticeSeconds > 0 && `; notice ${duration(agreement.noticeSeconds)}`}
      </p>
      {standing !== 'ended' && <Notice area={area} agreement={agreement} />}
    </li>
  )
}

/** Two presses: the first says when it would end. */
function Notice({ area, agreement }: { area: AreaResource; agreement: AgreementResource }) {
  const session = useSession()
  const queries = useQueryClient()
  const [asked, setAsked] = useState(false)
  const end = earliestEnd(area, agreement, useNow())
  const notice = useMutation({
    mutationFn: async () => {
      // One interval later than what is shown, so that the boundary has not passed when the server looks.
      const at = earliestEnd(area, agreement, Date.now() + area.intervalSeconds * 1000)
      if (at === null) throw new Error('It ends by itself before notice could end it.')
      return (await import('./submit.ts')).giveNotice(session, area, agreement, at)
    },
    onSuccess: (ended) => {
      setAsked(false)
      applyAgreement(queries, session.account, ended)
    },
  })
  if (end === null) return null
  return (
    <div className="agreement-notice">
      {asked ? (
        <>
          <button type="button" className="primary" disabled={notice.isPending} onClick={() => notice.mutate()}>
            {notice.isPending ? 'Signing…' : `End it, shortly after ${localMoment(new Date(end * 1000).toISOString())}`}
          </button>
          <button type="button" className="quiet" onClick={() => setAsked(false)}>
            Keep it
          </button>
        </>
      ) : (
        <button type="button" className="quiet" onClick={() => setAsked(true)}>
          Give notice
        </button>
      )}
      <Trouble error={notice.error} />
    </div>
  )
}

function Sent({ area, seat, brought }: SeatViewProps & { brought: string }) {
  const fieldId = useId()
  const session = useSession()
  const queries = useQueryClient()
  const nowMs = useNow()
  const [text, setText] = useState(brought)
  const read = text.trim() === '' ? null : readOffer(text, area, seat, nowMs)
  const accept = useMutation({
    mutationFn: async ({ offer, side }: Extract<NonNullable<typeof read>, { offer: AgreementOffer }>) =>
      (await import('./submit.ts')).acceptOffer(session, area, offer, side),
    onSuccess: (accepted) => {
      setText('')
      applyAgreement(queries, session.account, accepted)
      void queries.invalidateQueries({ queryKey: ['agreements', session.account] })
    },
  })
  const offered = read !== null && 'offer' in read ? read : null
  return (
    <Card title="Sign what a neighbour sent" className="agreements-sent">
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (offered !== null) accept.mutate(offered)
        }}
      >
        <label htmlFor={fieldId}>The neighbour’s text or link</label>
        <div className="amount-row">
          <input
            id={fieldId}
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              if (!accept.isIdle) accept.reset()
            }}
            aria-invalid={read !== null && offered === null}
          />
          <button type="submit" className="primary" disabled={offered === null || accept.isPending}>
            {accept.isPending ? 'Signing…' : 'Sign and hand in'}
          </button>
        </div>
        {read !== null && 'problem' in read && (
          <p className="explain" role="alert">
            {read.problem}
          </p>
        )}
        {offered !== null && <OfferWords area={area} offer={offered.offer} sells={offered.side === 'sell'} />}
      </form>
      <Trouble error={accept.error} />
      {accept.data && (
        <p className="sent" role="status">
          Agreed: {accept.data.description}.
        </p>
      )}
    </Card>
  )
}

/** In plain words what is about to be signed. */
function OfferWords({
  area,
  offer: { agreement },
  sells,
}: {
  area: AreaResource
  offer: AgreementOffer
  sells: boolean
}) {
  const { amount, price, start, end, noticeSeconds } = agreement
  const kind = kindOf(agreement)
  const what =
    kind === 'fixed'
      ? `${energy(amount)} an interval`
      : kind === 'share'
        ? `${amount / 100}\u202f% of the surplus`
        : 'all of the surplus'
  const at = (seconds: number) => localMoment(new Date(seconds * 1000).toISOString())
  return (
    <p className="explain">
      {sells ? 'You sell' : 'You buy'} {what} {sells ? 'to' : 'from'}{' '}
      <code>{sells ? agreement.buyer : agreement.seller}</code> at {priceWords(formatPrice(price, area.priceDecimals))},
      from {at(start)} until {at(end)}
      {noticeSeconds > 0 && `, with a notice of ${duration(noticeSeconds)}`}. It comes before everything else that is
      traded. {sells ? 'The buyer pays' : 'You pay'} the grid fee of the way besides.
    </p>
  )
}

function shortened(address: string): string {
  return `${address.slice(0, 8)}…${address.slice(-4)}`
}
