/**
 * Computes a whole batch again, from what was signed to what the chain settled: readings → intervals → clearing → fills →
 * batch. It uses the pure rooms that the engine uses, and nothing of a server.
 *
 * Taken as stated, because nobody signs it, is what `stated-facts.ts` lists; the statement's root fixes it before the batch
 * is settled, and each stated thing must fit what is signed. That a meter was suspended is proved by its two values.
 */
import type { EntryFields } from '../../contracts/protocol/entry.ts'
import { keyAt, type LaterKey } from '../../contracts/protocol/meter-keys.ts'
import {
  type Address,
  type AreaRules,
  type EscrowDomain,
  type Hex,
  hashRules,
  type Reading,
  recoverSigner,
} from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { clearAuction, type Zone } from '../market/auction.ts'
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
import {
  buyableWh,
  countingOrder,
  type ForwardInterval,
  type SeatState,
  sellableWh,
  termsAt,
} from '../market/engine/state.ts'
import { hasTraded, withoutSeat } from '../market/engine/without-seat.ts'
import { MarketError } from '../market/errors.ts'
import type { AreaFile } from './area-file.ts'
import { SettlementError } from './error.ts'
import { orderId, type WalletWords, wrongSigner } from './signed-order.ts'
import { statedHash } from './stated-facts.ts'
import { leafHash, type StatementFill, sortedFills, statementRoot } from './statement.ts'

/** What the chain says of a settled batch. */
export interface SettledArea {
  rules: AreaRules
  statementRoot: Hex
  start: UtcSeconds
  end: UtcSeconds
  /** Every seat as it stood before the batch's first part, also of an attempt that was given up. */
  seats: ChainSeat[]
  /** Where seats stood, by number, when the attempt that settled the batch began. */
  bases: Map<number, ChainSeat['base']>
  /** Of all parts, in order. */
  entries: EntryFields[]
  /** What the grid operator's account got, in ledger units. */
  gridTake: bigint
}

/** The first difference in a sentence, or null; `words` are of the contract wallets among the accounts. */
export function verifyArea(file: AreaFile, chain: SettledArea, words: WalletWords = new Set()): string | null {
  const { start } = file
  if (chain.start !== start)
    return `the chain settled the batch from ${timeOf(chain.start)}, the file is of ${timeOf(start)}`
  try {
    return firstDifference(file, chain, words)
  } catch (error) {
    if (!(error instanceof SettlementError || error instanceof MarketError)) throw error
    return `what the file says cannot be computed: ${error.message}`
  }
}

function firstDifference(file: AreaFile, chain: SettledArea, words: WalletWords): string | null {
  const { area, start, end } = file
  const book = bookOf(file, chain)
  return (
    wrongGrid(file) ??
    wrongReading(file, chain) ??
    wrongOrder(file, book, words) ??
    wrongSuspension(file, book) ??
    wrongForwardTrade(file, book) ??
    wrongBatch(file, chain, book, { area, start, end }) ??
    wrongStatement(file, chain, book)
  )
}

interface Book {
  domain: EscrowDomain
  rulesHash: Hex
  /** What each interval of the batch was cleared by. */
  configOf: (start: UtcSeconds) => AreaConfig
  seats: Map<number, SeatState>
  spot: Map<Hex, OrderState>
  forward: Map<Hex, AreaFile['forwardOrders'][number]>
  trades: Map<UtcSeconds, ForwardTrade[]>
}

function bookOf(file: AreaFile, chain: SettledArea): Book {
  const { rules, seats } = chain
  const { chainId, escrow } = file
  const domain = { chainId, escrow }
  const rulesHash = hashRules(rules)
  const configs = file.grids.map(({ from, lowestTicks, zones }): AreaConfig & { from: UtcSeconds } => ({
    ...{ from, rules, rulesHash, lowestTicks, graceMs: 0 },
    highestTicks: lowestTicks + Math.floor(rules.maxBandTicks / 2),
    zones: zones.map(zoneOf),
  }))
  const states = new Map(seats.map((seat) => [seat.seat, stateOf(seat, file, chain)]))
  const spot = new Map(
    file.orders.map((signed, place): [Hex, OrderState] => {
      const { side, limitPrice, maxWh, nonce } = signed.order
      const { seat, activeFrom, activeUntil } = signed
      const id = orderId(domain, signed)
      return [
        id,
        {
          ...{ id, seat, side: side === 0 ? 'buy' : 'sell', limitTicks: limitPrice, maxWh, activeFrom, activeUntil },
          ...{ nonce, arrival: place + 1, acceptedAtMs: 0, status: 'active' },
        },
      ]
    }),
  )
  const forward = new Map(file.forwardOrders.map((signed) => [orderId(domain, signed), signed]))
  const trades = new Map<UtcSeconds, ForwardTrade[]>()
  for (const trade of file.forwardTrades) {
    const { buyOrder, sellOrder, start } = trade
    const list = trades.get(start) ?? []
    trades.set(start, list)
    // Zones are not looked at again: no link lies between the two sides of a forward trade.
    const [buyer, seller] = [buyOrder, sellOrder].map((order) => forward.get(order)?.seat ?? 0) as [number, number]
    list.push({ ...trade, buyer, seller, number: list.length + 1, zone: '', maker: buyOrder, taker: sellOrder })
  }
  const configOf = (start: UtcSeconds) => configs.findLast(({ from }) => from <= start) ?? configs[0]!
  return { domain, rulesHash, configOf, seats: states, spot, forward, trades }
}

