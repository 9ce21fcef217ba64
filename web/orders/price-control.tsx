/**
 * The card "My price": −, +, a slider and a field inside the signed limits. The value becomes an order, which is signed here,
 * and the card shows what the order led to.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type CSSProperties, useId, useState } from 'react'
import { formatPrice, parsePrice, type Ticks } from '../../contracts/protocol/units.ts'
import type { AreaResource, OrderResource, SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { ProblemError } from '../api/client.ts'
import { part } from '../api/part.ts'
import { useConnection } from '../live/live.tsx'
import { energy, priceWords, typedCents } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Badge, Card, Trouble } from '../page/card.tsx'
import { OnOff } from '../page/switch.tsx'
import { useSession } from '../session/session.tsx'
import { EffectOf, Paused } from './effect.tsx'
import { activeOrder, mandateWh, type OrderSide, orderOf, type PriceRange, priceRange } from './order.ts'
import { checkPrice } from './price-field.ts'
import { priceWordsOf } from './words.ts'

interface PriceControlProps {
  area: AreaResource
  seat: SeatResource
  side: OrderSide
  title: string
  /** The seat's intervals, newest first. */
  intervals: readonly SeatIntervalResource[]
  /** The limit of the side's newest order, active or not: the price to which a paused side returns. */
  lastLimit: string | null
  /** The price in the seat's zone, to compare with. */
  priceNow: string | null
  /** The name by which a link within the page leads here. */
  anchor?: string
}

export function PriceControl(props: PriceControlProps) {
  const { area, seat, side, title, anchor } = props
  const said = priceWordsOf()
  if (mandateWh(seat, side) > 0 && !seat.closed) return <OpenControl {...props} />
  return (
    <Card title={title} className="my-price" anchor={anchor}>
      <p>{seat.closed ? said.closed : side === 'sell' ? said.notSelling : said.notBuying}</p>
      <p className="explain">{area.name}</p>
    </Card>
  )
}

function OpenControl({ area, seat, side, title, intervals, lastLimit, priceNow, anchor }: PriceControlProps) {
  const said = priceWordsOf()
  const ids = { note: useId(), limits: useId() }
  const active = activeOrder(seat, side)
  const agreed = active?.limitPerKwh ?? lastLimit
  const agreedTicks = agreed === null ? null : parsePrice(agreed, area.priceDecimals)
  const range = priceRange(area, seat, side, agreedTicks)
  const [draft, setDraft] = useState<Ticks | null>(null)
  /** The text in the field while somebody types there. */
  const [typed, setTyped] = useState<string | null>(null)
  const shownTicks = draft ?? agreedTicks ?? (side === 'sell' ? range.lowTicks : range.highTicks)
  const words = (ticks: Ticks) => priceWords(formatPrice(ticks, area.priceDecimals))
  const problem = typed === null ? null : checkPrice(typed, { area, side, range }).problem
  const isChanged = draft !== null && draft !== agreedTicks
  const { place, pause } = useOrderChanges(area, seat, side)
  const isBusy = place.isPending || pause.isPending
  const isCutOff = useConnection().state === 'lost'

  const put = (ticks: Ticks | null) => {
    setDraft(ticks)
    setTyped(null)
  }
  const send = (limitTicks: Ticks) => place.mutate(limitTicks, { onSuccess: () => put(null) })
  const type = (text: string) => {
    setTyped(text)
    const { ticks } = checkPrice(text, { area, side, range })
    if (ticks !== null) setDraft(ticks)
  }
  const stillHolds = active === null ? said.stillPaused : said.stillHolds(priceWords(active.limitPerKwh))
  // Says why the button does nothing, or what else it will do.
  const note =
    problem ??
    (isCutOff
      ? `${stillHolds} ${said.noConnection}`
      : active === null
        ? said.setPaused
        : isChanged
          ? ''
          : said.nothingChanged)
  const isOff = problem !== null || isCutOff || isBusy || (active !== null && !isChanged)

  return (
    <Card
      title={title}
      className="my-price"
      anchor={anchor}
      aside={
        <OnOff
          label={side === 'sell' ? said.sellToNeighbours : said.buyFromNeighbours}
          state={active ? (side === 'sell' ? said.selling : said.buying) : said.paused}
          isOn={active !== null}
          isDisabled={isBusy || isCutOff || problem !== null}
          describedBy={ids.note}
          change={(on) => (on ? send(shownTicks) : active && pause.mutate(active))}
        />
      }
    >
      <p className="my-price-value">
        <span className="visually-hidden">{side === 'sell' ? said.lowest : said.highest}: </span>
        <output className="big-number">{words(shownTicks)}</output>
        {isChanged && <Badge tone="warn">{said.notSetYet}</Badge>}
      </p>
      <Ways
        {...{ side, range, shownTicks, isBusy, words, put, type }}
        typed={typed ?? typedCents(formatPrice(shownTicks, area.priceDecimals))}
        leave={() => problem === null && setTyped(null)}
        isWrong={problem !== null}
        noteId={ids.note}
        limitsId={ids.limits}
      />
      <div className="my-price-actions">
        <Act className="primary" isOff={isOff} describedBy={ids.note} press={() => send(shownTicks)}>
          {place.isPending ? said.signing : active === null ? said.setAndResume(words(shownTicks)) : said.set}
        </Act>
        {(isChanged || typed !== null) && !isBusy && (
          <button type="button" className="quiet" onClick={() => put(null)}>
            {agreed === null ? said.keepAsItWas : said.keep(priceWords(agreed))}
          </button>
        )}
      </div>
      <p id={ids.note} className={problem === null ? 'explain' : 'explain wrong'} aria-live="polite">
        {note}
      </p>
      <Unsent error={place.error ?? pause.error} />
      <div className="effect" aria-live="polite">
        {active ? <EffectOf order={active} area={area} intervals={intervals} /> : <Paused area={area} side={side} />}
      </div>
      <p className="explain" id={ids.limits}>
        {explained({ area, seat, side, priceNow })}
      </p>
    </Card>
  )
}

