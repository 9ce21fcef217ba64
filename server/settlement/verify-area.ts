/**
 * Computes a whole batch again, from what was signed to what the chain settled: readings → intervals → clearing → fills →
 * batch. It uses the pure rooms that the engine uses, and nothing of a server.
 *
 * Taken as stated, because nobody signs it: when orders were accepted, in which order, and when they ended; how far short
 * funds cut an offer; which forward trades were made, within their signed orders; that a meter was suspended; who could not
 * pay; zones, fees and the lowest price. Every account can hold its own part of that against what it knows.
 */
import type { EntryFields } from '../../contracts/entry.ts'
import { type AreaRules, type EscrowDomain, type Hex, hashRules, recoverSigner } from '../../contracts/typed-data.ts'
import type { UtcSeconds } from '../../contracts/units.ts'
import type {
  AreaConfig,
  ChainSeat,
  ForwardTrade,
  IntervalRun,
  MeterReading,
  OrderState,
  Reservation,
} from '../market/engine/area.ts'
import { measuredSeat, netted } from '../market/engine/batches.ts'
import { tradedWh } from '../market/engine/forward-positions.ts'
import { computeInterval } from '../market/engine/interval-result.ts'
import { countingOrder, type ForwardInterval, type SeatState, sellableWh, termsAt } from '../market/engine/state.ts'
import { hasTraded, withoutSeat } from '../market/engine/without-seat.ts'
import type { AreaFile } from './area-file.ts'
import { orderId, type SignedOrder, wrongSigner } from './signed-order.ts'
import { leafHash, type StatementFill, sortedFills, statementRoot } from './statement.ts'

/** What the chain says of a settled batch. */
export interface SettledArea {
  rules: AreaRules
  statementRoot: Hex
  start: UtcSeconds
  /** Every seat as it stood before the batch's first part. */
  seats: ChainSeat[]
  /** Of all parts, in order. */
  entries: EntryFields[]
  /** What the grid operator's account got, in ledger units. */
  gridTake: bigint
}

/** The first difference in a sentence, or null. */
export function verifyArea(file: AreaFile, chain: SettledArea): string | null {
  const { area, start, end } = file
  if (chain.start !== start)
    return `the chain settled the batch from ${timeOf(chain.start)}, the file is of ${timeOf(start)}`
  const book = bookOf(file, chain)
  return (
    wrongStatement(file, chain) ??
    wrongReading(file, chain) ??
    wrongOrder(file, chain, book) ??
    wrongForwardTrade(file, book) ??
    wrongBatch(file, chain, book, { area, start, end })
  )
}

interface Book {
  domain: EscrowDomain
  config: AreaConfig
  seats: Map<number, SeatState>
  spot: Map<string, OrderState>
  forward: Map<string, SignedOrder>
  trades: Map<UtcSeconds, ForwardTrade[]>
}

function bookOf(file: AreaFile, { rules, seats }: SettledArea): Book {
  const { chainId, escrow, lowestTicks, zones } = file
  const domain = { chainId, escrow }
  const config: AreaConfig = {
    ...{ rules, rulesHash: hashRules(rules), lowestTicks, graceMs: 0 },
    highestTicks: lowestTicks + Math.floor(rules.maxBandTicks / 2),
    zones: zones.map(({ parent, ...zone }) => (parent === undefined ? zone : { ...zone, parent })),
  }
  const states = new Map(seats.map((seat) => [seat.seat, stateOf(seat, file)]))
  const numberOf = new Map(seats.map(({ account, meter, seat }) => [`${account} ${meter}`, seat]))
  const spot = new Map(
    file.orders.map((signed): [string, OrderState] => {
      const { account, meter, side, limitPrice, maxWh, nonce } = signed.order
      const { arrival, acceptedAtMs, activeFrom, activeUntil } = signed
      const id = orderId(domain, signed)
      const seat = numberOf.get(`${account} ${meter}`) ?? 0
      return [
        id,
        {
          ...{ id, seat, side: side === 0 ? 'buy' : 'sell', limitTicks: limitPrice, maxWh, activeFrom, activeUntil },
          ...{ nonce, arrival, acceptedAtMs, status: 'active' },
        },
      ]
    }),
  )
  const trades = new Map<UtcSeconds, ForwardTrade[]>()
  for (const trade of file.forwardTrades) {
    const { buyOrder, sellOrder } = trade
    const list = trades.get(trade.start) ?? []
    list.push({ ...trade, maker: buyOrder, taker: sellOrder })
    trades.set(trade.start, list)
  }
  const forward = new Map(file.forwardOrders.map((signed) => [orderId(domain, signed), signed]))
  return { domain, config, seats: states, spot, forward, trades }
}

function stateOf(chain: ChainSeat, { readings }: AreaFile): SeatState {
  const { meter, base } = chain
  const own: MeterReading[] = readings
    .filter((reading) => reading.meter === meter && reading.epoch === base.epoch && reading.time > base.time)
    .sort((a, b) => a.time - b.time)
  return {
    chain,
    base: { epoch: base.epoch, time: base.time },
    readings: [{ meter, ...base, quality: 0 }, ...own],
    nonces: { buy: -1, sell: -1 },
    suspended: false,
  }
}

