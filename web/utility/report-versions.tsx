/** The reports that were handed out, each with its version, its content, and what has changed from one version to the next. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReportVersionResource } from '../../server/api/report-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, getText, postJson } from '../api/client.ts'
import { releasesQuery } from '../documents/queries.ts'
import { releaseWords } from '../documents/release-words.ts'
import { reportName } from '../documents/report-name.ts'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { localRange } from '../time/range.ts'
import { ReportChanges } from './report-changes.tsx'
import { changedSinceOf, isProposable, queryOf, rangeOf } from './report-version.ts'
import { utilityWords } from './words.ts'

export function ReportVersions({ area }: { area: AreaResource }) {
  const said = utilityWords()
  const session = useSession()
  const queries = useQueryClient()
  const [opened, setOpened] = useState<string | null>(null)
  const versions = useQuery({
    queryKey: ['reports', session.account, area.area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/reports', { area: area.area }, { ...session, signal })).items,
  })
  const releases = useQuery(releasesQuery(session, area.area))
  const propose = useMutation({
    mutationFn: ({ report, version }: ReportVersionResource) =>
      postJson('/areas/{area}/releases', { area: area.area }, { report, version }, session),
    onSettled: () => queries.invalidateQueries({ queryKey: ['releases', session.account, area.area] }),
  })
  const save = useMutation({
    mutationFn: async ({ version, since }: { version: ReportVersionResource; since: string | null }) => {
      const asked = { area: area.area, ...queryOf(version), changedSince: since ?? undefined }
      const text = await getText('/areas/{area}/report', asked, session)
      const part = since === null ? '' : '-changes'
      saveFile(
        text,
        `settlement-${area.area}-v${version.version}${part}.${String(version.report.format)}`,
        'text/plain',
      )
    },
  })
  if (versions.isPending) return <Waiting lines={3} />
  const all = versions.data ?? []
  const shown = all.find((each) => keyOf(each) === opened && changedSinceOf(each, all) !== null)
  return (
    <>
      <Trouble error={versions.error ?? save.error ?? propose.error} />
      {all.length === 0 ? (
        <Empty>{said.noReport}</Empty>
      ) : (
        <TableFrame label={said.versions} tall>
          <thead>
            <tr>
              <th scope="col">{said.givenOut}</th>
              <th scope="col">{said.range}</th>
              <th scope="col">{said.as}</th>
              <th scope="col" className="n">
                {said.version}
              </th>
              <th scope="col" className="n">
                {said.rows}
              </th>
              <th scope="col" className="n">
                {said.leftOut}
              </th>
              <th scope="col">{said.changes}</th>
            </tr>
          </thead>
          <tbody>
            {all.map((version) => {
              const { from, to } = rangeOf(version)
              const since = changedSinceOf(version, all)
              const mayPropose = isProposable(version, all, releases.data ?? [])
              return (
                <tr key={keyOf(version)}>
                  <th scope="row">{localMoment(version.createdAt)}</th>
                  <td>{localRange(from, to)}</td>
                  <td>{reportName(version.report)}</td>
                  <td className="n">{version.version}</td>
                  <td className="n">{String(version.manifest?.rows ?? '–')}</td>
                  <td className="n">{String(version.manifest?.refused ?? '–')}</td>
                  <td>
                    {since !== null && (
                      <button
                        type="button"
                        className="quiet"
                        aria-expanded={opened === keyOf(version)}
                        onClick={() => setOpened(opened === keyOf(version) ? null : keyOf(version))}
                      >
                        {said.saveChanges(version.version - 1)}
                      </button>
                    )}{' '}
                    <button
                      type="button"
                      className="quiet"
                      disabled={save.isPending}
                      onClick={() => save.mutate({ version, since })}
                    >
                      {since === null ? said.saveVersion(version.version) : said.saveThese(version.version)}
                    </button>{' '}
                    {mayPropose && (
                      <button
                        type="button"
                        className="quiet"
                        disabled={propose.isPending}
                        onClick={() => propose.mutate(version)}
                      >
                        {releaseWords().propose}
                      </button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </TableFrame>
      )}
      {shown !== undefined && <ReportChanges area={area} version={shown} since={changedSinceOf(shown, all)!} />}
    </>
  )
}

const keyOf = ({ report, version }: ReportVersionResource) => `${JSON.stringify(report)} ${version}`
