/** Notices of an account, for itself alone: the list, what is read of it, and which kinds arise. */
import { z } from 'zod'
import type { SessionRow } from '../../store/account-store.ts'
import {
  chooseNotices,
  type NoticeRow,
  noticeKinds,
  noticeState,
  noticesOf,
  readNotices,
} from '../../store/notice-store.ts'
import { noticeChoicesSchema, noticeStateSchema, noticesReadSchema, noticesSchema } from '../notice-resources.ts'
import { pageOfRows, pageQuery, placeForm, readCursor } from '../paging.ts'
import type { OrderParts } from '../place-order.ts'
import { presentChoices, presentNotice } from '../present-notice.ts'
import { ApiError } from '../problem.ts'
import { addressSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'

const tag = 'Notices'
const params = z.object({ account: addressSchema })

export function noticeRoutes({ database, areas, tables }: OrderParts): Route[] {
  async function requireOwner(account: string, session: () => Promise<SessionRow>): Promise<void> {
    if ((await session()).account === account) return
    throw new ApiError('ACCOUNT_FOREIGN', `notices of ${account} are for ${account} alone`)
  }

  async function stateOf(account: string) {
    const { unread, unwanted } = await noticeState(database, account)
    return { unread, choices: presentChoices(unwanted) }
  }

  return [
    route({
      id: 'listNotices',
      method: 'get',
      path: '/accounts/:account/notices',
      tag,
      summary:
        'What the account is told of: payouts, meters that fell silent, statements that are ready, and clerks of billed months that changed; the newest first',
      private: true,
      params,
      query: z.object(pageQuery),
      answers: { 200: noticesSchema },
      async handle({ params: { account }, query: { limit, cursor }, session }) {
        await requireOwner(account, session)
        const served = new Set(await Promise.all(areas.all().map((area) => tables.idOf(area))))
        const before = readCursor('notices', placeForm.arrival, cursor)
        const rows = await noticesOf(database, { account, before, limit: limit + 1 })
        const page = pageOfRows('notices', rows, { limit, item: (row: NoticeRow) => row, place: ({ id }) => id })
        const items = page.items
          .filter(({ area_id }) => served.has(area_id))
          .map((row) => presentNotice(tables.areaWith(row.area_id).settings, row))
        return { status: 200, body: { ...page, items, ...(await stateOf(account)) } }
      },
    }),
    route({
      id: 'readNotices',
      method: 'post',
      path: '/accounts/:account/notices/read',
      tag,
      summary: 'The notices up to one are read, this one too',
      private: true,
      params,
      body: noticesReadSchema,
      answers: { 200: noticeStateSchema },
      async handle({ params: { account }, body: { until }, session }) {
        await requireOwner(account, session)
        await readNotices(database, account, Number(until))
        return { status: 200, body: await stateOf(account) }
      },
    }),
    route({
      id: 'chooseNotices',
      method: 'post',
      path: '/accounts/:account/notices/choices',
      tag,
      summary: 'Which kinds of notices arise for the account from now on',
      private: true,
      params,
      body: noticeChoicesSchema,
      answers: { 200: noticeStateSchema },
      async handle({ params: { account }, body: choices, session }) {
        await requireOwner(account, session)
        await chooseNotices(
          database,
          account,
          noticeKinds.filter((kind) => !choices[kind]),
        )
        return { status: 200, body: await stateOf(account) }
      },
    }),
  ]
}