function wrongStatement(file: AreaFile, chain: SettledArea): string | null {
  const hashes = file.leaves.map(({ salt, ...leaf }) => leafHash(file.area, fillOf(leaf), salt))
  return statementRoot(file, hashes) === chain.statementRoot
    ? null
    : 'the fills and salts of the file do not give the statement root that was settled'
}

function fillOf(leaf: Omit<AreaFile['leaves'][number], 'salt'>): StatementFill {
  return { ...leaf, amount: BigInt(leaf.amount) }
}

function wrongReading({ chainId, escrow, readings }: AreaFile, { seats }: SettledArea): string | null {
  const meters = new Set(seats.map(({ meter }) => meter))
  for (const { signature, ...reading } of readings) {
    const name = `the reading of ${timeOf(reading.time)} of meter ${reading.meter}`
    if (!meters.has(reading.meter)) return `${name} is of no meter of the area`
    try {
      if (recoverSigner({ chainId, escrow }, 'Reading', reading, signature) === reading.meter) continue
    } catch {
      // Named below.
    }
    return `${name} is not signed by it`
  }
  return null
}

function wrongOrder(file: AreaFile, chain: SettledArea, { domain, config, spot }: Book): string | null {
  const seatOf = new Map(chain.seats.map(({ account, meter, seat }) => [`${account} ${meter}`, seat]))
  for (const signed of [...file.orders, ...file.forwardOrders]) {
    const { account, meter, rules } = signed.order
    const name = `order ${orderId(domain, signed)}`
    if (rules !== config.rulesHash) return `${name} names other rules than the area's`
    if (!seatOf.has(`${account} ${meter}`)) return `${name} is of an account and meter without a seat`
    const missing = wrongSigner(domain, signed)
    if (missing !== null) return `${name} is not signed by ${missing}`
  }
  for (const { order, activeFrom, activeUntil, acceptedAtMs } of file.orders) {
    if (activeFrom >= order.start && activeUntil <= order.end && activeFrom * 1_000 > acceptedAtMs) continue
    return `an order of ${order.account} counts outside its signed time, or with hindsight`
  }
  if (spot.size !== file.orders.length) return 'an order is listed twice'
  return null
}

function wrongForwardTrade(file: AreaFile, { forward, config, seats }: Book): string | null {
  const energies = new Map<string, number>()
  for (const { start, number, buyOrder, sellOrder, buyer, seller, priceTicks, energyWh } of file.forwardTrades) {
    const name = `forward trade ${number} of ${timeOf(start)}`
    for (const [id, side, seat] of [
      [buyOrder, 0, buyer],
      [sellOrder, 1, seller],
    ] as const) {
      const order = forward.get(id)?.order
      if (order === undefined) return `${name}: order ${id} is missing`
      const { account, meter } = seats.get(seat)?.chain ?? {}
      if (order.side !== side || order.account !== account || order.meter !== meter) {
        return `${name}: order ${id} is not of seat ${seat} and its side`
      }
      if (order.start !== start || order.end !== start + config.rules.intervalSeconds) {
        return `${name}: order ${id} is for another interval`
      }
      if (side === 0 ? priceTicks > order.limitPrice : priceTicks < order.limitPrice) {
        return `${name}: outside the limit of order ${id}`
      }
      const total = (energies.get(id) ?? 0) + energyWh
      energies.set(id, total)
      if (total > order.maxWh) return `${name}: more energy than order ${id} allows`
    }
  }
  return null
}

function wrongBatch(
  file: AreaFile,
  chain: SettledArea,
  book: Book,
  { area, start, end }: { area: number; start: UtcSeconds; end: UtcSeconds },
): string | null {
  const { config, trades } = book
  const intervals: { result: IntervalRun; trades: ForwardTrade[] }[] = []
  for (let time = start; time < end; time += config.rules.intervalSeconds) {
    const offers = file.offers.filter((offer) => offer.start === time)
    const wrong = wrongOffer(offers, book, time)
    if (wrong !== null) return wrong
    const own = trades.get(time) ?? []
    let result = recompute(offers, book, time)
    for (const seat of file.leftOut) {
      if (hasTraded(result, seat)) result = withoutSeat(result, { config, trades: own, seat })
    }
    const difference = wrongFills(file, result)
    if (difference !== null) return difference
    intervals.push({ result, trades: own })
  }
  const measured = [...book.seats.values()].flatMap((seat) => measuredSeat(seat, start, end))
  const batch = netted({ start, end, number: 1, leftOut: file.leftOut, intervals, seats: measured }, config)
  if (batch.paid - batch.received !== chain.gridTake) {
    return `area ${area}: the grid operator's account got ${chain.gridTake} ledger units, computed are ${batch.paid - batch.received}`
  }
  return wrongEntries(chain, batch.entries, { end, intervalSeconds: config.rules.intervalSeconds })
}

type Offer = AreaFile['offers'][number]

