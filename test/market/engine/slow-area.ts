/**
 * The slow and obvious twin of an area: plain objects, bigints and whole lists, made from the journal's commands and events
 * alone. It knows what was accepted and read, and from that promises and computes every interval anew, from nothing.
 */
import type {
  AgreementState,
  AreaConfig,
  ChainSeat,
  Command,
  Event,
  ForwardOrder,
  ForwardTrade,
  LateReading,
  MeterReading,
  OrderState,
  SeatInterval,
  Terms,
} from '../../../server/market/area/area.ts'
import { type Quality, qualities, sides } from '../../../server/market/area/codes.ts'
import type { Side } from '../../../server/market/auction.ts'
import { clearAuction } from '../../../server/market/auction.ts'

export interface SlowRegisters {
  epoch: number
  time: number
  importWh: number
  exportWh: number
  quality: number
}

interface SlowSeat {
  chain: ChainSeat
  /** All that were ever told, by when they begin. */
  terms: Map<number, Terms>
  base: { epoch: number; time: number; importWh: number; exportWh: number }
}

export interface SlowPromise {
  arrival: number
  side: Side | 'both'
  seats: { seat: number; side: Side; priceTicks: number }[]
  energyWh: number
}

interface SlowInterval {
  start: number
  status: 'started' | 'provisional' | 'final' | 'missed'
  promises: SlowPromise[]
  run: number
  rows: Map<number, SeatInterval>
}

/** Energy and money that one party moved under one order or agreement. */
interface SlowFill {
  stage: 'agreements' | 'forward' | 'spot'
  arrival: number
  seat: number
  side: Side
  energyWh: number
  amount: bigint
}

export interface SlowResult {
  fills: SlowFill[]
  matchedWh: number
  gridFees: bigint
  congestionRent: bigint
  gridTake: bigint
  deviationWh: number
  /** Of every seat that had a mandate. */
  seats: Map<number, { quality: Quality; importWh: number; exportWh: number }>
  prices: (number | null)[]
}

export class SlowArea {
  configs: { from: number; config: AreaConfig }[] = []
  readonly seats = new Map<number, SlowSeat>()
  readonly orders = new Map<number, OrderState>()
  readonly forwardOrders = new Map<number, ForwardOrder>()
  readonly trades: ForwardTrade[] = []
  readonly agreements = new Map<number, AgreementState>()
  /** In order of arrival. */
  readonly budgets: { seat: number; amount: number; activeFrom: number }[] = []
  /** By seat and boundary: what was stored last. */
  readonly readings = new Map<string, SlowRegisters>()
  readonly suspended = new Set<string>()
  readonly intervals = new Map<number, SlowInterval>()
  settledUntil = 0
  missedUntil = 0

  /** Takes over what a command did. */
  follow(command: Command, events: readonly Event[]): void {
    for (const event of events) this.note(event)
    const readings = readingsOf(command)
    const answers = events.filter((event) => event.type === 'reading')
    for (const [index, { status, seat, nextSeat }] of answers.entries()) {
      if (status !== 'stored') continue
      const { epoch, time, importWh, exportWh, quality } = readings[index]!
      for (const own of nextSeat === 0 ? [seat] : [seat, nextSeat]) {
        this.readings.set(`${own} ${time}`, { epoch, time, importWh, exportWh, quality })
      }
    }
  }

