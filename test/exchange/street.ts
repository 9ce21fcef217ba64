/** A made-up street whose every quarter-hour is known: whatever format it is written in, it must be read as these Wh. */
import type { EnergyDirection, IntervalValue, ValueQuality } from '../../server/exchange/official-values.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'

const quarter = 900

/** One register of a home over a period, in intervals of one length. */
export interface Profile {
  point: string
  direction: EnergyDirection
  start: number
  intervalSeconds: number
  values: { wh: number | null; quality: ValueQuality }[]
}

/** A number that looks random and depends on nothing but its arguments. */
function dice(...numbers: number[]): number {
  let hash = 2166136261
  for (const number of numbers) {
    for (const part of [number | 0, Math.floor(number / 2 ** 32)]) hash = Math.imul(hash ^ part, 16777619)
    hash ^= hash >>> 13
  }
  return (hash >>> 0) / 2 ** 32
}

/** Whole Wh of one home in the quarter-hour that begins then: drawn always, fed in by day. */
function quarterWh(seed: number, home: number, direction: EnergyDirection, start: number): number {
  const hour = (start / 3600) % 24
  const sun = Math.max(0, Math.sin(((hour - 5) / 14) * Math.PI))
  const chance = dice(seed, home, direction === 'import' ? 1 : 2, start)
  return Math.floor(direction === 'import' ? 40 + 400 * chance ** 3 : 900 * sun * chance)
}

/** The days of a zone from one date to another, and what a home's register counted in them. */
export function profileOf(
  seed: number,
  { point, home, direction }: { point: string; home: number; direction: EnergyDirection },
  { zone, day, days = 1, intervalSeconds }: { zone: string; day: number; days?: number; intervalSeconds: number },
  qualities: readonly ValueQuality[] = ['measured'],
): Profile {
  const clock = new TimeZone(zone)
  const [start, end] = [clock.startOfDay(day), clock.startOfDay(day + days)]
  const values: Profile['values'] = []
  for (let interval = start; interval < end; interval += intervalSeconds) {
    let wh = 0
    for (let at = interval; at < interval + intervalSeconds; at += quarter) wh += quarterWh(seed, home, direction, at)
    const quality = qualities[Math.floor(dice(seed, home, 3, interval) * qualities.length)]!
    values.push({ wh: quality === 'missing' ? null : wh, quality })
  }
  return { point, direction, start, intervalSeconds, values }
}

/** What a reader must say of a profile. */
export function intervalsOf({ start, intervalSeconds, values }: Profile): IntervalValue[] {
  return values.map(({ wh, quality }, i) => ({
    start: start + i * intervalSeconds,
    energyMicroWh: wh === null ? null : wh * 1e6,
    quality,
  }))
}

/** Days on which the clocks of Europe change, and one on which they do not. */
export const springDay = Date.UTC(2025, 2, 30) / 86_400_000
export const autumnDay = Date.UTC(2025, 9, 26) / 86_400_000
export const plainDay = Date.UTC(2026, 3, 14) / 86_400_000

/** kWh as files write them. */
export function kwh(wh: number, decimals = 3): string {
  return (wh / 1000).toFixed(decimals)
}

/** `2026-04-14T00:00:00+02:00` as the clocks of a zone show an instant. */
export function isoLocal(zone: TimeZone, instant: number): string {
  const offset = zone.local(instant) - instant
  const sign = offset < 0 ? '-' : '+'
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 3600), (Math.abs(offset) % 3600) / 60]
  const two = (number: number) => String(number).padStart(2, '0')
  return `${clockText(zone, instant).replace(' ', 'T')}${sign}${two(hours)}:${two(minutes)}`
}

/** `2026-04-14 00:00:00` as the clocks of a zone show an instant. */
export function clockText(zone: TimeZone, instant: number): string {
  return new Date(zone.local(instant) * 1000).toISOString().slice(0, 19).replace('T', ' ')
}
