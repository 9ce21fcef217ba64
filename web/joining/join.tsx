/** Joining: an account, the agent's code, what it found, limits in plain words, and who is waited for. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, useEffect, useId, useState } from 'react'
import { parsePrice } from '../../contracts/protocol/units.ts'
import type { PairingResource } from '../../server/api/joining.ts'
import type { AreaResource, OrderResource, SeatResource } from '../../server/api/resources.ts'
import { areasQuery, peopleQuery, seatsQuery } from '../api/queries.ts'
import { readCents } from '../forward/forward.ts'
import { cents, energy, power, priceWords } from '../money/format.ts'
import { orderOf } from '../orders/order.ts'
import { Badge, Card, Trouble, Waiting } from '../page/card.tsx'
import { NumberField } from '../page/fields.tsx'
import OwnAccount from '../session/own-account.tsx'
import { type Session, useOptionalSession } from '../session/session.tsx'
import { localTime } from '../time/clock.ts'
import { type Limits, mandateOf, mandateSentences } from './mandate.ts'
import { keepInvitation, pairingQuery, requestPairing, showInvitation } from './queries.ts'
import './joining.css'

const steps = ['Account', 'Code', 'Your home', 'Limits', 'Open'] as const
type StepName = (typeof steps)[number]

/** What a connection of a home in Europe carries: three phases of 63 A hold 43 kW, most homes less than 25. */
const usualConnectionKw = 25

export default function Join() {
  const areas = useQuery(areasQuery).data
  const session = useOptionalSession()
  const { code: linked } = useParams({ strict: false }) as { code?: string }
  const [code, setCode] = useState(linked ?? null)
  useEffect(() => keepInvitation(window.location.hash), [])
  const area = areas?.[0]
  if (!area) return <Waiting lines={4} />
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Join {area.name}</h1>
          <p className="page-sub">It takes about five minutes. Your supplier and your meter stay as they are.</p>
        </div>
      </div>
      {session === null ? (
        <>
          <Steps at="Account" />
          <OwnAccount area={area} />
        </>
      ) : code === null ? (
        <>
          <Steps at="Code" />
          <CodeForm setCode={setCode} />
        </>
      ) : (
        <Pairing session={session} areas={areas} code={code} again={() => setCode(null)} />
      )}
    </>
  )
}

function Steps({ at }: { at: StepName }) {
  const place = steps.indexOf(at)
  return (
    <ol className="join-steps" aria-label="Steps">
      {steps.map((step, index) => (
        <li
          key={step}
          aria-current={step === at ? 'step' : undefined}
          className={index < place ? 'done' : index === place ? 'at' : ''}
        >
          {step}
        </li>
      ))}
    </ol>
  )
}

function CodeForm({ setCode }: { setCode: (code: string) => void }) {
  const ids = { code: useId(), hint: useId() }
  const [text, setText] = useState('')
  const plain = text.replaceAll(/[\s-]/g, '').toUpperCase()
  const isCode = /^[2-9A-HJKMNP-TV-Z]{8}$/.test(plain)
  return (
    <Card title="The code of your meter" className="join-card">
      <p>
        On the computer that reads your meter, run <code>commonwatt-agent pair</code>. It shows a code of eight
        characters, and a picture that opens this page.
      </p>
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isCode) setCode(plain)
        }}
      >
        <label htmlFor={ids.code}>Code</label>
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
            Find my home
          </button>
        </div>
        <p className="explain" id={ids.hint}>
          {plain.length >= 8 && !isCode
            ? 'A code has eight letters and digits; 0, 1, I, L, O and U are never among them.'
            : 'Small or capital letters, with or without the hyphen. A code lives ten minutes.'}
        </p>
      </form>
    </Card>
  )
}

