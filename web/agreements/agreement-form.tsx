/** The form for a new agreement: the one signs here and sends the text or link to the other. */
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { readCents, readWh } from '../forward/forward.ts'
import { mandateWh, type OrderSide } from '../orders/order.ts'
import { Card, Trouble } from '../page/card.tsx'
import { NumberField, SideField } from '../page/fields.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { duration, fieldTime } from '../time/clock.ts'
import { type AgreementKind, agreementOf, offerLink, offerText, readPartner, readPercentShare } from './offer.ts'

const daySeconds = 86_400
const notices = [0, daySeconds, 7 * daySeconds, 30 * daySeconds]
/** How long an agreement runs where nobody says otherwise. */
const usualMs = 30 * daySeconds * 1000

export function AgreementForm({ area, seat }: SeatViewProps) {
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
  const sign = useMutation({
    mutationFn: async () => {
      const terms = {
        ...{ side, partner: partner!, kind, amount: amount!, priceTicks: priceTicks!, noticeSeconds },
        ...{ from: Date.parse(from) / 1000, until: Date.parse(until) / 1000 },
      }
      const agreement = agreementOf(area, seat, terms, Date.now())
      return (await import('./submit.ts')).signOffer(session, area, agreement, side)
    },
  })
  const edit = (change: () => void) => {
    change()
    if (!sign.isIdle && !sign.isPending) sign.reset()
  }
  if (sides.length === 0) return null

  return (
    <Card title="Agree with a neighbour" className="agreements-new">
      <form
        className="agreement-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isWhole) sign.mutate()
        }}
      >
        {sides.length > 1 && <SideField side={side} setSide={(next) => edit(() => setSide(next))} />}
        <p className="field wide-field">
          <label htmlFor={ids.partner}>The neighbour’s line (account and meter)</label>
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
          <label htmlFor={ids.kind}>What</label>
          <select
            id={ids.kind}
            value={kind}
            onChange={(event) => edit(() => setKind(event.target.value as AgreementKind))}
          >
            <option value="all">all of the surplus</option>
            <option value="share">a share of the surplus</option>
            <option value="fixed">a fixed energy</option>
          </select>
        </p>
        {kind !== 'all' && (
          <NumberField
            label={kind === 'share' ? '%' : 'Wh an interval'}
            text={amountText}
            setText={(text) => edit(() => setAmountText(text))}
            isWrong={amount === null}
          />
        )}
        <NumberField
          label="for, ct/kWh"
          text={priceText}
          setText={(text) => edit(() => setPriceText(text))}
          isWrong={priceTicks === null}
        />
        <p className="field">
          <label htmlFor={dates.from}>from</label>
          <input
            id={dates.from}
            type="datetime-local"
            value={from}
            onChange={(event) => edit(() => setFrom(event.target.value))}
          />
        </p>
        <p className="field">
          <label htmlFor={dates.until}>until</label>
          <input
            id={dates.until}
            type="datetime-local"
            value={until}
            onChange={(event) => edit(() => setUntil(event.target.value))}
            aria-invalid={!isInOrder}
          />
        </p>
        <p className="field">
          <label htmlFor={dates.notice}>notice</label>
          <select
            id={dates.notice}
            value={noticeSeconds}
            onChange={(event) => edit(() => setNoticeSeconds(Number(event.target.value)))}
          >
            {notices.map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds === 0 ? 'none' : duration(seconds)}
              </option>
            ))}
          </select>
        </p>
        <button type="submit" className="primary" disabled={!isWhole || sign.isPending}>
          {sign.isPending ? 'Signing…' : 'Sign it'}
        </button>
      </form>
      <Trouble error={sign.error} />
      {sign.data && (
        <div role="status">
          <p className="sent">Signed. Send this to your neighbour; it holds once both have signed.</p>
          <textarea
            className="agreement-text"
            aria-label="Text for the neighbour"
            readOnly
            rows={4}
            value={offerText(sign.data)}
            onFocus={(event) => event.target.select()}
          />
          <p className="explain">
            Or as a link: <a href={offerLink(sign.data, window.location.origin)}>open it on the neighbour’s page</a>
          </p>
        </div>
      )}
      <p className="explain">
        {side === 'sell'
          ? 'What is agreed is taken off my surplus before it is traded. Only what is left over is given, and nothing is owed for the rest.'
          : 'I take it off the neighbour’s surplus as far as I need energy, and pay the grid fee of the way besides. What I do not need is not charged.'}
      </p>
    </Card>
  )
}
