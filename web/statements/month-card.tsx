/**
 * The card with one month of a home: its lines, each with its rule, and its days. It can be saved as CSV, printed, and verified
 * in the browser.
 */

import { useMutation, useQuery } from '@tanstack/react-query'
import { Fragment, useEffect, useRef, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import type { MonthResource } from '../../server/api/totals-resources.ts'
import { getJson } from '../api/client.ts'
import { part } from '../api/part.ts'
import { ownTimeZone, type Part, partsOf } from '../history/totals.ts'
import { difference, energy, moneyColumn } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Badge, Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { MonthChoice } from '../page/fields.tsx'
import { saveFile } from '../page/save-file.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localDate, localMoment, monthName, newestMonths } from '../time/clock.ts'
import { statementCsv } from './csv.ts'
import { addsUp, statementLines } from './lines.ts'
import type { Verified } from './verify.ts'
import { statementWords } from './words.ts'
import './statements.css'

/** How many months can be chosen. */
const offeredMonths = 24
const onItsWayMs = 5_000

export default function MonthCard({ area, seat }: SeatViewProps) {
  const said = statementWords()
  const session = useSession()
  const months = newestMonths(Date.now(), offeredMonths)
  const [month, setMonth] = useState(months[0]!)
  const statement = useQuery({
    queryKey: ['month', session.account, seat.seat, month],
    queryFn: async ({ signal }) => {
      const { account } = session
      const asks = { account, seat: seat.seat, timeZone: ownTimeZone() }
      const lines = await getJson('/accounts/{account}/months/{month}', { ...asks, month }, { account, signal })
      // The days are fetched with the lines that they add up to, since the running month grows.
      const { from, to } = lines.summary
      const days = await getJson('/accounts/{account}/totals', { ...asks, from, to, by: 'day' }, { account, signal })
      return { lines, days: partsOf(days).filter(({ intervals }) => intervals > 0) }
    },
    // A payment that is on its way settles within seconds and can be verified then.
    refetchInterval: ({ state }) =>
      state.data?.lines.batches.some(({ status }) => status !== 'settled') ? onItsWayMs : false,
  })
  const days = statement.data?.days ?? []
  const paper = useMutation({
    mutationFn: async (month: MonthResource) => {
      const { statementPdf } = await part(() => import('./statement-paper.ts'))
      const bytes = statementPdf(month, days, {
        ...{ home: session.identity.name, area: area.name, currency: area.currency },
        ...{ period: said.period(area.intervalSeconds), periods: said.periods(area.intervalSeconds) },
      })
      saveFile(new Blob([bytes]), `commonwatt-${month.month}-${seat.seat}.pdf`, 'application/pdf')
    },
  })
  const known = statement.data?.lines
  return (
    <Card title={said.title} className="month-statement">
      <MonthChoice label={said.month} months={months} month={month} choose={setMonth} />
      <Trouble error={statement.error} retry={() => void statement.refetch()} />
      {statement.isPending && <Waiting lines={5} />}
      {known && known.intervals === 0 && <Empty>{said.none}</Empty>}
      {known && known.intervals > 0 && (
        <>
          <h3 className="on-paper">
            {session.identity.name} · {area.name} · {monthName(known.month)}
          </h3>
          <Lines area={area} month={known} />
          <Days area={area} days={days} />
          <p className="month-acts">
            <button
              type="button"
              onClick={() =>
                saveFile(
                  statementCsv(known, days, {
                    currency: area.currency,
                    period: said.period(area.intervalSeconds),
                    dayOf: localDay,
                  }),
                  `commonwatt-${known.month}-${seat.seat}.csv`,
                  'text/csv',
                )
              }
            >
              {said.saveCsv}
            </button>
            <Act isOff={paper.isPending} press={() => paper.mutate(known)}>
              {said.savePdf}
            </Act>
            <button type="button" onClick={printStatement}>
              {said.print}
            </button>
          </p>
          <Trouble error={paper.error} />
          <Verify key={known.month} area={area} seat={seat} month={known} />
        </>
      )}
    </Card>
  )
}

/** The local day of a time: `2026-11-03`. */
function localDay(start: string): string {
  const day = new Date(start)
  const twoDigits = (value: number) => String(value).padStart(2, '0')
  return `${day.getFullYear()}-${twoDigits(day.getMonth() + 1)}-${twoDigits(day.getDate())}`
}

/** Prints the statement; the style sheet hides everything else on paper. */
function printStatement(): void {
  const days = document.querySelector<HTMLDetailsElement>('.month-days')
  const wasOpen = days?.open ?? false
  if (days) days.open = true
  document.body.dataset.print = 'statement'
  // On a phone the page goes on while the system prints.
  const restore = () => {
    delete document.body.dataset.print
    if (days) days.open = wasOpen
  }
  window.addEventListener('afterprint', restore, { once: true })
  window.print()
}

function Lines({ area, month }: { area: AreaResource; month: MonthResource }) {
  const said = statementWords()
  const { summary, lines, provisional, batches } = month
  const unpaid = batches.filter(({ status }) => status !== 'settled').length
  const money = moneyColumn([summary.received, summary.paid, ...lines.map(({ amount }) => amount)], area.currency)
  const period = said.period(area.intervalSeconds)
  return (
    <>
      <p className="lead">
        {summary.soldWh > 0 && said.earned(energy(summary.soldWh), money(summary.received))}{' '}
        {summary.boughtWh > 0 && said.spent(energy(summary.boughtWh), money(summary.paid))}
      </p>
      <TableFrame label={said.byLine} look="sums">
        <thead>
          <tr>
            <th scope="col">{said.what}</th>
            <th scope="col">{said.energy}</th>
            <th scope="col">{said.amount}</th>
          </tr>
        </thead>
        <tbody>
          {statementLines(month).map(({ name, energyWh, amount, settledAmount }) => (
            <Fragment key={name}>
              <tr>
                <th scope="row">{said.lines[name]}</th>
                <td>{energy(energyWh)}</td>
                <td>
                  {amount === null ? '–' : money(amount)}
                  {settledAmount !== null && <small>{said.paid(money(settledAmount))}</small>}
                </td>
              </tr>
              <tr className="rule">
                <td colSpan={3}>{said.rules[name](period)}</td>
              </tr>
            </Fragment>
          ))}
          <tr className="total">
            <th scope="row">{said.balance}</th>
            <td />
            <td>{money(difference(summary.received, summary.paid))}</td>
          </tr>
        </tbody>
      </TableFrame>
      <p className="check">
        {addsUp(month) ? (
          <>
            <Badge tone="good">{said.addsUp}</Badge> {said.addsUpText(energy(summary.soldWh), energy(summary.boughtWh))}
          </>
        ) : (
          <>
            <Badge tone="bad">{said.doesNot}</Badge> {said.doesNotText}
          </>
        )}
      </p>
      {provisional > 0 && <p className="explain">{said.open(provisional, said.periods(area.intervalSeconds))}</p>}
      {unpaid > 0 && <p className="explain">{said.unpaid(unpaid)}</p>}
    </>
  )
}

function Days({ area, days }: { area: AreaResource; days: readonly Part[] }) {
  const said = statementWords()
  const money = moneyColumn(
    days.flatMap(({ received, paid }) => [received, paid]),
    area.currency,
  )
  return (
    <details className="month-days">
      <summary>{said.byDay}</summary>
      <TableFrame label={said.byDay} look="sums">
        <thead>
          <tr>
            <th scope="col">{said.dayName}</th>
            <th scope="col">{said.day.sold}</th>
            <th scope="col">{said.received}</th>
            <th scope="col">{said.day.toSupplier}</th>
            <th scope="col">{said.day.bought}</th>
            <th scope="col">{said.spentColumn}</th>
            <th scope="col">{said.day.fromSupplier}</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day) => (
            <tr key={day.start}>
              <th scope="row">{localDate(day.start)}</th>
              <td>{energy(day.soldWh)}</td>
              <td>{money(day.received)}</td>
              <td>{energy(day.toSupplierWh)}</td>
              <td>{energy(day.boughtWh)}</td>
              <td>{money(day.paid)}</td>
              <td>{energy(day.fromSupplierWh)}</td>
            </tr>
          ))}
        </tbody>
      </TableFrame>
    </details>
  )
}

