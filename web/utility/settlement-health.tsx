/**
 * The state of payments: up to when they are paid, what waits, what a payment costs on the chain, and what watchers say about
 * the waiting one.
 */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource, BatchResource } from '../../server/api/resources.ts'
import { watchersQuery } from '../api/queries.ts'
import { count } from '../money/format.ts'
import { duration, localMoment, localTime, useNow } from '../time/clock.ts'
import { memberWords } from './member-words.ts'
import { refusalWords } from './refusal-words.ts'
import { ServerSays } from './server-says.tsx'

interface HealthProps {
  area: AreaResource
  /** The area's batches, newest first. */
  batches: readonly BatchResource[]
}

export function SettlementHealth({ area, batches }: HealthProps) {
  const said = memberWords()
  const nowMs = useNow()
  const waiting = batches.filter(({ status }) => status !== 'settled')
  const oldest = waiting.at(-1)
  const since = oldest === undefined ? 0 : Math.max(0, nowMs - Date.parse(oldest.end)) / 1000
  return (
    <dl className="facts" aria-label={said.health}>
      <div>
        <dt>{said.paidUntil}</dt>
        <dd>{area.settledUntil === null ? said.notYet : localMoment(area.settledUntil)}</dd>
      </div>
      <div>
        <dt>{said.waiting}</dt>
        <dd>{oldest === undefined ? said.none : said.waitingOf(waiting.length, duration(since))}</dd>
      </div>
      <Gas batches={batches} />
      <Watchers area={area} />
    </dl>
  )
}

function Gas({ batches }: Pick<HealthProps, 'batches'>) {
  const said = memberWords()
  const known = batches.filter(({ gasUsed, seats }) => gasUsed !== null && seats > 0)
  if (known.length === 0) return null
  const gas = known.reduce((sum, { gasUsed }) => sum + gasUsed!, 0)
  const seats = known.reduce((sum, each) => sum + each.seats, 0)
  return (
    <div>
      <dt>{said.gas}</dt>
      <dd>{said.gasOf(count(Math.round(gas / known.length)), count(Math.round(gas / seats)))}</dd>
    </div>
  )
}

function Watchers({ area }: Pick<HealthProps, 'area'>) {
  const said = memberWords()
  const watchers = useQuery({ ...watchersQuery(area.area), refetchInterval: 10_000 }).data
  if (watchers === undefined) return null
  const { keys, quorum, waiting } = watchers
  const words = waiting?.words ?? []
  const signed = words.filter(({ reason }) => reason === null).length
  return (
    <div>
      <dt>{said.watchers}</dt>
      <dd>
        {keys.length === 0 ? said.nobodyWatches : said.watched(quorum, keys.length)}
        {waiting && (
          <small>
            {said.signedBy(signed, keys.length, localTime(waiting.since))}{' '}
            {waiting.settlesFrom !== null && said.settlesAnyway(localMoment(waiting.settlesFrom))}
          </small>
        )}
        {words.map(
          ({ watcher, reason, sentence }) =>
            reason !== null && (
              <small key={watcher}>
                {said.refused(`${watcher.slice(0, 8)}…${watcher.slice(-4)}`, refusalWords().because[reason])}
                {sentence !== null && <ServerSays sentence={sentence} />}
              </small>
            ),
        )}
      </dd>
    </div>
  )
}
