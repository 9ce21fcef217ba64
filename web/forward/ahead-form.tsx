/** The book of one coming interval in the seat's own zone, and the form for an order in it. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type {
  ForwardBookResource,
  ForwardLevel,
  ForwardOrderResource,
  PlacedForwardOrder,
} from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { energy, priceWords, typedCents } from '../money/format.ts'
import { mandateWh, type OrderSide } from '../orders/order.ts'
import { Act } from '../page/act.tsx'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { NumberField, SideField } from '../page/fields.tsx'
import { formWords } from '../page/form-words.ts'
import { useSession } from '../session/session.tsx'
import { duration, localTime, useNow } from '../time/clock.ts'
import { DepthChart } from './depth-chart.tsx'
import { type AheadProps, comingStarts, forwardOrderOf, othersAt, readCents, readWh } from './forward.ts'
import { applyForwardOrder, forwardBookQuery, forwardOrdersQuery } from './queries.ts'
import { forwardWords } from './words.ts'

/** How many intervals can be chosen: a day of quarter-hours. */
const offeredIntervals = 96
/** How many levels of each side are shown. */
const shownLevels = 4

interface AheadFormProps extends AheadProps {
  sides: readonly OrderSide[]
  usually: OrderSide
}

export function AheadForm({ area, seat, sides, usually }: AheadFormProps) {
  const said = forwardWords()
  const intervalId = useId()
  const nowMs = useNow()
  const starts = comingStarts(nowMs, area.intervalSeconds, offeredIntervals)
  const [chosen, setChosen] = useState<number | null>(null)
  const [side, setSide] = useState(usually)
  const [energyText, setEnergyText] = useState('')
  const [priceText, setPriceText] = useState('')
  // The nearest interval is about to close, so the second one is shown first. A chosen interval stays until its gate closes.
  const start = chosen !== null && chosen >= starts[0]! ? chosen : starts[1]!
  const startIso = new Date(start * 1000).toISOString()
  const book = useQuery(forwardBookQuery({ area: area.area, zone: seat.zone, start: startIso }))
  const session = useSession()
  const own = useQuery(forwardOrdersQuery(session, seat.seat)).data ?? []
  const { place, clear } = usePlacing({ area, seat })
  const edit = (change: () => void) => {
    // A change in the form keeps the shown interval, unless it is the interval itself that changes.
    setChosen(start)
    change()
    clear()
  }
  const energyWh = readWh(energyText)
  const limitTicks = readCents(priceText, area.priceDecimals)
  const told = formWords()
  const problem =
    [energyWh === null && told.wholeWh, limitTicks === null && told.cents].filter(Boolean).join(' ') || null
  const zone = area.zones.find((each) => each.zone === seat.zone)?.name ?? seat.zone

  return (
    <Card title={said.offers(zone)} className="ahead-book">
      <p className="ahead-when">
        <label htmlFor={intervalId}>{said.forTime(said.period(area.intervalSeconds))}</label>{' '}
        <select id={intervalId} value={start} onChange={(event) => edit(() => setChosen(Number(event.target.value)))}>
          {starts.map((each) => (
            <option key={each} value={each}>
              {localTime(new Date(each * 1000).toISOString(), area.intervalSeconds)}
            </option>
          ))}
        </select>{' '}
        <span className="ahead-gate soft">{said.closesIn(duration(start - nowMs / 1000))}</span>
      </p>
      <Trouble error={book.error} retry={() => void book.refetch()} />
      {book.isPending && <Waiting />}
      {book.data && (
        <Book
          book={book.data}
          own={own.filter((order) => order.start === startIso)}
          take={(taken, level) =>
            edit(() => {
              setSide(taken)
              setEnergyText(String(Math.min(level.energyWh, mandateWh(seat, taken))))
              setPriceText(typedCents(level.pricePerKwh))
            })
          }
          sides={sides}
        />
      )}
      <form
        className="ahead-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (energyWh === null || limitTicks === null || place.isPending) return
          place.mutate(
            { side, start, energyWh, limitTicks },
            {
              onSuccess() {
                setEnergyText('')
                setPriceText('')
              },
            },
          )
        }}
      >
        {sides.length > 1 && <SideField side={side} setSide={(next) => edit(() => setSide(next))} />}
        <NumberField
          label={said.wh}
          text={energyText}
          setText={(text) => edit(() => setEnergyText(text))}
          isWrong={energyWh === null}
          isWhole
          placeholder={String(mandateWh(seat, side))}
        />
        <NumberField
          label={side === 'sell' ? said.atLeast : said.atMost}
          text={priceText}
          setText={(text) => edit(() => setPriceText(text))}
          isWrong={limitTicks === null}
        />
        <Act
          isSubmit
          className="primary"
          isOff={energyWh === null || limitTicks === null || place.isPending}
          why={problem}
        >
          {place.isPending
            ? said.signing
            : side === 'sell'
              ? said.offerFor(localTime(startIso, area.intervalSeconds))
              : said.askFor(localTime(startIso, area.intervalSeconds))}
        </Act>
      </form>
      <Trouble error={place.error} />
      <p role="status" className="sent">
        {place.data && placedWords(place.data)}
      </p>
      <p className="explain">
        {side === 'sell' ? said.explainSell : said.explainBuy}
        {said.noFee(energy(mandateWh(seat, side)), said.period(area.intervalSeconds))}
      </p>
    </Card>
  )
}

