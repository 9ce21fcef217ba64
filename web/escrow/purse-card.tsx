/** The balance of a purse, where its parts came from, and how much is held back until when. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { summaryQuery } from '../api/queries.ts'
import { moneyScale, signOf } from '../money/format.ts'
import { Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localMoment, nextBoundary, useNow } from '../time/clock.ts'
import { partsOfPurse, shownParts } from './purse.ts'
import { moneyTexts } from './words.tsx'

/** A time before any market began. */
const beginning = '2020-01-01T00:00:00.000Z'

export function PurseLedger({ area, seat }: SeatViewProps) {
  const said = moneyTexts()
  const session = useSession()
  const { settledUntil } = area
  const range = { from: beginning, to: settledUntil ?? beginning }
  const summary = useQuery({ ...summaryQuery(session, seat.seat, range), enabled: settledUntil !== null })
  const nextPayment = nextBoundary(useNow(), area.batchSeconds) + area.graceSeconds
  // Without any payment nothing was earned or spent.
  const paid = settledUntil === null ? { received: '0', paid: '0' } : summary.data
  if (!paid) return summary.error ? <Trouble error={summary.error} /> : <Waiting />
  const parts = partsOfPurse(seat, paid)
  const scale = moneyScale(Object.values(parts), area.currency)
  const { words } = scale
  const shown = shownParts(parts, scale)
  const moment = (ms: number) => localMoment(new Date(ms).toISOString())
  const rows: [string, string, ReactNode?][] = [
    [said.putIn, words(shown.putIn)],
    [said.earned, words(shown.earned)],
    [said.spent, words(`-${shown.spent}`)],
  ]
  const uses: [string, string, ReactNode?][] = [
    [said.heldBack, words(shown.heldBack), said.heldBackUntil(moment(nextPayment * 1000))],
    [
      said.asked,
      words(shown.asked),
      seat.withdrawal && said.askedUntil(moment(Date.parse(seat.withdrawal.claimableAt))),
    ],
    [said.available, words(shown.available)],
  ]
  const isThere = (row: [string, string, ReactNode?], amount: string) => (signOf(amount) === 0 ? [] : [row])
  return (
    <dl className="ledger">
      {[
        rows[0]!,
        ...isThere(rows[1]!, parts.earned),
        ...isThere(rows[2]!, parts.spent),
        [said.inPurse, words(shown.balance)] as [string, string],
        // With who may buy it comes and goes in every interval, and what lies below must not move under a finger.
        ...(seat.mandate.maxBuyWh > 0 ? [uses[0]!] : isThere(uses[0]!, parts.heldBack)),
        ...isThere(uses[1]!, parts.asked),
        uses[2]!,
      ].map(([label, amount, why]) => (
        <div key={label} className={label === said.inPurse || label === said.available ? 'total' : undefined}>
          <dt>
            {label}
            {why && <small>{why}</small>}
          </dt>
          <dd>{amount}</dd>
        </div>
      ))}
    </dl>
  )
}
