/**
 * Everything that the server keeps of an account, to take along: the lists of the API, one after the other, a line of JSON for
 * each item. So what a line holds is what the API's document says of the list that it is from, and a list that comes new to the
 * API comes along.
 */
import type { Request } from 'express'
import { z } from 'zod'
import { partsOfSeatId } from '../../../contracts/protocol/entry.ts'
import type { SessionRow } from '../../store/account-store.ts'
import { keptFrom } from '../../store/archives.ts'
import { readSince } from '../../store/queries-seats.ts'
import { createAllowance } from '../allowance.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { ApiError } from '../problem.ts'
import { addressSchema, type SeatIntervalResource, type SeatResource } from '../resources.ts'
import { type Route, type RouteInput, route } from '../route.ts'

const mostPerMinute = 3
const pageLimit = 500
const dayMs = 86_400_000
/** Readings are listed of 31 days at most. */
const stretchMs = 31 * dayMs

/** What lists of an account need beside it. */
const needs = {
  nothing: [
    'listSeats',
    'listOrders',
    'listDailyBudgets',
    'listSeatIntervals',
    'listSeatBatches',
    'listAgreements',
    'listForwardOrders',
    'listForwardTrades',
    'listGrants',
    'listGrantsReceived',
    'listReads',
    'listNotices',
    'getSessions',
    'getPartnerChoices',
  ],
  area: ['listDocuments'],
  seat: ['listReadings'],
} as const

/** The lists that `everything` holds, by the id of their operation. */
export const listsTakenAlong: readonly string[] = Object.values(needs).flat()

export function everythingRoutes(
  { database, areas, tables }: Pick<OrderParts, 'database' | 'areas' | 'tables'>,
  others: readonly Route[],
): Route[] {
  const allowance = createAllowance({ mostPerMinute, done: 'an account may take everything along' })
  const listNamed = (id: string) => others.find((each) => each.id === id)!
  return [
    route({
      id: 'takeEverything',
      method: 'get',
      path: '/accounts/:account/everything',
      tag: 'Accounts',
      summary:
        'Everything that the server keeps of the account, for itself: a line of JSON for each item, `{"list": id of the operation that lists it, "item": …}`, and last `{"list": "end"}`',
      private: true,
      params: z.object({ account: addressSchema }),
      answers: { 200: 'application/x-ndjson' },
      keptByNobody:
        'It is read while it is sent, and is all that there is of an account: nothing of it lies in a cache',
      async handle({ params: { account }, request, session }) {
        const own = await session()
        if (own.account !== account)
          throw new ApiError('ACCOUNT_FOREIGN', 'only the account itself takes everything along')
        allowance.use(account, Date.now())
        const asking = { own, request }
        return {
          status: 200,
          contentType: 'application/x-ndjson; charset=utf-8',
          fileName: `commonwatt-${account}.ndjson`,
          chunks: linesOf(asking, account),
        }
      },
    }),
  ]

  /** What lies in an archive is not here to be taken. */
  async function keptFromMs(seat: string): Promise<number> {
    const area = areaOf(areas, partsOfSeatId(BigInt(seat)).area)
    return (await keptFrom(database, await tables.idOf(area))) * 1000
  }

  /** A meter may have been read before its seat traded. */
  async function sinceMs(id: string, { fromMs }: Span): Promise<number> {
    const { area, number: seat } = partsOfSeatId(BigInt(id))
    const since = await readSince(database, { areaId: await tables.idOf(areaOf(areas, area)), seat })
    return since === null ? fromMs : Math.min(fromMs, since * 1000)
  }

  async function* linesOf(asking: Asking, account: string): AsyncGenerator<string> {
    // The time of which each seat has results, and of what it signed last.
    const spans = new Map<string, Span>()
    for (const id of needs.nothing) {
      for await (const item of itemsOf(listNamed(id), asking, { params: { account } })) {
        if (id === 'listSeats') widen(spans, item as SeatResource, Date.parse((item as SeatResource).mandate.validFrom))
        if (id === 'listSeatIntervals')
          widen(spans, item as SeatIntervalResource, Date.parse((item as SeatIntervalResource).end))
        yield lineOf(id, item)
      }
    }
    for (const id of needs.area) {
      for (const area of areas.all()) {
        const params = { area: String(area.settings.area) }
        const query = { account }
        for await (const item of itemsOf(listNamed(id), asking, { params, query })) yield lineOf(id, item)
      }
    }
    for (const id of needs.seat) {
      for (const [seat, span] of spans) {
        const all = { ...span, fromMs: await sinceMs(seat, span) }
        for (const query of stretchesOf(all, await keptFromMs(seat))) {
          const asked = { params: { account }, query: { seat, ...query } }
          for await (const item of itemsOf(listNamed(id), asking, asked)) yield lineOf(id, item)
        }
      }
    }
    yield lineOf('end')
  }
}

interface Asking {
  own: SessionRow
  request: Request
}

interface Asked {
  params: Record<string, string>
  query?: Record<string, string>
}

function lineOf(list: string, item?: unknown): string {
  return `${JSON.stringify({ list, item })}\n`
}

/** All items of a list, asked for as a client would; an answer that is no list is one item. */
async function* itemsOf(list: Route, { own, request }: Asking, asked: Asked): AsyncGenerator<unknown> {
  let cursor: string | undefined
  do {
    const query = { ...asked.query, limit: String(pageLimit), ...(cursor === undefined ? {} : { cursor }) }
    const input: RouteInput<unknown, unknown, unknown> = {
      params: list.params?.parse(asked.params),
      query: list.query?.parse(query),
      body: undefined,
      ...{ request, network: '', session: async () => own },
      ...{ member: own.account, asker: own.account },
    }
    const answer = await list.handle(input)
    if (!('body' in answer)) return
    const page = answer.body as { items?: unknown[]; cursor?: string | null }
    yield* page.items ?? [answer.body]
    cursor = page.cursor ?? undefined
  } while (cursor !== undefined)
}

interface Span {
  fromMs: number
  toMs: number
}

function widen(spans: Map<string, Span>, { seat }: { seat: string }, ms: number): void {
  const { fromMs, toMs } = spans.get(seat) ?? { fromMs: ms, toMs: ms }
  spans.set(seat, { fromMs: Math.min(fromMs, ms), toMs: Math.max(toMs, ms) })
}

/** Stretches of which readings are listed, from the day before the first moment until now, and to the day after the last one. */
function stretchesOf({ fromMs, toMs }: Span, keptFromMs: number): { from: string; to: string }[] {
  const begin = Math.max(fromMs - dayMs, keptFromMs)
  const end = Math.max(toMs, Date.now()) + dayMs
  const count = Math.max(0, Math.ceil((end - begin) / stretchMs))
  const iso = (ms: number) => new Date(ms).toISOString()
  return Array.from({ length: count }, (_, at) => ({
    from: iso(begin + at * stretchMs),
    to: iso(begin + (at + 1) * stretchMs),
  }))
}
