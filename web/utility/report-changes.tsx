/** The rows that were computed since the version of a report before this one, as they are now. */
import { useQuery } from '@tanstack/react-query'
import type { ReportVersionResource } from '../../server/api/report-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getText } from '../api/client.ts'
import { count } from '../money/format.ts'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { changedRows } from './report-check.ts'
import { queryOf } from './report-version.ts'
import { utilityWords } from './words.ts'

interface ReportChangesProps {
  area: AreaResource
  version: ReportVersionResource
  /** When the previous version was computed. */
  since: string
}

/** The most rows that are shown; the file has all of them. */
const mostShown = 200

export function ReportChanges({ area, version, since }: ReportChangesProps) {
  const said = utilityWords()
  const session = useSession()
  const asked = { area: area.area, ...queryOf(version), format: 'csv', changedSince: since }
  const changes = useQuery({
    queryKey: ['report-changes', session.account, asked],
    queryFn: async () => changedRows(await getText('/areas/{area}/report', asked, session)),
  })
  return (
    <section className="changes" aria-label={said.saveChanges(version.version - 1)}>
      <h4>{said.changed(version.version - 1, changes.data?.length ?? null)}</h4>
      <Trouble error={changes.error} retry={() => void changes.refetch()} />
      {changes.isPending && <Waiting />}
      {changes.data?.length === 0 && <Empty>{said.unchanged}</Empty>}
      {changes.data && changes.data.length > 0 && (
        <TableFrame label={said.saveChanges(version.version - 1)} tall>
          <thead>
            <tr>
              <th scope="col">{said.time}</th>
              <th scope="col">{said.point}</th>
              {([said.run, said.taken, said.fedIn, said.bought, said.sold] as const).map((name) => (
                <th key={name} scope="col" className="n">
                  {name}
                </th>
              ))}
              <th scope="col">{said.computed}</th>
            </tr>
          </thead>
          <tbody>
            {changes.data.slice(0, mostShown).map(({ start, point, run, computedAt, ...energies }) => (
              <tr key={`${start} ${point}`}>
                <th scope="row">{localMoment(start)}</th>
                <td>{point}</td>
                <td className="n">{run}</td>
                {(['importWh', 'exportWh', 'boughtWh', 'soldWh'] as const).map((name) => (
                  <td key={name} className="n">
                    {count(energies[name])}
                  </td>
                ))}
                <td>{localMoment(computedAt)}</td>
              </tr>
            ))}
          </tbody>
        </TableFrame>
      )}
    </section>
  )
}
