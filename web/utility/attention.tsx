/** The utility's first card: one light with its exceptions, yesterday's totals and report, and the meters that wait. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { JoiningResource } from '../../server/api/joining.ts'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { getText } from '../api/client.ts'
import { part } from '../api/part.ts'
import { readWh } from '../forward/forward.ts'
import { promiseWords } from '../joining/promise-words.ts'
import { energy } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Badge, Card, Empty, TransactionLink, Trouble, Waiting } from '../page/card.tsx'
import { NumberField } from '../page/fields.tsx'
import { isComing, PageWaiting } from '../page/page-waiting.tsx'
import { saveFile } from '../page/save-file.ts'
import { useSession } from '../session/session.tsx'
import { localDate, localSpan, useNow } from '../time/clock.ts'
import { attentionWords } from './attention-words.ts'
import { attentionOf } from './exceptions.ts'
import { checkReport, reportSums } from './report-check.ts'
import { useWaiting } from './waiting.ts'

interface AttentionProps {
  area: AreaResource
  /** The area's intervals, newest first. */
  intervals: readonly IntervalResource[]
}

export default function AttentionCards({ area, intervals }: AttentionProps) {
  const said = attentionWords()
  const { waiting, joining, isFirst } = useWaiting(area)
  const { totals } = useYesterday(area)
  const { light, exceptions, notes } = attentionOf(area, intervals, { ...waiting, nowMs: useNow() })
  // Nothing below this card is shown before its height is known.
  if (isFirst || isComing(totals)) {
    return (
      <div className="attention-coming">
        <PageWaiting />
      </div>
    )
  }
  return (
    <>
      <Card title={said.title} className="attention">
        <p className="attention-light">
          <Badge tone={light}>{said.lights[light]}</Badge>{' '}
          {light === 'good'
            ? said.lightTexts.good(intervals.length, said.periods(area.intervalSeconds))
            : said.lightTexts[light]}
        </p>
        {exceptions.length > 0 && (
          <ul className="exceptions">
            {exceptions.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
        {notes.map((each) => (
          <p key={each} className="explain">
            {each}
          </p>
        ))}
        <Yesterday area={area} />
      </Card>
      {joining.data?.length !== 0 && (
        <Card title={said.inbox}>
          <Trouble error={joining.error} retry={() => void joining.refetch()} />
          {joining.isPending && <Waiting />}
          {joining.data?.map((each) => (
            <Confirming key={each.seat} area={area} joining={each} />
          ))}
        </Card>
      )}
    </>
  )
}

/** Yesterday's totals, and how its report is fetched. */
function useYesterday(area: AreaResource) {
  const session = useSession()
  const { from, to } = localSpan('dayBefore', useNow())
  const report = (by: 'interval' | 'day') =>
    getText('/areas/{area}/report', { area: area.area, from, to, by, format: 'csv' }, session)
  const totals = useQuery({
    queryKey: ['report-of-day', session.account, area.area, from],
    queryFn: async () => {
      const text = await report('day')
      return { ...reportSums(text), faults: checkReport(text).faults }
    },
    staleTime: 600_000,
  })
  return { from, report, totals }
}

function Yesterday({ area }: { area: AreaResource }) {
  const said = attentionWords()
  const { from, report, totals } = useYesterday(area)
  const save = useMutation({
    mutationFn: async () => {
      const text = await report('interval')
      saveFile(text, `commonwatt-area-${area.area}-${from.slice(0, 10)}.csv`, 'text/csv')
      return checkReport(text)
    },
  })
  const day = totals.data
  return (
    <div className="yesterday">
      <h3>
        {said.yesterday}, {localDate(from)}
      </h3>
      <Trouble error={totals.error} retry={() => void totals.refetch()} />
      {totals.isPending && <Waiting lines={2} />}
      {day && day.rows === 0 && <Empty>{said.nothingYesterday}</Empty>}
      {day && day.rows > 0 && (
        <p>
          <Badge tone={day.faults.length === 0 ? 'good' : 'bad'}>
            {day.faults.length === 0 ? said.addsUp : said.doesNot}
          </Badge>{' '}
          {day.faults[0] ??
            said.yesterdayText(day.rows, energy(day.exportWh), energy(day.soldWh), energy(day.importWh))}
        </p>
      )}
      <p>
        <button type="button" disabled={save.isPending} onClick={() => save.mutate()}>
          {said.getYesterday}
        </button>
      </p>
      <Trouble error={save.error} />
      {save.data && <p role="status">{save.data.faults[0] ?? said.saved(save.data.rows)}</p>}
    </div>
  )
}

function Confirming({ area, joining }: { area: AreaResource; joining: JoiningResource }) {
  const said = attentionWords()
  const session = useSession()
  const [zone, setZone] = useState(area.zones.at(-1)!.zone)
  const [most, setMost] = useState('')
  const nameplateWh = readWh(most)
  const isWrong = most !== '' && nameplateWh === null
  const noteId = useId()
  const confirm = useMutation({
    mutationFn: async () => {
      const { confirmMeter } = await part(() => import('./confirm.ts'))
      return confirmMeter(session, area, joining, { zone, nameplateWh: nameplateWh! })
    },
  })
  const { found } = joining
  const isReady = nameplateWh !== null && !confirm.isPending && !confirm.data
  return (
    <form
      className="confirming"
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) confirm.mutate()
      }}
    >
      <h3>{found?.name ?? <code>{joining.meter}</code>}</h3>
      <p className="explain">{found === null ? said.noAgent : said.agentSays(promiseWords()[found.promise])}</p>
      {found !== null && (
        <p className="explain">
          {found.devices
            .map(({ manufacturer, model, serialNumber }) =>
              [manufacturer, model, serialNumber].filter((each) => each !== null).join(' '),
            )
            .join(' · ')}{' '}
          {found.importWh !== null &&
            found.exportWh !== null &&
            said.registers(energy(found.importWh), energy(found.exportWh))}
        </p>
      )}
      <div className="report-range">
        <label>
          {said.zone}{' '}
          <select value={zone} onChange={(event) => setZone(event.target.value)}>
            {area.zones.map((each) => (
              <option key={each.zone} value={each.zone}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
        <NumberField
          label={said.most(said.period(area.intervalSeconds))}
          text={most}
          setText={setMost}
          isWrong={isWrong}
          isWhole
          describedBy={noteId}
        />
        <Act isSubmit className="primary" isOff={!isReady} describedBy={noteId}>
          {confirm.isPending ? said.signing : said.confirm}
        </Act>
      </div>
      <p id={noteId} className={isWrong ? 'explain wrong' : 'explain'} aria-live="polite">
        {isWrong ? said.mostWrong : said.confirmText(said.period(area.intervalSeconds))}
      </p>
      <Trouble error={confirm.error} />
      {confirm.data && (
        <p className="sent" role="status">
          {said.confirmed} <TransactionLink hash={confirm.data.transaction} />
        </p>
      )}
    </form>
  )
}
