/** The coefficients of a year as the Spanish file has them: by the hour where declared keys make them differ, else the roster's shares. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { hoursOfYear } from '../exchange/allocation/hour-of-year.ts'
import { dayOf, isoSeconds } from '../exchange/instants.ts'
import type { TimeZone } from '../exchange/time-zone.ts'
import type { EsCoefficients } from '../exchange/write/es-coefficients.ts'
import { sharingKeyAt } from '../market/area/declarations.ts'
import { ReportError } from '../reports/row.ts'
import type { Database } from './database.ts'
import { declaredKeys, seatsOfArea } from './declaration-store.ts'
import { type RosterRow, rosterOf } from './roster-store.ts'

const hour = 3_600

/**
 * Of the calendar year of `from`. An hour that no key covers has the shares that the roster has at `from`. Throws `REPORT_POINT` where there
 * is neither, and `REPORT_FORMAT` for a key that is no list of fixed shares.
 */
export async function yearOfCoefficients(
  database: Database,
  areaId: number,
  { from, zone }: { from: UtcSeconds; zone: TimeZone },
): Promise<EsCoefficients & { year: number }> {
  const year = new Date(zone.local(from) * 1000).getUTCFullYear()
  const start = zone.startOfDay(dayOf(year, 1, 1)!)
  const hours = hoursOfYear(year)
  const keys = await declaredKeys(database, areaId, { start, end: start + hours * hour })
  const drawing = (await rosterOf(database, areaId)).filter(({ direction, fromDay, endDay }) => {
    const holds = zone.startOfDay(fromDay) <= from && (endDay === null || from < zone.startOfDay(endDay))
    return direction === 'import' && holds
  })
  const pointOf = await pointsOfSeats(database, areaId, drawing)
  const byHour: Map<string, number>[] = []
  for (let i = 0; i < hours; i++) {
    const key = sharingKeyAt(keys, start + i * hour)
    byHour.push(key === null ? sharesOfRoster(drawing, start + i * hour) : sharesOfKey(key, start + i * hour, pointOf))
  }
  const cups = [...new Set(byHour.flatMap((shares) => [...shares.keys()]))]
  const millionths = byHour.map((shares) => cups.map((point) => shares.get(point) ?? 0))
  const isFixed = millionths.every((shares) => shares.every((share, i) => share === millionths[0]![i]))
  return { year, cups: cups.map(whole), millionths: isFixed ? millionths.slice(0, 1) : millionths }
}

async function pointsOfSeats(database: Database, areaId: number, drawing: readonly RosterRow[]) {
  const points = new Map(drawing.map(({ meter, point }) => [meter, point]))
  const seats = await seatsOfArea(database, areaId)
  return new Map(seats.map(({ seat, meter }) => [seat, points.get(meter)]))
}

function sharesOfKey(
  { consumers, rounds }: NonNullable<ReturnType<typeof sharingKeyAt>>,
  at: UtcSeconds,
  pointOf: ReadonlyMap<number, string | undefined>,
): Map<string, number> {
  const [round, ...others] = rounds
  if (round === undefined || others.length > 0 || round.key.type !== 'static' || round.key.repeated) {
    throw new ReportError(
      'REPORT_FORMAT',
      `the key of ${isoSeconds(at)} is no list of shares that are fixed beforehand`,
    )
  }
  const { sharesMillionths } = round.key
  return new Map(
    consumers.map((seat, i) => {
      const point = pointOf.get(seat)
      if (point === undefined)
        throw new ReportError('REPORT_POINT', `seat ${seat} of the key of ${isoSeconds(at)} has no point in the roster`)
      return [point, sharesMillionths[i]!]
    }),
  )
}

function sharesOfRoster(drawing: readonly RosterRow[], at: UtcSeconds): Map<string, number> {
  const without = drawing.find(({ shareMillionths }) => shareMillionths === null)
  if (drawing.length === 0 || without !== undefined) {
    const who = without?.point ?? 'anybody who draws'
    throw new ReportError(
      'REPORT_POINT',
      `the roster has no share for ${who}, and no key is declared for ${isoSeconds(at)}`,
    )
  }
  return new Map(drawing.map(({ point, shareMillionths }) => [point, shareMillionths!]))
}

/** A point is named by its first 20 characters, and the file wants 22. */
function whole(point: string): string {
  return point.length === 20 ? `${point}0F` : point
}