/** Each seat and side offers by the order that counts, and by no other; none may be missing while it could trade. */
function wrongOffer(offers: readonly Offer[], { spot, seats }: Book, time: UtcSeconds): string | null {
  const ofSide = new Map<string, OrderState[]>()
  for (const order of spot.values()) {
    const key = `${order.seat} ${order.side}`
    ofSide.set(key, [...(ofSide.get(key) ?? []), order])
  }
  const counting = new Map<string, number>()
  for (const orders of ofSide.values()) {
    const order = countingOrder(orders, time)
    if (order !== null) counting.set(order.id, order.seat)
  }
  for (const { order } of offers) {
    if (!counting.delete(order))
      return `order ${order} took part in the interval of ${timeOf(time)} without counting there`
  }
  for (const [order, number] of counting) {
    const seat = seats.get(number)!
    if (termsAt(seat, time)?.closed === false) return `order ${order} was left out of the interval of ${timeOf(time)}`
  }
  return null
}

function recompute(offers: readonly Offer[], { config, seats, spot, trades }: Book, time: UtcSeconds): IntervalRun {
  const suspended = new Set(offers.filter((offer) => offer.suspended).map(({ order }) => spot.get(order)!.seat))
  const now = new Map([...seats].map(([number, seat]) => [number, { ...seat, suspended: suspended.has(number) }]))
  const forward: ForwardInterval = { orders: new Map(), trades: trades.get(time) ?? [] }
  const reservations = offers
    .map((offer): Reservation & { arrival: number } => {
      const { seat: number, side, limitTicks: limit, maxWh, arrival } = spot.get(offer.order)!
      const terms = termsAt(now.get(number)!, time)
      const mandatedWh = terms === null ? 0 : side === 'buy' ? terms.maxBuyWh : sellableWh(terms, config)
      const wantedWh = Math.max(0, Math.min(maxWh, mandatedWh - tradedWh(forward, number, side)))
      const limitTicks = side === 'buy' ? Math.min(limit, config.highestTicks) : Math.max(limit, config.lowestTicks)
      const reservedWh = Math.min(wantedWh, offer.offeredWh)
      return { order: offer.order, seat: number, side, limitTicks, wantedWh, reservedWh, reserved: 0n, arrival }
    })
    .sort((a, b) => a.arrival - b.arrival)
  const state = { seats: now, forward: new Map([[time, forward]]) }
  return computeInterval(state, config, { start: time, startedAtMs: 0, reservations, result: null })
}

function wrongFills(file: AreaFile, { start, seats }: IntervalRun): string | null {
  const computed = sortedFills(
    seats.flatMap(({ seat, outcomes }) =>
      outcomes.map(({ order, side, filledWh, amount }) => ({ start, seat, order, side, energyWh: filledWh, amount })),
    ),
  )
  const stated = sortedFills(
    file.leaves.filter((leaf) => leaf.start === start).map(({ salt: _, ...leaf }) => fillOf(leaf)),
  )
  for (let index = 0; index < Math.max(computed.length, stated.length); index += 1) {
    const own = computed[index]
    const settled = stated[index]
    if (own !== undefined && settled !== undefined && textOf(own) === textOf(settled)) continue
    return `interval of ${timeOf(start)}: settled ${settled === undefined ? 'nothing' : textOf(settled)}, computed ${own === undefined ? 'nothing' : textOf(own)}`
  }
  return null
}

function textOf({ seat, order, side, energyWh, amount }: StatementFill): string {
  return `${energyWh} Wh ${side === 'buy' ? 'bought' : 'sold'} by seat ${seat} for ${amount} ledger units (order ${order})`
}

function wrongEntries(
  chain: SettledArea,
  computed: ReturnType<typeof netted>['entries'],
  { end, intervalSeconds }: { end: UtcSeconds; intervalSeconds: number },
): string | null {
  const registers = new Map(
    chain.seats.map(({ seat, base }) => [seat, { importWh: base.importWh, exportWh: base.exportWh }]),
  )
  for (let index = 0; index < Math.max(computed.length, chain.entries.length); index += 1) {
    const own = computed[index]
    const settled = chain.entries[index]
    const name = `entry ${index + 1} of the batch`
    if (own === undefined || settled === undefined) {
      return `the chain settled ${chain.entries.length} entries, computed are ${computed.length}`
    }
    const base = registers.get(own.seat)!
    const expected: EntryFields = {
      ...{ number: own.seat, lag: (end - own.time) / intervalSeconds },
      ...{ exportDelta: own.exportWh - base.exportWh, importDelta: own.importWh - base.importWh },
      ...{ soldWh: own.soldWh, boughtWh: own.boughtWh, paid: own.paid, received: own.received },
    }
    registers.set(own.seat, own)
    for (const field of Object.keys(expected) as (keyof EntryFields)[]) {
      if (expected[field] === settled[field]) continue
      return `${name} (seat ${own.seat}): the chain settled ${field} ${settled[field]}, computed ${expected[field]}`
    }
  }
  return null
}

function timeOf(time: UtcSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