function zoneOf({ parent, ...zone }: AreaFile['grids'][number]['zones'][number]): Zone {
  return parent === undefined ? zone : { ...zone, parent }
}

function stateOf(chain: ChainSeat, { readings }: AreaFile, settled: SettledArea): SeatState {
  const { meter, base } = chain
  const { after, upTo } = servedBy(chain, settled)
  const own: MeterReading[] = readings
    .filter((reading) => reading.meter === meter && reading.epoch === base.epoch && reading.time > base.time)
    .filter(({ time }) => time > after && time <= upTo)
    .sort((a, b) => a.time - b.time)
  return {
    chain,
    base: { epoch: base.epoch, time: base.time },
    readings: [{ meter, ...base, quality: 0 }, ...own],
    nonces: { buy: -1, sell: -1 },
    suspended: false,
  }
}

function wrongStatement(file: AreaFile, chain: SettledArea, { spot }: Book): string | null {
  const { area, end, salt } = file
  const hashes = file.leaves.map(({ salt, ...leaf }) => leafHash(area, fillOf(leaf), salt))
  const orders = file.orders.map(({ seat, activeFrom, activeUntil }, place) => ({
    ...{ order: [...spot.keys()][place]!, seat, activeFrom, activeUntil },
  }))
  const stated = salt === null ? null : statedHash({ ...file, orders, readings: file.readings.length }, salt)
  return statementRoot({ area, end, stated }, hashes) === chain.statementRoot
    ? null
    : 'the fills, salts and stated facts of the file do not give the statement root that was settled'
}

function fillOf(leaf: Omit<AreaFile['leaves'][number], 'salt'>): StatementFill {
  return { ...leaf, amount: BigInt(leaf.amount) }
}

/** Of a meter that moved to another seat, each seat has the readings up to where the former one was settled, or after it. */
function servedBy({ seat, meter }: ChainSeat, { seats, entries, rules, end }: SettledArea) {
  const settledTo = (of: ChainSeat) => {
    const last = entries.findLast(({ number }) => number === of.seat)
    return last === undefined ? of.base.time : end - last.lag * rules.intervalSeconds
  }
  const others = seats.filter((other) => other.meter === meter)
  const former = others.findLast((other) => other.seat < seat)
  const later = others.find((other) => other.seat > seat)
  return {
    after: former === undefined ? 0 : settledTo(former),
    upTo: later === undefined ? end : settledTo(others.find((other) => other.seat === seat)!),
  }
}

function wrongGrid({ start, grids }: AreaFile): string | null {
  // Throws where the zones are no tree.
  for (const { zones } of grids) clearAuction({ zones: zones.map(zoneOf), orders: [] })
  const isInOrder = grids.every(({ from }, index) => (index === 0 ? from === start : grids[index - 1]!.from < from))
  return isInOrder ? null : 'the grids do not follow one another from the start of the batch'
}

function wrongReading({ chainId, escrow, readings }: AreaFile, { seats }: SettledArea): string | null {
  const keysOf = keysByMeter(seats)
  const names = readings.map(({ time, meter, epoch }) => `${time} ${meter} ${String(epoch).padStart(5, '0')}`)
  if (!isAscending(names)) return 'the readings are not in the order of time, meter and epoch, each once'
  for (const { signature, ...reading } of readings) {
    const name = `the reading of ${timeOf(reading.time)} of meter ${reading.meter}`
    if (!keysOf.has(reading.meter)) return `${name} is of no meter of the area`
    if (!isReadingSigned({ chainId, escrow }, keysOf, { reading, signature })) return `${name} is not signed by it`
  }
  return null
}

type KeysByMeter = ReadonlyMap<Address, readonly LaterKey[] | undefined>

