/** Looks every few seconds whether there is something to tell accounts, and tells whoever listens of what is new. */
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { type Poller, startPoller } from '../chain/poller.ts'
import { findAreas, type StoredArea } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import { type NoticeRow, notePayouts, noteSeats, seatsSettledWithin } from '../store/notice-store.ts'
import { tellClerks } from './bill-notices.ts'
import { settledMonth, silentSeats } from './due.ts'

export interface NoticesOptions {
  database: Database
  areas: () => readonly AreaHandle[]
  /** Blocks until a payout counts. */
  confirmations: number
  everyMs: number
  registry: Registry
  log: Logger
  /** Who is told of billed months that change. */
  clerksOf(area: AreaHandle, areaId: number): Promise<readonly Address[]>
  tell(area: AreaHandle, notice: NoticeRow): void
}

/** Billed months are looked at for changes at most this often, since each of them costs a query. */
const billsEveryMs = 60_000

/** What is remembered of an area between two looks. */
interface Watched {
  openSinceMs: number | null
  /** The silent seats whose accounts have been told, each with the last reading before the silence. */
  silent: Map<number, string>
  /** Name of the month whose statements have been told. */
  month: string | null
  /** When billed months were last looked at. */
  billsMs: number
}

export function startNotices({
  database,
  areas,
  confirmations,
  everyMs,
  registry,
  log,
  clerksOf,
  tell,
}: NoticesOptions): Poller {
  const watched = new Map<number, Watched>()
  const arisen = new Counter({
    name: 'commonwatt_notices_total',
    help: 'Notices that arose, by kind',
    labelNames: ['area', 'kind'],
    registers: [registry],
  })

  async function look(area: AreaHandle, stored: StoredArea): Promise<NoticeRow[]> {
    const { status, settings } = area
    const known = watched.get(stored.areaId) ?? {
      openSinceMs: null,
      silent: new Map(),
      month: null,
      billsMs: Number.NEGATIVE_INFINITY,
    }
    watched.set(stored.areaId, known)
    const ofChain = [...(await notePayouts(database, stored, confirmations)), ...(await bills(area, stored, known))]
    if (status.condition.is !== 'ready') {
      known.openSinceMs = null
      return ofChain
    }
    known.openSinceMs ??= status.nowMs
    const { nowMs } = status
    const all = silentSeats({ seats: area.seats(), settings, nowMs, openSinceMs: known.openSinceMs })
    const silent = all.filter(({ seat, subject }) => known.silent.get(seat) !== subject)
    const month = settledMonth(status.settledUntil)
    const isNew = status.settledUntil > 0 && month.name !== known.month
    const settled = isNew ? await seatsSettledWithin(database, stored.areaId, month) : []
    const ready = settled.map((seat) => ({ ...seat, subject: month.name, happenedAt: status.settledUntil }))
    const notices = [
      ...ofChain,
      ...(await noteSeats(database, stored.areaId, 'silent', silent)),
      ...(await noteSeats(database, stored.areaId, 'statement', ready)),
    ]
    known.silent = new Map(all.map(({ seat, subject }) => [seat, subject]))
    if (isNew) known.month = month.name
    return notices
  }

  async function bills(area: AreaHandle, { areaId }: StoredArea, known: Watched): Promise<NoticeRow[]> {
    const lookedMs = performance.now()
    if (lookedMs - known.billsMs < billsEveryMs) return []
    const notices = await tellClerks(database, { areaId, clerks: await clerksOf(area, areaId), now: new Date() })
    known.billsMs = lookedMs
    return notices
  }

  return startPoller({
    ...{ name: 'notices', everyMs, log },
    async run() {
      for (const area of areas()) {
        const { chainId, escrow } = area.settings.chain
        const [stored] = await findAreas(database, { chainId, escrow, area: area.settings.area })
        if (stored === undefined) continue
        for (const notice of await look(area, stored)) {
          arisen.inc({ area: area.settings.area, kind: notice.kind })
          tell(area, notice)
        }
      }
    },
  })
}
