/** The form for the settlement report of a range, in any of its formats, under the grid operator's own session. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, getText } from '../api/client.ts'
import { Badge, Trouble } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { useSession } from '../session/session.tsx'
import { fieldTime } from '../time/clock.ts'
import { checkReport } from './report-check.ts'
import { ReportVersions } from './report-versions.tsx'
import { utilityWords } from './words.ts'

const hourMs = 3_600_000

export default function Report({ area }: { area: AreaResource }) {
  return (
    <>
      <ReportForm area={area} />
      <ReportVersions area={area} />
    </>
  )
}

function ReportForm({ area }: { area: AreaResource }) {
  const said = utilityWords()
  const session = useSession()
  const queries = useQueryClient()
  const ids = { from: useId(), to: useId(), format: useId(), by: useId() }
  const formats = useQuery({
    queryKey: ['report-formats'],
    queryFn: () => getJson('/report-formats', {}),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [format, setFormat] = useState('csv')
  const [by, setBy] = useState('interval')
  const [from, setFrom] = useState(() => fieldTime(Date.now() - hourMs))
  const [to, setTo] = useState(() => fieldTime(Date.now()))
  const valid = from !== '' && to !== '' && Date.parse(from) < Date.parse(to)
  const download = useMutation({
    mutationFn: async () => {
      const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
      const text = await getText('/areas/{area}/report', { area: area.area, ...range, format, by }, session)
      const known = formats.data?.items.find((each) => each.name === format)
      const ending = known?.ending ?? 'csv'
      const name = `commonwatt-area-${area.area}-${from.replace(/\D/g, '')}-${to.replace(/\D/g, '')}.${ending}`
      saveFile(text, name, known?.mediaType ?? 'text/csv')
      return format === 'csv' ? checkReport(text) : null
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['reports', session.account, area.area] }),
  })
  return (
    <form
      className="report"
      onSubmit={(event) => {
        event.preventDefault()
        if (valid) download.mutate()
      }}
    >
      <p>{said.reportText}</p>
      <div className="report-range">
        <label htmlFor={ids.from}>{said.from}</label>
        <input id={ids.from} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
        <label htmlFor={ids.to}>{said.until}</label>
        <input id={ids.to} type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
        <label htmlFor={ids.format}>{said.as}</label>
        <select id={ids.format} value={format} onChange={(event) => setFormat(event.target.value)}>
          {(formats.data?.items ?? [{ name: 'csv', about: said.csvAbout }]).map(({ name, about }) => (
            <option key={name} value={name}>
              {name}: {about}
            </option>
          ))}
        </select>
        <label htmlFor={ids.by}>{said.by}</label>
        <select id={ids.by} value={by} onChange={(event) => setBy(event.target.value)}>
          {(['interval', 'day', 'month'] as const).map((period) => (
            <option key={period} value={period}>
              {period === 'interval' ? said.byInterval(area.intervalSeconds) : said.byPeriods[period]}
            </option>
          ))}
        </select>
        <button type="submit" className="primary" disabled={!valid || download.isPending}>
          {download.isPending ? said.preparing : said.download}
        </button>
      </div>
      {!valid && <p className="explain">{said.wrongRange}</p>}
      <Trouble error={download.error} />
      {download.data && (
        <p role="status" className="check">
          {download.data.faults.length === 0 ? (
            <>
              <Badge tone="good">{said.addsUp}</Badge>
              {said.rowsSaved(download.data.rows)}
            </>
          ) : (
            <>
              <Badge tone="bad">{said.doesNot}</Badge> {download.data.faults[0]}
              {download.data.faults.length > 1 && said.andMore(download.data.faults.length - 1)}
            </>
          )}
        </p>
      )}
    </form>
  )
}
