/**
 * One interval in memory: registers at its end, what orders set aside, and fills, in typed arrays with one place per seat.
 *
 * A seat takes 19 bytes for its registers, 24 while orders of either side may still be reserved, and 21 for each fill, which
 * is one for a seat that trades: 64 together, and 40 once the interval is final. A place (`slot`) belongs to one seat as long
 * as any interval in memory knows the seat.
 */
import type { UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import type { IntervalRun } from './area.ts'
import { type StageName, stageNames } from './codes.ts'
import { OfficialColumns, type OfficialEnergy } from './official-columns.ts'

/** A meter's registers at a boundary as the engine holds them. */
export interface StoredRegisters {
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
  quality: number
}

/** What an order set aside when its interval started. */
export interface Reservation {
  /** The order's place in the order of arrival. */
  arrival: number
  limitTicks: number
  reservedWh: Wh
  /** Free funds covered less than the order could have bought. */
  isCut: boolean
}

/** What an agreement may move in one interval, set aside when it started. */
export interface PromisedEnergy {
  arrival: number
  /** The two seats, by number. */
  seller: number
  buyer: number
  priceTicks: number
  /** The grid fee of the way between the two, which the buyer pays. */
  feeTicks: number
  energyWh: Wh
  /** Free funds of one of the two covered less than the agreement could have moved. */
  isCut: boolean
}

/** What one stage gave to one side of a seat under one order or agreement. */
export interface Fill {
  stage: StageName
  arrival: number
  slot: number
  side: Side
  energyWh: Wh
  /** Paid or received in ledger units, below 2⁴⁸ in size: prices fit 24 bits and so does energy. */
  amount: number
}

/** What of a computed interval other computations need: prices, flows and sums. */
export type ClearedSums = Pick<
  IntervalRun,
  'matchedWh' | 'gridFees' | 'congestionRent' | 'gridTake' | 'zones' | 'flows'
>

/** `begun`: not started by the engine, but readings of its end are in. */
export type IntervalStatus = 'begun' | 'started' | 'provisional' | 'final'

const isRead = 1
const isExpected = 2
const isSellCut = 4
const isBuyCut = 8
const qualityShift = 4
const qualityMask = 3 << qualityShift
const isTold = 64

export class Interval {
  readonly start: UtcSeconds
  status: IntervalStatus = 'begun'
  /** When the engine started it, which after an outage is later than its start. */
  startedAtMs = 0
  /** The number of the newest computation or correction, 0 before the first. */
  run = 0
  /** What it was computed from has changed: it is computed again at the latest before it becomes final. */
  isStale = false
  /** Seats whose reading is waited for. */
  waitsFor = 0
  cleared: ClearedSums | null = null
  /** What was honoured of each forward trade of the interval, in their order. */
  deliveredWh: Wh[] = []
  /** Has changed since the piece of a snapshot that holds it was written. */
  isChanged = true
  importWh: Float64Array
  exportWh: Float64Array
  epoch: Uint16Array
  flags: Uint8Array
  /** Arrival, limit and energy of what is reserved, by side; null once it is final. */
  reserved: Record<Side, { arrival: Uint32Array; limitTicks: Int32Array; energyWh: Uint32Array }> | null
  fills: Fills = Fills.of([])
  /** What agreements promised, in the order in which they are honoured. */
  promised: PromisedEnergy[] = []
  /** What the metering operator told and has not signed, and what it corrected since the interval is final. */
  official: OfficialColumns | null = null
  /** Was computed from energy that nobody who settles has signed yet: it is computed once more before it is final. */
  isLent = false

  constructor(start: UtcSeconds, places: number) {
    this.start = start
    this.importWh = new Float64Array(places)
    this.exportWh = new Float64Array(places)
    this.epoch = new Uint16Array(places)
    this.flags = new Uint8Array(places)
    this.reserved = { buy: reservedColumns(places), sell: reservedColumns(places) }
  }

  get places(): number {
    return this.flags.length
  }

  /** The registers that were read at the interval's end, or null. */
  registersAt(slot: number, time: UtcSeconds): StoredRegisters | null {
    if (!this.isRead(slot)) return null
    return {
      epoch: this.epoch[slot]!,
      time,
      importWh: this.importWh[slot]!,
      exportWh: this.exportWh[slot]!,
      quality: this.qualityOf(slot),
    }
  }

  isRead(slot: number): boolean {
    return slot < this.flags.length && (this.flags[slot]! & isRead) !== 0
  }

  qualityOf(slot: number): number {
    return (this.flags[slot]! & qualityMask) >> qualityShift
  }

  /** Whether registers of this epoch were read at the interval's end, and measured. */
  isMeasured(slot: number, epoch: number): boolean {
    const flags = this.flags[slot] ?? 0
    return (flags & (isRead | qualityMask)) === isRead && this.epoch[slot] === epoch
  }

  setRegisters(slot: number, { epoch, importWh, exportWh, quality }: StoredRegisters): void {
    this.makePlace(slot)
    if (this.isExpected(slot) && !this.isRead(slot)) this.waitsFor -= 1
    this.importWh[slot] = importWh
    this.exportWh[slot] = exportWh
    this.epoch[slot] = epoch
    this.flags[slot] = (this.flags[slot]! & ~qualityMask) | isRead | ((quality << qualityShift) & qualityMask)
    this.isChanged = true
  }

  /** What was read at the interval's end counts for nothing: from here on it is waited for once more. */
  unread(slot: number): void {
    // It was not waited for while it was there.
    this.flags[slot]! &= ~(isRead | qualityMask | isExpected)
    this.expect(slot)
  }

  isExpected(slot: number): boolean {
    return slot < this.flags.length && (this.flags[slot]! & isExpected) !== 0
  }

  /** From here on the interval waits for the seat's reading. */
  expect(slot: number): void {
    this.makePlace(slot)
    if (this.isExpected(slot)) return
    this.flags[slot]! |= isExpected
    if (!this.isRead(slot)) this.waitsFor += 1
    this.isChanged = true
  }

  /** What is expected of the seat will never come: its meter is suspended or its seat closed. */
  giveUpOn(slot: number): void {
    if (!this.isExpected(slot)) return
    this.flags[slot]! &= ~isExpected
    if (!this.isRead(slot)) this.waitsFor -= 1
    this.isChanged = true
  }

  /** The metering operator tells a seat's energy, or takes back (null) what it told. */
  tellOfficial(slot: number, energy: OfficialEnergy | null): void {
    this.official ??= new OfficialColumns(this.places)
    this.official.set(slot, energy)
    this.isChanged = true
  }

  /** From here on only what was signed counts; what is told later is a correction. */
  finish(): void {
    this.status = 'final'
    this.reserved = null
    this.official = null
    this.isLent = false
    this.isChanged = true
  }

  /** Whether a run of the interval has told of the seat: then it has a row. */
  isTold(slot: number): boolean {
    return slot < this.flags.length && (this.flags[slot]! & isTold) !== 0
  }

  tell(slot: number): void {
    this.makePlace(slot)
    this.flags[slot]! |= isTold
    this.isChanged = true
  }

  /** Notes that something has changed from which the interval was computed. */
  outdate(): void {
    this.isStale = true
    this.isChanged = true
  }

  /** Energy of one seat became known and moves nothing: of a final interval it is told under the next number. */
  learn(
    slot: number,
    zone: number,
    { importChangeWh, exportChangeWh }: { importChangeWh: Wh; exportChangeWh: Wh },
  ): void {
    const cleared = this.cleared!
    const zones = cleared.zones.map((own, place) => {
      if (place !== zone) return own
      return { ...own, importWh: own.importWh + importChangeWh, exportWh: own.exportWh + exportChangeWh }
    })
    this.cleared = { ...cleared, zones }
    if (this.status === 'final') this.run += 1
    this.tell(slot)
  }

  /** Makes the interval final without a result: nothing of it is traded. */
  giveUp(): void {
    this.finish()
    this.promised = []
    this.fills = Fills.of([])
    this.cleared = null
    this.deliveredWh = []
    this.isStale = false
  }

  /** Whether anything of the seat was set aside, promised or given: then what its meter says can move energy. */
  concerns(slot: number, number: number): boolean {
    return (
      (this.reservation(slot, 'buy')?.reservedWh ?? 0) > 0 ||
      (this.reservation(slot, 'sell')?.reservedWh ?? 0) > 0 ||
      this.promised.some(({ seller, buyer, energyWh }) => energyWh > 0 && (seller === number || buyer === number)) ||
      this.fills.slot.includes(slot)
    )
  }

  reservation(slot: number, side: Side): Reservation | null {
    const columns = this.reserved?.[side]
    if (columns === undefined || slot >= columns.arrival.length) return null
    const arrival = columns.arrival[slot]!
    if (arrival === 0) return null
    return {
      arrival,
      limitTicks: columns.limitTicks[slot]!,
      reservedWh: columns.energyWh[slot]!,
      isCut: (this.flags[slot]! & (side === 'sell' ? isSellCut : isBuyCut)) !== 0,
    }
  }

  reserve(slot: number, side: Side, { arrival, limitTicks, reservedWh, isCut }: Reservation): void {
    this.makePlace(slot)
    const columns = this.reserved![side]
    columns.arrival[slot] = arrival
    columns.limitTicks[slot] = limitTicks
    columns.energyWh[slot] = reservedWh
    if (isCut) this.flags[slot]! |= side === 'sell' ? isSellCut : isBuyCut
    this.isChanged = true
  }

  /** The seat's place is another's from here on. */
  clearPlace(slot: number): void {
    if (slot >= this.flags.length) return
    this.flags[slot] = 0
    if (this.official?.at(slot)) this.official.set(slot, null)
    this.isChanged = true
  }

  private makePlace(slot: number): void {
    if (slot < this.flags.length) return
    const places = Math.max(slot + 1, this.flags.length + 16)
    this.importWh = longer(this.importWh, new Float64Array(places))
    this.exportWh = longer(this.exportWh, new Float64Array(places))
    this.epoch = longer(this.epoch, new Uint16Array(places))
    this.flags = longer(this.flags, new Uint8Array(places))
    if (this.reserved === null) return
    for (const side of ['buy', 'sell'] as const) {
      const { arrival, limitTicks, energyWh } = this.reserved[side]
      this.reserved[side] = {
        arrival: longer(arrival, new Uint32Array(places)),
        limitTicks: longer(limitTicks, new Int32Array(places)),
        energyWh: longer(energyWh, new Uint32Array(places)),
      }
    }
  }
}

function reservedColumns(places: number) {
  return {
    arrival: new Uint32Array(places),
    limitTicks: new Int32Array(places),
    energyWh: new Uint32Array(places),
  }
}

function longer<Column extends Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>(
  column: Column,
  grown: Column,
): Column {
  grown.set(column)
  return grown
}

/** The fills of one interval, in the order of stages; never changed in place. */
export class Fills {
  readonly arrival: Uint32Array
  readonly slot: Uint32Array
  readonly energyWh: Uint32Array
  readonly amount: Float64Array
  /** Twice the stage's place, plus one where the side sells. */
  readonly kind: Uint8Array

  constructor(columns: Pick<Fills, 'arrival' | 'slot' | 'energyWh' | 'amount' | 'kind'>) {
    this.arrival = columns.arrival
    this.slot = columns.slot
    this.energyWh = columns.energyWh
    this.amount = columns.amount
    this.kind = columns.kind
  }

  /** Keeps fills; those without energy are left out. */
  static of(fills: readonly Fill[]): Fills {
    const kept = fills.filter(({ energyWh }) => energyWh > 0)
    return new Fills({
      arrival: Uint32Array.from(kept, ({ arrival }) => arrival),
      slot: Uint32Array.from(kept, ({ slot }) => slot),
      energyWh: Uint32Array.from(kept, ({ energyWh }) => energyWh),
      amount: Float64Array.from(kept, ({ amount }) => amount),
      kind: Uint8Array.from(kept, ({ stage, side }) => 2 * stageNames.indexOf(stage) + (side === 'sell' ? 1 : 0)),
    })
  }

  get length(): number {
    return this.kind.length
  }

  at(index: number): Fill {
    const kind = this.kind[index]!
    return {
      stage: stageNames[kind >> 1]!,
      arrival: this.arrival[index]!,
      slot: this.slot[index]!,
      side: kind & 1 ? 'sell' : 'buy',
      energyWh: this.energyWh[index]!,
      amount: this.amount[index]!,
    }
  }

  *[Symbol.iterator](): Generator<Fill> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)
  }
}
