/**
 * The card "My account": where the account is signed in, what happens when the passkey is lost, and the device's key that sets
 * prices.
 */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import type { ListedSessionResource } from '../../server/api/session-resources.ts'
import { deleteAt, getJson } from '../api/client.ts'
import { part } from '../api/part.ts'
import { seatsQuery } from '../api/queries.ts'
import { Badge, Card, Trouble, Waiting } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { duration, localMoment } from '../time/clock.ts'
import { careWords } from './care-words.tsx'
import { savedAccounts } from './saved-account.ts'
import { type Session, useSession, useVisitor } from './session.tsx'
import './account-care.css'

export default function AccountCare({ area }: { area: AreaResource }) {
  const said = careWords()
  const session = useSession()
  const kept = savedAccounts().find(({ account }) => account === session.account)
  return (
    <div className="view">
      <Card title={said.signedIn}>
        <Sessions session={session} />
      </Card>
      {session.identity.passkey && (
        <Card title={said.ifLost}>
          <SecondKey session={session} area={area} />
        </Card>
      )}
      {kept && (
        <Card title={said.ifLostDevice} className="lost-device">
          <p>{said.lostDeviceText}</p>
          <p className="explain">
            <button
              type="button"
              onClick={() => saveFile(JSON.stringify(kept), 'commonwatt-account.json', 'application/json')}
            >
              {said.saveAccount}
            </button>
          </p>
        </Card>
      )}
      {session.identity.orderKeys && <PriceKeys session={session} area={area} />}
    </div>
  )
}

function Sessions({ session }: { session: Session }) {
  const said = careWords()
  const queries = useQueryClient()
  const { leave } = useVisitor()
  const sessions = useQuery({
    queryKey: ['sessions', session.account],
    queryFn: async ({ signal }) => (await getJson('/sessions', {}, { account: session.account, signal })).items,
  })
  const end = useMutation({
    mutationFn: ({ id }: ListedSessionResource) => deleteAt('/sessions/{id}', { id }, session),
    onSuccess: async (_, { isThis }) => {
      if (!isThis) return queries.invalidateQueries({ queryKey: ['sessions', session.account] })
      leave(session.account)
    },
  })
  if (!sessions.data) return sessions.error ? <Trouble error={sessions.error} /> : <Waiting />
  return (
    <>
      <ul className="session-list">
        {sessions.data.map((each) => (
          <li key={each.id} className="session">
            <span>
              {said.since(each.client, localMoment(each.openedAt))}{' '}
              {each.isThis && <Badge tone="good">{said.here}</Badge>}
            </span>{' '}
            <button type="button" className="quiet" disabled={end.isPending} onClick={() => end.mutate(each)}>
              {each.isThis ? said.signOut : said.endIt}
            </button>
          </li>
        ))}
      </ul>
      <Trouble error={end.error} />
    </>
  )
}

/** How often the page asks whether a change has reached the chain, or whether somebody asks for the account, in milliseconds. */
const lookEveryMs = 3_000

function SecondKey({ session, area }: { session: Session; area: AreaResource }) {
  const said = careWords()
  const queries = useQueryClient()
  const queryKey = ['passkey-account', session.account]
  const state = useQuery({
    queryKey,
    queryFn: async () => (await part(() => import('./passkey.ts'))).passkeyAccountAt(area.area, session.account),
    refetchInterval: lookEveryMs,
  })
  const act = useMutation({
    mutationFn: async (what: 'print' | 'passkey' | 'remove' | 'object') => {
      const recovery = await part(() => import('./recovery.ts'))
      if (what === 'object') return recovery.objectToRecovery(session, area)
      if (what === 'passkey') return recovery.nameSecondPasskey(session, area)
      if (what === 'remove') return recovery.removeSecondKey(session, area)
      const key = recovery.newRecoveryKey(session.account)
      // The key is saved before it counts, since a key that nobody kept could recover nothing.
      saveFile(recovery.recoveryText(key, window.location.origin), 'commonwatt-recovery-key.txt', 'text/plain')
      return recovery.nameRecoveryKey(session, area, key)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey }),
  })
  if (state.data === undefined) return state.error ? <Trouble error={state.error} /> : <Waiting />
  if (state.data === null) return <p>{said.notOpenYet}</p>
  const { recovery, recoverableFrom } = state.data
  const hasSecond = BigInt(recovery.x) !== 0n
  const delay = duration(area.chain.accounts?.recoveryDelaySeconds ?? 0)
  return (
    <>
      {recoverableFrom !== null && (
        <div className="trouble" role="alert">
          <p>
            <strong>{said.somebodyAsks}</strong> {said.objectNow(localMoment(recoverableFrom))}
          </p>
          <button type="button" className="primary" disabled={act.isPending} onClick={() => act.mutate('object')}>
            {said.notMe}
          </button>
        </div>
      )}
      <p>{hasSecond ? said.hasSecond(delay) : said.noSecond(delay)}</p>
      <p className="explain">
        <button type="button" disabled={act.isPending} onClick={() => act.mutate('print')}>
          {hasSecond ? said.printAnother : said.printFirst}
        </button>{' '}
        <button type="button" disabled={act.isPending} onClick={() => act.mutate('passkey')}>
          {said.otherDevice}
        </button>{' '}
        {hasSecond && (
          <button type="button" className="quiet" disabled={act.isPending} onClick={() => act.mutate('remove')}>
            {said.nameNone}
          </button>
        )}
      </p>
      <Trouble error={act.error} />
      {act.isSuccess && (
        <p className="effect" role="status">
          {said.signed}
        </p>
      )}
    </>
  )
}

function PriceKeys({ session, area }: { session: Session; area: AreaResource }) {
  const seats = useQuery(seatsQuery(session)).data ?? []
  if (seats.length === 0) return null
  return (
    <Card title={careWords().prices}>
      {seats.map((seat) => (
        <PriceKey key={seat.seat} session={session} area={area} seat={seat} />
      ))}
    </Card>
  )
}

function PriceKey({ session, area, seat }: { session: Session; area: AreaResource; seat: SeatResource }) {
  const said = careWords()
  const queries = useQueryClient()
  const queryKey = ['price-key', session.account, seat.meter]
  const key = useQuery({
    queryKey,
    queryFn: async () => (await part(() => import('./order-key.ts'))).keptKeyOf(session.account, seat.meter),
  }).data
  const back = useMutation({
    mutationFn: async (own: string) => (await part(() => import('./order-key.ts'))).takeKeyBack(session, area, own),
    onSuccess: () => queries.invalidateQueries(),
  })
  const until = key && localMoment(new Date(key.validUntil * 1000).toISOString())
  return (
    <>
      <p>{until ? said.setsPrice(seat.meter.slice(0, 8), until) : said.asksOnce}</p>
      {key && (
        <button type="button" disabled={back.isPending} onClick={() => back.mutate(key.key)}>
          {said.stopPrices}
        </button>
      )}
      <Trouble error={back.error} />
    </>
  )
}
