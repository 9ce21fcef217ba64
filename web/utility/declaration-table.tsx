/**
 * What the grid operator has declared where it decides the quantities: allocated energy, keys and prices, and the declarations
 * for which batches wait.
 */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { localMoment } from '../time/clock.ts'
import { declarationWords } from './declaration-words.ts'
import { utilityWords } from './words.ts'

const shown = 100

export default function DeclarationTable({ area }: { area: AreaResource }) {
  const said = declarationWords()
  const declared = useQuery({
    queryKey: ['declarations', area.area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/declarations', { area: area.area, limit: shown }, { signal })).items,
    refetchInterval: 60_000,
  })
  const awaited = useQuery({
    queryKey: ['awaited', area.area],
    queryFn: ({ signal }) => getJson('/areas/{area}/declarations/awaited', { area: area.area }, { signal }),
    refetchInterval: 60_000,
  }).data
  const waiting = awaited?.intervals ?? []
  return (
    <div className="changes">
      <Trouble error={declared.error} retry={() => void declared.refetch()} />
      {waiting.length > 0 && (
        <p role="status">{said.awaited(waiting.length, localMoment(waiting[0]!), localMoment(waiting.at(-1)!))}</p>
      )}
      {declared.isPending && <Waiting lines={4} />}
      {declared.data?.length === 0 && <Empty>{said.none}</Empty>}
      {declared.data && declared.data.length > 0 && (
        <TableFrame label={utilityWords().declarations} tall>
          <thead>
            <tr>
              {[said.accepted, said.kind, said.from, said.until, said.version, said.counts].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {declared.data.map(({ declaration, acceptedAt, kind, start, end, version, countsFrom }) => (
              <tr key={declaration}>
                <th scope="row">{localMoment(acceptedAt)}</th>
                <td>{said.kinds[kind]}</td>
                <td>{localMoment(start)}</td>
                <td>{localMoment(end)}</td>
                <td>{version}</td>
                <td>{countsFrom > start ? said.late(localMoment(countsFrom)) : said.whole}</td>
              </tr>
            ))}
          </tbody>
        </TableFrame>
      )}
    </div>
  )
}
