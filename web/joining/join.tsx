/** Joining: an account, the agent's code, what it found, limits in plain words, and who is waited for. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import { parsePrice } from '../../contracts/protocol/units.ts'
import type { PairingResource } from '../../server/api/joining.ts'
import type { AreaResource, OrderResource, SeatResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { areaQuery, demoHomesQuery, peopleQuery, seatsQuery } from '../api/queries.ts'
import { energy, power, priceWords } from '../money/format.ts'
import { orderOf } from '../orders/order.ts'
import { PageLink, pathIn, useAddress } from '../page/address.tsx'
import { Badge, Card, Trouble, Waiting } from '../page/card.tsx'
import OwnAccount from '../session/own-account.tsx'
import { type Session, useOptionalSession } from '../session/session.tsx'
import { localTime } from '../time/clock.ts'
import { LimitsFields, useLimits } from './limits-fields.tsx'
import { mandateOf, nextVersion } from './mandate.ts'
import { proposedLimits } from './proposal.ts'
import { pairingQuery, requestPairing, showInvitation, takeDemoHome } from './queries.ts'
import { joiningWords } from './words.tsx'
import './joining.css'

const steps = ['account', 'code', 'home', 'limits', 'open'] as const
type StepName = (typeof steps)[number]

export default function Join({ area }: { area: AreaResource }) {
  const said = joiningWords()
  const session = useOptionalSession()
  const place = useAddress()
  const [code, setCode] = useState(place.view === 'join' ? place.code : null)
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{said.join(area.name)}</h1>
          <p className="page-sub">{said.fiveMinutes}</p>
        </div>
      </div>
      {session === null ? (
        <>
          <Steps at="account" />
          <OwnAccount area={area} />
        </>
      ) : code === null ? (
        <>
          <Steps at="code" />
          <CodeForm session={session} setCode={setCode} />
        </>
      ) : (
        <Pairing session={session} area={area} code={code} again={() => setCode(null)} />
      )}
    </>
  )
}

function Steps({ at }: { at: StepName }) {
  const said = joiningWords()
  const place = steps.indexOf(at)
  return (
    <ol className="join-steps" aria-label={said.stepsLabel}>
      {steps.map((step, index) => (
        <li
          key={step}
          aria-current={step === at ? 'step' : undefined}
          className={index < place ? 'done' : index === place ? 'at' : ''}
        >
          {said.steps[step]}
        </li>
      ))}
    </ol>
  )
}

function CodeForm({ session, setCode }: { session: Session; setCode: (code: string) => void }) {
  const said = joiningWords()
  const ids = { code: useId(), hint: useId() }
  const [text, setText] = useState('')
  const homes = useQuery(demoHomesQuery).data
  const plain = text.replaceAll(/[\s-]/g, '').toUpperCase()
  const isCode = /^[2-9A-HJKMNP-TV-Z]{8}$/.test(plain)
  return (
    <>
      <Card title={said.codeTitle} className="join-card">
        <p>{said.codeText(<code>commonwatt-agent pair</code>)}</p>
        <form
          className="amount-form"
          onSubmit={(event) => {
            event.preventDefault()
            if (isCode) setCode(plain)
          }}
        >
          <label htmlFor={ids.code}>{said.code}</label>
          <div className="amount-row">
            <input
              id={ids.code}
              className="join-code"
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              placeholder="XXXX-XXXX"
              aria-describedby={ids.hint}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <button type="submit" className="primary" disabled={!isCode}>
              {said.find}
            </button>
          </div>
          <p className="explain" id={ids.hint}>
            {plain.length >= 8 && !isCode ? said.notACode : said.codeHint}
          </p>
        </form>
      </Card>
      {homes && <DemoHomeCard session={session} free={homes.free} shown={setText} />}
    </>
  )
}

/** Whoever looks at the demo has no meter here: it gives a home, whose agent shows a code like everybody's. */
function DemoHomeCard({
  session,
  free,
  shown,
}: {
  session: Session
  free: number
  /** The agent's code, to be entered like any other. */
  shown: (code: string) => void
}) {
  const said = joiningWords()
  const take = useMutation({
    mutationFn: () => takeDemoHome(session),
    onSuccess: ({ code }) => shown(`${code.slice(0, 4)}-${code.slice(4)}`),
  })
  return (
    <Card title={said.demoTitle} className="join-card">
      <p>{said.demoText}</p>
      <p>
        <button type="button" disabled={take.isPending || take.isSuccess || free === 0} onClick={() => take.mutate()}>
          {take.isPending ? said.demoWaiting : said.demoTake}
        </button>
      </p>
      {free === 0 && !take.isSuccess && <p className="explain">{said.demoFull}</p>}
      <div role="status">
        {take.data && (
          <p className="effect">
            {said.demoReady(<strong>{`${take.data.code.slice(0, 4)}-${take.data.code.slice(4)}`}</strong>)}
          </p>
        )}
      </div>
      <Trouble error={take.error} />
    </Card>
  )
}

function Pairing({
  session,
  area: here,
  code,
  again,
}: {
  session: Session
  area: AreaResource
  code: string
  again: () => void
}) {
  const said = joiningWords()
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
  if (found === undefined) {
    return (
      <>
        <Steps at="code" />
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
      <Steps at={isClaimed && found.consent !== null ? 'limits' : 'home'} />
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

function FoundHome({ found: { found, expiresAt }, children }: { found: PairingResource; children: ReactNode }) {
  const said = joiningWords()
  return (
    <Card title={said.found} className="join-card">
      <dl className="facts">
        {found.devices.map((device, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two devices may be alike in everything.
          <div key={index}>
            <dt>{said.roles[device.role]}</dt>
            <dd>
              {[device.manufacturer, device.model].filter(Boolean).join(' ') || device.profile}
              {device.serialNumber && <small>{said.serial(device.serialNumber)}</small>}
            </dd>
          </div>
        ))}
        {found.powerW !== null && (
          <div>
            <dt>{found.powerW < 0 ? said.feedsIn : said.takes}</dt>
            <dd aria-live="polite">{power(found.powerW)}</dd>
          </div>
        )}
        {found.productionW !== null && (
          <div>
            <dt>{said.roofNow}</dt>
            <dd>{power(found.productionW)}</dd>
          </div>
        )}
        {found.importWh !== null && (
          <div>
            <dt>{said.takenSoFar}</dt>
            <dd>{energy(found.importWh)}</dd>
          </div>
        )}
        {found.exportWh !== null && (
          <div>
            <dt>{said.fedInSoFar}</dt>
            <dd>{energy(found.exportWh)}</dd>
          </div>
        )}
      </dl>
      <p>
        <Badge tone={found.sells ? 'good' : 'calm'}>{found.sells ? said.canSell : said.buysOnly}</Badge>{' '}
        {found.sentence}
      </p>
      {children}
      <p className="explain">{said.codeHolds(localTime(expiresAt))}</p>
    </Card>
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
          if (mandate !== null) open.mutate()
        }}
      >
        <LimitsFields area={area} typing={typing} sells={sells} mandate={mandate} />
        <button type="submit" className="primary" disabled={mandate === null || open.isPending || open.isSuccess}>
          {open.isPending ? said.signing : said.signAndJoin}
        </button>
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
  const said = joiningWords()
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
        await submitOrder<OrderResource>(
          session,
          area.chain,
          orderOf({ area, seat, side, limitTicks, nowMs: Date.now() }),
        )
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  return (
    <>
      <Steps at="open" />
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
