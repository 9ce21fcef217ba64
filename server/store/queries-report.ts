/**
 * What a settlement report is written from: page after page of the newest runs, so that no transaction stays open however long
 * somebody takes to receive it, and while one page is written the next one is read.
 */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { qualities } from '../market/area/codes.ts'
import type { IntervalResults, SettledInterval } from '../reports/settled-row.ts'
import { numbers } from './arrays.ts'
import type { Queries } from './database.ts'
import { decodeFills } from './outcomes.ts'
import type { Range, StoredIntervalStatus } from './rows.ts'

export interface ReportRange {
  area: number
  from: UtcSeconds
  to: UtcSeconds
  /** The same for all of an area's life: its rules say it. */
  intervalSeconds: number
  /** The zone with this place among the area's zones of that time. */
  zoneAt(start: UtcSeconds, place: number): string
  /** Meters that alone are asked for; null for all. */
  meters: readonly Address[] | null
}

/** A row of a seat's interval as the database writes it. */
interface StoredRow {
  start: UtcSeconds
  seat: number
  /** Words between blanks, in the order in which `settledRows` reads them, `-` for no register: one text is read sooner than a column for each. */
  facts: string
  outcomes: Buffer
}

/** A page as far as it is read: what is large of a row is made when the row is asked for, and can be forgotten after it. */
export type ReportPage = Iterable<SettledInterval>

interface Seat {
  seat: number
  meter: Address
  account: Address
}

const pageRows = 4_000

/** The newest runs of the area's intervals that start in `[from, to)`, ascending by start, then seat; in pages. */
export async function* reportRows(sql: Queries, range: ReportRange): AsyncGenerator<ReportPage> {
  const { area, to, meters } = range
  const seats = await seatsOf(sql, area, meters)
  const completed = await completion(sql, range, seats, true)
  const only = meters === null ? sql`` : sql`and seat = any(${numbers(seats, ({ seat }) => seat)}::int[])`
  const pageAfter = (start: UtcSeconds, seat: number) =>
    caught(
      storedRows(
        sql,
        range,
        sql`
        select * from seat_intervals
        where area_id = ${area} and current and start < ${to} and (start, seat) > (${start}::bigint, ${seat}::int) ${only}
        order by start, seat limit ${pageRows}`,
        sql`order by own.start, own.seat`,
      ),
    )
  let next = pageAfter(range.from - 1, 0)
  for (;;) {
    const rows = await next
    if (rows.length === pageRows) next = pageAfter(rows.at(-1)!.start, rows.at(-1)!.seat)
    if (rows.length > 0) yield await completed(rows)
    if (rows.length < pageRows) return
  }
}

/**
 * The same point by point: ascending by meter, then start. Money of these rows is not split, since the results of whole
 * intervals would be read again for every few points.
 */
export async function* reportRowsByPoint(sql: Queries, range: ReportRange): AsyncGenerator<ReportPage> {
  const { area, from, to, meters } = range
  const seats = await seatsOf(sql, area, meters)
  const completed = await completion(sql, range, seats, false)
  const starts = await sql<{ start: UtcSeconds }[]>`
    select distinct start from intervals where area_id = ${area} and start >= ${from} and start < ${to} order by start`
  const list = numbers(starts, ({ start }) => start)
  const groups = groupsOf(seats, Math.max(1, Math.floor((2 * pageRows) / (starts.length + 1))))
  const rowsOf = (group: readonly number[]) =>
    caught(
      storedRows(
        sql,
        range,
        sql`
        select * from seat_intervals
        where area_id = ${area} and current and start = any(${list}::bigint[])
          and seat = any(${numbers(group, (seat) => seat)}::int[])`,
        sql`order by seats.meter, own.start, own.seat`,
      ),
    )
  let next = groups.length === 0 ? null : rowsOf(groups[0]!)
  for (let i = 0; next !== null; i++) {
    const rows: StoredRow[] = await next
    next = i + 1 < groups.length ? rowsOf(groups[i + 1]!) : null
    if (rows.length > 0) yield await completed(rows)
  }
}

