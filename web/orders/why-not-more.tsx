/** Why a past result was not more, and which price would have traded more. The auction is cleared again when somebody asks. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import type { BetterLimitsResource } from '../../server/api/totals-resources.ts'
import { getJson } from '../api/client.ts'
import { energy, exceeds, priceWords } from '../money/format.ts'
import { Trouble } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import type { OrderSide } from './order.ts'
import { otherPricesWords } from './other-prices-words.ts'

interface WhyNotMoreProps {
  area: AreaResource
  seat: string
  side: OrderSide
  /** The start of the interval. */
  start: string
  /** The time of the interval that the answer is about, in words; null where the row holds only one interval. */
  of: string | null
}

export default function WhyNotMore(props: WhyNotMoreProps) {
  const [isAsked, ask] = useState(false)
  return (
    <>
      <button type="button" className="in-text" aria-expanded={isAsked} onClick={() => ask(!isAsked)}>
        {otherPricesWords().whyNotMore}
      </button>
      {isAsked && <Answer {...props} />}
    </>
  )
}

function Answer({ area, seat, side, start, of }: WhyNotMoreProps) {
  const session = useSession()
  const answer = useQuery({
    queryKey: ['better-limits', session.account, seat, side, start],
    queryFn: ({ signal }) => {
      const { account } = session
      return getJson('/accounts/{account}/better-limits', { account, seat, side, start }, { account, signal })
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (answer.error) return <Trouble error={answer.error} retry={() => void answer.refetch()} />
  return (
    <span role="status">
      {of !== null && `${of}: `}
      {answer.data === undefined ? '…' : sentencesOf(answer.data, area).join(' ')}
    </span>
  )
}

/** What a higher price to buy, or a lower one to sell, would have changed. */
export function sentencesOf(
  { side, found }: BetterLimitsResource,
  { feedInPerKwh, retailPerKwh }: Pick<AreaResource, 'feedInPerKwh' | 'retailPerKwh'>,
): string[] {
  const said = otherPricesWords()
  if (found === null) return [said.untold]
  const { offeredWh, tradedWh, better } = found
  if (better.length === 0) return [said.noPrice[side](energy(tradedWh), energy(offeredWh))]
  return [
    ...better.flatMap(({ limitPerKwh, tradedWh: then }) => [
      said.wouldHave[side](priceWords(limitPerKwh), energy(then)),
      ...(side === 'buy' && exceeds(limitPerKwh, retailPerKwh) ? [said.beyondSupplier] : []),
      ...(side === 'sell' && exceeds(feedInPerKwh, limitPerKwh) ? [said.belowSupplier] : []),
    ]),
    ...(better.at(-1)!.tradedWh < offeredWh ? [said.noMore] : []),
  ]
}
