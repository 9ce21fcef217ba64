/** "My price": a slider inside the mandate whose value becomes an order, signed here, and what that order then led to. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Slider, Switch } from 'radix-ui'
import { useId, useState } from 'react'
import { formatPrice, parsePrice, type Ticks } from '../../contracts/protocol/units.ts'
import type { AreaResource, OrderResource, SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { energy, priceWords } from '../money/format.ts'
import { Badge, Card, Trouble } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localTime, useNow } from '../time/clock.ts'
import { activeOrder, latestEffect, mandateWh, type OrderSide, orderOf, priceRange } from './order.ts'

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

  return (
    <Card
      title={title}
      className="my-price"
      aside={
        tradable && (
          <span className="switch-label">
            {active ? (side === 'sell' ? 'selling' : 'buying') : 'paused'}
            <Switch.Root
              className="switch"
              checked={active !== null}
              disabled={busy}
              onCheckedChange={(on) => (on ? send(shownTicks) : active && pause.mutate(active))}
              aria-label={side === 'sell' ? 'Sell to neighbours' : 'Buy from neighbours'}
            >
              <Switch.Thumb className="switch-thumb" />
            </Switch.Root>
          </span>
        )
      }
    >
      {!tradable ? (
        <p>
          {seat.closed
            ? 'This seat is closed and trades no more.'
            : `Your mandate does not let this meter ${side === 'sell' ? 'sell' : 'buy'}.`}
        </p>
      ) : (
        <>
          <p className="my-price-value" id={labelId}>
            <span className="visually-hidden">
              {side === 'sell' ? 'Lowest price I sell at' : 'Highest price I pay'}:{' '}
            </span>
            <output className="big-number">{priceWords(shown)}</output>
            {changed && <Badge tone="warn">not set yet</Badge>}
          </p>
          <Slider.Root
            className="slider"
            min={range.lowTicks}
            max={range.highTicks}
            step={range.stepTicks}
            value={[shownTicks]}
            onValueChange={([ticks]) => setDraft(ticks ?? null)}
            disabled={busy}
          >
            <Slider.Track className="slider-track">
              <Slider.Range className="slider-range" />
            </Slider.Track>
            <Slider.Thumb
              className="slider-thumb"
              aria-label={side === 'sell' ? 'My lowest selling price' : 'My highest buying price'}
              aria-valuetext={priceWords(shown)}
            />
          </Slider.Root>
          <div className="scale-ends">
            <span>{priceWords(formatPrice(range.lowTicks, area.priceDecimals))}</span>
            <span>{priceWords(formatPrice(range.highTicks, area.priceDecimals))}</span>
          </div>
          <div className="my-price-actions">
            <button type="button" className="primary" disabled={!changed || busy} onClick={() => send(shownTicks)}>
              {place.isPending ? 'Signing…' : 'Set my price'}
            </button>
            {changed && !busy && (
              <button type="button" className="quiet" onClick={() => setDraft(null)}>
                Keep {agreed === null ? 'as it was' : priceWords(agreed)}
              </button>
            )}
          </div>
          <Trouble error={place.error ?? pause.error} />
          <div className="effect" aria-live="polite">
            {active ? <EffectOf order={active} area={area} intervals={intervals} /> : <Paused side={side} />}
          </div>
          <p className="explain">
            {side === 'sell'
              ? `You never get less than this, all fees included; usually you get the market’s price${priceNow === null ? '' : `, now ${priceWords(priceNow)}`}. You signed a mandate that ends at ${priceWords(seat.mandate.sellFloorPerKwh)}, so nothing can sell your surplus for less.`
              : `You never pay more than this, all fees included; usually you pay the market’s price${priceNow === null ? '' : `, now ${priceWords(priceNow)}`}. You signed a mandate that ends at ${priceWords(seat.mandate.buyCeilingPerKwh)}, so nothing can charge you more.`}{' '}
            At most {energy(mandateWh(seat, side))} per interval.
          </p>
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
        with {limit}. {outcome.message}
      </p>
    )
  }
  if (nowMs < from) {
    return (
      <p>
        Signed. {limit} <strong>counts from {localTime(order.effectiveFrom)}</strong>, in{' '}
        {duration((from - nowMs) / 1000)}.
      </p>
    )
  }
  return (
    <p>
      {limit} counts since {localTime(order.effectiveFrom)}. Its first result comes shortly after{' '}
      {localTime(new Date(from + area.intervalSeconds * 1000).toISOString())}.
    </p>
  )
}

function Paused({ side }: { side: OrderSide }) {
  return (
    <p>
      {side === 'sell'
        ? 'Paused: from the next interval on your surplus goes to your supplier at the feed-in tariff.'
        : 'Paused: from the next interval on all your energy comes from your supplier.'}
    </p>
  )
}
