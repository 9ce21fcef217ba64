/** What changed of billed months since somebody last previewed them, by counts and hashes that cost little to ask for. */
import { createHash } from 'node:crypto'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type BillChanges, hasChanges } from '../billing/changes.ts'
import { canonical } from '../billing/draft.ts'
import { BillingError } from '../billing/error.ts'
import type { Parties, VatFrom } from '../billing/parties.ts'
import { type DayNumber, isoDay, secondsPerDay } from '../exchange/instants.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { keptFrom } from './archives.ts'
import { numbers, texts } from './arrays.ts'
import { partiesOfArea, partiesOfVersion } from './billing-parties.ts'
import type { MonthKey } from './billing-store.ts'
import type { Queries } from './database.ts'
import { areaPlace, type RosterRow, rosterOf } from './roster-store.ts'

/** A month of the area's calendar. */
interface CalendarMonth {
  name: string
  /** Its first local day, and that of the month after it. */
  firstDay: DayNumber
  endDay: DayNumber
  from: UtcSeconds
  to: UtcSeconds
}

/** What a month says now, as far as documents rest on it or its clerks want to know. */
export interface MonthState {
  batches: number
  roster: string
  parties: number
  corrections: number
  replaced: number
}

/** A month (`2026-11`) by the area's calendar. Throws `BILL_MONTH` for a text that is none. */
export function monthIn(timeZone: TimeZone, name: string): CalendarMonth {
  const [, year, month] = (/^(\d{4})-(0[1-9]|1[0-2])$/.exec(name) ?? []).map(Number)
  // Days are counted from 1970, and calendars end somewhere.
  if (year === undefined || year < 1971 || year > 2198) {
    throw new BillingError('BILL_MONTH', `${JSON.stringify(name)} is no month (2026-11)`)
  }
  const [firstDay, endDay] = [0, 1].map((after) => Date.UTC(year, month! - 1 + after, 1) / 1000 / secondsPerDay) as [
    DayNumber,
    DayNumber,
  ]
  return { name, firstDay, endDay, from: timeZone.startOfDay(firstDay), to: timeZone.startOfDay(endDay) }
}

async function statesOf(
  sql: Queries,
  areaId: number,
  months: readonly CalendarMonth[],
): Promise<Map<string, MonthState>> {
  const counts = await sql<(Omit<MonthState, 'roster' | 'parties'> & { name: string })[]>`
    select name,
      (select count(*)::int from batches join batch_progress using (area_id, end_at, number)
        join statements using (area_id, end_at, number)
        where area_id = ${areaId} and end_at > begins and batches.start < ends and batch_progress.status = 'settled') as batches,
      (select count(*)::int from intervals
        where area_id = ${areaId} and start >= begins and start < ends and kind = 'corrected') as corrections,
      (select count(*)::int from official_differences
        where area_id = ${areaId} and start >= begins and start < ends and channel = 'total' and kind = 'replaced') as replaced
    from unnest(
      ${texts(months, ({ name }) => name)}::text[], ${numbers(months, ({ from }) => from)}::bigint[],
      ${numbers(months, ({ to }) => to)}::bigint[]
    ) as month (name, begins, ends)`
  const rows = await rosterOf(sql, areaId)
  const version = (await partiesOfArea(sql, areaId))?.version ?? 0
  const monthOf = new Map(months.map((month) => [month.name, month]))
  return new Map(
    counts.map(({ name, ...rest }) => [
      name,
      { ...rest, roster: rosterHash(rows, monthOf.get(name)!), parties: version },
    ]),
  )
}

/** Of who stood behind which point when, within the month. */
function rosterHash(rows: readonly RosterRow[], { firstDay, endDay }: CalendarMonth): string {
  const lines = rows.flatMap((row) => {
    const [from, to] = [Math.max(row.fromDay, firstDay), Math.min(row.endDay ?? endDay, endDay)]
    return from < to ? [[row.meter, row.direction, row.point, from, to]] : []
  })
  return createHash('sha256').update(JSON.stringify(lines)).digest('hex')
}

