/** What energy costs in an area past, now and ahead, for cars, batteries and homes that choose when they use it. */
import { z } from 'zod'
import type { AreaSettings } from '../../areas/settings.ts'
import { type PricedInterval, ratesOf } from '../../market/tariff.ts'
import { requireKept } from '../../store/archives.ts'
import { pricesOfZone } from '../../store/queries.ts'
import { areaInput, timeInput } from '../paging.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { decimalPrice, isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { type TariffResource, tariffSchema } from '../tariff-resources.ts'

/** What energy pays on its way from the root to a zone. */
function feeFromRoot(zones: AreaSettings['zones'], zone: string): number {
  const byName = new Map(zones.map((each) => [each.zone, each]))
  let sum = 0
  for (let at = byName.get(zone); at?.parent != null; at = byName.get(at.parent)) sum += at.feeTicksPerKwh
  return sum
}

const daySeconds = 86_400
/** Rates in one answer: two days of quarter-hours, and some. */
const mostRates = 200

export function tariffRoutes({ database, areas, tables }: OrderParts): Route[] {
  return [
    route({
      id: 'getTariff',
      method: 'get',
      path: '/areas/:area/tariff',
      tag: 'Market areas',
      summary:
        'What one more kWh costs: past, now, and expected from earlier days; a day each way where nothing is asked for',
      params: z.object({ area: areaInput }),
      query: z.object({
        /** The root where it is left out. */
        zone: z.string().min(1).max(31).optional(),
        from: timeInput.optional(),
        to: timeInput.optional(),
      }),
      answers: { 200: tariffSchema },
      async handle({ params: { area: number }, query }) {
        const area = areaOf(areas, number)
        const { settings, status } = area
        const { intervalSeconds } = settings.rules
        const zone = query.zone ?? settings.zones.find(({ parent }) => parent === null)!.zone
        if (!settings.zones.some((each) => each.zone === zone)) {
          throw new ApiError('ZONE_UNKNOWN', `area ${number} has no zone ${zone}`)
        }
        const now = Math.floor(status.nowMs / 1000)
        const eachWay = Math.min(daySeconds, (mostRates / 2) * intervalSeconds)
        const { from = now - eachWay, to = now + eachWay } = query
        if (to <= from) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
        if (to - from > mostRates * intervalSeconds) {
          throw new ApiError('RANGE_TOO_LONG', `ask for at most ${mostRates} intervals at once`)
        }
        await requireKept(database, await tables.idOf(area), from)
        const history = await tables.history(area)
        const known = async (start: number, end: number): Promise<PricedInterval[]> => {
          const rows = await pricesOfZone(database, { area: await tables.idOf(area), zone, from: start, to: end })
          return rows.map((row): PricedInterval => {
            const { retailTicks, zones } = history.at(row.start)
            return {
              ...{ start: row.start, priceTicks: row.price_ticks, unsoldWh: row.unsold_wh, retailTicks },
              ...{ rootPriceTicks: row.root_price_ticks, areaUnsoldWh: row.area_unsold_wh },
              feeTicks: feeFromRoot(zones, zone),
            }
          })
        }
        const looksBack = intervalSeconds >= 60 && to > now ? 7 * daySeconds : 2 * intervalSeconds
        const rates = ratesOf(await known(from - looksBack, to), { from, to, now, intervalSeconds })
        const body: TariffResource = {
          ...{ area: number, zone, currency: settings.currency, asOf: isoTime(now) },
          rates: rates.map(({ start, end, ticks, source, kind, days }) => {
            const pricePerKwh = decimalPrice(settings, ticks)
            return {
              ...{ start: isoTime(start), end: isoTime(end), value: Number(pricePerKwh), pricePerKwh },
              ...{ source, kind, days },
            }
          }),
        }
        return { status: 200, body }
      },
    }),
  ]
}