  private note(event: Event): void {
    switch (event.type) {
      case 'configured':
        this.configs = [...this.configs.filter(({ from }) => from < event.from), event]
        break
      case 'chain-followed':
        this.settledUntil = event.settledUntil
        break
      case 'seat-changed':
        this.show(event.seat)
        break
      case 'order-accepted':
        this.orders.set(event.order.arrival, event.order)
        break
      case 'order-ended': {
        const order = this.orders.get(event.arrival)!
        this.orders.set(event.arrival, { ...order, activeUntil: event.activeUntil })
        break
      }
      case 'forward-accepted':
        this.forwardOrders.set(event.order.arrival, { ...event.order })
        break
      case 'forward-trade':
        this.trades.push(event.trade)
        for (const arrival of [event.trade.maker, event.trade.taker]) {
          this.forwardOrders.get(arrival)!.openWh -= event.trade.energyWh
        }
        break
      case 'forward-cancelled':
        this.forwardOrders.get(event.arrival)!.openWh -= event.energyWh
        break
      case 'agreement-accepted':
        this.agreements.set(event.agreement.arrival, event.agreement)
        break
      case 'agreement-ended':
        this.agreements.set(event.arrival, { ...this.agreements.get(event.arrival)!, end: event.end })
        break
      case 'budget-set':
        this.budgets.push({ seat: event.seat, ...event.budget })
        break
      case 'meter-suspended':
        this.suspended.add(event.meter)
        break
      case 'suspension-lifted':
        this.suspended.delete(event.meter)
        break
      case 'interval-started': {
        const { start } = event
        const isMissed = start < this.missedUntil
        const promises = isMissed ? [] : this.promise(start)
        const status = isMissed ? 'missed' : 'started'
        this.intervals.set(start, { start, status, promises, run: 0, rows: new Map() })
        break
      }
      case 'interval-amended':
      case 'interval-corrected': {
        const interval = this.intervals.get(event.start)!
        const { seat, quality, importWh, exportWh } = event
        const row = interval.rows.get(seat) ?? { ...noTrade, zone: this.zoneOf(seat, event.start) }
        interval.run = event.run
        interval.rows.set(seat, { ...row, seat, quality, importWh, exportWh })
        break
      }
      case 'interval-cleared': {
        const interval = this.intervals.get(event.result.start)!
        interval.status = 'provisional'
        interval.run = event.result.run
        interval.rows = new Map(event.result.seats.map((row) => [row.seat, row]))
        break
      }
      case 'interval-final':
        this.intervals.get(event.start)!.status = 'final'
        break
      case 'interval-reduced': {
        const interval = this.intervals.get(event.start)!
        interval.run = event.run
        for (const { seat, boughtWh, soldWh, paid, received } of event.changes) {
          interval.rows.set(seat, { ...interval.rows.get(seat)!, boughtWh, soldWh, paid, received })
        }
        break
      }
      case 'batch-cut':
        if (event.number > 1) break
        for (const { seat, epoch, time, importWh, exportWh } of event.batch.entries) {
          this.seats.get(seat)!.base = { epoch, time, importWh, exportWh }
        }
        break
      case 'batch-missed':
        this.missedUntil = event.end
        for (const interval of this.intervals.values()) {
          if (event.start <= interval.start && interval.start < event.end) interval.status = 'missed'
        }
        break
      default:
    }
  }

  private show(chain: ChainSeat): void {
    const known = this.seats.get(chain.seat)
    const first = chain.terms[0]?.from ?? 0
    const earlier = [...(known?.terms.values() ?? [])].filter(({ from }) => from < first)
    const terms = new Map([...earlier, ...chain.terms].map((own) => [own.from, own]))
    const isNewer =
      known === undefined ||
      chain.base.epoch > known.base.epoch ||
      (chain.base.epoch === known.base.epoch && chain.base.time > known.base.time)
    this.seats.set(chain.seat, { chain, terms, base: isNewer ? chain.base : known.base })
  }

  configAt(start: number): AreaConfig {
    return (this.configs.findLast(({ from }) => from <= start) ?? this.configs[0]!).config
  }

  get length(): number {
    return this.configs[0]!.config.rules.intervalSeconds
  }

  termsAt(seat: number, time: number): Terms | null {
    const terms = [...this.seats.get(seat)!.terms.values()].sort((a, b) => a.from - b.from)
    return terms.findLast(({ from }) => from <= time) ?? null
  }

