/**
 * The homes of a street that is read by its metering operator, and the files that it sends of them: three formats, late, corrected
 * before and after the cut, estimated, missing, and a day of 25 hours. All of it follows from the plan alone.
 */
import type { DayNumber } from '../../server/exchange/instants.ts'
import type { EnergyDirection } from '../../server/exchange/official-values.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import { type Profile, profileOf } from '../exchange/street.ts'
import { edaXml } from '../exchange/writers/eda-xml.ts'
import { ownCsv, ownCsvRows } from '../exchange/writers/own-csv.ts'
import { portalBook } from '../exchange/writers/workbook.ts'

export interface MonthPlan {
  homes: number
  /** Days by the clocks of Vienna. */
  firstDay: DayNumber
  days: number
  intervalSeconds: number
  graceSeconds: number
  /** The clock moves on by so much at once; what has become due by then happens, and agents send what they read since. */
  leapSeconds: number
}

/** A file that the metering operator sends at a time. */
export interface SentFile {
  at: number
  name: string
  content: Buffer
}

export const vienna = new TimeZone('Europe/Vienna')
const [seed, quarter, hour, day] = [7, 900, 3_600, 86_400]
/** Values of a day are sent so long after it. */
const sentAfter = 3 * hour

/** Homes are numbered from 1. Each belongs to the files of one format. */
export function formatOf(home: number): 'eda-xml' | 'eda-xlsx' | 'csv' {
  return (['csv', 'eda-xml', 'eda-xlsx'] as const)[home % 3]!
}

export const hasRoof = (home: number) => home % 2 === 0
/** A home with an agent of its own beside the official meter. */
export const hasAgent = (home: number) => home % 5 === 1

export const directionsOf = (home: number): EnergyDirection[] => (hasRoof(home) ? ['import', 'export'] : ['import'])

export function pointOf(home: number): string {
  return `AT0010000${String(home).padStart(24, '0')}`
}

/** What a home's registers counted in a stretch of whole quarter-hours. */
export function countedWh(home: number, direction: EnergyDirection, from: number, to: number): number {
  if (!directionsOf(home).includes(direction)) return 0
  let sum = 0
  for (let at = from; at < to; at += quarter) {
    const dayOf = Math.floor(vienna.local(at) / day)
    const { start, values } = quartersOf(home, direction, dayOf)
    sum += values[(at - start) / quarter]!.wh!
  }
  return sum
}

const known = new Map<string, Profile>()
function quartersOf(home: number, direction: EnergyDirection, dayOf: DayNumber): Profile {
  const name = `${home} ${direction} ${dayOf}`
  const profile = known.get(name) ?? ofDay(home, direction, dayOf, quarter)
  known.set(name, profile)
  return profile
}

function ofDay(home: number, direction: EnergyDirection, dayOf: DayNumber, intervalSeconds: number): Profile {
  const own = { point: pointOf(home), home, direction }
  return profileOf(seed, own, { zone: 'Europe/Vienna', day: dayOf, intervalSeconds })
}

/** What is wrong with a day of a home, of which a plan has one each. */
export type Trouble = 'late' | 'estimated' | 'corrected' | 'missing' | 'too-late' | 'corrected-after'

/** Which home and which day of the plan, from 0, has what. */
export const troubles: Record<Trouble, { home: number; day: number }> = {
  late: { home: 1, day: 0 },
  estimated: { home: 2, day: 0 },
  corrected: { home: 3, day: 1 },
  missing: { home: 4, day: 1 },
  'too-late': { home: 5, day: 0 },
  'corrected-after': { home: 6, day: 0 },
}

/** In which hour of its day. */
const troubledHour = 11
/** Later than the usual by so much, and in time for the cut. */
const lateBy = 8 * hour
/** Wh by which the two corrections change a value. */
export const correctedBy = { early: 120, afterCut: 90 }

/** The interval of a trouble. */
export function troubledStart({ firstDay }: MonthPlan, trouble: Trouble): number {
  return vienna.startOfDay(firstDay + troubles[trouble].day) + troubledHour * hour
}