/** Read before a preview, and kept with it: what changes while it is made is a change after it. */
export async function monthState(sql: Queries, areaId: number, name: string): Promise<MonthState> {
  const timeZone = new TimeZone((await areaPlace(sql, areaId))?.timeZone ?? 'UTC')
  return (await statesOf(sql, areaId, [monthIn(timeZone, name)])).get(name)!
}

/** Keeps that somebody has looked at a month, and what it said. */
export async function keepLook(
  sql: Queries,
  { areaId, month }: MonthKey,
  { state, now }: { state: MonthState; now: Date },
): Promise<void> {
  const { batches, roster, parties, corrections, replaced } = state
  await sql`
    insert into bill_looks (area_id, month, look, looked_at, batches, roster, parties, corrections, replaced)
    values (${areaId}, ${month}::date, 1, ${now}, ${batches}, ${roster}, ${parties}, ${corrections}, ${replaced})
    on conflict (area_id, month) do update set
      look = bill_looks.look + 1, looked_at = excluded.looked_at, batches = excluded.batches, roster = excluded.roster,
      parties = excluded.parties, corrections = excluded.corrections, replaced = excluded.replaced`
}

/** What changed of each month of which documents were issued, the newest first; those of which nothing did are left out. */
export async function billChanges(sql: Queries, areaId: number): Promise<BillChanges[]> {
  const looks = await sql<(MonthState & { name: string; look: number })[]>`
    select to_char(month, 'YYYY-MM') as name, look, batches, roster, parties, corrections, replaced from bill_looks own
    where area_id = ${areaId}
      and exists (select from documents where documents.area_id = own.area_id and documents.month = own.month)
    order by month desc`
  if (looks.length === 0) return []
  const timeZone = new TimeZone((await areaPlace(sql, areaId))?.timeZone ?? 'UTC')
  // Of a month that has left for a file nothing can be issued any more.
  const kept = await keptFrom(sql, areaId)
  const months = looks.map(({ name }) => monthIn(timeZone, name)).filter(({ from }) => from >= kept)
  const states = await statesOf(sql, areaId, months)
  const all: BillChanges[] = []
  for (const month of months) {
    const [before, after] = [looks.find(({ name }) => name === month.name)!, states.get(month.name)!]
    const changes = {
      ...{ month: month.name, look: before.look },
      settledBatches: Math.max(0, after.batches - before.batches),
      isRosterChanged: after.roster !== before.roster,
      isTaxationChanged: await isTaxedOtherwise(sql, areaId, month, [before.parties, after.parties]),
      correctedIntervals: Math.max(0, after.corrections - before.corrections),
      replacedValues: Math.max(0, after.replaced - before.replaced),
    }
    if (hasChanges(changes)) all.push(changes)
  }
  return all
}

/** Whether two versions tax the issuer, or somebody who has a document of the month, differently within it. */
async function isTaxedOtherwise(
  sql: Queries,
  areaId: number,
  { name, firstDay, endDay }: CalendarMonth,
  [before, after]: readonly [number, number],
): Promise<boolean> {
  if (before === after) return false
  const rows = await sql<{ account: string }[]>`
    select distinct account from documents where area_id = ${areaId} and month = ${`${name}-01`}::date`
  const concerned = new Set(rows.map(({ account }) => account))
  const [first, end] = [isoDay(firstDay), isoDay(endDay)]
  const within = (vat: readonly VatFrom[]) => [
    vat.findLast(({ from }) => from <= first) ?? null,
    ...vat.filter(({ from }) => from > first && from < end),
  ]
  const taxesOf = ({ issuer, members }: Parties) =>
    canonical([
      within(issuer.vat),
      ...members
        .filter(({ account }) => concerned.has(account))
        .map(({ account, vat }) => [account, within(vat)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ])
  const [one, other] = [await partiesOfVersion(sql, areaId, before), await partiesOfVersion(sql, areaId, after)]
  return one !== null && other !== null && taxesOf(one) !== taxesOf(other)
}