function Verify({ area, seat, month }: SeatViewProps & { month: MonthResource }) {
  const said = statementWords()
  const session = useSession()
  const stop = useRef<AbortController>(null)
  const [done, setDone] = useState(0)
  const settled = month.batches.filter(({ status }) => status === 'settled').length
  useEffect(() => () => stop.current?.abort(), [])
  const verify = useMutation({
    mutationFn: async () => {
      const { verifyMonth } = await part(() => import('./verify.ts'))
      const stopping = new AbortController()
      stop.current = stopping
      const { signal } = stopping
      const { account } = session
      setDone(0)
      return verifyMonth(month, {
        ...{ seat: seat.seat, priceDecimals: area.priceDecimals, progress: setDone, signal },
        statement: (end) =>
          getJson('/accounts/{account}/statements/{end}', { account, end, seat: seat.seat }, { account, signal }),
        settledRoot: (end) =>
          getJson('/areas/{area}/batches/{end}/settled-root', { area: area.area, end }, { account, signal }),
      })
    },
  })
  return (
    <div className="month-verify">
      {settled === 0 ? (
        <p className="explain">{said.nothingPaid}</p>
      ) : (
        <button type="button" className="primary" disabled={verify.isPending} onClick={() => verify.mutate()}>
          {verify.isPending ? said.verifying(done, settled) : said.verify}
        </button>
      )}
      <Trouble error={verify.error} />
      <div role="status">{verify.data && <Outcome verified={verify.data} />}</div>
    </div>
  )
}

/** The result of verifying: what was checked, by whose word, and what was not. */
function Outcome({ verified }: { verified: Verified }) {
  const said = statementWords()
  const { fault, unchecked, payments, trades, empty, nodes, chain } = verified
  return (
    <>
      <p className="check">
        {fault !== null ? (
          <>
            <Badge tone="bad">{said.wrong}</Badge>{' '}
            {fault.kind === 'other-sum'
              ? said.faults['other-sum'](said.lines[`${fault.line.side} ${fault.line.stage}`])
              : said.faults[fault.kind](localMoment(fault.end))}
          </>
        ) : unchecked.length > 0 ? (
          <>
            <Badge tone="warn">{said.partly}</Badge> {said.unchecked(unchecked.length, unchecked[0]!.because)}
          </>
        ) : (
          <>
            <Badge tone="good">{said.right}</Badge> {said.rightText(trades, payments)}
          </>
        )}
      </p>
      {empty > 0 && <p className="explain">{said.empty(empty)}</p>}
      {chain !== null && <p className="explain">{said.askedOf(nodes.join(', '), chain.escrow, chain.chainId)}</p>}
      <p className="explain">{said.notChecked}</p>
    </>
  )
}
