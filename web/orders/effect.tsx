/** What an order led to, or when it will take effect. */
import type { AreaResource, OrderResource, SeatIntervalResource } from '../../server/api/resources.ts'
import { resultSentence } from '../market/outcome-words.ts'
import { priceWords } from '../money/format.ts'
import { duration, localTime, useNow } from '../time/clock.ts'
import { dashed } from '../words/dashed.ts'
import { latestEffect, type OrderSide } from './order.ts'
import { priceWordsOf } from './words.ts'

interface EffectOfProps {
  area: AreaResource
  order: OrderResource
  intervals: readonly SeatIntervalResource[]
}

export function EffectOf({ area, order, intervals }: EffectOfProps) {
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
          {dashed(localTime(interval.start, area.intervalSeconds), localTime(interval.end, area.intervalSeconds))}
        </strong>{' '}
        {said.withLimit(limit)} {resultSentence(outcome, area.currency)}
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

export function Paused({ area, side }: { area: AreaResource; side: OrderSide }) {
  const said = priceWordsOf()
  const period = said.period(area.intervalSeconds)
  return <p>{side === 'sell' ? said.pausedSell(period) : said.pausedBuy(period)}</p>
}