  /** What an interval that starts now may move at worst, in the order in which funds are set aside. */
  private promise(start: number): SlowPromise[] {
    const config = this.configAt(start)
    const promises: SlowPromise[] = []
    const committed = this.committed()
    const free = (seat: number) => {
      const { balance, withdrawal } = this.seats.get(seat)!.chain
      const held = promises.flatMap(costs).reduce((sum, [own, amount]) => (own === seat ? sum + amount : sum), 0n)
      const left = balance - (withdrawal?.amount ?? 0n) - (committed.get(seat) ?? 0n) - held
      return left > 0n ? left : 0n
    }
    const most = (wantedWh: number, stakes: SlowPromise['seats']) => {
      let energyWh = BigInt(wantedWh)
      for (const { seat, side, priceTicks } of stakes) {
        const perWh = BigInt(side === 'buy' ? priceTicks : -priceTicks)
        if (perWh > 0n && free(seat) / perWh < energyWh) energyWh = free(seat) / perWh
      }
      return Number(energyWh)
    }
    const isOpen = (seat: number) => {
      const terms = this.seats.has(seat) ? this.termsAt(seat, start) : null
      return terms !== null && !terms.closed && !this.suspended.has(this.seats.get(seat)!.chain.meter)
    }
    const agreements = [...this.agreements.values()].filter((own) => own.start <= start && start < own.end)
    for (const own of agreements.sort((a, b) => a.group - b.group || a.arrival - b.arrival)) {
      if (!isOpen(own.seller) || !isOpen(own.buyer)) continue
      const sellable = this.tradable(own.seller, 'sell', start)
      const claimed =
        own.kind === 0 ? own.amount : own.kind === 1 ? Math.floor((sellable * own.amount) / 10_000) : sellable
      const wantedWh = Math.min(claimed, sellable, this.tradable(own.buyer, 'buy', start))
      const feeTicks = feeBetween(config, this.zoneOf(own.seller, start), this.zoneOf(own.buyer, start))
      const seats: SlowPromise['seats'] = [
        { seat: own.buyer, side: 'buy', priceTicks: own.priceTicks + feeTicks },
        { seat: own.seller, side: 'sell', priceTicks: own.priceTicks },
      ]
      promises.push({ arrival: own.arrival, side: 'both', seats, energyWh: most(wantedWh, seats) })
    }
    for (const seat of [...this.seats.keys()].sort((a, b) => a - b)) {
      if (!isOpen(seat)) continue
      const terms = this.termsAt(seat, start)!
      const covering = [...this.orders.values()].filter(
        (order) => order.seat === seat && order.activeFrom <= start && start < order.activeUntil,
      )
      const counting = sides.flatMap((side) => {
        const newest = covering.filter((order) => order.side === side).sort((a, b) => b.arrival - a.arrival)[0]
        return newest === undefined ? [] : [newest]
      })
      for (const { arrival, side, limitTicks, maxWh } of counting.sort((a, b) => a.arrival - b.arrival)) {
        const limits = side === 'buy' ? [terms.buyCeiling, config.highestTicks] : [terms.sellFloor, config.lowestTicks]
        const priceTicks = side === 'buy' ? Math.min(limitTicks, ...limits) : Math.max(limitTicks, ...limits)
        const traded = this.trades.filter(
          (own) => own.start === start && (side === 'buy' ? own.buyer : own.seller) === seat,
        )
        const tradedWh = traded.reduce((sum, { energyWh }) => sum + energyWh, 0)
        const wantedWh = Math.max(0, Math.min(maxWh, this.tradable(seat, side, start) - tradedWh))
        const seats = [{ seat, side, priceTicks }]
        promises.push({ arrival, side, seats, energyWh: most(wantedWh, seats) })
      }
    }
    return promises
  }

