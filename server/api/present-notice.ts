/** A notice as the API tells it. */
import type { AreaSettings } from '../areas/settings.ts'
import { areaItself, type NoticeKind, type NoticeRow, noticeKinds } from '../store/notice-store.ts'
import type { NoticeResource, NoticesResource } from './notice-resources.ts'
import { isoTime, moneyIn, seatIdIn } from './present.ts'

export function presentNotice(settings: AreaSettings, row: NoticeRow): NoticeResource {
  const { id, seat, kind, subject, happened_at, amount, payee, read_at } = row
  return {
    ...{ id: String(id), area: settings.area, kind },
    seat: seat === areaItself ? null : seatIdIn(settings, seat),
    ...{ happenedAt: isoTime(happened_at), read: read_at !== null },
    amount: amount === null ? null : moneyIn(settings, amount),
    to: payee,
    transaction: kind === 'payout' ? subject.split(' ')[0]! : null,
    lastReadingAt: kind === 'silent' ? isoTime(Number(subject)) : null,
    month: kind === 'statement' || kind === 'bill' ? subject.split(' ')[0]! : null,
  }
}

export function presentChoices(unwanted: readonly NoticeKind[]): NoticesResource['choices'] {
  return Object.fromEntries(noticeKinds.map((kind) => [kind, !unwanted.includes(kind)])) as NoticesResource['choices']
}
