/** The steps from a code to an open seat: what the code leads to, the limits in plain words, and whose signature is awaited. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { parsePrice } from '../../contracts/protocol/units.ts'
import type { PairingResource } from '../../server/api/joining.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { areaQuery, peopleQuery, seatsQuery } from '../api/queries.ts'
import { priceWords } from '../money/format.ts'
import { orderOf } from '../orders/order.ts'
import { Act } from '../page/act.tsx'
import { PageLink, pathIn, useAddress } from '../page/address.tsx'
import { Card, Trouble, Waiting } from '../page/card.tsx'
import type { Session } from '../session/session.tsx'
import { localTime } from '../time/clock.ts'
import { FoundHome, isPoint } from './found-home.tsx'
import { LimitsFields, useLimits } from './limits-fields.tsx'
import { mandateOf, nextVersion } from './mandate.ts'
import { isMetered, joiningWordsIn } from './metered.ts'
import { proposedLimits } from './proposal.ts'
import { pairingQuery, requestPairing, showInvitation } from './queries.ts'
import { JoinSteps } from './steps.tsx'
import { joiningWords, meteredWords } from './words.tsx'

interface PairingProps {
  session: Session
  area: AreaResource
  code: string
  /** Lets the person enter another code. */
  again: () => void
}

export default function Pairing({ session, area: here, code, again }: PairingProps) {
  const pairing = useQuery(pairingQuery(session, code))
  const seats = useQuery({ ...seatsQuery(session), refetchInterval: 2_000 })
  const queries = useQueryClient()
  const claim = useMutation({
    mutationFn: () => requestPairing(session, code),
    onSuccess: (claimed) => queries.setQueryData(pairingQuery(session, code).queryKey, claimed),
  })
  const found = pairing.data
  const elsewhere = found !== undefined && found.area !== here.area ? found.area : null
  const other = useQuery({ ...areaQuery(String(elsewhere)), enabled: elsewhere !== null })
  const seat = seats.data?.find(({ meter, closed }) => meter === found?.meter && !closed)
  const said = (found === undefined ? isMetered(here) : isPoint(found)) ? meteredWords() : joiningWords()
  if (found === undefined) {
    return (
      <>
        <JoinSteps at="code" names={said.steps} />
        <Card title={said.looking} className="join-card">
          {pairing.error ? (
            <>
              <Trouble error={pairing.error} />
              <button type="button" onClick={again}>
                {said.another}
              </button>
            </>
          ) : (
            <Waiting />
          )}
        </Card>
      </>
    )
  }
  // A code leads to its meter's area, wherever it is entered.
  const area = elsewhere === null ? here : other.data
  if (!area) return other.error ? <Trouble error={other.error} /> : <Waiting lines={4} />
  if (seat !== undefined) return <Opened area={area} seat={seat} session={session} />
  const isClaimed = found.state !== 'offered'
  return (
    <>
      <JoinSteps at={isClaimed && found.consent !== null ? 'limits' : 'home'} names={said.steps} />
      <FoundHome found={found}>
        {!isClaimed && (
          <>
            <button type="button" className="primary" disabled={claim.isPending} onClick={() => claim.mutate()}>
              {claim.isPending ? said.moment : said.mine}
            </button>
            <Trouble error={claim.error} />
          </>
        )}
        {isClaimed && found.consent === null && (
          <p className="effect" role="status">
            {said.meterAsked} <strong>{said.waitingAgent}</strong>
            {said.itDoes(<code>commonwatt-agent pair</code>)}
          </p>
        )}
      </FoundHome>
      {found.consent !== null && found.epochStart !== null && (
        <LimitsForm area={area} found={found} session={session} />
      )}
    </>
  )
}

