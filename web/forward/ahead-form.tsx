/** The book of one coming interval in the own zone, and the form for an order in it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type {
  ForwardBookResource,
  ForwardLevel,
  ForwardOrderResource,
  PlacedForwardOrder,
} from '../../server/api/resources.ts'
import { cents, energy, priceWords } from '../money/format.ts'
import { mandateWh, type OrderSide } from '../orders/order.ts'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { NumberField, SideField } from '../page/fields.tsx'
import { useSession } from '../session/session.tsx'
import { localTime, useNow } from '../time/clock.ts'
import { type AheadProps, comingStarts, forwardOrderOf, othersAt, readCents, readWh } from './forward.ts'
import { applyForwardOrder, forwardBookQuery, forwardOrdersQuery } from './queries.ts'

/** Intervals to choose from: a day of quarter-hours. */
const offeredIntervals = 96
/** How many levels of each side are shown. */
const shownLevels = 4

interface AheadFormProps extends AheadProps {
  sides: readonly OrderSide[]
  usually: OrderSide
}

export function AheadForm({ area, seat, sides, usually }: AheadFormProps) {
  const intervalId = useId()
  const starts = comingStarts(useNow(), area.intervalSeconds, offeredIntervals)
  const [chosen, setChosen] = useState<number | null>(null)
  const [side, setSide] = useState(usually)
  const [energyText, setEnergyText] = useState('')
  const [priceText, setPriceText] = useState('')
  // The nearest one is about to close; one that was chosen stays until its gate closes.
  const start = chosen !== null && chosen >= starts[0]! ? chosen : starts[1]!
  const startIso = new Date(start * 1000).toISOString()
  const book = useQuery(forwardBookQuery({ area: area.area, zone: seat.zone, start: startIso }))
  const session = useSession()
  const own = useQuery(forwardOrdersQuery(session, seat.seat)).data ?? []
  const { place, clear } = usePlacing({ area, seat })
  const edit = (change: () => void) => {
    change()
    setChosen(start)
    clear()
  }
  const energyWh = readWh(energyText)
  const limitTicks = readCents(priceText, area.priceDecimals)
  const zone = area.zones.find((each) => each.zone === seat.zone)?.name ?? seat.zone

  return (
    <Card title={`What neighbours offer in ${zone}`} className="ahead-book">
      <p className="ahead-when">
        <label htmlFor={intervalId}>For the interval from</label>{' '}
        <select id={intervalId} value={start} onChange={(event) => edit(() => setChosen(Number(event.target.value)))}>
          {starts.map((each) => (
            <option key={each} value={each}>
              {localTime(new Date(each * 1000).toISOString(), area.intervalSeconds)}
            </option>
          ))}
        </select>
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
              setPriceText(cents(level.pricePerKwh).replace('\u2212', '-'))
            })
          }
          sides={sides}
        />
      )}
      <form
        className="ahead-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (energyWh === null || limitTicks === null) return
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
          label="Wh"
          text={energyText}
          setText={(text) => edit(() => setEnergyText(text))}
          isWrong={energyWh === null}
          isWhole
          placeholder={String(mandateWh(seat, side))}
        />
        <NumberField
          label={side === 'sell' ? 'for at least, ct/kWh' : 'for at most, ct/kWh'}
          text={priceText}
          setText={(text) => edit(() => setPriceText(text))}
          isWrong={limitTicks === null}
        />
        <button
          type="submit"
          className="primary"
          disabled={energyWh === null || limitTicks === null || place.isPending}
        >
          {place.isPending
            ? 'Signing…'
            : `${side === 'sell' ? 'Offer' : 'Ask'} for ${localTime(startIso, area.intervalSeconds)}`}
        </button>
      </form>
      <Trouble error={place.error} />
      <p role="status" className="sent">
        {place.data && placedWords(place.data)}
      </p>
      <p className="explain">
        {side === 'sell'
          ? 'You promise energy that your meter has yet to export. What it does not export is not paid, and is noted as a deviation.'
          : 'You promise to take energy that your meter has yet to import. What it does not import is not charged, and is noted as a deviation.'}{' '}
        No grid fee: it stays in your zone. At most {energy(mandateWh(seat, side))} per interval.
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
      return (await import('../orders/submit.ts')).submitOrder<PlacedForwardOrder>(session, area.chain, order)
    },
    onSuccess: (order) => applyForwardOrder(queries, session.account, order),
  })
  const clear = () => {
    if (!place.isIdle && !place.isPending) place.reset()
  }
  return { place, clear }
}

/** What happened to a new order at once. */
function placedWords({ side, tradedWh, openWh, start }: PlacedForwardOrder): string {
  const until = localTime(start)
  const word = side === 'sell' ? 'sold' : 'bought'
  if (openWh === 0) return `${energy(tradedWh)} ${word} ahead.`
  const rest = `What nobody takes stays open until ${until}.`
  return tradedWh === 0 ? `Signed. ${rest}` : `${energy(tradedWh)} ${word} ahead at once. ${rest}`
}

interface BookProps {
  book: ForwardBookResource
  /** The person's own open orders in it. */
  own: readonly ForwardOrderResource[]
  sides: readonly OrderSide[]
  take: (side: OrderSide, level: ForwardLevel) => void
}

function Book({ book, own, sides, take }: BookProps) {
  const { bids, asks, lastTrades } = book
  const last = lastTrades[0]
  if (bids.length === 0 && asks.length === 0 && !last) {
    return <Empty>Nobody has offered or asked for anything yet.</Empty>
  }
  return (
    <>
      <div className="ahead-sides">
        <Levels title="offered" levels={asks} own={own} taker={sides.includes('buy') ? 'buy' : null} take={take} />
        <Levels title="wanted" levels={bids} own={own} taker={sides.includes('sell') ? 'sell' : null} take={take} />
      </div>
      {last && (
        <p className="soft">
          last agreed: {energy(last.energyWh)} at {priceWords(last.pricePerKwh)}
        </p>
      )}
    </>
  )
}

interface LevelsProps {
  title: string
  levels: readonly ForwardLevel[]
  own: readonly ForwardOrderResource[]
  /** The side on which the person can take these, if any. */
  taker: OrderSide | null
  take: (side: OrderSide, level: ForwardLevel) => void
}

function Levels({ title, levels, own, taker, take }: LevelsProps) {
  return (
    <div>
      <h3>{title}</h3>
      {levels.length === 0 && <p className="soft">nothing</p>}
      <ol>
        {levels.slice(0, shownLevels).map((level) => {
          const others = othersAt(level, own)
          const what = `${energy(level.energyWh)} at ${priceWords(level.pricePerKwh)}`
          return (
            <li key={level.pricePerKwh} className="ahead-level">
              <span>{what}</span>
              {others.energyWh === 0 && <span className="soft">mine</span>}
              {others.energyWh > 0 && taker && (
                <button
                  type="button"
                  className="quiet"
                  onClick={() => take(taker, others)}
                  aria-label={`Fill in ${energy(others.energyWh)} at ${priceWords(level.pricePerKwh)}`}
                >
                  fill in
                </button>
              )}
            </li>
          )
        })}
      </ol>
    </div>
  )
}
