/** Letting others read a seat's data for a time, taking that back, and seeing who read what. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { type GrantScope, grantScopes } from '../../contracts/protocol/data-grants.ts'
import type { GrantResource } from '../../server/api/grant-resources.ts'
import { part } from '../api/part.ts'
import { Act } from '../page/act.tsx'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { AddressField } from '../page/fields.tsx'
import { formWords } from '../page/form-words.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { localDate, localMoment } from '../time/clock.ts'
import { endingWith, grantOf, opensWords, readWordsOf } from './grant.ts'
import { grantsQuery, readsQuery } from './queries.ts'
import { grantWords } from './words.ts'
import './grants.css'

export default function GrantCards({ area, seat }: SeatViewProps) {
  const said = grantWords()
  return (
    <div className="grants">
      {area.chain.revocations === null ? (
        <Card title={said.give}>
          <Empty>{said.cannot}</Empty>
        </Card>
      ) : (
        <GivenCard area={area} seat={seat} />
      )}
      <ReadsCard />
    </div>
  )
}

function GivenCard({ area, seat }: SeatViewProps) {
  const said = grantWords()
  const session = useSession()
  const queries = useQueryClient()
  const grants = useQuery(grantsQuery(session))
  const takeBack = useMutation({
    mutationFn: async (taken: GrantResource) =>
      (await part(() => import('./submit.ts'))).takeGrantBack(session, taken, grants.data ?? []),
    onSettled: () => queries.invalidateQueries({ queryKey: ['grants', session.account] }),
  })
  const given = (grants.data ?? []).filter((each) => !each.revoked && each.seat === seat.seat)
  return (
    <Card title={said.give}>
      <p className="explain">{said.explain}</p>
      <Trouble error={grants.error} retry={() => void grants.refetch()} />
      {grants.isPending && <Waiting />}
      {grants.data && given.length === 0 && <Empty>{said.nobody}</Empty>}
      <ul className="grant-list">
        {given.map((each) => {
          const others = endingWith(each, grants.data ?? []).length
          return (
            <li key={each.grant}>
              <p>
                <code className="grant-account">{each.grantee}</code>
                {said.reads(opensWords(each), localDate(each.from), localMoment(each.until))}
              </p>
              <button type="button" disabled={takeBack.isPending} onClick={() => takeBack.mutate(each)}>
                {takeBack.isPending && takeBack.variables.grant === each.grant ? said.signing : said.takeBack}
              </button>
              {others > 0 && <span className="explain">{said.others(others)}</span>}
            </li>
          )
        })}
      </ul>
      <Trouble error={takeBack.error} />
      {takeBack.data && (
        <p className="sent" role="status">
          {said.takenBack}
          {takeBack.data.notCarried !== null && said.notCarried(takeBack.data.notCarried)}
        </p>
      )}
      <GiveForm area={area} seat={seat} />
    </Card>
  )
}

const choices: readonly GrantScope[] = ['intervals', 'readings', 'statements']

function GiveForm({ area, seat }: SeatViewProps) {
  const said = grantWords()
  const session = useSession()
  const queries = useQueryClient()
  const ids = { detail: useId(), first: useId(), last: useId() }
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
      return (await part(() => import('./submit.ts'))).giveGrant(session, area, made.grant)
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
      <AddressField label={said.reader} address={grantee} setAddress={setGrantee} isWide />
      <p className="field">
        <label htmlFor={ids.first}>{said.firstDay}</label>
        <input id={ids.first} type="date" value={firstDay} onChange={(event) => setFirstDay(event.target.value)} />
      </p>
      <p className="field">
        <label htmlFor={ids.last}>{said.lastDay}</label>
        <input id={ids.last} type="date" value={lastDay} onChange={(event) => setLastDay(event.target.value)} />
      </p>
      <p className="field">
        <label htmlFor={ids.detail}>{said.howFine}</label>
        <select
          id={ids.detail}
          value={isDaily ? 'day' : 'interval'}
          onChange={(event) => setIsDaily(event.target.value === 'day')}
        >
          <option value="interval">{said.each(said.period(area.intervalSeconds))}</option>
          <option value="day">{said.days}</option>
        </select>
      </p>
      {!isDaily && (
        <fieldset className="wide-field">
          <legend>{said.what}</legend>
          {choices.map((name) => (
            <label key={name} className="grant-choice">
              <input
                type="checkbox"
                checked={(scopes.reduce((sum, each) => sum + grantScopes[each], 0) & grantScopes[name]) !== 0}
                onChange={(event) => choose(name, event.target.checked)}
              />{' '}
              {said.choices[name]}
            </label>
          ))}
        </fieldset>
      )}
      <Act
        isSubmit
        isOff={'problem' in read || give.isPending}
        why={'problem' in read ? (isEmpty ? formWords().fillIn : read.problem) : null}
      >
        {give.isPending ? said.signing : said.letThem}
      </Act>
      {'problem' in read && !isEmpty && <p className="explain wide-field">{read.problem}</p>}
      <Trouble error={give.error} />
    </form>
  )
}

function ReadsCard() {
  const said = grantWords()
  const session = useSession()
  const reads = useQuery(readsQuery(session))
  return (
    <Card title={said.whoRead}>
      <Trouble error={reads.error} retry={() => void reads.refetch()} />
      {reads.isPending && <Waiting />}
      {reads.data?.length === 0 && <Empty>{said.nobodyRead}</Empty>}
      <ul className="grant-list">
        {reads.data?.map((each) => (
          <li key={`${each.firstAt} ${each.reader} ${each.what} ${each.grant} ${each.seat}`}>
            <p>
              <strong>{localMoment(each.lastAt)}</strong> <code className="grant-account">{each.reader}</code>,{' '}
              {said.as[each.as]}: {readWordsOf(each)}
              {each.from !== null && each.until !== null && said.of(localMoment(each.from), localMoment(each.until))}
              {each.times > 1 && said.times(each.times, localMoment(each.firstAt))}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
