/** What the escrow's contract demands of a batch, entry by entry, as `contracts/src/Settlement.sol` does. */

import { keyAt } from '../../contracts/protocol/meter-keys.ts'
import { type SeatRecord, termsOnChain } from '../../server/chain/seat-view.ts'
import type { BatchCut, BatchEntry } from '../../server/market/area/area.ts'
import { frozen } from './port.ts'
import { print } from './print.ts'
import { config } from './street.ts'

/** A seat of one of the areas. */
export interface SeatPlace {
  area: number
  seat: number
}

/** The escrow at one block. Never changed in place. */
export interface EscrowState {
  areas: ReadonlyMap<number, AreaEscrow>
  /** The seats that each meter ever had, in whatever area, in the order in which they were opened. */
  seatsOf: ReadonlyMap<string, readonly SeatPlace[]>
}

/** What the escrow holds of one area. */
export interface AreaEscrow {
  seats: ReadonlyMap<number, SeatRecord>
  settledUntil: number
  /** Batches by their end. */
  settled: ReadonlyMap<number, BatchCut>
}

/** Registers at a boundary as an entry of a batch claims that a meter has signed them. */
export interface SignedRegisters {
  meter: string
  epoch: number
  time: number
  importWh: number
  exportWh: number
  /** The key whose signature is shown for them. */
  signature: string
}

/** These seats cannot pay. */
export class Insolvent {
  readonly seats: number[]

  constructor(seats: number[]) {
    this.seats = seats
  }
}

export interface BatchContext {
  time: number
  /** The signature that is shown for the registers of each entry, null where there is none. */
  signatures: readonly (string | null)[]
  isSigned(reading: SignedRegisters): boolean
}

/** The area's escrow once a batch is settled, or the name of what the contract refuses it for. */
export function checkBatch(
  state: AreaEscrow,
  { start, end, bandLow, bandHigh, entries }: BatchCut,
  { time, signatures, isSigned }: BatchContext,
): AreaEscrow | string | Insolvent {
  const { batchSeconds, maxBandTicks, maxGridPerKwh } = config.rules
  if (start < state.settledUntil || end <= start || end - start > batchSeconds || end > time) return 'BadBatchTimes'
  if (bandHigh < bandLow || bandHigh - bandLow > maxBandTicks) return 'BadBand'
  const seats = new Map(state.seats)
  const insolvent: number[] = []
  const sums = { soldWh: 0, boughtWh: 0, take: 0n }
  for (const [index, entry] of entries.entries()) {
    const seat = seats.get(entry.seat)
    if (seat === undefined) return `seat ${entry.seat}: SeatUnknown`
    const trades = entry.soldWh + entry.boughtWh > 0
    // The base is there already.
    if (seat.base.time >= entry.time && !trades) continue
    const refusal = checkEntry(seat, entry, { start, end, signature: signatures[index]!, isSigned })
    if (refusal !== null) return `seat ${entry.seat} to ${entry.time}: ${refusal}`
    const balance = seat.balance + entry.received - entry.paid
    if (balance < 0n) insolvent.push(entry.seat)
    const { epoch, time: to, importWh, exportWh } = entry
    seats.set(entry.seat, { ...seat, balance, base: { epoch, time: to, importWh, exportWh } })
    sums.soldWh += entry.soldWh
    sums.boughtWh += entry.boughtWh
    sums.take += entry.paid - entry.received
  }
  if (insolvent.length > 0) return new Insolvent([...new Set(insolvent)])
  if (sums.soldWh !== sums.boughtWh) return 'EnergyNotBalanced'
  if (sums.take < 0n || sums.take > BigInt(sums.boughtWh) * BigInt(maxGridPerKwh)) return 'GridTakeOutOfRange'
  const batch = { start, end, bandLow, bandHigh, entries } as BatchCut
  return { seats, settledUntil: end, settled: new Map([...state.settled, [end, batch]]) }
}

function checkEntry(
  seat: SeatRecord,
  entry: BatchEntry,
  {
    start,
    end,
    signature,
    isSigned,
  }: Pick<BatchCut, 'start' | 'end'> & Pick<BatchContext, 'isSigned'> & { signature: string | null },
): string | null {
  const { base, meter } = seat
  const { epoch, time, importWh, exportWh } = entry
  if (epoch !== base.epoch) return 'BadEpoch'
  if (time < start || time > end || time <= base.time) return 'BadReadingTime'
  if (importWh < base.importWh || exportWh < base.exportWh) return 'BeyondRegister'
  const isByItsKey = signature !== null && signature === keyAt(meter, seat.keys, time)
  if (!isByItsKey || !isSigned({ meter, epoch, time, importWh, exportWh, signature })) return 'BadReadingSignature'
  if (entry.soldWh + entry.boughtWh === 0) return entry.paid === 0n && entry.received === 0n ? null : 'OutsideBand'
  if (base.time < start) return 'BaseBeforeBatch'
  const all = termsOnChain(seat)
  const terms = all.findLast(({ from }) => from <= base.time)
  const nextChange = all.find(({ from }) => from > base.time)?.from ?? Number.POSITIVE_INFINITY
  if (nextChange < time) return 'SpansChange'
  if (terms === undefined || terms.closed) return 'SeatIsClosed'
  if (time > terms.validUntil) return 'MandateExpired'
  const intervals = (time - base.time) / config.rules.intervalSeconds
  const isConfirmed = terms.nameplateWh !== null
  const maxSellWh = isConfirmed ? Math.min(terms.maxSellWh, terms.nameplateWh!) : 0
  const maxBuyWh = isConfirmed ? terms.maxBuyWh : 0
  if (entry.soldWh > exportWh - base.exportWh || entry.boughtWh > importWh - base.importWh) return 'BeyondRegister'
  if (entry.soldWh > maxSellWh * intervals || entry.boughtWh > maxBuyWh * intervals) return 'BeyondLimit'
  if (entry.received < BigInt(terms.sellFloor) * BigInt(entry.soldWh)) return 'BeyondPrice'
  if (entry.paid > BigInt(terms.buyCeiling) * BigInt(entry.boughtWh)) return 'BeyondPrice'
  return null
}

const printedBefore = new WeakMap<BatchCut['entries'], string>()

/** Entries in one form, to be compared. From then on nothing of them can change. */
export function printed(entries: BatchCut['entries'] | undefined): string {
  if (entries === undefined) return ''
  const before = printedBefore.get(entries)
  if (before !== undefined) return before
  const text = print(frozen(entries))
  printedBefore.set(entries, text)
  return text
}
