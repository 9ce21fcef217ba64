/** Our own CSV. */
import { isoSeconds } from '../../../server/exchange/instants.ts'
import type { Profile } from '../street.ts'

export function ownCsvRows(profiles: Profile[], channel = 'total'): string[] {
  return profiles.flatMap(({ point, direction, start, intervalSeconds, values }) =>
    values.map(({ wh, quality }, i) => {
      const name = /[",\n]/.test(point) ? `"${point.replaceAll('"', '""')}"` : point
      return `${name},${isoSeconds(start + i * intervalSeconds)},${direction},${channel},${wh ?? ''},${quality}`
    }),
  )
}

export function ownCsv(rows: string[], end = '\r\n'): string {
  return ['point,start,direction,channel,energyWh,quality', ...rows].map((row) => `${row}${end}`).join('')
}
