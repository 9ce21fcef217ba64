/** NEM12 files of a made-up Australian metering provider. */
import type { Profile } from '../street.ts'

const marks = { measured: 'A', substituted: 'S14', estimated: 'E52', missing: 'N' }
const powers = { Wh: 0, kWh: 3, MWh: 6 }

export interface Nem12Options {
  unit?: keyof typeof powers
  end?: string
  updated?: string
  padding?: string
  edit?: (rows: string[]) => void
}

const marketDay = (seconds: number) =>
  new Date((seconds + 36_000) * 1000).toISOString().slice(0, 10).replaceAll('-', '')

/** The rows of one register: `200`, and a `300` for each day with `400` rows where its quality varies. */
export function nem12Rows(
  suffix: string,
  profile: Profile,
  { unit = 'kWh', updated = '20260416080000', padding = '' }: Nem12Options = {},
): string[] {
  const { point, start, intervalSeconds, values } = profile
  const perDay = 86_400 / intervalSeconds
  const rows = [`200,${point},B1E1,${suffix},${suffix},N1,METER1,${unit},${intervalSeconds / 60},${padding}`]
  for (let first = 0; first < values.length; first += perDay) {
    const day = values.slice(first, first + perDay)
    const qualities = day.map(({ quality }) => marks[quality])
    const one = new Set(qualities).size === 1
    const numbers = day.map(({ wh }) => decimal(wh ?? 0, powers[unit]))
    rows.push(
      `300,${marketDay(start + first * intervalSeconds)},${numbers.join(',')},${one ? qualities[0] : 'V'},,,${updated},${padding}`,
    )
    if (one) continue
    for (let from = 0, to = 0; from < perDay; from = to) {
      while (to < perDay && qualities[to] === qualities[from]) to++
      rows.push(`400,${from + 1},${to},${qualities[from]},,`)
    }
  }
  return rows
}

export function nem12(rows: string[], { end = '\r\n', edit }: Nem12Options = {}): string {
  const all = ['100,NEM12,202604160917,CWMDP,CWRET', ...rows, '900']
  edit?.(all)
  return all.map((row) => `${row}${end}`).join('')
}

function decimal(wh: number, power: number): string {
  if (power === 0) return String(wh)
  const digits = String(wh).padStart(power + 1, '0')
  return `${digits.slice(0, -power)}.${digits.slice(-power)}`
}