function usePlacing({ area, seat }: AheadProps) {
  const session = useSession()
  const queries = useQueryClient()
  const place = useMutation({
    mutationFn: async (terms: { side: OrderSide; start: number; energyWh: number; limitTicks: number }) => {
      const placed = queries.getQueryData(forwardOrdersQuery(session, seat.seat).queryKey) ?? []
      const order = forwardOrderOf({ area, seat, ...terms, placed, nowMs: Date.now() })
      const { submitOrder } = await part(() => import('../orders/submit.ts'))
      return submitOrder(session, area.chain, { order, market: 'forward' })
    },
    onSuccess: (order) => applyForwardOrder(queries, session.account, order),
  })
  const clear = () => {
    if (!place.isIdle && !place.isPending) place.reset()
  }
  return { place, clear }
}

/** Says what happened to a new order at once. */
function placedWords({ side, tradedWh, openWh, start }: PlacedForwardOrder): string {
  const said = forwardWords()
  const traded = side === 'sell' ? said.soldAhead(energy(tradedWh)) : said.boughtAhead(energy(tradedWh))
  if (openWh === 0) return `${traded}.`
  const rest = said.staysOpen(localTime(start))
  return tradedWh === 0 ? said.signed(rest) : said.atOnce(traded, rest)
}

interface BookProps {
  book: ForwardBookResource
  /** The person's own open orders in the book. */
  own: readonly ForwardOrderResource[]
  sides: readonly OrderSide[]
  take: (side: OrderSide, level: ForwardLevel) => void
}

function Book({ book, own, sides, take }: BookProps) {
  const said = forwardWords()
  const { bids, asks, lastTrades } = book
  const last = lastTrades[0]
  if (bids.length === 0 && asks.length === 0 && !last) {
    return <Empty>{said.nobodyYet}</Empty>
  }
  return (
    <>
      <div className="ahead-sides">
        <Levels title={said.offered} levels={asks} own={own} taker={sides.includes('buy') ? 'buy' : null} take={take} />
        <Levels
          title={said.wanted}
          levels={bids}
          own={own}
          taker={sides.includes('sell') ? 'sell' : null}
          take={take}
        />
      </div>
      <DepthChart book={book} />
      {last && <p className="soft">{said.lastAgreed(energy(last.energyWh), priceWords(last.pricePerKwh))}</p>}
    </>
  )
}

interface LevelsProps {
  title: string
  levels: readonly ForwardLevel[]
  own: readonly ForwardOrderResource[]
  /** The side on which the person can accept these levels, or null. */
  taker: OrderSide | null
  take: (side: OrderSide, level: ForwardLevel) => void
}

function Levels({ title, levels, own, taker, take }: LevelsProps) {
  const said = forwardWords()
  return (
    <div>
      <h3>{title}</h3>
      {levels.length === 0 && <p className="soft">{said.nothing}</p>}
      <ol>
        {levels.slice(0, shownLevels).map((level) => {
          const others = othersAt(level, own)
          const what = said.level(energy(level.energyWh), priceWords(level.pricePerKwh))
          return (
            <li key={level.pricePerKwh} className="ahead-level">
              <span>{what}</span>
              {others.energyWh === 0 && <span className="soft">{said.mine}</span>}
              {others.energyWh > 0 && taker && (
                <button
                  type="button"
                  className="quiet"
                  onClick={() => take(taker, others)}
                  aria-label={said.fillInLabel(energy(others.energyWh), priceWords(level.pricePerKwh))}
                >
                  {said.fillIn}
                </button>
              )}
            </li>
          )
        })}
      </ol>
    </div>
  )
}