/** The side of which a home trades: more of it was there, also once it is corrected upwards. */
export function netSide(home: number, start: number, seconds: number): EnergyDirection {
  const [drawn, fed] = (['import', 'export'] as const).map((side) => countedWh(home, side, start, start + seconds))
  return drawn! > fed! ? 'import' : 'export'
}

/** What of a home's day a file says: `corrected` is how it stands once everything was corrected. */
function told(plan: MonthPlan, home: number, index: number, corrected: boolean): Profile[] {
  const intervalSeconds = formatOf(home) === 'csv' ? plan.intervalSeconds : quarter
  const is = (trouble: Trouble) => troubles[trouble].home === home && troubles[trouble].day === index
  return directionsOf(home).map((direction) => {
    const profile = ofDay(home, direction, plan.firstDay + index, intervalSeconds)
    const values = [...profile.values]
    const place = (troubledHour * hour) / intervalSeconds
    const before = values[place]!
    const main = direction === directionsOf(home).at(-1)
    if (is('estimated')) values[place] = { ...before, quality: 'estimated' }
    if (is('missing')) values[place] = { wh: null, quality: 'missing' }
    if (is('corrected') && main && !corrected) values[place] = { ...before, wh: before.wh! + correctedBy.early }
    const isNet = direction === netSide(home, profile.start + place * intervalSeconds, intervalSeconds)
    if (is('corrected-after') && isNet && corrected)
      values[place] = { ...before, wh: before.wh! + correctedBy.afterCut }
    return { ...profile, values }
  })
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

function fileOf(name: string, at: number, days: { home: number; profiles: Profile[] }[]): SentFile {
  const format = formatOf(days[0]!.home)
  const profiles = days.flatMap((own) => own.profiles)
  const coded = (drawn: string, fed: string) =>
    profiles.map((own): [string, Profile] => [own.direction === 'import' ? drawn : fed, own])
  if (format === 'eda-xml') {
    const text = edaXml({ registers: coded('1-1:1.9.0 P.01', '1-1:2.9.0 P.01'), createdAt: iso(at) })
    return { at, name: `${name}.xml`, content: Buffer.from(text) }
  }
  if (format === 'eda-xlsx') {
    return { at, name: `${name}.xlsx`, content: portalBook(coded('1-1:1.9.0 G.01', '1-1:2.9.0 G.01')) }
  }
  return { at, name: `${name}.csv`, content: Buffer.from(ownCsv(ownCsvRows(profiles))) }
}

/** All files of a plan, in the order in which they are sent. */
export function sentFiles(plan: MonthPlan): SentFile[] {
  const files: SentFile[] = []
  const homes = Array.from({ length: plan.homes }, (_, i) => i + 1)
  for (let index = 0; index < plan.days; index++) {
    const dayOf = plan.firstDay + index
    const at = vienna.startOfDay(dayOf + 1) + sentAfter
    const date = iso(dayOf * day).slice(0, 10)
    // The batch of UTC in which the day ends is cut by then.
    const afterCut = Math.ceil(at / day) * day + plan.graceSeconds + 4 * hour
    const own = (home: number, corrected = false) => ({ home, profiles: told(plan, home, index, corrected) })
    const is = (home: number, trouble: Trouble) => troubles[trouble].home === home && troubles[trouble].day === index
    const usual = homes.filter((home) => !is(home, 'late') && !is(home, 'too-late'))
    for (const home of homes) {
      const alone = (name: string, sentAt: number, corrected: boolean) =>
        files.push(fileOf(`${name}-${home}-${date}`, sentAt, [own(home, corrected)]))
      if (is(home, 'late')) alone('late', at + lateBy, true)
      if (is(home, 'too-late')) alone('too-late', afterCut, true)
      if (is(home, 'corrected')) alone('corrected', at + 6 * hour, true)
      if (is(home, 'corrected-after')) alone('corrected-after', afterCut, true)
      if (formatOf(home) === 'eda-xml' && usual.includes(home)) alone('values', at, false)
    }
    for (const format of ['eda-xlsx', 'csv'] as const) {
      const group = usual.filter((home) => formatOf(home) === format)
      if (group.length > 0)
        files.push(
          fileOf(
            `${format}-${date}`,
            at,
            group.map((home) => own(home)),
          ),
        )
    }
  }
  return files.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
}