function keysByMeter(seats: readonly ChainSeat[]): KeysByMeter {
  return new Map(seats.map(({ meter, keys }) => [meter, keys]))
}

/** By the key that signs for the meter at that boundary. */
function isReadingSigned(
  domain: EscrowDomain,
  keysOf: KeysByMeter,
  { reading, signature }: { reading: Reading; signature: Hex },
): boolean {
  const { meter, time } = reading
  try {
    return recoverSigner(domain, 'Reading', reading, signature) === keyAt(meter, keysOf.get(meter), time)
  } catch {
    return false
  }
}

function wrongOrder(file: AreaFile, { domain, rulesHash, seats, spot }: Book, words: WalletWords): string | null {
  for (const signed of [...file.orders, ...file.forwardOrders]) {
    const { account, meter, rules } = signed.order
    const name = `order ${orderId(domain, signed)}`
    if (rules !== rulesHash) return `${name} names other rules than the area's`
    const seat = seats.get(signed.seat)?.chain
    if (seat?.account !== account || seat.meter !== meter) return `${name} is not of seat ${signed.seat}`
    const missing = wrongSigner(domain, signed, words)
    if (missing !== null) return `${name} is not signed by ${missing}`
  }
  for (const { order, activeFrom, activeUntil } of file.orders) {
    if (activeFrom >= order.start && activeUntil <= order.end) continue
    return `an order of ${order.account} counts outside its signed time`
  }
  if (spot.size !== file.orders.length) return 'an order is listed twice'
  if (!isAscending(file.forwardOrders.map((signed) => orderId(domain, signed)))) {
    return 'the orders that traded forward are not in the order of their identifiers, each once'
  }
  return null
}

/** A seat is suspended only where its meter signed two values for one boundary. */
function wrongSuspension(
  { chainId, escrow, suspended, contradictions, readings }: AreaFile,
  { seats }: Book,
): string | null {
  const proved = new Set<string>()
  const keysOf = keysByMeter([...seats.values()].map(({ chain }) => chain))
  const meters = contradictions.map(([first]) => first!.meter)
  if (new Set(meters).size !== meters.length) return 'the contradiction of a meter is listed twice'
  for (const [first, second] of contradictions as [Contradiction, Contradiction][]) {
    const { meter, epoch, time } = first
    const name = `the contradiction of meter ${meter}`
    if (second.meter !== meter || second.epoch !== epoch || second.time !== time) {
      return `${name} is not about one boundary`
    }
    if (registersOf(first) === registersOf(second)) return `${name} is none: both values are the same`
    const standing = readings.find((own) => own.meter === meter && own.epoch === epoch && own.time === time)
    if (standing !== undefined && registersOf(standing) !== registersOf(first)) {
      return `${name} does not begin with the value that stands`
    }
    for (const { signature, ...reading } of [first, second]) {
      if (!isReadingSigned({ chainId, escrow }, keysOf, { reading, signature })) return `${name} is not signed by it`
    }
    proved.add(meter)
  }
  for (const { seat } of suspended) {
    const meter = seats.get(seat)?.chain.meter
    if (meter === undefined || !proved.has(meter)) {
      return `seat ${seat} is stated as suspended, but its meter signed no two values for one boundary`
    }
  }
  return null
}
type Contradiction = AreaFile['contradictions'][number][number]

function registersOf({ importWh, exportWh, quality }: Contradiction): string {
  return `${importWh} ${exportWh} ${quality}`
}

