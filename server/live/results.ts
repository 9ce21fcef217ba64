/** What an area computes, live: intervals and batches for who watches it, each account's own seats, intervals and agreements. */
import { presentBatch, presentInterval, presentSeat, presentSeatInterval } from '../api/present.ts'
import { presentAgreement } from '../api/present-agreement.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { batches, intervalsStartingAt } from '../store/queries.ts'
import { agreementsByArrival } from '../store/queries-agreements.ts'
import { activeOrders } from '../store/queries-orders.ts'
import { productionByTime, seatIntervalsOfAccounts, seatsOfAccounts } from '../store/queries-seats.ts'
import type { Publisher, Publishing } from './publishing.ts'

/** Intervals sent in one round: a page that missed more fetches them. */
const mostIntervals = 96
/** Only so many of the newest batches are watched for a change of status. */
const watchedBatches = 10

/** What has changed in an area since the round before. */
interface Gathered {
  starts: Set<number>
  /** Numbers of seats in the area, or all of them. */
  seats: Set<number> | 'all'
  /** Agreements, by their arrival. */
  agreements: Set<number>
}

function nothingYet(): Gathered {
  return { starts: new Set(), seats: new Set(), agreements: new Set() }
}

/** Gathers what one area tells of its commits and sends it round by round. */
export function createResultPublisher(area: AreaHandle, publishing: Publishing): Publisher {
  const { database, tables, watched, accounts, toArea, toAccount } = publishing
  let changes = nothingYet()
  /** What was last sent of each batch and seat, so that only changes are sent. */
  let sentBatches = new Map<number, string>()
  const sentSeats = new Map<number, string>()

  const unsubscribe = area.subscribe(({ intervals, seats, agreements }) => {
    for (const start of intervals) changes.starts.add(start)
    for (const arrival of agreements) changes.agreements.add(arrival)
    if (seats === 'all') changes.seats = 'all'
    else if (changes.seats !== 'all') for (const seat of seats) changes.seats.add(seat)
  })

  async function sendPublic(areaId: number, starts: number[]): Promise<void> {
    const history = await tables.history(area)
    for (const row of await intervalsStartingAt(database, areaId, starts)) {
      const held = history.at(row.start)
      toArea.emit('interval', presentInterval(held, row))
      toAccount(publishing.grid()).emit('interval', presentInterval(held, row, 'grid'))
    }
    const before = sentBatches
    sentBatches = new Map()
    for (const row of (await batches(database, { area: areaId, limit: watchedBatches })).reverse()) {
      const batch = presentBatch(area.settings, row)
      const text = JSON.stringify(batch)
      sentBatches.set(row.end_at, text)
      if (before.get(row.end_at) !== text) toArea.emit('batch', batch)
    }
  }

  async function sendSeats(areaId: number, audience: string[], changed: Gathered['seats']): Promise<void> {
    if (changed !== 'all' && changed.size === 0) return
    const rows = await seatsOfAccounts(database, areaId, audience)
    const wanted = rows.filter(({ seat }) => changed === 'all' || changed.has(seat))
    const keys = wanted.map(({ seat }) => ({ area: areaId, seat }))
    const active = await activeOrders(database, keys)
    for (const row of wanted) {
      const seat = presentSeat(area.settings, row, {
        ...{ active, nowSeconds: Date.now() / 1000 },
        movesTo: publishing.moveOf(row.seat),
      })
      const text = JSON.stringify(seat)
      if (sentSeats.get(row.seat) === text) continue
      sentSeats.set(row.seat, text)
      toAccount(row.account).emit('seat', seat)
    }
  }

  async function sendSeatIntervals(areaId: number, audience: string[], starts: number[]): Promise<void> {
    if (starts.length === 0) return
    const history = await tables.history(area)
    for (const row of await seatIntervalsOfAccounts(database, { area: areaId, starts, accounts: audience })) {
      const settings = history.at(row.start)
      const range = { from: row.start, to: row.start + settings.rules.intervalSeconds }
      const production = await productionByTime(database, { area: areaId, seat: row.seat, ...range })
      toAccount(row.account).emit('seatInterval', presentSeatInterval(settings, row, production))
    }
  }

  async function sendAgreements(areaId: number, audience: string[], arrivals: number[]): Promise<void> {
    if (arrivals.length === 0) return
    const listening = new Set(audience)
    for (const row of await agreementsByArrival(database, areaId, arrivals)) {
      const agreement = presentAgreement(area.settings, row)
      const parties = new Set([agreement.seller.account, agreement.buyer.account])
      for (const account of parties) if (listening.has(account)) toAccount(account).emit('agreement', agreement)
    }
  }

  return {
    async round(): Promise<void> {
      const taken = changes
      changes = nothingYet()
      const starts = [...taken.starts].sort((a, b) => a - b).slice(-mostIntervals)
      const audience = accounts()
      const isWatched = watched()
      if (audience.length === 0) sentSeats.clear()
      if (audience.length === 0 && !isWatched) return
      try {
        const areaId = await tables.idOf(area)
        if (isWatched) await sendPublic(areaId, starts)
        if (audience.length === 0) return
        await sendSeats(areaId, audience, taken.seats)
        await sendSeatIntervals(areaId, audience, starts)
        await sendAgreements(areaId, audience, [...taken.agreements])
      } catch (error) {
        for (const start of starts) changes.starts.add(start)
        for (const arrival of taken.agreements) changes.agreements.add(arrival)
        changes.seats = 'all'
        throw error
      }
    },
    close: unsubscribe,
  }
}