  /** What each seat has committed; seats that have committed nothing are left out. */
  committed(): Map<number, bigint> {
    const committed = new Map<number, bigint>()
    const commit = (seat: number, amount: bigint) => {
      if (amount > 0n) committed.set(seat, (committed.get(seat) ?? 0n) + amount)
    }
    for (const { start, status, promises, rows } of this.intervals.values()) {
      if (status === 'missed') continue
      if (status !== 'final') for (const [seat, amount] of promises.flatMap(costs)) commit(seat, amount)
      else if (start + this.length > this.settledUntil) {
        for (const { seat, paid, received } of rows.values()) commit(seat, paid - received)
      }
    }
    for (const { seat, side, limitTicks, openWh } of this.forwardOrders.values()) {
      commit(seat, BigInt(side === 'buy' ? limitTicks : -limitTicks) * BigInt(openWh))
    }
    for (const { start, buyer, seller, priceTicks, energyWh } of this.trades) {
      const status = this.intervals.get(start)?.status
      if (status === 'final' || status === 'missed') continue
      commit(buyer, BigInt(priceTicks) * BigInt(energyWh))
      commit(seller, -BigInt(priceTicks) * BigInt(energyWh))
    }
    return committed
  }

  private tradable(seat: number, side: Side, start: number): number {
    const terms = this.termsAt(seat, start)!
    const { confirmation } = this.configAt(start).rules
    const mustBeConfirmed = confirmation >= (side === 'sell' ? 1 : 2)
    if (terms.nameplateWh === null) return mustBeConfirmed ? 0 : side === 'sell' ? terms.maxSellWh : terms.maxBuyWh
    return side === 'sell' ? Math.min(terms.maxSellWh, terms.nameplateWh) : terms.maxBuyWh
  }

  private zoneOf(seat: number, start: number): number {
    const { zones } = this.configAt(start)
    const zone = zones.findIndex(({ id }) => id === this.termsAt(seat, start)?.zone)
    return zone < 0 ? zones.findIndex(({ parent }) => parent === null) : zone
  }

  /** A seat's registers at a boundary, of an epoch or of whichever was read. */
  private registersAt(seat: number, time: number, epoch: number | null): SlowRegisters | null {
    const { base, chain } = this.seats.get(seat)!
    const read = this.readings.get(`${seat} ${time}`)
    const known = [...(read === undefined ? [] : [read]), { ...base, quality: 0 }, { ...chain.epochStart, quality: 0 }]
    return known.find((own) => own.time === time && (epoch === null || own.epoch === epoch)) ?? null
  }

  /** Computes an interval from what was promised for it and what has been read. */
  compute(start: number): SlowResult {
    const config = this.configAt(start)
    const end = start + this.length
    const root = config.zones.findIndex(({ parent }) => parent === null)
    const flowWh = config.zones.map(() => 0)
    const result: SlowResult = {
      ...{ fills: [], matchedWh: 0, gridFees: 0n, congestionRent: 0n, gridTake: 0n, deviationWh: 0 },
      ...{ seats: new Map(), prices: [] },
    }
    const left = new Map<number, Record<Side, number>>()
    for (const [seat, { chain, base }] of this.seats) {
      const terms = this.termsAt(seat, start)
      if (terms === null) continue
      const atEnd = this.registersAt(seat, end, null)
      const atStart = atEnd === null ? null : this.registersAt(seat, start, atEnd.epoch)
      const isKnown = atStart !== null && atEnd !== null
      const quality: Quality = isKnown ? qualities[Math.max(atStart.quality, atEnd.quality)]! : 'missing'
      const importWh = isKnown ? atEnd.importWh - atStart.importWh : 0
      const exportWh = isKnown ? atEnd.exportWh - atStart.exportWh : 0
      result.seats.set(seat, { quality, importWh, exportWh })
      const isInZone = terms.zone === null || config.zones.some(({ id }) => id === terms.zone)
      const trades =
        quality === 'measured' &&
        !terms.closed &&
        !this.suspended.has(chain.meter) &&
        isInZone &&
        end <= terms.validUntil &&
        terms.grade === config.rules.settlingGrade &&
        start >= base.time &&
        atEnd!.epoch === base.epoch
      const own = Math.min(importWh, exportWh)
      left.set(seat, {
        sell: trades ? Math.min(exportWh - own, this.tradable(seat, 'sell', start)) : 0,
        buy: trades ? Math.min(importWh - own, this.tradable(seat, 'buy', start)) : 0,
      })
    }
    const give = (
      stage: SlowFill['stage'],
      arrival: number,
      seat: number,
      side: Side,
      energyWh: number,
      amount: bigint,
    ) => {
      if (energyWh === 0) return
      left.get(seat)![side] -= energyWh
      result.fills.push({ stage, arrival, seat, side, energyWh, amount })
      if (side === 'buy') result.matchedWh += energyWh
    }
    this.honourAgreements(start, { config, left, flowWh, give, result })
    for (const { buyer, seller, buyOrder, sellOrder, priceTicks, energyWh } of this.trades.filter(
      (own) => own.start === start,
    )) {
      const fits = [buyer, seller].every((seat) => left.has(seat))
      const [ceiling, floor] = fits
        ? [this.termsAt(buyer, start)!.buyCeiling, this.termsAt(seller, start)!.sellFloor]
        : [0, 0]
      const isInside =
        fits &&
        priceTicks >= Math.max(floor, config.lowestTicks) &&
        priceTicks <= Math.min(ceiling, config.highestTicks) &&
        this.zoneOf(buyer, start) === this.zoneOf(seller, start)
      const movedWh = isInside ? Math.min(energyWh, left.get(buyer)!.buy, left.get(seller)!.sell) : 0
      result.deviationWh += energyWh - movedWh
      give('forward', buyOrder, buyer, 'buy', movedWh, BigInt(priceTicks) * BigInt(movedWh))
      give('forward', sellOrder, seller, 'sell', movedWh, BigInt(priceTicks) * BigInt(movedWh))
    }
    this.auction(start, { config, left, flowWh, give, result, root })
    return result
  }