/** A promise that is looked at later: that it may fail before is no surprise. */
function caught<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function storedRows(
  sql: Queries,
  { area, intervalSeconds }: ReportRange,
  own: ReturnType<Queries>,
  order: ReturnType<Queries>,
): Promise<StoredRow[]> {
  return sql<StoredRow[]>`
    select own.start, own.seat, concat_ws(' ', own.zone, own.run, floor(extract(epoch from computed.computed_at))::bigint,
      computed.status, own.quality, own.import_wh, own.export_wh, own.bought_wh, own.sold_wh, own.paid, own.received,
      own.deviation_wh, coalesce(at_start.import_wh::text, '-'), coalesce(at_start.export_wh::text, '-'),
      coalesce(at_end.import_wh::text, '-'), coalesce(at_end.export_wh::text, '-'),
      (computed.kind = 'corrected')::int) as facts, own.outcomes
    from (${own}) own
    join seats using (area_id, seat)
    join intervals computed using (area_id, start, run)
    left join lateral (
      select import_wh, export_wh from readings
      where area_id = ${area} and time = own.start and readings.seat = own.seat order by epoch desc limit 1
    ) at_start on true
    left join lateral (
      select import_wh, export_wh from readings
      where area_id = ${area} and time = own.start + ${intervalSeconds}::bigint and readings.seat = own.seat
      order by epoch limit 1
    ) at_end on true
    ${order}`
}

/** The seats of these meters, or all, by meter. */
async function seatsOf(sql: Queries, area: number, meters: readonly Address[] | null): Promise<Seat[]> {
  const all = await sql<Seat[]>`
    select seat, meter, account from seats where area_id = ${area} order by meter, seat`
  return meters === null ? all : all.filter(({ meter }) => meters.includes(meter))
}

/** Groups of seats, of which no meter is in two. */
function groupsOf(seats: readonly Seat[], size: number): number[][] {
  const groups: number[][] = []
  let before: Address | null = null
  for (const { seat, meter } of seats) {
    const open = groups.at(-1)
    if (open === undefined || (open.length >= size && meter !== before)) groups.push([seat])
    else open.push(seat)
    before = meter
  }
  return groups
}

interface Batch {
  start: UtcSeconds
  end: UtcSeconds
  root: Hex | null
}

/** Adds to rows what is known of their intervals. */
async function completion(sql: Queries, range: ReportRange, seats: readonly Seat[], withResults: boolean) {
  const { area, from, to, zoneAt } = range
  const batches = await sql<Batch[]>`
    select batches.start, end_at as end, statements.root from batches left join statements using (area_id, end_at, number)
    where area_id = ${area} and end_at > ${from} and batches.start < ${to} order by end_at`
  const seatOf = new Map(seats.map((each) => [each.seat, each]))
  const hasAgreements = await anyAgreement(sql, area)
  return async (rows: readonly StoredRow[]): Promise<ReportPage> => {
    const agreed = hasAgreements ? await agreedPrices(sql, area, rows) : nothingAgreed
    const results = withResults ? await resultsOf(sql, range, rows) : null
    return settledRows(rows, { seatOf, batches, agreed, results, zoneAt })
  }
}

const nothingAgreed: ReadonlyMap<number, Ticks> = new Map()

interface KnownOfRows {
  seatOf: ReadonlyMap<number, Seat>
  batches: readonly Batch[]
  agreed: ReadonlyMap<number, Ticks>
  results: ReadonlyMap<UtcSeconds, IntervalResults> | null
  zoneAt: ReportRange['zoneAt']
}

function* settledRows(rows: readonly StoredRow[], known: KnownOfRows): Generator<SettledInterval> {
  const { seatOf, batches, agreed, results, zoneAt } = known
  const facts = new FactsReader()
  for (const { start, seat, facts: text, outcomes } of rows) {
    const batch = batches[firstEndingAfter(batches, start)]
    const isIn = batch !== undefined && batch.start <= start
    const { meter, account } = seatOf.get(seat)!
    facts.begin(text)
    yield {
      start,
      meter,
      account,
      zone: zoneAt(start, facts.whole()),
      run: facts.whole(),
      computed_at: facts.whole(),
      status: facts.text() as StoredIntervalStatus,
      quality: qualities[facts.whole()]!,
      import_wh: facts.whole(),
      export_wh: facts.whole(),
      bought_wh: facts.whole(),
      sold_wh: facts.whole(),
      paid: facts.text(),
      received: facts.text(),
      deviation_wh: facts.whole(),
      import_at_start: facts.register(),
      export_at_start: facts.register(),
      import_at_end: facts.register(),
      export_at_end: facts.register(),
      is_corrected: facts.whole() === 1,
      outcomes: decodeFills(outcomes),
      agreed,
      results: results?.get(start) ?? null,
      batch_end: isIn ? batch.end : null,
      statement_root: isIn ? batch.root : null,
    }
  }
}

const [blank, zero, minus] = [0x20, 0x30, 0x2d]

/** Reads the facts of rows, one after the other. */
class FactsReader {
  #text = ''
  #at = 0

  begin(text: string): void {
    this.#text = text
    this.#at = 0
  }

