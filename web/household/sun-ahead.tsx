/** The surplus that a home will probably have, shown with what this expectation rests on. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import { type Asker, demoDayQuery } from '../api/queries.ts'
import { ownTimeZone } from '../history/totals.ts'
import { energy } from '../money/format.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { useNow } from '../time/clock.ts'
import { daysBefore, expectedSun, type LeftOver } from './expected-sun.ts'
import { SunSpace } from './sun-space.tsx'
import { sunWords } from './sun-words.ts'

const askedAgainMs = 900_000
/** The number of intervals in seven days of the demo's sun and in the day that runs now. */
const demoIntervals = 300
const quarterMs = 900_000

/** The home's surplus of the last days, by quarter-hours. In the demo, whose day is short, it is by intervals. */
function lastDaysQuery({ account }: Asker, seat: string, isDemo: boolean) {
  return queryOptions({
    queryKey: ['last-days', account, seat, isDemo],
    queryFn: async ({ signal }): Promise<LeftOver[]> => {
      if (isDemo) {
        const asks = { account, seat, limit: demoIntervals }
        const { items } = await getJson('/accounts/{account}/intervals', asks, { account, signal })
        return items.map(({ start, exportWh, ownUseWh }) => ({ startMs: Date.parse(start), wh: exportWh - ownUseWh }))
      }
      const now = new Date()
      const from = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 7).toISOString()
      const to = new Date(Math.ceil(now.getTime() / quarterMs) * quarterMs).toISOString()
      const asks = { account, seat, from, to, by: 'quarter-hour', timeZone: ownTimeZone() } as const
      const totals = await getJson('/accounts/{account}/totals', asks, { account, signal })
      return totals.starts.flatMap((start, place) => {
        const wh = totals.exportWh[place]! - totals.ownUseWh[place]!
        return totals.intervals[place] === 0 ? [] : [{ startMs: Date.parse(start), wh }]
      })
    },
    staleTime: askedAgainMs,
    refetchInterval: isDemo ? 60_000 : askedAgainMs,
  })
}

export default function SunAhead({ area, seat }: SeatViewProps) {
  const said = sunWords()
  const session = useSession()
  const nowMs = useNow()
  const day = useQuery(demoDayQuery)
  const demo = day.data ?? null
  const days = useQuery({ ...lastDaysQuery(session, seat.seat, demo !== null), enabled: !day.isPending })
  const lengthMs = demo === null ? Math.max(quarterMs, area.intervalSeconds * 1000) : area.intervalSeconds * 1000
  const expected = expectedSun(days.data ?? [], { days: daysBefore(nowMs, demo), lengthMs })
  if (days.isPending) return <SunSpace />
  if (expected === null) {
    return (
      <div className="sun-ahead">
        <h3>{said.title}</h3>
        <p className="explain">{said.notYet}</p>
      </div>
    )
  }
  const { untilMidnight, nextDay } = expected
  const about = (wh: number, leastWh: number, mostWh: number) => ({
    about: energy(wh),
    span: leastWh === mostWh ? energy(wh) : said.span(energy(leastWh), energy(mostWh)),
  })
  const [rest, whole] = [untilMidnight, nextDay].map((each) => about(each.wh, each.leastWh, each.mostWh))
  return (
    <div className="sun-ahead">
      <h3>{said.title}</h3>
      <p>{untilMidnight.mostWh === 0 ? said.tomorrowOnly(whole!.about) : said.both(rest!.about, whole!.about)}</p>
      <p className="explain">{said.why(expected.days, demo !== null, rest!.span, whole!.span)}</p>
    </div>
  )
}
