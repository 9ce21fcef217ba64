/** Letting others read a seat's data for a time, taking that back, and seeing who read what. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { type GrantScope, grantScopes } from '../../contracts/protocol/data-grants.ts'
import type { GrantResource } from '../../server/api/grant-resources.ts'
import { areasQuery } from '../api/queries.ts'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localDate, localMoment } from '../time/clock.ts'
import { endingWith, grantOf, opensWords, readWordsOf } from './grant.ts'
import { grantsQuery, readsQuery } from './queries.ts'
import './grants.css'

export default function GrantCards({ area, seat }: SeatViewProps) {
  return (
    <div className="grants">
      {area.chain.revocations === null ? (
        <Card title="Let somebody read">
          <Empty>This server cannot give others access to your data.</Empty>
        </Card>
      ) : (
        <GivenCard area={area} seat={seat} />
      )}
      <ReadsCard />
    </div>
  )
}

function GivenCard({ area, seat }: SeatViewProps) {
  const session = useSession()
  const queries = useQueryClient()
  const grants = useQuery(grantsQuery(session))
  const areas = useQuery(areasQuery).data ?? [area]
  const takeBack = useMutation({
    mutationFn: async (taken: GrantResource) =>
      (await import('./submit.ts')).takeBack(session, taken, { grants: grants.data ?? [], areas }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['grants', session.account] }),
  })
  const given = (grants.data ?? []).filter((each) => !each.revoked && each.seat === seat.seat)
  return (
    <Card title="Let somebody read">
      <p className="explain">
        An energy adviser, a landlord, a program: whoever signs in with the account that you name here reads the data of
        these days of this meter, and nothing else. They can change nothing.
      </p>
      <Trouble error={grants.error} retry={() => void grants.refetch()} />
      {grants.isPending && <Waiting />}
      {grants.data && given.length === 0 && (
        <Empty>Nobody but you and your grid operator reads the data of this meter.</Empty>
      )}
      <ul className="grant-list">
        {given.map((each) => {
          const others = endingWith(each, grants.data ?? [], areas).length
          return (
            <li key={each.grant}>
              <p>
                <code className="grant-account">{each.grantee}</code> reads {opensWords(each)} from{' '}
                {localDate(each.from)} until {localMoment(each.until)}.
              </p>
              <button type="button" disabled={takeBack.isPending} onClick={() => takeBack.mutate(each)}>
                {takeBack.isPending && takeBack.variables.grant === each.grant ? 'Signing…' : 'Take back'}
              </button>
              {others > 0 && (
                <span className="explain">
                  {' '}
                  You sign {others === 1 ? 'the older one' : `the ${others} older ones`} again, to keep{' '}
                  {others === 1 ? 'it' : 'them'}.
                </span>
              )}
            </li>
          )
        })}
      </ul>
      <Trouble error={takeBack.error} />
      {takeBack.data && (
        <p className="sent" role="status">
          Taken back.{' '}
          {takeBack.data.notCarried !== null &&
            `It holds on this server; the chain does not know it yet: ${takeBack.data.notCarried}.`}
        </p>
      )}
      <GiveForm area={area} seat={seat} />
    </Card>
  )
}

const choices: { name: GrantScope; label: string }[] = [
  { name: 'intervals', label: 'energy and money' },
  { name: 'readings', label: 'signed readings' },
  { name: 'statements', label: 'statements' },
]

function GiveForm({ area, seat }: SeatViewProps) {
  const session = useSession()
  const queries = useQueryClient()
  const ids = { reader: useId(), detail: useId(), first: useId(), last: useId() }
  const [grantee, setGrantee] = useState('')
  const [isDaily, setIsDaily] = useState(false)
  const [scopes, setScopes] = useState<readonly GrantScope[]>(['intervals'])
  const [firstDay, setFirstDay] = useState('')
  const [lastDay, setLastDay] = useState('')
  const draft = { grantee, scopes, isDaily, firstDay, lastDay }
  const isEmpty = grantee === '' && firstDay === '' && lastDay === ''
  const read = grantOf(draft, seat, Date.now())
  const give = useMutation({
    mutationFn: async () => {
      const made = grantOf(draft, seat, Date.now())
      if ('problem' in made) throw new Error(made.problem)
      return (await import('./submit.ts')).giveGrant(session, area, made.grant)
    },
    onSuccess: () => {
      setGrantee('')
      void queries.invalidateQueries({ queryKey: ['grants', session.account] })
    },
  })
  const choose = (name: GrantScope, isChosen: boolean) =>
    setScopes(isChosen ? [...scopes, name] : scopes.filter((each) => each !== name))
  return (
    <form
      className="grant-form"
      onSubmit={(event) => {
        event.preventDefault()
        give.mutate()
      }}
    >
      <p className="field wide-field">
        <label htmlFor={ids.reader}>The reader’s account</label>
        <input
          id={ids.reader}
          autoComplete="off"
          spellCheck={false}
          placeholder="0x…"
          value={grantee}
          onChange={(event) => setGrantee(event.target.value)}
        />
      </p>
      <p className="field">
        <label htmlFor={ids.first}>First day</label>
        <input id={ids.first} type="date" value={firstDay} onChange={(event) => setFirstDay(event.target.value)} />
      </p>
      <p className="field">
        <label htmlFor={ids.last}>Last day</label>
        <input id={ids.last} type="date" value={lastDay} onChange={(event) => setLastDay(event.target.value)} />
      </p>
      <p className="field">
        <label htmlFor={ids.detail}>How fine</label>
        <select
          id={ids.detail}
          value={isDaily ? 'day' : 'interval'}
          onChange={(event) => setIsDaily(event.target.value === 'day')}
        >
          <option value="interval">each interval</option>
          <option value="day">sums of whole days (UTC)</option>
        </select>
      </p>
      {!isDaily && (
        <fieldset className="wide-field">
          <legend>What</legend>
          {choices.map(({ name, label }) => (
            <label key={name} className="grant-choice">
              <input
                type="checkbox"
                checked={(scopes.reduce((sum, each) => sum + grantScopes[each], 0) & grantScopes[name]) !== 0}
                onChange={(event) => choose(name, event.target.checked)}
              />{' '}
              {label}
            </label>
          ))}
        </fieldset>
      )}
      <button type="submit" disabled={'problem' in read || give.isPending}>
        {give.isPending ? 'Signing…' : 'Let them read'}
      </button>
      {'problem' in read && !isEmpty && <p className="explain wide-field">{read.problem}</p>}
      <Trouble error={give.error} />
    </form>
  )
}

function ReadsCard() {
  const session = useSession()
  const reads = useQuery(readsQuery(session))
  const grid = (as: 'grantee' | 'grid operator') => (as === 'grantee' ? 'by your grant' : 'as your grid operator')
  return (
    <Card title="Who has read my data">
      <Trouble error={reads.error} retry={() => void reads.refetch()} />
      {reads.isPending && <Waiting />}
      {reads.data?.length === 0 && <Empty>Nobody but you.</Empty>}
      <ul className="grant-list">
        {reads.data?.map((each) => (
          <li key={`${each.firstAt} ${each.reader} ${each.what} ${each.grant} ${each.seat}`}>
            <p>
              <strong>{localMoment(each.lastAt)}</strong> <code className="grant-account">{each.reader}</code>,{' '}
              {grid(each.as)}: {readWordsOf(each)}
              {each.from !== null && each.until !== null && (
                <>
                  {' '}
                  of {localMoment(each.from)} to {localMoment(each.until)}
                </>
              )}
              {each.times > 1 && (
                <>
                  , {each.times} times since {localMoment(each.firstAt)}
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