function Pairing({
  session,
  areas,
  code,
  again,
}: {
  session: Session
  areas: readonly AreaResource[]
  code: string
  again: () => void
}) {
  const pairing = useQuery(pairingQuery(session, code))
  const seats = useQuery({ ...seatsQuery(session), refetchInterval: 2_000 })
  const queries = useQueryClient()
  const claim = useMutation({
    mutationFn: () => requestPairing(session, code),
    onSuccess: (claimed) => queries.setQueryData(pairingQuery(session, code).queryKey, claimed),
  })
  const found = pairing.data
  const seat = seats.data?.find(({ meter }) => meter === found?.meter)
  if (found === undefined) {
    return (
      <>
        <Steps at="Code" />
        <Card title="Looking for your home" className="join-card">
          {pairing.error ? (
            <>
              <Trouble error={pairing.error} />
              <button type="button" onClick={again}>
                Enter another code
              </button>
            </>
          ) : (
            <Waiting />
          )}
        </Card>
      </>
    )
  }
  const area = areas.find((each) => each.area === found.area) ?? areas[0]!
  if (seat !== undefined) return <Opened area={area} seat={seat} session={session} />
  const isClaimed = found.state !== 'offered'
  return (
    <>
      <Steps at={isClaimed && found.consent !== null ? 'Limits' : 'Your home'} />
      <FoundHome found={found}>
        {!isClaimed && (
          <>
            <button type="button" className="primary" disabled={claim.isPending} onClick={() => claim.mutate()}>
              {claim.isPending ? 'One moment…' : 'This is my home'}
            </button>
            <Trouble error={claim.error} />
          </>
        )}
        {isClaimed && found.consent === null && (
          <p className="effect" role="status">
            Your meter is asked to sign. <strong>Waiting for the agent</strong>: it does so by itself while{' '}
            <code>commonwatt-agent pair</code> runs.
          </p>
        )}
      </FoundHome>
      {found.consent !== null && found.epochStart !== null && (
        <LimitsForm area={area} found={found} session={session} />
      )}
    </>
  )
}

const roleWords = { grid: 'Meter at the grid', production: 'Inverter', battery: 'Battery' }

function FoundHome({ found: { found, expiresAt }, children }: { found: PairingResource; children: ReactNode }) {
  return (
    <Card title="What the agent found" className="join-card">
      <dl className="facts">
        {found.devices.map((device, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two devices may be alike in everything.
          <div key={index}>
            <dt>{roleWords[device.role]}</dt>
            <dd>
              {[device.manufacturer, device.model].filter(Boolean).join(' ') || device.profile}
              {device.serialNumber && <small> no. {device.serialNumber}</small>}
            </dd>
          </div>
        ))}
        {found.powerW !== null && (
          <div>
            <dt>{found.powerW < 0 ? 'feeds in now' : 'takes now'}</dt>
            <dd aria-live="polite">{power(found.powerW)}</dd>
          </div>
        )}
        {found.productionW !== null && (
          <div>
            <dt>roof now</dt>
            <dd>{power(found.productionW)}</dd>
          </div>
        )}
        {found.importWh !== null && (
          <div>
            <dt>taken so far</dt>
            <dd>{energy(found.importWh)}</dd>
          </div>
        )}
        {found.exportWh !== null && (
          <div>
            <dt>fed in so far</dt>
            <dd>{energy(found.exportWh)}</dd>
          </div>
        )}
      </dl>
      <p>
        <Badge tone={found.sells ? 'good' : 'calm'}>{found.sells ? 'can sell' : 'buys only'}</Badge> {found.sentence}
      </p>
      {children}
      <p className="explain">The code holds until {localTime(expiresAt)}, longer while the agent goes on.</p>
    </Card>
  )
}

function LimitsForm({ area, found, session }: { area: AreaResource; found: PairingResource; session: Session }) {
  const whatId = useId()
  const [floorText, setFloorText] = useState(found.found.sells ? cents(area.feedInPerKwh) : '')
  const [ceilingText, setCeilingText] = useState(cents(area.retailPerKwh))
  const [connectionText, setConnectionText] = useState(String(usualConnectionKw))
  const [nowMs] = useState(Date.now)
  const people = useQuery(peopleQuery).data
  const sellFloorTicks = floorText.trim() === '' ? null : readCents(floorText, area.priceDecimals)
  const buyCeilingTicks = ceilingText.trim() === '' ? null : readCents(ceilingText, area.priceDecimals)
  const isPower = /^\d{1,4}([.,]\d)?$/.test(connectionText.trim()) && Number(connectionText.replace(',', '.')) > 0
  const problem = problemOf(area, { floorText, ceilingText, sellFloorTicks, buyCeilingTicks, isPower })
  const limits: Limits = {
    ...{ sellFloorTicks, buyCeilingTicks },
    connectionW: Math.round(Number(connectionText.replace(',', '.')) * 1000),
  }
  const home = { account: session.account, meter: found.meter, startsAt: found.epochStart!.time }
  const mandate = problem === null ? mandateOf(area, home, limits, nowMs) : null
  const open = useMutation({
    mutationFn: async () => {
      await showInvitation(session, area, people ?? null)
      if (session.identity.passkey) {
        await (await import('../session/open-account.ts')).openAccountOnChain(session, area.area)
      }
      return (await import('./open-seat.ts')).openSeat(session, area, found, mandateOf(area, home, limits, Date.now()))
    },
  })
  return (
    <Card title="Your limits" className="join-card">
      <form
        className="agreement-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (mandate !== null) open.mutate()
        }}
      >
        {found.found.sells && (
          <NumberField label="Sell for at least, ct/kWh" text={floorText} setText={setFloorText} describedBy={whatId} />
        )}
        <NumberField label="Buy for at most, ct/kWh" text={ceilingText} setText={setCeilingText} describedBy={whatId} />
        <NumberField
          label="My connection carries, kW"
          text={connectionText}
          setText={setConnectionText}
          describedBy={whatId}
        />
        <div id={whatId} aria-live="polite">
          {problem === null && mandate !== null ? (
            <ul className="join-words">
              {mandateSentences(area, mandate).map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          ) : (
            <p className="explain">{problem}</p>
          )}
        </div>
        <button type="submit" className="primary" disabled={mandate === null || open.isPending || open.isSuccess}>
          {open.isPending ? 'Signing…' : 'Sign and join'}
        </button>
      </form>
      <Trouble error={open.error} />
      {open.data && (
        <p className="effect" role="status">
          Signed. <strong>Waiting for the chain</strong>: your seat opens in a moment.
        </p>
      )}
    </Card>
  )
}

