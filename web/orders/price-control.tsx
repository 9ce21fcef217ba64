/** "My price": a slider inside the mandate whose value becomes an order, signed here, and what that order then led to. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type CSSProperties, useId, useState } from 'react'
import { formatPrice, parsePrice, type Ticks } from '../../contracts/protocol/units.ts'
import type { AreaResource, OrderResource, SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { resultSentence } from '../market/outcome-words.ts'
import { energy, priceWords } from '../money/format.ts'
import { Badge, Card, Trouble } from '../page/card.tsx'
import { OnOff } from '../page/switch.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localTime, useNow } from '../time/clock.ts'
import { activeOrder, latestEffect, mandateWh, type OrderSide, orderOf, priceRange } from './order.ts'
import { priceWordsOf } from './words.ts'

interface PriceControlProps {
  area: AreaResource
  seat: SeatResource
  side: OrderSide
  title: string
  /** The seat's intervals, newest first. */
  intervals: readonly SeatIntervalResource[]
  /** The limit of the side's newest order, active or not: what a pause comes back to. */
  lastLimit: string | null
  /** The price in the seat's zone, to compare with. */
  priceNow: string | null
}

export function PriceControl({ area, seat, side, title, intervals, lastLimit, priceNow }: PriceControlProps) {
  const said = priceWordsOf()
  const labelId = useId()
  const active = activeOrder(seat, side)
  const agreed = active?.limitPerKwh ?? lastLimit
  const agreedTicks = agreed === null ? null : parsePrice(agreed, area.priceDecimals)
  const range = priceRange(area, seat, side, agreedTicks)
  const [draft, setDraft] = useState<Ticks | null>(null)
  const shownTicks = draft ?? agreedTicks ?? (side === 'sell' ? range.lowTicks : range.highTicks)
  const shown = formatPrice(shownTicks, area.priceDecimals)
  const changed = draft !== null && draft !== agreedTicks

  const { place, pause } = useOrderChanges(area, seat, side)
  const busy = place.isPending || pause.isPending
  const tradable = mandateWh(seat, side) > 0 && !seat.closed
  const send = (limitTicks: Ticks) => place.mutate(limitTicks, { onSuccess: () => setDraft(null) })

  const sharePercent = ((shownTicks - range.lowTicks) / Math.max(1, range.highTicks - range.lowTicks)) * 100
  const nowWords = priceNow === null ? null : priceWords(priceNow)
  const most = energy(mandateWh(seat, side))
  const period = said.period(area.intervalSeconds)
  const explained =
    side === 'sell'
      ? said.explainSell(nowWords, priceWords(seat.mandate.sellFloorPerKwh), most, period)
      : said.explainBuy(nowWords, priceWords(seat.mandate.buyCeilingPerKwh), most, period)

  return (
    <Card
      title={title}
      className="my-price"
      aside={
        tradable && (
          <OnOff
            label={side === 'sell' ? said.sellToNeighbours : said.buyFromNeighbours}
            state={active ? (side === 'sell' ? said.selling : said.buying) : said.paused}
            isOn={active !== null}
            isDisabled={busy}
            change={(on) => (on ? send(shownTicks) : active && pause.mutate(active))}
          />
        )
      }
    >
      {!tradable ? (
        <p>{seat.closed ? said.closed : side === 'sell' ? said.notSelling : said.notBuying}</p>
      ) : (
        <>
          <p className="my-price-value" id={labelId}>
            <span className="visually-hidden">{side === 'sell' ? said.lowest : said.highest}: </span>
            <output className="big-number">{priceWords(shown)}</output>
            {changed && <Badge tone="warn">{said.notSetYet}</Badge>}
          </p>
          <input
            type="range"
            className="slider"
            min={range.lowTicks}
            max={range.highTicks}
            step={range.stepTicks}
            value={shownTicks}
            onChange={(event) => setDraft(Number(event.target.value))}
            disabled={busy}
            aria-label={side === 'sell' ? said.lowestSlider : said.highestSlider}
            aria-valuetext={priceWords(shown)}
            style={{ '--share': `${sharePercent}%` } as CSSProperties}
          />
          <div className="scale-ends">
            <span>{priceWords(formatPrice(range.lowTicks, area.priceDecimals))}</span>
            <span>{priceWords(formatPrice(range.highTicks, area.priceDecimals))}</span>
          </div>
          <div className="my-price-actions">
            <button type="button" className="primary" disabled={!changed || busy} onClick={() => send(shownTicks)}>
              {place.isPending ? said.signing : said.set}
            </button>
            {changed && !busy && (
              <button type="button" className="quiet" onClick={() => setDraft(null)}>
                {agreed === null ? said.keepAsItWas : said.keep(priceWords(agreed))}
              </button>
            )}
          </div>
          <Trouble error={place.error ?? pause.error} />
          <div className="effect" aria-live="polite">
            {active ? (
              <EffectOf order={active} area={area} intervals={intervals} />
            ) : (
              <Paused area={area} side={side} />
            )}
          </div>
          <p className="explain">{explained}</p>
        </>
      )}
    </Card>
  )
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
  const place = useMutation({
    mutationFn: async (limitTicks: Ticks) => {
      const { submitOrder } = await import('./submit.ts')
      return submitOrder<OrderResource>(
        session,
        area.chain,
        orderOf({ area, seat, side, limitTicks, nowMs: Date.now() }),
      )
    },
    onSuccess: remember,
  })
  const pause = useMutation({
    mutationFn: async (order: OrderResource) => {
      const { submitCancel } = await import('./submit.ts')
      return submitCancel(session, area.chain, order)
    },
    onSuccess: remember,
  })
  return { place, pause }
}

interface EffectOfProps {
  area: AreaResource
  order: OrderResource
  intervals: readonly SeatIntervalResource[]
}

function EffectOf({ area, order, intervals }: EffectOfProps) {
  const said = priceWordsOf()
  const nowMs = useNow()
  const from = Date.parse(order.effectiveFrom)
  const limit = priceWords(order.limitPerKwh)
  const effect = latestEffect(order, intervals)
  if (effect) {
    const { interval, outcome } = effect
    return (
      <p>
        <strong>
          {localTime(interval.start, area.intervalSeconds)}–{localTime(interval.end, area.intervalSeconds)}
        </strong>{' '}
        {said.withLimit(limit)} {resultSentence(outcome)}
      </p>
    )
  }
  if (nowMs < from) {
    return (
      <p>
        {said.signed(limit)} <strong>{said.countsFrom(localTime(order.effectiveFrom))}</strong>
        {said.inTime(duration((from - nowMs) / 1000))}
      </p>
    )
  }
  return (
    <p>
      {said.countsSince(
        limit,
        localTime(order.effectiveFrom),
        localTime(new Date(from + area.intervalSeconds * 1000).toISOString()),
      )}
    </p>
  )
}

function Paused({ area, side }: { area: AreaResource; side: OrderSide }) {
  const said = priceWordsOf()
  const period = said.period(area.intervalSeconds)
  return <p>{side === 'sell' ? said.pausedSell(period) : said.pausedBuy(period)}</p>
}
