/** The form for a new agreement: one partner signs here and sends the text or the link to the other. */

import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { part } from '../api/part.ts'
import { readCents, readWh } from '../forward/forward.ts'
import { mandateWh, type OrderSide } from '../orders/order.ts'
import { Act } from '../page/act.tsx'
import { usePathHere } from '../page/address.tsx'
import { Card, Trouble } from '../page/card.tsx'
import { NumberField, SideField } from '../page/fields.tsx'
import { formWords } from '../page/form-words.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { duration, fieldTime } from '../time/clock.ts'
import { type AgreementKind, agreementOf, offerLink, offerText, readPartner, readPercentShare } from './offer.ts'
import { agreementWords } from './words.tsx'

const daySeconds = 86_400
const notices = [0, daySeconds, 7 * daySeconds, 30 * daySeconds]
/** How long an agreement runs unless somebody chooses another end, in milliseconds. */
const usualMs = 30 * daySeconds * 1000

export function AgreementForm({ area, seat }: SeatViewProps) {
  const said = agreementWords()
  const pathHere = usePathHere()
  const session = useSession()
  const sides = (['sell', 'buy'] as const).filter((each) => mandateWh(seat, each) > 0)
  const ids = { partner: useId(), kind: useId() }
  const dates = { from: useId(), until: useId(), notice: useId() }
  const [side, setSide] = useState<OrderSide>(sides[0] ?? 'buy')
  const [partnerText, setPartnerText] = useState('')
  const [kind, setKind] = useState<AgreementKind>('all')
  const [amountText, setAmountText] = useState('')
  const [priceText, setPriceText] = useState('')
  const [from, setFrom] = useState(() => fieldTime(Date.now() + 2 * area.intervalSeconds * 1000))
  const [until, setUntil] = useState(() =>
    fieldTime(Math.min(Date.now() + usualMs, Date.parse(seat.mandate.validUntil))),
  )
  const [noticeSeconds, setNoticeSeconds] = useState(0)

  const partner = readPartner(partnerText, seat)
  const amount = kind === 'all' ? 0 : kind === 'fixed' ? readWh(amountText) : readPercentShare(amountText)
  const priceTicks = readCents(priceText, area.priceDecimals)
  const isInOrder = Date.parse(from) < Date.parse(until)
  const isWhole = partner !== null && amount !== null && priceTicks !== null && isInOrder
  const told = formWords()
  const wrongs = [
    partner === null && (partnerText === '' ? said.lineMissing : said.lineWrong),
    amount === null && (kind === 'share' ? told.percent : told.wholeWh),
    priceTicks === null && told.cents,
    !isInOrder && told.order,
  ]
  const problem = wrongs.filter(Boolean).join(' ') || null
  const sign = useMutation({
    mutationFn: async () => {
      const terms = {
        ...{ side, partner: partner!, kind, amount: amount!, priceTicks: priceTicks!, noticeSeconds },
        ...{ from: Date.parse(from) / 1000, until: Date.parse(until) / 1000 },
      }
      const agreement = agreementOf(area, seat, terms, Date.now())
      return (await part(() => import('./submit.ts'))).signOffer(session, area, agreement, side)
    },
  })
  const edit = (change: () => void) => {
    change()
    if (!sign.isIdle && !sign.isPending) sign.reset()
  }
  if (sides.length === 0) return null

  return (
    <Card title={said.agree} className="agreements-new">
      <form
        className="agreement-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isWhole) sign.mutate()
        }}
      >
        {sides.length > 1 && <SideField side={side} setSide={(next) => edit(() => setSide(next))} />}
        <p className="field wide-field">
          <label htmlFor={ids.partner}>{said.theirLine}</label>
          <input
            id={ids.partner}
            autoComplete="off"
            spellCheck={false}
            placeholder="0x… 0x…"
            value={partnerText}
            onChange={(event) => edit(() => setPartnerText(event.target.value))}
            aria-invalid={partnerText !== '' && partner === null}
          />
        </p>
        <p className="field">
          <label htmlFor={ids.kind}>{said.what}</label>
          <select
            id={ids.kind}
            value={kind}
            onChange={(event) => edit(() => setKind(event.target.value as AgreementKind))}
          >
            <option value="all">{said.choices.all}</option>
            <option value="share">{said.choices.share}</option>
            <option value="fixed">{said.choices.fixed}</option>
          </select>
        </p>
        {kind !== 'all' && (
          <NumberField
            label={kind === 'share' ? said.percent : said.whEach(said.period(area.intervalSeconds))}
            text={amountText}
            setText={(text) => edit(() => setAmountText(text))}
            isWrong={amount === null}
          />
        )}
        <NumberField
          label={said.forPrice}
          text={priceText}
          setText={(text) => edit(() => setPriceText(text))}
          isWrong={priceTicks === null}
        />
        <p className="field">
          <label htmlFor={dates.from}>{said.fromField}</label>
          <input
            id={dates.from}
            type="datetime-local"
            value={from}
            onChange={(event) => edit(() => setFrom(event.target.value))}
          />
        </p>
        <p className="field">
          <label htmlFor={dates.until}>{said.until}</label>
          <input
            id={dates.until}
            type="datetime-local"
            value={until}
            onChange={(event) => edit(() => setUntil(event.target.value))}
            aria-invalid={!isInOrder}
          />
        </p>
        <p className="field">
          <label htmlFor={dates.notice}>{said.notice}</label>
          <select
            id={dates.notice}
            value={noticeSeconds}
            onChange={(event) => edit(() => setNoticeSeconds(Number(event.target.value)))}
          >
            {notices.map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds === 0 ? said.none : duration(seconds)}
              </option>
            ))}
          </select>
        </p>
        <Act isSubmit className="primary" isOff={!isWhole || sign.isPending} why={problem}>
          {sign.isPending ? said.signing : said.sign}
        </Act>
      </form>
      <Trouble error={sign.error} />
      {sign.data && (
        <div role="status">
          <p className="sent">{said.signed}</p>
          <textarea
            className="agreement-text"
            aria-label={said.textFor}
            readOnly
            rows={4}
            value={offerText(sign.data)}
            onFocus={(event) => event.target.select()}
          />
          <p className="explain">
            {said.asLink}
            <a href={offerLink(sign.data, window.location.origin + pathHere('/account'))}>{said.openIt}</a>
          </p>
        </div>
      )}
      <p className="explain">{side === 'sell' ? said.explainSell : said.explainBuy}</p>
    </Card>
  )
}