  /** Throws nothing: the database wrote the digits. */
  whole(): number {
    const text = this.#text
    let value = 0
    let digit = text.charCodeAt(this.#at)
    const isNegative = digit === minus
    if (isNegative) digit = text.charCodeAt(++this.#at)
    for (; digit >= zero; digit = text.charCodeAt(++this.#at)) value = 10 * value + (digit - zero)
    this.#at++
    return isNegative ? -value : value
  }

  text(): string {
    const from = this.#at
    let end = this.#text.indexOf(' ', from)
    if (end < 0) end = this.#text.length
    this.#at = end + 1
    return this.#text.slice(from, end)
  }

  register(): Wh | null {
    const next = this.#text.charCodeAt(this.#at + 1)
    if (this.#text.charCodeAt(this.#at) !== minus || next !== blank) return this.whole()
    this.#at += 2
    return null
  }
}

function firstEndingAfter(batches: readonly Batch[], start: UtcSeconds): number {
  let [low, high] = [0, batches.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (batches[middle]!.end > start) high = middle
    else low = middle + 1
  }
  return low
}

/** As text, since an area may have thousands of zones and each interval a result for each of them. */
async function resultsOf(
  sql: Queries,
  { area, zoneAt }: ReportRange,
  rows: readonly StoredRow[],
): Promise<Map<UtcSeconds, IntervalResults>> {
  const starts = [...new Set(rows.map(({ start }) => start))]
  const intervals = await sql<{ start: UtcSeconds; results: string }[]>`
    select start, string_agg(concat_ws(' ', coalesce(price_ticks::text, '-'), coalesce(flow_wh::text, '-'),
      coalesce(congestion_ticks::text, '-')), ',' order by place) as results
    from (
      select distinct on (start, place) * from interval_zones
      where area_id = ${area} and start = any(${numbers(starts, (start) => start)}::bigint[])
      order by start, place, run desc
    ) newest group by start`
  return new Map(intervals.map(({ start, results }) => [start, readResults(results, (place) => zoneAt(start, place))]))
}

function readResults(text: string, zoneAt: (place: number) => string): IntervalResults {
  const zones: { zone: string; priceTicks: Ticks | null }[] = []
  const flows: { zone: string; exportWh: Wh; congestionTicks: Ticks }[] = []
  for (const [place, result] of text.split(',').entries()) {
    const [price, flow, congestion] = result.split(' ') as [string, string, string]
    const zone = zoneAt(place)
    zones.push({ zone, priceTicks: price === '-' ? null : Number(price) })
    if (flow !== '-' && flow !== '0') flows.push({ zone, exportWh: Number(flow), congestionTicks: Number(congestion) })
  }
  return { zones, flows }
}

async function anyAgreement(sql: Queries, area: number): Promise<boolean> {
  const rows = await sql`select from agreements where area_id = ${area} limit 1`
  return rows.length > 0
}

async function agreedPrices(sql: Queries, area: number, rows: readonly StoredRow[]): Promise<Map<number, Ticks>> {
  const arrivals = new Set<number>()
  for (const { outcomes } of rows) {
    for (const { stage, arrival } of decodeFills(outcomes)) if (stage === 'agreements') arrivals.add(arrival)
  }
  if (arrivals.size === 0) return new Map()
  const agreements = await sql<{ arrival: number; price_ticks: Ticks }[]>`
    select arrival, price_ticks from agreements
    where area_id = ${area} and arrival = any(${numbers([...arrivals], (arrival) => arrival)}::bigint[])`
  return new Map(agreements.map(({ arrival, price_ticks }) => [arrival, price_ticks]))
}

/** What the rows of a range rest on, in few numbers: they change whenever a row does. */
export async function sourcesOf(sql: Queries, area: number, { from, to }: Required<Range>): Promise<string> {
  const [row] = await sql`
    select count(*) as runs, sum(run) as numbers, max(computed_at) as newest, count(*) filter (where status = 'final') as final
    from intervals where area_id = ${area} and start >= ${from!} and start < ${to!}`
  const [batches] = await sql`
    select count(*) as cut, max(cut_at) as newest, sum(number) as numbers, count(statements.root) as stated
    from batches left join statements using (area_id, end_at, number)
    where area_id = ${area} and end_at > ${from!} and batches.start < ${to!}`
  return JSON.stringify({ row, batches })
}

/** Whether every interval of the range that has a result is final. */
export async function isRangeFinal(sql: Queries, area: number, { from, to }: Required<Range>): Promise<boolean> {
  const [row] = await sql<{ open: boolean }[]>`
    select exists (
      select 1 from (
        select distinct on (start) status from intervals
        where area_id = ${area} and start >= ${from!} and start < ${to!} order by start, run desc
      ) newest where status <> 'final'
    ) as open`
  return !row!.open
}
