/**
 * Official values for the metering operator of the area: the values at each point, contradictions between files, the homes' own
 * devices, and the files.
 */
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { OfficialFileResource } from '../../server/api/official-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { count } from '../money/format.ts'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localMoment, monthName, newestMonths } from '../time/clock.ts'
import { AreaWitnesses } from './area-witnesses.tsx'
import { ChangeTable } from './change-table.tsx'
import { Feeders } from './feeders.tsx'
import { PointTable } from './point-table.tsx'
import { officialDifferencesQuery, officialFilesQuery, pointsQuery } from './queries.ts'
import { meteringWords } from './words.ts'

const shownMonths = 13
const shownFiles = 20

export default function OfficialTab({ area }: { area: AreaResource }) {
  const said = meteringWords()
  const session = useSession()
  const id = useId()
  const [months] = useState(() => newestMonths(Date.now(), shownMonths))
  const [month, setMonth] = useState<string | null>(null)
  const points = useQuery(pointsQuery(session, area.area, month))
  const changes = useQuery(officialDifferencesQuery(session, area.area, month))
  const files = useQuery(officialFilesQuery(session, area.area))
  return (
    <div className="official">
      <p className="month-choice">
        <label htmlFor={id}>{said.shown}</label>
        <select id={id} value={month ?? ''} onChange={(event) => setMonth(event.target.value || null)}>
          <option value="">{said.lastDay}</option>
          {months.map((each) => (
            <option key={each} value={each}>
              {monthName(each)}
            </option>
          ))}
        </select>
      </p>
      <h3>{said.points}</h3>
      <Trouble error={points.error} retry={() => void points.refetch()} />
      {points.isPending && <Waiting lines={4} />}
      {points.data && (
        <>
          <p className="soft">
            {points.data.dueSeconds === null ? said.notDue : said.due(duration(points.data.dueSeconds))}
          </p>
          {points.data.items.length === 0 ? <Empty>{said.noRoster}</Empty> : <PointTable points={points.data.items} />}
        </>
      )}
      <Feeders area={area} month={month} />
      <h3>{said.changes}</h3>
      <Trouble error={changes.error} retry={() => void changes.refetch()} />
      {changes.data &&
        (changes.data.length === 0 ? <Empty>{said.noChange}</Empty> : <ChangeTable changes={changes.data} />)}
      <h3>{said.title}</h3>
      <AreaWitnesses area={area} />
      <h3>{said.files}</h3>
      <Trouble error={files.error} retry={() => void files.refetch()} />
      {files.data && (files.data.length === 0 ? <Empty>{said.noFile}</Empty> : <FileTable files={files.data} />)}
    </div>
  )
}

function FileTable({ files }: { files: readonly OfficialFileResource[] }) {
  const said = meteringWords()
  return (
    <TableFrame label={said.files} tall>
      <thead>
        <tr>
          <th scope="col">{said.taken}</th>
          <th scope="col">{said.file}</th>
          <th scope="col">{said.format}</th>
          <th scope="col">{said.made}</th>
          <th scope="col" className="n">
            {said.kept}
          </th>
          <th scope="col" className="n">
            {said.refused}
          </th>
          <th scope="col">{said.why}</th>
        </tr>
      </thead>
      <tbody>
        {files.slice(0, shownFiles).map(({ name, format, createdAt, takenAt, kept, refused, refusals }) => (
          <tr key={`${takenAt} ${name}`}>
            <th scope="row">{localMoment(takenAt)}</th>
            <td>{name}</td>
            <td>{format}</td>
            <td>{createdAt === null ? '–' : localMoment(createdAt)}</td>
            <td className="n">{count(kept)}</td>
            <td className="n">{count(refused)}</td>
            <td>{refusals[0] === undefined ? '–' : `${refusals[0].place}: ${refusals[0].reason}`}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
