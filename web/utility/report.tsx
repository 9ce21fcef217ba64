/** The settlement report of a range in any of its formats, for the grid operator's own session. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { ReportFormatResource } from '../../server/api/report-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson, getText } from '../api/client.ts'
import { Badge, Trouble } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { useSession } from '../session/session.tsx'
import { fieldTime } from '../time/clock.ts'
import { checkReport } from './report-check.ts'

const hourMs = 3_600_000

export function Report({ area }: { area: AreaResource }) {
  const session = useSession()
  const ids = { from: useId(), to: useId(), format: useId(), by: useId() }
  const formats = useQuery({
    queryKey: ['report-formats'],
    queryFn: () => getJson<{ items: ReportFormatResource[] }>('/report-formats'),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [format, setFormat] = useState('csv')
  const [by, setBy] = useState('interval')
  const [from, setFrom] = useState(() => fieldTime(Date.now() - hourMs))
  const [to, setTo] = useState(() => fieldTime(Date.now()))
  const valid = from !== '' && to !== '' && Date.parse(from) < Date.parse(to)
  const download = useMutation({
    mutationFn: async () => {
      const range = `from=${encodeURIComponent(new Date(from).toISOString())}&to=${encodeURIComponent(new Date(to).toISOString())}`
      const text = await getText(`/areas/${area.area}/report?${range}&format=${format}&by=${by}`, session)
      const known = formats.data?.items.find((each) => each.name === format)
      const ending = known?.ending ?? 'csv'
      const name = `commonwatt-area-${area.area}-${from.replace(/\D/g, '')}-${to.replace(/\D/g, '')}.${ending}`
      saveFile(text, name, known?.mediaType ?? 'text/csv')
      return format === 'csv' ? checkReport(text) : null
    },
  })
  return (
    <form
      className="report"
      onSubmit={(event) => {
        event.preventDefault()
        if (valid) download.mutate()
      }}
    >
      <p>
        One line per meter and interval: metered energy, what was matched with neighbours and what stayed with the
        supplier. Every line adds up to the watt-hour.
      </p>
      <div className="report-range">
        <label htmlFor={ids.from}>from</label>
        <input id={ids.from} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
        <label htmlFor={ids.to}>to</label>
        <input id={ids.to} type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
        <label htmlFor={ids.format}>as</label>
        <select id={ids.format} value={format} onChange={(event) => setFormat(event.target.value)}>
          {(formats.data?.items ?? [{ name: 'csv', about: 'for programs' }]).map(({ name, about }) => (
            <option key={name} value={name}>
              {name}: {about}
            </option>
          ))}
        </select>
        <label htmlFor={ids.by}>by</label>
        <select id={ids.by} value={by} onChange={(event) => setBy(event.target.value)}>
          {['interval', 'day', 'month'].map((period) => (
            <option key={period}>{period}</option>
          ))}
        </select>
        <button type="submit" className="primary" disabled={!valid || download.isPending}>
          {download.isPending ? 'Preparing…' : 'Download'}
        </button>
      </div>
      {!valid && <p className="explain">The range must end after it starts.</p>}
      <Trouble error={download.error} />
      {download.data && (
        <p role="status" className="check">
          {download.data.faults.length === 0 ? (
            <>
              <Badge tone="good">adds up</Badge> {download.data.rows} rows saved; in every one metered = own use +
              matched + residual, checked here
            </>
          ) : (
            <>
              <Badge tone="bad">does not add up</Badge> {download.data.faults[0]}
              {download.data.faults.length > 1 && `, and ${download.data.faults.length - 1} more`}
            </>
          )}
        </p>
      )}
    </form>
  )
}
