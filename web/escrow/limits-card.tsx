/**
 * The card that changes a seat's limits or renews them for another year: it shows them in plain words, and the account signs
 * them.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { part } from '../api/part.ts'
import { LimitsFields, useLimits } from '../joining/limits-fields.tsx'
import { mandateOf, nextVersion } from '../joining/mandate.ts'
import { typedAmount, typedCents } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localMoment, nextBoundary, useNow } from '../time/clock.ts'
import { actTexts } from './act-words.tsx'
import '../joining/joining.css'

export default function LimitsCard({ area, seat }: SeatViewProps) {
  const said = actTexts()
  const session = useSession()
  const queries = useQueryClient()
  const { sellFloorPerKwh, buyCeilingPerKwh, maxSellWh, maxBuyWh } =
    (seat.next?.closed === false && seat.next) || seat.mandate
  const connectionW = Math.floor((Math.max(maxSellWh, maxBuyWh) * 3_600) / area.intervalSeconds)
  const typing = useLimits(area, {
    floor: maxSellWh > 0 ? typedCents(sellFloorPerKwh) : '',
    ceiling: maxBuyWh > 0 ? typedCents(buyCeilingPerKwh) : '',
    connection: typedAmount(String(connectionW / 1000)),
  })
  const nowMs = useNow()
  const mandateAt = (ms: number) => {
    const startsAt = nextBoundary(ms, area.intervalSeconds)
    const home = { account: seat.account, meter: seat.meter, startsAt, version: nextVersion([seat]) }
    return typing.limits === null ? null : mandateOf(area, home, typing.limits, ms)
  }
  const sign = useMutation({
    mutationFn: async () =>
      (await part(() => import('./relay.ts'))).changeMandate(session, area, seat, mandateAt(Date.now())!),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  const isReady = typing.limits !== null && !sign.isPending
  return (
    <Card title={said.limitsTitle} className="limits">
      <p className="explain">{said.limitsText(said.period(area.intervalSeconds))}</p>
      <form
        className="agreement-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) sign.mutate()
        }}
      >
        <LimitsFields area={area} typing={typing} sells mandate={mandateAt(nowMs)} />
        <Act isSubmit isOff={!isReady} className="primary" why={typing.problem}>
          {sign.isPending ? said.signing : said.limitsAct}
        </Act>
      </form>
      <Trouble error={sign.error} />
      <div role="status">
        {sign.data && !sign.isPending && (
          <p className="sent">{said.limitsSigned(<TransactionLink hash={sign.data.transaction} />)}</p>
        )}
        {seat.next?.closed === false && <p className="sent">{said.limitsComing(localMoment(seat.next.validFrom))}</p>}
      </div>
    </Card>
  )
}