  private honourAgreements(start: number, { config, left, flowWh, give, result }: Stage): void {
    const promises = this.intervals.get(start)!.promises.filter(({ side }) => side === 'both')
    const surplus = new Map([...left].map(([seat, own]) => [seat, own.sell]))
    const groups = new Map<number, typeof promises>()
    for (const promise of promises) {
      const { group } = this.agreements.get(promise.arrival)!
      groups.set(group, [...(groups.get(group) ?? []), promise])
    }
    for (const group of groups.values()) {
      const claims = group.flatMap(({ arrival, energyWh, seats }) => {
        const { seller, buyer, kind, amount } = this.agreements.get(arrival)!
        if (!left.has(seller) || !left.has(buyer)) return []
        const all = surplus.get(seller)!
        const part = kind === 0 ? amount : kind === 1 ? Math.floor((all * amount) / 10_000) : all
        const [buyPrice, sellPrice] = seats.map(({ priceTicks }) => priceTicks) as [number, number]
        const fits =
          sellPrice >= Math.max(this.termsAt(seller, start)!.sellFloor, config.lowestTicks) &&
          buyPrice <= Math.min(this.termsAt(buyer, start)!.buyCeiling, config.highestTicks)
        const mayTake = fits && all > 0 ? Math.min(part, energyWh, left.get(buyer)!.buy) : 0
        return [{ arrival, seller, buyer, mayTake, buyPrice, sellPrice }]
      })
      if (claims.length === 0) continue
      const total = left.get(claims[0]!.seller)!.sell
      const shares = proRata(
        BigInt(total),
        claims.map(({ mayTake }) => BigInt(mayTake)),
      )
      for (const [index, { arrival, seller, buyer, buyPrice, sellPrice }] of claims.entries()) {
        const way = linksBetween(config, this.zoneOf(seller, start), this.zoneOf(buyer, start))
        let energyWh = Number(shares[index]!)
        for (const { zone, up } of way) {
          const capacityWh = config.zones[zone]!.capacityWh
          if (capacityWh !== null) energyWh = Math.min(energyWh, capacityWh - up * flowWh[zone]!)
        }
        for (const { zone, up } of way) flowWh[zone]! += up * energyWh
        give('agreements', arrival, buyer, 'buy', energyWh, BigInt(buyPrice) * BigInt(energyWh))
        give('agreements', arrival, seller, 'sell', energyWh, BigInt(sellPrice) * BigInt(energyWh))
        const fee = BigInt(buyPrice - sellPrice) * BigInt(energyWh)
        result.gridFees += fee
        result.gridTake += fee
      }
    }
  }

