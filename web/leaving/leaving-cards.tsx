/**
 * The cards for moving house, moving money to another meter, saving one's data, and having it erased. Each says first what will
 * happen.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { getText, postJson } from '../api/client.ts'
import { part } from '../api/part.ts'
import { seatsQuery } from '../api/queries.ts'
import { checkAmount, mostToAsk } from '../escrow/purse.ts'
import { count, currencySign, exactMoney } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { PageLink, usePathHere } from '../page/address.tsx'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import { NumberField } from '../page/fields.tsx'
import { saveFile } from '../page/save-file.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { duration } from '../time/clock.ts'
import { intervalsCsv, isWhole, itemCount } from './take-along.ts'
import { leavingWords } from './words.tsx'
import '../agreements/agreements.css'
import '../joining/joining.css'

export default function LeavingCards({ area, seat }: SeatViewProps) {
  const session = useSession()
  const seats = useQuery(seatsQuery(session)).data ?? []
  const others = seats.filter((other) => other.seat !== seat.seat && !other.closed)
  return (
    <div className="agreements">
      <Moving area={area} seat={seat} others={others} />
      <TakeAlong />
      <Erase seat={seat} />
    </div>
  )
}

function Moving({ area, seat, others }: SeatViewProps & { others: readonly SeatResource[] }) {
  const said = leavingWords()
  const pathHere = usePathHere()
  return (
    <Card title={said.movingTitle} className="moving-house">
      <ul className="join-words">
        <li>{said.movingNext(<code>commonwatt-agent pair</code>)}</li>
        <li>{said.movingNew}</li>
        <li>{said.movingMoney}</li>
      </ul>
      <p className="explain">
        <PageLink to={pathHere('/join')}>{said.joinNew}</PageLink>
      </p>
      {others.length > 0 && <MoveMoney area={area} seat={seat} others={others} />}
    </Card>
  )
}

interface MoveMoneyProps {
  area: AreaResource
  seat: SeatResource
  others: readonly SeatResource[]
}

function MoveMoney({ area, seat, others }: MoveMoneyProps) {
  const said = leavingWords()
  const session = useSession()
  const queries = useQueryClient()
  const ids = { to: useId(), note: useId() }
  const [text, setText] = useState('')
  const [to, setTo] = useState(others[0]!.seat)
  const most = mostToAsk(seat)
  const decimals = area.priceDecimals + 3
  const { amount, fault } = checkAmount(text, { decimals, most })
  const move = useMutation({
    mutationFn: async (asked: { amount: string; to: string }) =>
      (await part(() => import('../escrow/relay.ts'))).requestMove(session, area, seat, asked),
    onSuccess: () => {
      setText('')
      return queries.invalidateQueries({ queryKey: ['seats', session.account] })
    },
  })
  const problem =
    fault === null
      ? null
      : fault === 'form'
        ? said.notAnAmount(decimals)
        : said.tooMuch(exactMoney(most, area.currency))
  const isReady = amount !== null && !move.isPending
  return (
    <>
      <h3>{said.moveTitle}</h3>
      <form
        className="agreement-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) move.mutate({ amount, to })
        }}
      >
        <p className="field">
          <label htmlFor={ids.to}>{said.moveTo}</label>
          <select id={ids.to} value={to} onChange={(event) => setTo(event.target.value)}>
            {others.map((other) => (
              <option key={other.seat} value={other.seat}>
                {other.meter.slice(0, 8)}… · {area.zones.find(({ zone }) => zone === other.zone)?.name ?? other.zone}
              </option>
            ))}
          </select>
        </p>
        <NumberField
          label={`${said.amount}, ${currencySign(area.currency)}`}
          text={text}
          setText={setText}
          isWrong={fault !== null}
          describedBy={ids.note}
        />
        <Act isSubmit isOff={!isReady} describedBy={ids.note}>
          {move.isPending ? said.signing : said.move}
        </Act>
      </form>
      <p id={ids.note} className={problem === null ? 'explain' : 'explain wrong'} aria-live="polite">
        {problem ?? said.moveText(duration(area.chain.withdrawalDelaySeconds))}
      </p>
      <Trouble error={move.error} />
      {move.data && !move.isPending && (
        <p className="sent" role="status">
          {said.moved(<TransactionLink hash={move.data.transaction} />)}
        </p>
      )}
    </>
  )
}

function TakeAlong() {
  const said = leavingWords()
  const session = useSession()
  const take = useMutation({
    mutationFn: async (form: 'json' | 'csv') => {
      const text = await getText('/accounts/{account}/everything', { account: session.account }, session)
      if (!isWhole(text)) throw new Error(said.notWhole)
      const name = `commonwatt-${session.account.slice(0, 10)}`
      if (form === 'json') saveFile(text, `${name}.ndjson`, 'application/x-ndjson')
      else saveFile(intervalsCsv(text), `${name}.csv`, 'text/csv')
      return itemCount(text)
    },
  })
  return (
    <Card title={said.dataTitle} className="take-along">
      <p>{said.dataText}</p>
      <p className="explain">{said.dataForm(<a href="/docs">{said.dataLink}</a>)}</p>
      <p className="step-acts">
        <Act isOff={take.isPending} press={() => take.mutate('json')}>
          {take.isPending ? said.making : said.everything}
        </Act>
        <Act isOff={take.isPending} press={() => take.mutate('csv')}>
          {said.periods}
        </Act>
      </p>
      <Trouble error={take.error} />
      <div role="status">
        {take.data !== undefined && !take.isPending && <p className="sent">{said.savedItems(count(take.data))}</p>}
      </div>
    </Card>
  )
}

function Erase({ seat }: { seat: SeatResource }) {
  const said = leavingWords()
  const session = useSession()
  const queries = useQueryClient()
  const ids = { day: useId(), sure: useId() }
  const [day, setDay] = useState(() => new Date().toLocaleDateString('sv'))
  const [isSure, setIsSure] = useState(false)
  const endMs = Math.min(Date.parse(`${day}T24:00:00`), Date.now())
  const isReady = isSure && Number.isFinite(endMs)
  const erase = useMutation({
    mutationFn: () => {
      const body = { seat: seat.seat, until: new Date(endMs).toISOString() }
      return postJson('/accounts/{account}/erasures', { account: session.account }, body, session)
    },
    onSuccess: () => {
      setIsSure(false)
      return queries.invalidateQueries({ queryKey: ['notices', session.account] })
    },
  })
  return (
    <Card title={said.eraseTitle} className="erase">
      <p>{said.eraseWhat}</p>
      <p className="explain">{said.eraseChain}</p>
      <p className="explain">{said.eraseBooks}</p>
      <p className="explain">{said.eraseWhen}</p>
      <p className="field">
        <label htmlFor={ids.day}>{said.eraseUntil}</label>{' '}
        <input id={ids.day} type="date" value={day} onChange={(event) => setDay(event.target.value)} />
      </p>
      <p>
        <label id={ids.sure}>
          <input type="checkbox" checked={isSure} onChange={(event) => setIsSure(event.target.checked)} />{' '}
          {said.eraseSure}
        </label>
      </p>
      <p>
        <Act isOff={!isReady || erase.isPending} describedBy={ids.sure} press={() => erase.mutate()}>
          {erase.isPending ? said.making : said.erase}
        </Act>
      </p>
      <Trouble error={erase.error} />
      <div role="status">
        {erase.data && !erase.isPending && <p className="sent">{said.erased(erase.data.batches.length)}</p>}
      </div>
    </Card>
  )
}
