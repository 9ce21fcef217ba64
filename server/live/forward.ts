/** Forward trading, live: trades and changed levels of the books for who watches an area, its own orders for each account. */
import { isoTime } from '../api/present.ts'
import { presentForwardOrder, presentForwardTrade, presentLevels } from '../api/present-forward.ts'
import type { AreaChanges, AreaHandle } from '../areas/area-handle.ts'
import { forwardLevelsOfOrders, forwardOrdersByArrival, forwardTradesByNumber } from '../store/queries-forward.ts'
import type { ForwardLevelRow } from '../store/rows.ts'
import type { Publisher, Publishing } from './publishing.ts'

/** Trades sent in one round: a page that missed more fetches the book. */
const mostTrades = 200

/** Gathers which orders one area says have changed, and sends what the tables say about them, round by round. */
export function createForwardPublisher(area: AreaHandle, publishing: Publishing): Publisher {
  const { settings } = area
  const { database, tables, watched, accounts, toArea, toAccount } = publishing
  let changed = new Set<number>()
  let made: AreaChanges['forwardTrades'] = []

  const close = area.subscribe(({ forwardOrders, forwardTrades }) => {
    for (const arrival of forwardOrders) changed.add(arrival)
    made.push(...forwardTrades)
  })

  async function sendPublic(areaId: number, arrivals: number[], trades: typeof made): Promise<void> {
    for (const row of await forwardTradesByNumber(database, areaId, trades)) {
      toArea.emit('forwardTrade', presentForwardTrade(settings, row))
    }
    for (const levels of booksOf(await forwardLevelsOfOrders(database, areaId, arrivals))) {
      const { zone, start } = levels[0]!
      toArea.emit('forwardBook', {
        area: settings.area,
        zone,
        start: isoTime(start),
        bids: presentLevels(settings, levels, 'buy'),
        asks: presentLevels(settings, levels, 'sell'),
      })
    }
  }

  return {
    async round() {
      const arrivals = [...changed]
      const trades = made.slice(-mostTrades)
      changed = new Set()
      made = []
      if (arrivals.length === 0) return
      const audience = accounts()
      try {
        const areaId = await tables.idOf(area)
        if (watched()) await sendPublic(areaId, arrivals, trades)
        if (audience.length === 0) return
        for (const row of await forwardOrdersByArrival(database, { area: areaId, arrivals, accounts: audience })) {
          toAccount(row.signed.order.account).emit('forwardOrder', presentForwardOrder(settings, row))
        }
      } catch (error) {
        for (const arrival of arrivals) changed.add(arrival)
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
