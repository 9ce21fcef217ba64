/** The reports that were put forward, for the clerks of an area: what each one says, who has signed it, and a button to sign it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReleaseResource } from '../../server/api/report-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { Badge, Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { localRange } from '../time/range.ts'
import { billQuery, releasesQuery } from './queries.ts'
import { releaseWords } from './release-words.ts'
import { reportName } from './report-name.ts'

const tones = { waiting: 'warn', changed: 'bad', released: 'good' } as const

/** The people who may approve are named with the documents of any month. */
export function Releases({ area, month }: { area: AreaResource; month: string }) {
  const said = releaseWords()
  const session = useSession()
  const releases = useQuery(releasesQuery(session, area.area))
  const approvers = useQuery(billQuery(session, area.area, month)).data?.parties?.approvers ?? []
  return (
    <Card title={said.title} className="documents releases">
      <p className="explain">{said.explain}</p>
      <Trouble error={releases.error} retry={() => void releases.refetch()} />
      {releases.isPending && <Waiting lines={2} />}
      {releases.data?.length === 0 && <Empty>{said.none}</Empty>}
      {releases.data?.map((release) => (
        <Release
          key={release.manifestHash}
          area={area}
          release={release}
          mayApprove={approvers.includes(session.account)}
        />
      ))}
    </Card>
  )
}

function Release({ area, release, mayApprove }: { area: AreaResource; release: ReleaseResource; mayApprove: boolean }) {
  const said = releaseWords()
  const session = useSession()
  const queries = useQueryClient()
  const { report, version, manifest, approvals, approvalsNeeded, state, releasedAt } = release
  const approve = useMutation({
    mutationFn: async () => (await part(() => import('./submit.ts'))).signRelease(session, area, release),
    onSettled: () => queries.invalidateQueries({ queryKey: ['releases', session.account, area.area] }),
  })
  const hasApproved = approvals.some(({ account }) => account === session.account)
  const name = said.report(reportName(report), version)
  return (
    <section className="release" aria-label={name}>
      <h3>
        {name} <Badge tone={tones[state]}>{said.states[state]}</Badge>
      </h3>
      <p>
        {localRange(String(manifest.from), String(manifest.to))} · {said.rows(Number(manifest.rows))} ·{' '}
        {releasedAt === null ? said.proposed(localMoment(release.proposedAt)) : said.released(localMoment(releasedAt))}
      </p>
      <p role="status">{state === 'changed' ? said.changedText : said.approvals(approvals.length, approvalsNeeded)}</p>
      <p className="explain proof-hash">{said.fingerprint(release.manifestHash)}</p>
      {state === 'waiting' && mayApprove && !hasApproved && (
        <p className="buttons">
          <button type="button" className="primary" disabled={approve.isPending} onClick={() => approve.mutate()}>
            {approve.isPending ? said.approving : said.approve}
          </button>
        </p>
      )}
      {state === 'waiting' && hasApproved && <p className="explain">{said.approved}</p>}
      <Trouble error={approve.error} />
    </section>
  )
}