function wrongForwardTrade(file: AreaFile, { forward, configOf }: Book): string | null {
  const energies = new Map<string, number>()
  for (const { start, buyOrder, sellOrder, priceTicks, energyWh } of file.forwardTrades) {
    const name = `a forward trade of ${timeOf(start)}`
    for (const [id, side] of [
      [buyOrder, 0],
      [sellOrder, 1],
    ] as const) {
      const order = forward.get(id)?.order
      if (order === undefined) return `${name}: order ${id} is missing`
      if (order.side !== side) return `${name}: order ${id} is not of its side`
      if (order.start !== start || order.end !== start + configOf(start).rules.intervalSeconds) {
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
  const intervals: { result: IntervalRun; trades: ForwardTrade[] }[] = []
  const offersAt = grouped(file.offers, (offer) => offer.start)
  const suspendedAt = grouped(file.suspended, ({ start: at }) => at)
  const config = book.configOf(start)
  const { intervalSeconds } = config.rules
  for (let time = start; time < end; time += intervalSeconds) {
    const offers = offersAt.get(time) ?? []
    offersAt.delete(time)
    const suspended = new Set(suspendedAt.get(time)?.map(({ seat }) => seat))
    suspendedAt.delete(time)
    const wrong = wrongOffer(offers, book, { time, suspended })
    if (wrong !== null) return wrong
    const trades = book.trades.get(time) ?? []
    let result = recompute(offers, book, { time, suspended })
    const other = wrongOfferedEnergy(offers, result)
    if (other !== null) return other
    for (const seat of file.leftOut) {
      if (hasTraded(result, seat)) result = withoutSeat(result, { config: book.configOf(time), trades, seat })
    }
    const difference = wrongFills(file, result)
    if (difference !== null) return difference
    intervals.push({ result, trades })
  }
  for (const time of [...offersAt.keys(), ...suspendedAt.keys()]) return `no interval of the batch starts at ${time}`
  const measured = [...book.seats.values()].flatMap((seat) => measuredSeat(seat, start, end))
  const batch = netted({ start, end, number: 1, leftOut: file.leftOut, intervals, seats: measured }, config)
  if (batch.paid - batch.received !== chain.gridTake) {
    return `area ${area}: the grid operator's account got ${chain.gridTake} ledger units, computed are ${batch.paid - batch.received}`
  }
  return wrongEntries(chain, batch.entries, { end, intervalSeconds })
}

type Offer = AreaFile['offers'][number]

/** An interval and the seats that were suspended when it was computed. */
interface Moment {
  time: UtcSeconds
  suspended: ReadonlySet<number>
}

/** Each seat and side offers by the order that counts, and by no other; none may be missing while it could trade. */
function wrongOffer(offers: readonly Offer[], { spot, seats }: Book, { time, suspended }: Moment): string | null {
  const ofSide = grouped(spot.values(), ({ seat, side }) => `${seat} ${side}`)
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
    if (termsAt(seats.get(number)!, time)?.closed !== false || suspended.has(number)) continue
    return `order ${order} was left out of the interval of ${timeOf(time)}`
  }
  return null
}

function recompute(offers: readonly Offer[], book: Book, { time, suspended }: Moment): IntervalRun {
  const { spot, seats, trades } = book
  const config = book.configOf(time)
  const now = new Map([...seats].map(([number, seat]) => [number, { ...seat, suspended: suspended.has(number) }]))
  const forward: ForwardInterval = { orders: new Map(), trades: trades.get(time) ?? [] }
  const reservations = offers
    .map((offer): Reservation & { arrival: number } => {
      const { seat: number, side, limitTicks: limit, maxWh, arrival } = spot.get(offer.order)!
      const terms = termsAt(now.get(number)!, time)
      const mandatedWh = terms === null ? 0 : side === 'buy' ? buyableWh(terms, config) : sellableWh(terms, config)
      const wantedWh = Math.max(0, Math.min(maxWh, mandatedWh - tradedWh(forward, number, side)))
      const limitTicks = side === 'buy' ? Math.min(limit, config.highestTicks) : Math.max(limit, config.lowestTicks)
      const reservedWh = Math.min(wantedWh, offer.offeredWh)
      return { order: offer.order, seat: number, side, limitTicks, wantedWh, reservedWh, reserved: 0n, arrival }
    })
    .sort((a, b) => a.arrival - b.arrival)
  const state = { seats: now, forward: new Map([[time, forward]]) }
  return computeInterval(state, config, { start: time, startedAtMs: 0, reservations, result: null })
}

/** Short funds can cut an offer, and nothing can make it larger than what was metered and signed. */
function wrongOfferedEnergy(offers: readonly Offer[], { start, seats }: IntervalRun): string | null {
  const computed = new Map(seats.flatMap(({ outcomes }) => outcomes.map(({ order, offeredWh }) => [order, offeredWh])))
  for (const { order, offeredWh } of offers) {
    const most = computed.get(order) ?? 0
    if (offeredWh === most) continue
    return `order ${order} offered ${offeredWh} Wh in the interval of ${timeOf(start)}, at most ${most} Wh were signed and metered`
  }
  return null
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
  all: ReturnType<typeof netted>['entries'],
  { end, intervalSeconds }: { end: UtcSeconds; intervalSeconds: number },
): string | null {
  const registers = new Map<number, { importWh: Wh; exportWh: Wh }>(chain.bases)
  // What an attempt that was given up has moved already is not moved again.
  const computed = all.filter(({ seat, time, soldWh, boughtWh }) => {
    return soldWh + boughtWh > 0 || time > chain.bases.get(seat)!.time
  })
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

/** Times and identifiers as texts of one length. */
function isAscending(texts: readonly string[]): boolean {
  return texts.every((text, index) => index === 0 || texts[index - 1]! < text)
}

function grouped<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

function timeOf(time: UtcSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