function LimitsForm({ area, found, session }: { area: AreaResource; found: PairingResource; session: Session }) {
  const said = joiningWords()
  const { sells } = found.found
  const typing = useLimits(area, proposedLimits(area, sells))
  const [nowMs] = useState(Date.now)
  const people = useQuery(peopleQuery).data
  const seats = useQuery(seatsQuery(session)).data ?? []
  const home = {
    ...{ account: session.account, meter: found.meter, startsAt: found.epochStart!.time },
    version: nextVersion(seats.filter((seat) => seat.area === area.area && seat.meter === found.meter)),
  }
  const mandate = typing.limits === null ? null : mandateOf(area, home, typing.limits, nowMs)
  const open = useMutation({
    mutationFn: async () => {
      await showInvitation(session, area, people ?? null)
      if (session.identity.passkey) {
        await (await part(() => import('../session/open-account.ts'))).openAccountOnChain(session, area.area)
      }
      return (await part(() => import('./open-seat.ts'))).openSeat(
        session,
        area,
        found,
        mandateOf(area, home, typing.limits!, Date.now()),
      )
    },
  })
  return (
    <Card title={said.limitsTitle} className="join-card">
      <form
        className="agreement-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (mandate !== null && !open.isPending && !open.isSuccess) open.mutate()
        }}
      >
        <LimitsFields area={area} typing={typing} sells={sells} mandate={mandate} />
        <Act
          isSubmit
          className="primary"
          isOff={mandate === null || open.isPending || open.isSuccess}
          why={typing.problem}
        >
          {open.isPending ? said.signing : said.signAndJoin}
        </Act>
      </form>
      <Trouble error={open.error} />
      {open.data && (
        <p className="effect" role="status">
          {said.signed} <strong>{said.waitingChain}</strong>
          {said.opensSoon}
        </p>
      )}
    </Card>
  )
}

function Opened({ area, seat, session }: { area: AreaResource; seat: SeatResource; session: Session }) {
  const said = joiningWordsIn(area)
  const address = useAddress()
  const toAccount = pathIn(address.area === null ? null : area.slug, '/account')
  const queries = useQueryClient()
  const sides = [
    { side: 'sell', mostWh: seat.mandate.maxSellWh, limit: seat.mandate.sellFloorPerKwh, order: seat.sellOrder },
    { side: 'buy', mostWh: seat.mandate.maxBuyWh, limit: seat.mandate.buyCeilingPerKwh, order: seat.buyOrder },
  ] as const
  const missing = sides.filter(({ mostWh, order }) => mostWh > 0 && order === null)
  const start = useMutation({
    mutationFn: async () => {
      const { submitOrder } = await part(() => import('../orders/submit.ts'))
      for (const { side, limit } of missing) {
        const limitTicks = parsePrice(limit, area.priceDecimals)
        const order = orderOf({ area, seat, side, limitTicks, nowMs: Date.now() })
        await submitOrder(session, area.chain, { order, market: 'spot' })
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  return (
    <>
      <JoinSteps at="open" names={said.steps} />
      <Card title={said.youAreIn} className="join-card">
        {missing.length > 0 ? (
          <>
            <p>
              {said.startWith(
                missing
                  .map(({ side, limit }) => (side === 'sell' ? said.sellingFrom : said.buyingUpTo)(priceWords(limit)))
                  .join(said.and),
              )}
            </p>
            <button type="button" className="primary" disabled={start.isPending} onClick={() => start.mutate()}>
              {start.isPending ? said.signing : said.start}
            </button>
            <Trouble error={start.error} />
          </>
        ) : (
          <p role="status">{said.pricesCount(said.period(area.intervalSeconds))}</p>
        )}
        <ul className="join-words">
          <li>
            {seat.confirmed ? (
              said.confirmed
            ) : (
              <>
                <strong>{said.waitingGrid}</strong>
                {said.itConfirms}
              </>
            )}
          </li>
          <li>
            {seat.lastReadingAt === null ? (
              <>
                <strong>{said.waitingReading}</strong>
                {said.itSends(said.period(area.intervalSeconds))}
              </>
            ) : (
              said.firstReadings(localTime(seat.lastReadingAt))
            )}
          </li>
          {seat.mandate.maxBuyWh > 0 && seat.balance === '0' && <li>{said.putMoneyIn}</li>}
        </ul>
        <PageLink to={toAccount} className="button primary">
          {said.toMyPage}
        </PageLink>
      </Card>
    </>
  )
}
