/**
 * One continuous limit-order book in integers: price–time priority, trades at the resting order's price.
 *
 * Orders are numbered records in one buffer and linked into a queue per price; the numbers are reused once an order is
 * gone. Names, limits and rules about who may trade are the caller's (`forward-market.ts`).
 */
import { noLevel, PriceLevels } from './price-levels.ts'

/** Sides by number: a sell order is 0, a buy order 1. */
export const sell = 0
export const buy = 1

/** What happened to resting orders during one call, in order; overwritten by the next call. */
export interface Effects {
  count: number
  /** `traded`, `tradedAway` (nothing is left of it) or `selfTrade` (cancelled, having met its own account). */
  kinds: Uint8Array
  orders: Int32Array
  /** Traded energy, or for `selfTrade` the energy that was left open. */
  energiesWh: Float64Array
  ticks: Int32Array
}

export const traded = 0
export const tradedAway = 1
export const selfTrade = 2

/** An incoming order; `account` is a number that stands for one. */
export interface Incoming {
  side: number
  ticks: number
  energyWh: number
  account: number
}

// A record is eight 32-bit words, of which the last two hold the open energy as one 64-bit float.
const recordWords = 8
const nextWord = 0
const previousWord = 1
const ticksWord = 2
const accountWord = 3
const sideWord = 4
const levelWord = 5
const recordFloats = recordWords / 2
const energyFloat = 3

const none = -1

// Best prices where nothing rests: beyond every legal one, so that nothing crosses them.
const noBid = -(2 ** 30)
const noAsk = 2 ** 30

export class OrderBook {
  readonly effects: Effects
  private readonly levels = new PriceLevels()
  private words: Int32Array
  private floats: Float64Array
  private orderCount = 0
  private firstFree = none
  private bestBid = noBid
  private bestAsk = noAsk
  private bestBidLevel = noLevel
  private bestAskLevel = noLevel

  /** `capacity` is the number of orders there is room for before the buffer grows. */
  constructor(capacity = 16) {
    const buffer = new ArrayBuffer(capacity * recordWords * 4)
    this.words = new Int32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.effects = {
      count: 0,
      kinds: new Uint8Array(16),
      orders: new Int32Array(16),
      energiesWh: new Float64Array(16),
      ticks: new Int32Array(16),
    }
  }

  /** Matches an order and rests what is left. Returns its number, or −1 if nothing was left. */
  place(side: number, ticks: number, energyWh: number, account: number): number {
    const leftWh = this.match(side, ticks, energyWh, account)
    return leftWh > 0 ? this.rest(side, ticks, leftWh, account) : none
  }

  /** Matches an order and returns the energy that found no counterparty; nothing of it rests. */
  match(side: number, ticks: number, energyWh: number, account: number): number {
    this.effects.count = 0
    let leftWh = energyWh
    while (leftWh > 0) {
      const best = side === buy ? this.bestAsk : this.bestBid
      if (side === buy ? best > ticks : best < ticks) break
      const order = this.levels.queues[2 * (side === buy ? this.bestAskLevel : this.bestBidLevel)]!
      const openWh = this.floats[order * recordFloats + energyFloat]!
      if (this.words[order * recordWords + accountWord] === account) {
        this.note(selfTrade, order, openWh, best)
        this.remove(order)
      } else if (openWh > leftWh) {
        this.floats[order * recordFloats + energyFloat] = openWh - leftWh
        this.note(traded, order, leftWh, best)
        leftWh = 0
      } else {
        leftWh -= openWh
        this.note(tradedAway, order, openWh, best)
        this.remove(order)
      }
    }
    return leftWh
  }

  /** Whether other accounts' resting orders could fill the whole order at once. */
  canFill({ side, ticks, energyWh, account }: Incoming): boolean {
    let wantedWh = energyWh
    let level = side === buy ? this.bestAskLevel : this.bestBidLevel
    while (level !== noLevel) {
      const price = this.levels.tickOf(level)
      if (side === buy ? price > ticks : price < ticks) return false
      let order = this.levels.queues[2 * level]!
      for (; order !== none; order = this.words[order * recordWords + nextWord]!) {
        if (this.words[order * recordWords + accountWord] === account) continue
        wantedWh -= this.floats[order * recordFloats + energyFloat]!
        if (wantedWh <= 0) return true
      }
      level = side === buy ? this.levels.nextAbove(level) : this.levels.nextBelow(level)
    }
    return false
  }

