/**
 * The notices of an account. New ones stand open; all of them, and the choice of which are wanted, appear when somebody opens
 * the list.
 */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { NoticeResource, NoticesResource } from '../../server/api/notice-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { postJson } from '../api/client.ts'
import { areasQuery, seatsQuery } from '../api/queries.ts'
import { Act } from '../page/act.tsx'
import { Badge, Empty, Trouble } from '../page/card.tsx'
import { type Session, useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { noticesQuery } from './queries.ts'
import { type SystemState, showNoMore, showNotice, showOnThisDevice, systemState } from './system.ts'
import { cameSince, noticeText } from './telling.ts'
import { noticeWords } from './words.ts'
import './notices.css'

const ofHomes = ['payout', 'silent', 'statement'] as const
const ofClerks = [...ofHomes, 'bill'] as const
/** How many new notices are shown at once. */
const mostTold = 3

interface NoticesProps {
  area: AreaResource
  /** Whether the account is a clerk, who also receives notices about the documents of a month. */
  isClerk: boolean
}

export default function Notices({ area, isClerk }: NoticesProps) {
  const said = noticeWords()
  const session = useSession()
  const queries = useQueryClient()
  const notices = useInfiniteQuery(noticesQuery(session))
  const tell = useTelling(session, area)
  const first = notices.data?.pages[0]
  useShowing(first?.items, { account: session.account, title: area.name, tell })
  const items = notices.data?.pages.flatMap((page) => page.items) ?? []
  const unread = items.filter(({ read }) => !read)
  const read = useMutation({
    mutationFn: () => {
      const { account } = session
      return postJson('/accounts/{account}/notices/read', { account }, { until: items[0]!.id }, session)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['notices', session.account] }),
  })
  if (first === undefined) {
    return <Trouble error={notices.error} retry={() => void notices.refetch()} />
  }
  return (
    <section className="notices" id="notices" aria-label={said.title}>
      <div role="status">
        {unread.length > 0 && (
          <div className="effect">
            <strong>{said.newOnes(first.unread)}</strong>
            <ul className="plain">
              {unread.slice(0, mostTold).map((notice) => (
                <li key={notice.id}>{tell(notice)}</li>
              ))}
            </ul>
            <Act className="quiet" isOff={read.isPending} press={() => read.mutate()}>
              {said.markRead}
            </Act>
            <Trouble error={read.error} />
          </div>
        )}
      </div>
      <details className="more notices-all">
        <summary>{first.unread > 0 ? said.titleUnread(first.unread) : said.title}</summary>
        <div className="card">
          {items.length === 0 && <Empty>{said.none}</Empty>}
          <ul className="notice-list">
            {items.map((notice) => (
              <li key={notice.id}>
                <time dateTime={notice.happenedAt}>{localMoment(notice.happenedAt)}</time>{' '}
                {!notice.read && <Badge tone="good">{said.isNew}</Badge>} {tell(notice)}
              </li>
            ))}
          </ul>
          {notices.hasNextPage && (
            <Act className="quiet" isOff={notices.isFetchingNextPage} press={() => void notices.fetchNextPage()}>
              {said.older}
            </Act>
          )}
          <Choices choices={first.choices} session={session} isClerk={isClerk} />
          <OnThisDevice account={session.account} />
        </div>
      </details>
    </section>
  )
}

/** Puts a notice into words, with its meter and with the currency of its area. */
function useTelling(session: Session, area: AreaResource): (notice: NoticeResource) => string {
  const seats = useQuery(seatsQuery(session)).data
  const areas = useQuery(areasQuery).data
  return (notice) => {
    const { currency } = areas?.find((each) => each.area === notice.area) ?? area
    const meter = seats?.find(({ seat }) => seat === notice.seat)?.meter ?? null
    return noticeText(notice, { account: session.account, currency, meter })
  }
}

/** Has the device show new notices while the page is open, where its owner wanted that. */
function useShowing(
  newest: readonly NoticeResource[] | undefined,
  { account, title, tell }: { account: string; title: string; tell: (notice: NoticeResource) => string },
): void {
  const seen = useRef<string | null>(null)
  const telling = useRef(tell)
  telling.current = tell
  useEffect(() => {
    if (newest === undefined) return
    const came = cameSince(newest, seen.current)
    seen.current = newest[0]?.id ?? '0'
    if (systemState(account) !== 'on') return
    for (const notice of came) {
      void showNotice({ id: notice.id, title, body: telling.current(notice) }).catch(() => {})
    }
  }, [newest, account, title])
}

function Choices({
  choices,
  session,
  isClerk,
}: {
  choices: NoticesResource['choices']
  session: Session
  isClerk: boolean
}) {
  const said = noticeWords()
  const queries = useQueryClient()
  const choose = useMutation({
    mutationFn: (changed: NoticesResource['choices']) =>
      postJson('/accounts/{account}/notices/choices', { account: session.account }, changed, session),
    onSettled: () => queries.invalidateQueries({ queryKey: ['notices', session.account] }),
  })
  const shown = choose.isPending ? choose.variables : choices
  return (
    <fieldset className="notice-choices">
      <legend>{said.which}</legend>
      {(isClerk ? ofClerks : ofHomes).map((kind) => (
        <label key={kind}>
          <input
            type="checkbox"
            checked={shown[kind]}
            onChange={(event) => choose.mutate({ ...shown, [kind]: event.target.checked })}
          />{' '}
          {said.kinds[kind]}
        </label>
      ))}
      <Trouble error={choose.error} />
      <p className="explain" role="status">
        {choose.isSuccess && said.saved}
      </p>
    </fieldset>
  )
}

function OnThisDevice({ account }: { account: string }) {
  const said = noticeWords()
  const [state, setState] = useState<SystemState>(() => systemState(account))
  const renew = () => setState(systemState(account))
  const allow = useMutation({ mutationFn: () => showOnThisDevice(account), onSettled: renew })
  return (
    <div className="notice-device">
      <h2>{said.systemTitle}</h2>
      <p className="explain">{said.systemText}</p>
      <div role="status">
        {state === 'unable' && <p>{said.unable}</p>}
        {state === 'denied' && <p>{said.denied}</p>}
        {state === 'on' && <p className="sent">{said.shown}</p>}
      </div>
      {state === 'off' && (
        <Act isOff={allow.isPending} press={() => allow.mutate()}>
          {said.allow}
        </Act>
      )}
      {state === 'on' && (
        <button
          type="button"
          className="quiet"
          onClick={() => {
            showNoMore(account)
            renew()
          }}
        >
          {said.stopShowing}
        </button>
      )}
      <Trouble error={allow.error} />
    </div>
  )
}
