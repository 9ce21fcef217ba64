/** The intervals that a line of an issued document sums, read again from the tables: what proves it. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { isOfPurchase } from '../billing/draft.ts'
import { DaySum, lineHash } from '../billing/line-proof.ts'
import { requireKept } from './archives.ts'
import { batchOf, calendarOf } from './bill-month.ts'
import { billedBatches, filled } from './billed-batches.ts'
import type { StoredDocument } from './billing-store.ts'
import type { Database, Queries } from './database.ts'
import { reportRowsByPoint } from './queries-report.ts'

/** No batch that holds some of a month ends later behind it. */
const longestBatchSeconds = 40 * 86_400

/** What one batch moved of a line. */
export interface ProvedBatch {
  end: UtcSeconds
  statementRoot: string
  meter: Address
  /** The seat whose statement shows it. */
  seat: number
  intervals: number
  energyWh: Wh
  amount: LedgerUnits
}

export interface LineProof {
  batches: ProvedBatch[]
  intervals: number
  energyWh: Wh
  amount: LedgerUnits
  hash: string
}

/**
 * What the settled batches say now of a line (by its place, from 0) of a document; it agrees with the line unless the figures of the
 * month have changed since. Throws `STORE_ARCHIVED`.
 */
export async function proofOfLine(
  database: Database,
  areaId: number,
  { month, document }: StoredDocument,
  place: number,
): Promise<LineProof> {
  const { dayOf, points, settingsAt, ...range } = await calendarOf(database, areaId, month)
  await requireKept(database, areaId, range.from)
  const { point } = document.lines[place]!
  const isBought = isOfPurchase(document)
  const batches = await billedBatches(database, areaId, range)
  const zoneAt = (start: UtcSeconds, zone: number) => settingsAt(start).zones[zone]!.zone
  const { intervalSeconds } = settingsAt(range.to - 1).rules
  const query = { area: areaId, ...range, intervalSeconds, zoneAt, meters: points.metersWith(point) }
  const { account } = document
  const seats = await seatsOfBatches(database, areaId, { account, ...range })
  const days = new Map<string, { day: string; sum: DaySum }>()
  const moved = new Map<string, ProvedBatch>()
  for await (const page of reportRowsByPoint(database, query)) {
    for (const settled of page) {
      const { start, meter } = settled
      const facts = points.factsOf(meter, start) ?? { point: meter, exportPoint: meter }
      const day = dayOf(start)
      const isOfLine = settled.account === account && (isBought ? facts.point : facts.exportPoint) === point
      const batch = batchOf(batches, start)
      const fills = filled(settled)
      const [energyWh, amount] = isBought ? [fills.boughtWh, fills.paid] : [fills.soldWh, fills.received]
      if (!isOfLine || batch === null || energyWh === 0 || day < document.from || day > document.to) continue
      const { end, statementRoot } = batch
      const key = JSON.stringify([day, meter, facts.point, facts.exportPoint])
      const known = days.get(key) ?? { day, sum: new DaySum() }
      days.set(key, known)
      known.sum.add({ start, energyWh, amount, batch: end, statementRoot })
      const before = moved.get(`${end} ${meter}`)
      moved.set(`${end} ${meter}`, {
        ...{ end, statementRoot, meter: meter as Address, seat: seats.get(`${end} ${meter}`) ?? 0 },
        intervals: (before?.intervals ?? 0) + 1,
        ...{ energyWh: (before?.energyWh ?? 0) + energyWh, amount: (before?.amount ?? 0n) + amount },
      })
    }
  }
  const sums = [...days.values()]
    .map(({ day, sum }) => ({ day, ...sum.finish() }))
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
  return {
    batches: [...moved.values()].sort((a, b) => a.end - b.end),
    intervals: sums.reduce((sum, each) => sum + each.intervals, 0),
    energyWh: sums.reduce((sum, each) => sum + each.energyWh, 0),
    amount: sums.reduce((sum, each) => sum + each.amount, 0n),
    hash: lineHash(sums),
  }
}

/** The seat of each meter of an account in each batch of a range, by `end meter`. */
async function seatsOfBatches(
  sql: Queries,
  areaId: number,
  { account, from, to }: { account: Address; from: UtcSeconds; to: UtcSeconds },
): Promise<Map<string, number>> {
  const rows = await sql<{ end: UtcSeconds; meter: Address; seat: number }[]>`
    select end_at as "end", meter, seat from batch_entries join seats using (area_id, seat)
    where area_id = ${areaId} and account = ${account} and end_at > ${from} and end_at < ${to}::bigint + ${longestBatchSeconds}::bigint
    order by end_at, seat`
  return new Map(rows.map(({ end, meter, seat }) => [`${end} ${meter}`, seat]))
}
