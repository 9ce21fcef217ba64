/** Load curves as Enedis answers them. */
import { TimeZone } from '../../../server/exchange/time-zone.ts'
import { clockText, type Profile } from '../street.ts'

export interface EnedisReading {
  value: string
  date: string
  interval_length: string
  measure_type: string
}

export interface EnedisOptions {
  unit?: string
  zone?: string
  edit?: (readings: EnedisReading[]) => void
}

/** Profiles that follow each other, each in intervals of its own length. What is missing has no reading. */
export function enedisJson(
  profiles: Profile[],
  { unit = 'W', zone = 'Europe/Paris', edit }: EnedisOptions = {},
): string {
  const clock = new TimeZone(zone)
  const readings = profiles.flatMap(({ start, intervalSeconds, values }) =>
    values.flatMap(({ wh, quality }, i): EnedisReading[] => {
      if (wh === null) return []
      return [
        {
          value: String((wh * 3600) / intervalSeconds),
          date: clockText(clock, start + (i + 1) * intervalSeconds),
          interval_length: `PT${intervalSeconds / 60}M`,
          measure_type: quality === 'substituted' ? 'C' : 'B',
        },
      ]
    }),
  )
  edit?.(readings)
  const [first, last] = [profiles[0]!, profiles.at(-1)!]
  const day = (instant: number) => clockText(clock, instant).slice(0, 10)
  return JSON.stringify({
    meter_reading: {
      usage_point_id: first.point,
      start: day(first.start),
      end: day(last.start + last.values.length * last.intervalSeconds),
      quality: 'BRUT',
      reading_type: { unit, measurement_kind: 'power', aggregate: 'average' },
      interval_reading: readings,
    },
  })
}
