/** The watchers who must compute each payment themselves, and what each has said about the payment that waits. */
import type { WatchersResource } from '../../server/api/watching-resources.ts'
import { Badge, Card } from '../page/card.tsx'
import { localMoment, localTime } from '../time/clock.ts'
import { refusalWords } from '../utility/refusal-words.ts'
import { ServerSays } from '../utility/server-says.tsx'
import { operatorWords } from './words.ts'

export function WatchersCard({ watchers: { keys, quorum, waiting } }: { watchers: WatchersResource }) {
  const said = operatorWords()
  return (
    <Card title={said.watchers}>
      <p>{keys.length === 0 ? said.nobodyWatches : said.watched(quorum, keys.length)}</p>
      {keys.length > 0 && (
        <p className="explain">
          {waiting === null
            ? said.nothingWaits
            : said.waits(localMoment(waiting.start), localTime(waiting.end), localTime(waiting.since))}{' '}
          {waiting?.settlesFrom != null && said.settlesAnyway(localMoment(waiting.settlesFrom))}
        </p>
      )}
      <ul className="keys" aria-label={said.watchers}>
        {keys.map((key) => (
          <li key={key}>
            <code className="address">{key}</code>{' '}
            {waiting !== null && <Word word={waiting.words.find(({ watcher }) => watcher === key)} />}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Word({ word }: { word: NonNullable<WatchersResource['waiting']>['words'][number] | undefined }) {
  const said = operatorWords()
  if (word === undefined) return <Badge tone="calm">{said.silent}</Badge>
  if (word.reason === null) return <Badge tone="good">{said.signed}</Badge>
  return (
    <>
      <Badge tone="bad">{said.refused}</Badge> {refusalWords().because[word.reason]}
      {word.sentence !== null && <ServerSays sentence={word.sentence} />}
    </>
  )
}
