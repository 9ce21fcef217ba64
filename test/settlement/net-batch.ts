/** Nets a batch whose meters and fills a test makes up. */
import type { BatchCut, SeatSpan } from '../../server/market/area/area.ts'
import { BatchNetting, spansOf } from '../../server/settlement/netting.ts'

export interface Fill {
  start: number
  isSale: boolean
  energyWh: number
  /** Paid or received, in ledger units. */
  amount: number
}

export interface SeatDay {
  seat: number
  /** The last settled boundary. */
  base: number
  /** Of the first epoch, after the base and up to the batch's end. */
  measured: { time: number; importWh: number; exportWh: number }[]
  changes: number[]
  fills: Fill[]
}

export function netBatch(
  batch: { start: number; end: number; intervalSeconds: number },
  seats: readonly SeatDay[],
): BatchCut {
  const netting = new BatchNetting(
    batch,
    seats.flatMap((seat) => spansOfSeat(seat, batch.start)),
  )
  for (const { seat, fills } of seats) for (const fill of fills) netting.add(seat, fill.start, fill)
  return netting.finish()
}

/** The spans of one seat with the registers that were read where each ends. */
export function spansOfSeat({ seat, base, measured, changes, fills }: SeatDay, start: number): SeatSpan[] {
  const startTrades = fills.some((fill) => fill.start === start)
  const times = measured.map(({ time }) => time)
  return spansOf({ base, measured: times, changes, startTrades }, start).map((span) => {
    const { importWh, exportWh } = measured.find(({ time }) => time === span.time)!
    return { seat, epoch: 1, ...span, importWh, exportWh }
  })
}
