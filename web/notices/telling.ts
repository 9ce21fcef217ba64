/** Notices in words, and which of them are new since the page last looked. */
import type { NoticeResource } from '../../server/api/notice-resources.ts'
import { moneyWords } from '../money/format.ts'
import { localMoment, monthName } from '../time/clock.ts'
import { noticeWords } from './words.ts'

interface NoticePlace {
  account: string
  currency: string
  /** The meter of the notice's seat; null where the page does not know it. */
  meter: string | null
}

export function noticeText(notice: NoticeResource, { account, currency, meter }: NoticePlace): string {
  const said = noticeWords()
  switch (notice.kind) {
    case 'payout': {
      const amount = moneyWords(notice.amount!, currency)
      return notice.to === account ? said.payout(amount) : said.payoutTo(amount, notice.to!)
    }
    case 'silent':
      return `${said.silent(meter === null ? '' : `${meter.slice(0, 8)}…`, localMoment(notice.lastReadingAt!))} ${said.silentFix}`
    case 'statement':
      return said.statement(monthName(notice.month!))
    case 'bill':
      return said.bill(monthName(notice.month!))
  }
}

/** The unread notices that came after the one that was the newest before, oldest first; none at the first look. */
export function cameSince(notices: readonly NoticeResource[], newestBefore: string | null): NoticeResource[] {
  if (newestBefore === null) return []
  return notices.filter(({ id, read }) => !read && Number(id) > Number(newestBefore)).reverse()
}