  /** Takes a resting order out and returns the energy that was open. */
  cancel(order: number): number {
    this.effects.count = 0
    const openWh = this.openWh(order)
    this.remove(order)
    return openWh
  }

  /** Lowers a resting order's open energy; it keeps its place. */
  lower(order: number, energyWh: number): void {
    this.effects.count = 0
    this.floats[order * recordFloats + energyFloat] = energyWh
  }

  openWh(order: number): number {
    return this.floats[order * recordFloats + energyFloat]!
  }

  ticks(order: number): number {
    return this.words[order * recordWords + ticksWord]!
  }

  side(order: number): number {
    return this.words[order * recordWords + sideWord]!
  }

  account(order: number): number {
    return this.words[order * recordWords + accountWord]!
  }

  /** The resting orders of one side, best price first and within it in order of time. */
  *resting(side: number): Generator<number> {
    let level = side === buy ? this.bestBidLevel : this.bestAskLevel
    while (level !== noLevel) {
      let order = this.levels.queues[2 * level]!
      for (; order !== none; order = this.words[order * recordWords + nextWord]!) yield order
      level = side === buy ? this.levels.nextBelow(level) : this.levels.nextAbove(level)
    }
  }

  private rest(side: number, ticks: number, energyWh: number, account: number): number {
    const order = this.newOrder()
    const level = this.levels.levelAt(ticks)
    const { queues } = this.levels
    const last = queues[2 * level + 1]!
    const { words } = this
    const at = order * recordWords
    words[at + nextWord] = none
    words[at + previousWord] = last
    words[at + ticksWord] = ticks
    words[at + accountWord] = account
    words[at + sideWord] = side
    words[at + levelWord] = level
    this.floats[order * recordFloats + energyFloat] = energyWh
    queues[2 * level + 1] = order
    if (last !== none) {
      words[last * recordWords + nextWord] = order
      return order
    }
    queues[2 * level] = order
    this.levels.mark(level)
    if (side === buy && ticks > this.bestBid) {
      this.bestBid = ticks
      this.bestBidLevel = level
    } else if (side === sell && ticks < this.bestAsk) {
      this.bestAsk = ticks
      this.bestAskLevel = level
    }
    return order
  }

  private remove(order: number): void {
    const { words } = this
    const { queues } = this.levels
    const at = order * recordWords
    const next = words[at + nextWord]!
    const previous = words[at + previousWord]!
    const level = words[at + levelWord]!
    if (previous === none) queues[2 * level] = next
    else words[previous * recordWords + nextWord] = next
    if (next === none) queues[2 * level + 1] = previous
    else words[next * recordWords + previousWord] = previous
    words[at + nextWord] = this.firstFree
    this.firstFree = order
    if (previous !== none || next !== none) return
    this.levels.unmark(level)
    if (level === this.bestBidLevel) {
      this.bestBidLevel = this.levels.nextBelow(level)
      this.bestBid = this.bestBidLevel === noLevel ? noBid : this.levels.tickOf(this.bestBidLevel)
    } else if (level === this.bestAskLevel) {
      this.bestAskLevel = this.levels.nextAbove(level)
      this.bestAsk = this.bestAskLevel === noLevel ? noAsk : this.levels.tickOf(this.bestAskLevel)
    }
  }

  private newOrder(): number {
    const order = this.firstFree
    if (order !== none) {
      this.firstFree = this.words[order * recordWords + nextWord]!
      return order
    }
    if ((this.orderCount + 1) * recordWords > this.words.length) {
      const buffer = new ArrayBuffer(2 * this.words.byteLength)
      new Int32Array(buffer).set(this.words)
      this.words = new Int32Array(buffer)
      this.floats = new Float64Array(buffer)
    }
    return this.orderCount++
  }

  private note(kind: number, order: number, energyWh: number, ticks: number): void {
    const { effects } = this
    const at = effects.count++
    if (at === effects.orders.length) {
      effects.kinds = doubled(effects.kinds, new Uint8Array(2 * at))
      effects.orders = doubled(effects.orders, new Int32Array(2 * at))
      effects.energiesWh = doubled(effects.energiesWh, new Float64Array(2 * at))
      effects.ticks = doubled(effects.ticks, new Int32Array(2 * at))
    }
    effects.kinds[at] = kind
    effects.orders[at] = order
    effects.energiesWh[at] = energyWh
    effects.ticks[at] = ticks
  }
}

function doubled<T extends Uint8Array | Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from)
  return into
}
