/** Tells the clerks of an area that a billed month has changed: once after each time that somebody has looked at it. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { billChanges } from '../store/bill-changes.ts'
import type { Queries } from '../store/database.ts'
import { areaItself, type NoticeRow, noteSeats } from '../store/notice-store.ts'

export async function tellClerks(
  sql: Queries,
  { areaId, clerks, now }: { areaId: number; clerks: readonly Address[]; now: Date },
): Promise<NoticeRow[]> {
  const happenedAt = Math.floor(now.getTime() / 1000)
  const changed = await billChanges(sql, areaId)
  const notices = changed.flatMap(({ month, look }) =>
    clerks.map((account) => ({ seat: areaItself, account, subject: `${month} ${look}`, happenedAt })),
  )
  return notices.length === 0 ? [] : noteSeats(sql, areaId, 'bill', notices)
}
