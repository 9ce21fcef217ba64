/** Notices in words, and which of them a device shows by itself. */
import { expect, test } from 'vitest'
import type { NoticeResource } from '../../server/api/notice-resources.ts'
import { cameSince, noticeText } from '../../web/notices/telling.ts'

const account = `0x${'a'.repeat(40)}`
const notice = (change: Partial<NoticeResource>): NoticeResource => ({
  ...{ id: '1', area: 1, seat: '4294967297', kind: 'payout', happenedAt: '2026-11-01T10:00:00.000Z', read: false },
  ...{ amount: null, to: null, transaction: null, lastReadingAt: null, month: null },
  ...change,
})
const place = { account, currency: 'EUR', meter: `0x${'5'.repeat(40)}` }

test('each kind says what happened, and to which meter or whom', () => {
  const text = (change: Partial<NoticeResource>) => noticeText(notice(change), place).replaceAll('\u202f', ' ')
  expect(text({ amount: '12.5', to: account })).toBe('Payout arrived: 12.50 €.')
  expect(text({ amount: '12.5', to: `0x${'b'.repeat(40)}` })).toContain(`at 0x${'b'.repeat(40)}: 12.50 €`)
  expect(text({ kind: 'silent', lastReadingAt: '2026-11-01T09:00:00.000Z' })).toMatch(
    /^The meter 0x555555… sends nothing since/,
  )
  expect(text({ kind: 'statement', month: '2026-10' })).toMatch(/statement of October 2026 is ready/)
  expect(text({ kind: 'bill', seat: null, month: '2026-10' })).toMatch(/October 2026 was billed, and changed since/)
})

test('a device shows what came while the page was open, once, and nothing of before', () => {
  const list = [notice({ id: '10' }), notice({ id: '9' }), notice({ id: '8', read: true }), notice({ id: '7' })]
  expect(cameSince(list, null)).toEqual([])
  expect(cameSince(list, '7').map(({ id }) => id)).toEqual(['9', '10'])
  expect(cameSince(list, '10')).toEqual([])
  expect(cameSince([], '0')).toEqual([])
})
