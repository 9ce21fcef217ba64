/** How an area has grown: homes, local share, and what stayed in the street. */
import { z } from 'zod'
import type { LedgerUnits, UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { secondsPerDay } from '../../exchange/instants.ts'
import type { TimeZone } from '../../exchange/time-zone.ts'
import { keptFrom } from '../../store/archives.ts'
import { intervals } from '../../store/queries.ts'
import { areaSums, firstResultFrom, metersAt } from '../../store/queries-growth.ts'
import { zoneInput } from '../calendar.ts'
import { growthPartsOf, mostIntervals } from '../growth-parts.ts'
import { type GrowthResource, growthSchema } from '../growth-resources.ts'
import { areaInput } from '../paging.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime, moneyIn } from '../present.ts'
import { type Route, route } from '../route.ts'

const keptMs = 60_000
const mostKept = 100

export function growthRoutes({ database, areas, tables }: OrderParts): Route[] {
  /** What was answered, by question and minute, the oldest first: however many visitors open the page, it is worked out once. */
  const answers = new Map<string, Promise<GrowthResource>>()
  function answerOf(area: AreaHandle, timeZone: TimeZone): Promise<GrowthResource> {
    const key = `${area.settings.area} ${timeZone.id} ${Math.floor(area.status.nowMs / keptMs)}`
    const kept = answers.get(key)
    if (kept !== undefined) return kept
    const answer = growthOf(area, timeZone)
    answers.set(key, answer)
    answer.catch(() => answers.delete(key))
    if (answers.size > mostKept) answers.delete(answers.keys().next().value!)
    return answer
  }
  return [
    route({
      id: 'getGrowth',
      method: 'get',
      path: '/areas/:area/growth',
      isSlow: true,
      tag: 'Market areas',
      summary:
        'How homes, local share and savings of an area have grown over at most three years of quarter-hours: by month, of a young area by day or hour',
      params: z.object({ area: areaInput }),
      query: z.object({ timeZone: zoneInput }),
      answers: { 200: growthSchema },
      async handle({ params: { area: number }, query: { timeZone } }) {
        return { status: 200, body: await answerOf(areaOf(areas, number), timeZone) }
      },
    }),
  ]

  async function growthOf(area: AreaHandle, timeZone: TimeZone): Promise<GrowthResource> {
    const { settings } = area
    const id = await tables.idOf(area)
    const now = Math.floor(area.status.nowMs / 1000)
    const [newest] = await intervals(database, { area: id, limit: 1 })
    const oldest = Math.max(await keptFrom(database, id), now - mostIntervals * settings.rules.intervalSeconds)
    const first = newest === undefined ? null : await firstResultFrom(database, id, oldest)
    const midnight = timeZone.startOfDay(Math.floor(timeZone.local(now) / secondsPerDay))
    const name = { area: settings.area, currency: settings.currency, timeZone: timeZone.id }
    if (newest === undefined || first === null) {
      const nothing = { starts: [], meters: [], intervals: [], matchedWh: [], importWh: [], keptInStreet: [] }
      const today = {
        from: isoTime(midnight),
        matchedWh: 0,
        importWh: 0,
        keptInStreet: moneyIn(settings, 0n as LedgerUnits),
      }
      return { ...name, by: 'hour', from: isoTime(now), to: isoTime(now), ...nothing, today }
    }
    const to = newest.start + settings.rules.intervalSeconds
    const { by, starts } = growthPartsOf(timeZone, { first, to })
    const [sums, [today], meters] = await Promise.all([
      sumsOf(area, id, [...starts, to]),
      sumsOf(area, id, [midnight, Math.max(midnight, to)]),
      metersAt(database, id, [...starts.slice(1), to]),
    ])
    return {
      ...{ ...name, by, from: isoTime(first), to: isoTime(to), starts: starts.map(isoTime), meters },
      intervals: sums.map((each) => each.intervals),
      matchedWh: sums.map((each) => each.matchedWh),
      importWh: sums.map((each) => each.importWh),
      keptInStreet: sums.map((each) => moneyIn(settings, each.kept)),
      today: {
        ...{ from: isoTime(midnight), matchedWh: today!.matchedWh, importWh: today!.importWh },
        keptInStreet: moneyIn(settings, today!.kept),
      },
    }
  }

  /** Of each part, by the tariffs of its time: a part in which they changed is the sum of several. */
  async function sumsOf(area: AreaHandle, id: number, bounds: readonly UtcSeconds[]) {
    const history = await tables.history(area)
    const changes = history.within(bounds[0]!, bounds.at(-1)!)
    const parts = [...new Set([...bounds, ...changes.map(({ from }) => from)])].sort((a, b) => a - b)
    const sums = bounds.slice(1).map(() => ({ intervals: 0, matchedWh: 0, importWh: 0, kept: 0n as LedgerUnits }))
    let place = 0
    for (const row of await areaSums(database, { area: id, bounds: parts })) {
      const start = parts[row.place]!
      while (bounds[place + 1]! <= start) place += 1
      const { retailTicks, feedInTicks } = history.at(start)
      const sum = sums[place]!
      sum.intervals += row.intervals
      sum.matchedWh += row.matched_wh
      sum.importWh += row.import_wh
      sum.kept += BigInt(retailTicks - feedInTicks) * BigInt(row.matched_wh) - BigInt(row.grid_take)
    }
    return sums
  }
}