  private auction(start: number, { config, left, flowWh, give, result, root }: Stage & { root: number }): void {
    const orders = this.intervals.get(start)!.promises.flatMap(({ arrival, side, seats: [stake], energyWh }) => {
      if (side === 'both' || !left.has(stake!.seat)) return []
      const { seat, priceTicks } = stake!
      const terms = this.termsAt(seat, start)!
      const limitTicks = side === 'buy' ? Math.min(priceTicks, terms.buyCeiling) : Math.max(priceTicks, terms.sellFloor)
      const promised = result.fills.filter((fill) => fill.seat === seat && fill.side === 'buy')
      const paid = promised.reduce((sum, { amount }) => sum + amount, 0n)
      const affordableWh = side === 'sell' ? Infinity : this.affordableWh(seat, start, limitTicks, paid)
      const offeredWh = Math.min(energyWh, left.get(seat)![side], affordableWh)
      const zone = config.zones[this.zoneOf(seat, start)]!.id
      return offeredWh === 0 ? [] : [{ id: String(arrival), seat, side, zone, energyWh: offeredWh, limitTicks }]
    })
    orders.sort((a, b) => Number(a.id) - Number(b.id))
    const zones = config.zones.map(({ id, parent, feeTicksPerKwh, capacityWh }, zone) => {
      const roomWh = capacityWh === null ? null : capacityWh - Math.abs(flowWh[zone]!)
      return { id, feeTicksPerKwh, capacityWh: roomWh, ...(zone === root ? {} : { parent: parent! }) }
    })
    const auction = clearAuction({ zones, orders })
    result.prices = auction.zones.map(({ priceTicks }) => priceTicks)
    const take = auction.gridFees + auction.congestionRent
    const cap = BigInt(config.rules.maxGridPerKwh) * BigInt(auction.matchedWh)
    const excess = take > cap ? take - cap : 0n
    const refunds =
      excess === 0n
        ? []
        : share(
            excess,
            auction.fills.map(({ energyWh }) => BigInt(energyWh)),
          )
    for (const [index, { order, energyWh, priceTicks }] of auction.fills.entries()) {
      const { seat, side } = orders.find(({ id }) => id === order)!
      const refund = refunds[index] ?? 0n
      const gross = BigInt(priceTicks) * BigInt(energyWh)
      give('spot', Number(order), seat, side, energyWh, side === 'buy' ? gross - refund : gross + refund)
    }
    result.gridFees += auction.gridFees
    result.congestionRent += auction.congestionRent
    result.gridTake += take - excess
  }

  /** The energy that a daily budget pays for at a limit, where energy promised before costs so much in the interval already. */
  private affordableWh(seat: number, start: number, limitTicks: number, paid: bigint): number {
    const { amount } = this.budgets.findLast((own) => own.seat === seat && own.activeFrom <= start) ?? { amount: 0 }
    if (amount === 0 || limitTicks <= 0) return Infinity
    let left = BigInt(amount)
    for (const own of this.intervals.values()) {
      const spent = own.rows.get(seat)?.paid ?? 0n
      const counts = own.start !== start && own.status !== 'missed' && this.dayOf(own.start) === this.dayOf(start)
      if (counts && spent > 0n) left -= spent
    }
    return Math.max(0, Number(((left > 0n ? left : 0n) - paid) / BigInt(limitTicks)))
  }

  /** Its first moment; the clocks of these streets go the same all day. */
  private dayOf(start: number): number {
    const offset = this.configAt(start).clock[0]?.offsetSeconds ?? 0
    return Math.floor((start + offset) / 86_400) * 86_400 - offset
  }

