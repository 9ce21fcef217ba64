/** The settlement report of a range as CSV, for the grid operator's own session. */
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { getText } from '../api/client.ts'
import { Badge, Trouble } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { useSession } from '../session/session.tsx'
import { fieldTime } from '../time/clock.ts'
import { checkReport } from './report-check.ts'

const hourMs = 3_600_000

export function Report({ area }: { area: AreaResource }) {
  const session = useSession()
  const ids = { from: useId(), to: useId() }
  const [from, setFrom] = useState(() => fieldTime(Date.now() - hourMs))
  const [to, setTo] = useState(() => fieldTime(Date.now()))
  const valid = from !== '' && to !== '' && Date.parse(from) < Date.parse(to)
  const download = useMutation({
    mutationFn: async () => {
      const range = `from=${encodeURIComponent(new Date(from).toISOString())}&to=${encodeURIComponent(new Date(to).toISOString())}`
      const text = await getText(`/areas/${area.area}/report.csv?${range}`, session)
      const name = `commonwatt-area-${area.area}-${from.replace(/\D/g, '')}-${to.replace(/\D/g, '')}.csv`
      saveFile(text, name, 'text/csv')
      return checkReport(text)
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
        <button type="submit" className="primary" disabled={!valid || download.isPending}>
          {download.isPending ? 'Preparing…' : 'Download CSV'}
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