/** What is wrong with what somebody typed, in a sentence; null where nothing is. */
function problemOf(
  area: AreaResource,
  typed: {
    floorText: string
    ceilingText: string
    sellFloorTicks: number | null
    buyCeilingTicks: number | null
    isPower: boolean
  },
): string | null {
  const { sellFloorTicks, buyCeilingTicks } = typed
  const [lowest, highest] = [area.lowestPerKwh, area.highestPerKwh].map((price) =>
    parsePrice(price, area.priceDecimals),
  )
  const wrong = (text: string, ticks: number | null) =>
    text.trim() !== '' && (ticks === null || ticks < lowest! || ticks > highest!)
  const between = `between ${priceWords(area.lowestPerKwh)} and ${priceWords(area.highestPerKwh)}`
  if (wrong(typed.floorText, sellFloorTicks)) return `The lowest price for selling is a number of cents ${between}.`
  if (wrong(typed.ceilingText, buyCeilingTicks)) return `The highest price for buying is a number of cents ${between}.`
  if (sellFloorTicks === null && buyCeilingTicks === null) return 'Say at least one price: to sell, to buy, or both.'
  return typed.isPower
    ? null
    : 'Your connection carries a number of kilowatts, such as 25. It stands in the contract with your grid operator.'
}

function Opened({ area, seat, session }: { area: AreaResource; seat: SeatResource; session: Session }) {
  const queries = useQueryClient()
  const sides = [
    { side: 'sell', mostWh: seat.mandate.maxSellWh, limit: seat.mandate.sellFloorPerKwh, order: seat.sellOrder },
    { side: 'buy', mostWh: seat.mandate.maxBuyWh, limit: seat.mandate.buyCeilingPerKwh, order: seat.buyOrder },
  ] as const
  const missing = sides.filter(({ mostWh, order }) => mostWh > 0 && order === null)
  const start = useMutation({
    mutationFn: async () => {
      const { submitOrder } = await import('../orders/submit.ts')
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
      <Steps at="Open" />
      <Card title="You are in" className="join-card">
        {missing.length > 0 ? (
          <>
            <p>
              Your seat is open. Start with{' '}
              {missing
                .map(({ side, limit }) => `${side === 'sell' ? 'selling from' : 'buying up to'} ${priceWords(limit)}`)
                .join(' and ')}
              : the market’s price is usually better than your limit, and you can change it at any time.
            </p>
            <button type="button" className="primary" disabled={start.isPending} onClick={() => start.mutate()}>
              {start.isPending ? 'Signing…' : 'Start trading'}
            </button>
            <Trouble error={start.error} />
          </>
        ) : (
          <p role="status">
            Your prices count from the next {area.intervalSeconds === 900 ? 'quarter-hour' : 'interval'} on.
          </p>
        )}
        <ul className="join-words">
          <li>
            {seat.confirmed ? (
              'The grid operator has confirmed your meter.'
            ) : (
              <>
                <strong>Waiting for the grid operator</strong>: it confirms your meter. Until then nothing of it is
                traded.
              </>
            )}
          </li>
          <li>
            {seat.lastReadingAt === null ? (
              <>
                <strong>Waiting for the first reading</strong>: the agent sends it at the end of the running interval.
              </>
            ) : (
              `The first readings are here, the newest of ${localTime(seat.lastReadingAt)}.`
            )}
          </li>
          {seat.mandate.maxBuyWh > 0 && seat.balance === '0' && (
            <li>To buy, put money into your purse on your page.</li>
          )}
        </ul>
        <Link to="/account" className="button primary">
          To my page
        </Link>
      </Card>
    </>
  )
}
