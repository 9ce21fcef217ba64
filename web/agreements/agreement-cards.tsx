/** What a seat has agreed with neighbours, an agreement that somebody sent to be signed, and the form for a new one. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { formatPrice } from '../../contracts/protocol/units.ts'
import type { AgreementResource, AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { energy, percentWords, priceWords } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Badge, Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { formWords } from '../page/form-words.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { duration, localMoment, useNow } from '../time/clock.ts'
import { AgreementForm } from './agreement-form.tsx'
import {
  type AgreementKind,
  type AgreementOffer,
  earliestEnd,
  kindOf,
  partnerLine,
  readOffer,
  standingOf,
} from './offer.ts'
import { agreementsQuery, applyAgreement } from './queries.ts'
import { agreementWords } from './words.tsx'
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
  const said = agreementWords()
  const session = useSession()
  const agreements = useQuery(agreementsQuery(session, seat.seat))
  return (
    <Card title={said.own} className="agreements-own">
      <Trouble error={agreements.error} retry={() => void agreements.refetch()} />
      {agreements.isPending && <Waiting />}
      {agreements.data?.length === 0 && <Empty>{said.nothingYet}</Empty>}
      {agreements.data && agreements.data.length > 0 && (
        <ul className="result-list">
          {agreements.data.map((each) => (
            <OwnAgreement key={each.agreement} area={area} agreement={each} />
          ))}
        </ul>
      )}
      <p className="explain">
        {said.myLine} <code className="agreement-line">{partnerLine(seat)}</code>
      </p>
    </Card>
  )
}

const standingTones = { ahead: 'calm', running: 'good', ending: 'warn', ended: 'calm' } as const

function OwnAgreement({ area, agreement }: { area: AreaResource; agreement: AgreementResource }) {
  const said = agreementWords()
  const session = useSession()
  const nowMs = useNow()
  const sells = agreement.seller.account === session.account
  const partner = sells ? agreement.buyer : agreement.seller
  const standing = standingOf(agreement, nowMs)
  const { noticeBy } = agreement
  return (
    <li className="agreement">
      <p>
        <strong>{sells ? said.iSell : said.iBuy}</strong> {described(area, agreement)}{' '}
        <Badge tone={standingTones[standing]}>{said.standings[standing]}</Badge>
      </p>
      <p className="soft">
        {sells ? said.to : said.from} <code title={partner.account}>{shortened(partner.account)}</code>
        {said.span(localMoment(agreement.start), localMoment(agreement.end))}
        {noticeBy !== null && (noticeBy === session.account ? said.iGaveNotice : said.theyGaveNotice)}
        {noticeBy === null && agreement.noticeSeconds > 0 && said.noticeOf(duration(agreement.noticeSeconds))}
      </p>
      {standing !== 'ended' && <Notice area={area} agreement={agreement} />}
    </li>
  )
}

/** The button that gives notice. It takes two presses: the first one says when the agreement would end. */
function Notice({ area, agreement }: { area: AreaResource; agreement: AgreementResource }) {
  const said = agreementWords()
  const session = useSession()
  const queries = useQueryClient()
  const [asked, setAsked] = useState(false)
  const end = earliestEnd(area, agreement, useNow())
  const notice = useMutation({
    mutationFn: async () => {
      // One interval later than what is shown, so that the boundary has not passed when the server looks.
      const at = earliestEnd(area, agreement, Date.now() + area.intervalSeconds * 1000)
      if (at === null) throw new Error(said.endsByItself)
      return (await part(() => import('./submit.ts'))).giveNotice(session, area, agreement, at)
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
            {notice.isPending ? said.signing : said.endIt(localMoment(new Date(end * 1000).toISOString()))}
          </button>
          <button type="button" className="quiet" onClick={() => setAsked(false)}>
            {said.keepIt}
          </button>
        </>
      ) : (
        <button type="button" className="quiet" onClick={() => setAsked(true)}>
          {said.giveNotice}
        </button>
      )}
      <Trouble error={notice.error} />
    </div>
  )
}

function Sent({ area, seat, brought }: SeatViewProps & { brought: string }) {
  const fieldId = useId()
  const said = agreementWords()
  const session = useSession()
  const queries = useQueryClient()
  const nowMs = useNow()
  const [text, setText] = useState(brought)
  const read = text.trim() === '' ? null : readOffer(text, area, seat, nowMs)
  const accept = useMutation({
    mutationFn: async ({ offer, side }: Extract<NonNullable<typeof read>, { offer: AgreementOffer }>) =>
      (await part(() => import('./submit.ts'))).acceptOffer(session, area, offer, side),
    onSuccess: (accepted) => {
      setText('')
      applyAgreement(queries, session.account, accepted)
      void queries.invalidateQueries({ queryKey: ['agreements', session.account] })
    },
  })
  const offered = read !== null && 'offer' in read ? read : null
  return (
    <Card title={said.signSent} className="agreements-sent">
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (offered !== null) accept.mutate(offered)
        }}
      >
        <label htmlFor={fieldId}>{said.theirText}</label>
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
          <Act
            isSubmit
            className="primary"
            isOff={offered === null || accept.isPending}
            why={read === null ? formWords().fillIn : 'problem' in read ? read.problem : null}
          >
            {accept.isPending ? said.signing : said.signAndHandIn}
          </Act>
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
          {said.agreed(described(area, accept.data))}
        </p>
      )}
    </Card>
  )
}

/** The terms that are about to be signed, in plain words. */
function OfferWords({
  area,
  offer: { agreement },
  sells,
}: {
  area: AreaResource
  offer: AgreementOffer
  sells: boolean
}) {
  const said = agreementWords()
  const { price, start, end, noticeSeconds } = agreement
  const at = (seconds: number) => localMoment(new Date(seconds * 1000).toISOString())
  const parts = {
    what: whatWords(area, kindOf(agreement) ?? 'all', agreement.amount),
    partner: <code>{sells ? agreement.buyer : agreement.seller}</code>,
    price: priceWords(formatPrice(price, area.priceDecimals)),
    ...{ from: at(start), until: at(end) },
    notice: noticeSeconds > 0 ? duration(noticeSeconds) : null,
  }
  return <p className="explain">{sells ? said.youSell(parts) : said.youBuy(parts)}</p>
}

/** How much energy an agreement gives, in words. */
function whatWords({ intervalSeconds }: AreaResource, kind: AgreementKind, amount: number): string {
  const { kinds, period } = agreementWords()
  if (kind === 'all') return kinds.all
  return kind === 'fixed' ? kinds.fixed(energy(amount), period(intervalSeconds)) : kinds.share(percentWords(amount))
}

function described(area: AreaResource, { kind, amount, pricePerKwh }: AgreementResource): string {
  return agreementWords().described(whatWords(area, kind, amount), priceWords(pricePerKwh))
}

function shortened(address: string): string {
  return `${address.slice(0, 8)}…${address.slice(-4)}`
}