interface WaysProps {
  side: OrderSide
  range: PriceRange
  shownTicks: Ticks
  isBusy: boolean
  words: (ticks: Ticks) => string
  put: (ticks: Ticks) => void
  typed: string
  type: (text: string) => void
  leave: () => void
  isWrong: boolean
  noteId: string
  /** The id of the element that shows both ends of the range. */
  limitsId: string
}

/** The ways to choose a price: a step down or up, the slider, and the field. */
function Ways({
  side,
  range,
  shownTicks,
  isBusy,
  words,
  put,
  typed,
  type,
  leave,
  isWrong,
  noteId,
  limitsId,
}: WaysProps) {
  const said = priceWordsOf()
  const { lowTicks, highTicks, stepTicks } = range
  const sharePercent = ((shownTicks - lowTicks) / Math.max(1, highTicks - lowTicks)) * 100
  const move = (ticks: Ticks) => put(Math.min(highTicks, Math.max(lowTicks, ticks)))
  const step = words(stepTicks)
  return (
    <>
      <div className="price-ways">
        <Act
          className="step-button"
          isOff={isBusy || shownTicks <= lowTicks}
          describedBy={limitsId}
          press={() => move(shownTicks - stepTicks)}
          label={said.less(step)}
        >
          −
        </Act>
        <input
          type="range"
          className="slider"
          min={lowTicks}
          max={highTicks}
          step={stepTicks}
          value={shownTicks}
          onChange={(event) => put(Number(event.target.value))}
          aria-label={side === 'sell' ? said.lowestSlider : said.highestSlider}
          aria-valuetext={words(shownTicks)}
          style={{ '--share': `${sharePercent}%` } as CSSProperties}
        />
        <Act
          className="step-button"
          isOff={isBusy || shownTicks >= highTicks}
          describedBy={limitsId}
          press={() => move(shownTicks + stepTicks)}
          label={said.more(step)}
        >
          +
        </Act>
      </div>
      <div className="scale-ends">
        <span>{words(lowTicks)}</span>
        <span className="price-field">
          <input
            inputMode="decimal"
            autoComplete="off"
            aria-label={side === 'sell' ? said.fieldSell : said.fieldBuy}
            aria-invalid={isWrong}
            aria-describedby={noteId}
            value={typed}
            onChange={(event) => type(event.target.value)}
            onBlur={leave}
          />{' '}
          <span aria-hidden="true">ct/kWh</span>
        </span>
        <span>{words(highTicks)}</span>
      </div>
    </>
  )
}

/** Says why the price was not sent, and which one holds instead. */
function Unsent({ error }: { error: Error | null }) {
  if (error instanceof ProblemError && error.code === 'PAGE_UNREACHABLE') {
    return <Trouble error={new Error(priceWordsOf().unanswered)} />
  }
  return <Trouble error={error} />
}

function explained({
  area,
  seat,
  side,
  priceNow,
}: Pick<PriceControlProps, 'area' | 'seat' | 'side' | 'priceNow'>): string {
  const said = priceWordsOf()
  const now = priceNow === null ? null : priceWords(priceNow)
  const most = energy(mandateWh(seat, side))
  const period = said.period(area.intervalSeconds)
  return side === 'sell'
    ? said.explainSell(now, priceWords(seat.mandate.sellFloorPerKwh), most, period)
    : said.explainBuy(now, priceWords(seat.mandate.buyCeilingPerKwh), most, period)
}

function useOrderChanges(area: AreaResource, seat: SeatResource, side: OrderSide) {
  const session = useSession()
  const queries = useQueryClient()
  const remember = (order: OrderResource) => {
    const field = side === 'sell' ? 'sellOrder' : 'buyOrder'
    queries.setQueryData<SeatResource[]>(['seats', session.account], (seats) =>
      seats?.map((each) =>
        each.seat === seat.seat && each.area === seat.area
          ? { ...each, [field]: order.status === 'active' ? order : null }
          : each,
      ),
    )
    void queries.invalidateQueries({ queryKey: ['orders', session.account] })
  }
  const submitting = () => part(() => import('./submit.ts'))
  const place = useMutation({
    mutationFn: async (limitTicks: Ticks) => {
      const order = orderOf({ area, seat, side, limitTicks, nowMs: Date.now() })
      return (await submitting()).submitOrder(session, area.chain, { order, market: 'spot' })
    },
    onSuccess: remember,
  })
  const pause = useMutation({
    mutationFn: async (order: OrderResource) => (await submitting()).submitCancel(session, area.chain, order),
    onSuccess: remember,
  })
  return { place, pause }
}
