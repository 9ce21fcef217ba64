/** Forward trading, live: trades and changed levels of the books for who watches an area, its own orders for each account. */

import { isoTime } from '../api/present.ts'
import { presentForwardOrder, presentForwardTrade, presentLevels } from '../api/present-forward.ts'
import type { AreaWorker } from '../areas/area-worker.ts'
import {
  type ForwardLevelRow,
  forwardLevelsOfOrders,
  forwardOrdersById,
  forwardTradesByNumber,
} from '../store/queries-forward.ts'
import type { Publisher, Publishing } from './publishing.ts'

/** Trades sent in one round: a page that missed more fetches the book. */
const mostTrades = 200

/** Gathers the orders that one area's worker reports as changed, and sends what stands in the projections round by round. */
export function createForwardPublisher(worker: AreaWorker, publishing: Publishing): Publisher {
  const { settings } = worker
  const { area } = settings
  const { database, watched, accounts, toArea, toAccount } = publishing
  let changed = new Set<string>()
  let made: { start: number; number: number }[] = []

  const close = worker.subscribe((events) => {
    for (const event of events) {
      if (event.type === 'forward-accepted') changed.add(event.order.id)
      else if (event.type === 'forward-cancelled') changed.add(event.id)
      else if (event.type === 'forward-trade') {
        const { maker, taker, start, number } = event.trade
        changed.add(maker).add(taker)
        made.push({ start, number })
      }
    }
  })

  async function sendPublic(ids: string[], trades: typeof made): Promise<void> {
    for (const row of await forwardTradesByNumber(database, area, trades)) {
      toArea.emit('forwardTrade', presentForwardTrade(settings, row))
    }
    for (const levels of booksOf(await forwardLevelsOfOrders(database, area, ids))) {
      const { zone, start } = levels[0]!
      toArea.emit('forwardBook', {
        area,
        zone,
        start: isoTime(start),
        bids: presentLevels(settings, levels, 'buy'),
        asks: presentLevels(settings, levels, 'sell'),
      })
    }
  }

  return {
    async round() {
      const ids = [...changed]
      const trades = made.slice(-mostTrades)
      changed = new Set()
      made = []
      if (ids.length === 0) return
      const audience = accounts()
      try {
        if (watched()) await sendPublic(ids, trades)
        if (audience.length === 0) return
        for (const row of await forwardOrdersById(database, { area, ids, accounts: audience })) {
          toAccount(row.account).emit('forwardOrder', presentForwardOrder(settings, row))
        }
      } catch (error) {
        for (const id of ids) changed.add(id)
        made.unshift(...trades)
        throw error
      }
    },
    close,
  }
}

/** The levels by book; those of one book stand together already. */
function booksOf(levels: readonly ForwardLevelRow[]): ForwardLevelRow[][] {
  const books: ForwardLevelRow[][] = []
  for (const level of levels) {
    const book = books.at(-1)
    const before = book?.at(-1)
    if (before?.zone === level.zone && before.start === level.start) book!.push(level)
    else books.push([level])
  }
  return books
}