  /** A reading as the tables would describe it to the engine. */
  late(reading: MeterReading, seat: number): LateReading {
    const { epoch, time } = reading
    const own = this.seats.get(seat)!
    const read = [...this.readings].flatMap(([name, registers]) => (name.startsWith(`${seat} `) ? [registers] : []))
    const known = [...read, { ...own.base, quality: 0 }, { ...own.chain.epochStart, quality: 0 }]
      .filter((registers) => registers.epoch === epoch)
      .sort((a, b) => a.time - b.time)
    const at = (boundary: number) => known.find((registers) => registers.time === boundary) ?? null
    return {
      ...{ reading, seat, same: at(time), startQuality: at(time - this.length), endQuality: at(time + this.length) },
      before: known.findLast((registers) => registers.time < time) ?? null,
      after: known.find((registers) => registers.time > time) ?? null,
      ...{ ending: this.standing(seat, time - this.length), starting: this.standing(seat, time) },
    }
  }

  private standing(seat: number, start: number): LateReading['ending'] {
    const interval = this.intervals.get(start)
    const terms = this.termsAt(seat, start)
    if (interval === undefined || interval.run === 0 || interval.status === 'missed' || terms === null) return null
    const row = interval.rows.get(seat)
    const { quality = 'missing', importWh = 0, exportWh = 0, boughtWh = 0, soldWh = 0 } = row ?? {}
    const zone = this.configAt(start).zones[this.zoneOf(seat, start)]!.id
    return { start, run: interval.run, zone, hasRow: row !== undefined, quality, importWh, exportWh, boughtWh, soldWh }
  }
}

const noTrade = {
  ...{ boughtWh: 0, soldWh: 0, paid: 0n, received: 0n, deviationWh: 0, outcomes: [] },
}

interface Stage {
  config: AreaConfig
  left: Map<number, Record<Side, number>>
  flowWh: number[]
  give(stage: SlowFill['stage'], arrival: number, seat: number, side: Side, energyWh: number, amount: bigint): void
  result: SlowResult
}

function costs({ seats, energyWh }: SlowPromise): [number, bigint][] {
  return seats.map(({ seat, side, priceTicks }) => {
    const cost = BigInt(side === 'buy' ? priceTicks : -priceTicks) * BigInt(energyWh)
    return [seat, cost > 0n ? cost : 0n]
  })
}

function readingsOf(command: Command): readonly MeterReading[] {
  if (command.type === 'readings') return command.readings
  return command.type === 'late-readings' ? command.readings.map(({ reading }) => reading) : []
}

/** The links from one zone to another; `up` is 1 towards the parent of `zone` and −1 the other way. */
export function linksBetween({ zones }: AreaConfig, from: number, to: number): { zone: number; up: number }[] {
  const pathOf = (zone: number): number[] => {
    const { parent } = zones[zone]!
    return parent === null ? [zone] : [zone, ...pathOf(zones.findIndex(({ id }) => id === parent))]
  }
  const [up, down] = [pathOf(from), pathOf(to)]
  return [
    ...up.filter((zone) => !down.includes(zone)).map((zone) => ({ zone, up: 1 })),
    ...down.filter((zone) => !up.includes(zone)).map((zone) => ({ zone, up: -1 })),
  ]
}

function feeBetween(config: AreaConfig, from: number, to: number): number {
  return linksBetween(config, from, to).reduce((sum, { zone }) => sum + config.zones[zone]!.feeTicksPerKwh, 0)
}

/** Shares of a total pro rata to weights, none above its weight. */
function proRata(total: bigint, weights: bigint[]): bigint[] {
  const sum = weights.reduce((all, weight) => all + weight, 0n)
  return total >= sum ? weights : share(total, weights)
}

/** Floored, the rest one by one to the largest remainders, ties in order. */
function share(total: bigint, weights: bigint[]): bigint[] {
  const sum = weights.reduce((all, weight) => all + weight, 0n)
  const shares = weights.map((weight) => (total * weight) / sum)
  let rest = total - shares.reduce((all, own) => all + own, 0n)
  const remainders = weights.map((weight, index) => ({ index, remainder: (total * weight) % sum }))
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  for (const { index } of remainders) {
    if (rest === 0n) break
    shares[index]! += 1n
    rest -= 1n
  }
  return shares
}
