/**
 * Computes a whole batch again, from what was signed to what the chain settled: readings → intervals → stages → fills → batch. It
 * uses the pure rooms that the engine uses, and nothing of a server.
 *
 * Nobody signs the facts that `stated-facts.ts` lists, so they are taken as stated. The statement's root fixes them before the batch is
 * settled, and each must fit what is signed. That a meter was suspended is proved by its two values.
 */
import type { RefusalReason } from '../../../contracts/protocol/batch.ts'
import type { EntryFields } from '../../../contracts/protocol/entry.ts'
import { bytesOf } from '../../../contracts/protocol/hex.ts'
import type { UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { BatchCut, BatchEntry, SeatSpan } from '../../market/area/area.ts'
import { clearAuction } from '../../market/auction.ts'
import { MarketError } from '../../market/errors.ts'
import { type AreaFile, statedFactsOf } from '../area-file.ts'
import { SettlementError } from '../error.ts'
import { TreeBuilder } from '../merkle.ts'
import { BatchNetting } from '../netting.ts'
import { neededToPay } from '../solvency.ts'
import { statedHash } from '../stated-facts.ts'
import { inLeafOrder, LeafHasher, type StatedFill, statementRoot } from '../statement.ts'
import { Replay } from './replay.ts'
import { type SettledArea, timeOf } from './settled.ts'
import { type Evidence, evidenceOf, wrongSignature } from './signed-parts.ts'
import { recoverReadingSigner, type Verifying } from './verifying.ts'

/** How a batch differs from what it is computed to be. */
export interface BatchDifference {
  reason: RefusalReason
  sentence: string
}

/** The first difference in a sentence, or null. */
export function verifyArea(file: AreaFile, chain: SettledArea, verifying?: Verifying): string | null {
  return differenceInArea(file, chain, verifying)?.sentence ?? null
}

/** The first difference, or null. `chain` is of a settled batch, or of one that is shown before it settles. */
export function differenceInArea(
  file: AreaFile,
  chain: SettledArea,
  { words = new Set(), signerOf = recoverReadingSigner }: Verifying = {},
): BatchDifference | null {
  if (chain.start !== file.start || chain.end !== file.end) {
    const [settled, own] = [chain, file].map(({ start, end }) => `from ${timeOf(start)} to ${timeOf(end)}`)
    return { reason: 'times', sentence: `${says(chain)} the batch ${settled}, the file is of the one ${own}` }
  }
  const { batchSeconds } = chain.rules
  const due = (Math.floor(file.start / batchSeconds) + 1) * batchSeconds
  if (file.end !== due) {
    return {
      reason: 'times',
      sentence: `a batch from ${timeOf(file.start)} ends at ${timeOf(due)}, not ${timeOf(file.end)}`,
    }
  }
  try {
    const evidence = evidenceOf(file, chain, words, signerOf)
    return (
      difference('stated', wrongSettings(evidence)) ??
      difference('unsigned', wrongSignature(evidence)) ??
      difference('stated', wrongForwardTrade(evidence)) ??
      wrongBatch(evidence) ??
      difference('statement', wrongStatement(evidence))
    )
  } catch (error) {
    if (!(error instanceof SettlementError || error instanceof MarketError)) throw error
    return { reason: 'incomplete', sentence: `what the file says cannot be: ${error.message}` }
  }
}

function difference(reason: RefusalReason, sentence: string | null): BatchDifference | null {
  return sentence === null ? null : { reason, sentence }
}

function wrongSettings({ file: { start, end, settings }, chain: { rules } }: Evidence): string | null {
  for (const { zones, lowestTicks, highestTicks } of settings) {
    // Throws where the zones are no tree.
    clearAuction({
      zones: zones.map(({ parent, ...zone }) => (parent === null ? zone : { ...zone, parent })),
      orders: [],
    })
    if (highestTicks !== lowestTicks + Math.floor(rules.maxBandTicks / 2)) {
      return 'prices may lie outside of half the band that the rules allow'
    }
  }
  const isInOrder = settings.every(({ from }, index) => {
    return from >= start && from < end && (index === 0 || settings[index - 1]!.from < from)
  })
  return isInOrder && settings.length > 0 ? null : 'the settings do not follow one another inside the batch'
}

/** Checks that forward trades are made at the price of the order that came first, for its interval, inside both orders. */
function wrongForwardTrade({ file, chain }: Evidence): string | null {
  const orders = new Map(file.forwardOrders.map((signed) => [signed.arrival, signed.order]))
  const energies = new Map<number, Wh>()
  for (const [index, { start, buyOrder, sellOrder, priceTicks, energyWh }] of file.forwardTrades.entries()) {
    const name = `a forward trade of ${timeOf(start)}`
    if (index > 0 && file.forwardTrades[index - 1]!.start > start) return `${name} is not in its place`
    for (const [arrival, side] of [
      [buyOrder, 0],
      [sellOrder, 1],
    ] as const) {
      const order = orders.get(arrival)
      if (order === undefined) return `${name}: order ${arrival} is missing`
      if (order.market !== 1 || order.side !== side) return `${name}: order ${arrival} is not of its side`
      if (order.start !== start || order.end !== start + chain.rules.intervalSeconds) {
        return `${name}: order ${arrival} is for another interval`
      }
      if (side === 0 ? priceTicks > order.limitPrice : priceTicks < order.limitPrice) {
        return `${name}: outside the limit of order ${arrival}`
      }
      const total = (energies.get(arrival) ?? 0) + energyWh
      energies.set(arrival, total)
      if (total > order.maxWh) return `${name}: more energy than order ${arrival} allows`
    }
    const resting = orders.get(Math.min(buyOrder, sellOrder))!
    if (priceTicks !== resting.limitPrice) return `${name}: not at the price of the order that rested`
  }
  const idle = file.forwardOrders.find(({ arrival }) => !energies.has(arrival))
  return idle === undefined ? null : `order ${idle.arrival} is listed among those that traded ahead and did not`
}

function wrongBatch(evidence: Evidence): BatchDifference | null {
  const { file, chain } = evidence
  const { start, end } = file
  const { intervalSeconds } = chain.rules
  const replay = new Replay(evidence)
  replay.compute()
  const spans = replay.spans()
  if (file.leftOut.length !== file.number - 1) {
    return { reason: 'incomplete', sentence: 'a batch is cut anew each time that seats are left out, and only then' }
  }
  for (const seats of file.leftOut) {
    const solvent = wronglyLeftOut(chain, seats, cutOf(replay, spans, { start, end, intervalSeconds }).entries)
    if (solvent !== null) return { reason: 'stated', sentence: solvent }
    replay.leaveOut(seats)
  }
  const wrong = wrongFills(evidence, replay)
  if (wrong !== null) return { reason: 'statement', sentence: wrong }
  const batch = cutOf(replay, spans, { start, end, intervalSeconds })
  const isMoved = movesWithoutTrade(chain, batch.entries)
  const gridTake = batch.paid - batch.received
  return (
    difference(
      isMoved ? 'moved-without-trade' : 'entries',
      wrongEntries(chain, batch.entries, { end, intervalSeconds }),
    ) ??
    difference('grid-take', wrongTake(chain, gridTake)) ??
    difference('band', wrongBand(chain, batch))
  )
}

/** The batch as the intervals stand now. */
function cutOf(
  replay: Replay,
  spans: readonly SeatSpan[],
  batch: { start: UtcSeconds; end: UtcSeconds; intervalSeconds: number },
): BatchCut {
  const netting = new BatchNetting(batch, spans)
  for (const { start, fills } of replay.computed()) {
    for (const { slot, side, energyWh, amount } of fills) {
      netting.add(replay.seatAt(slot), start, { isSale: side === 'sell', energyWh, amount })
    }
  }
  return netting.finish()
}

/**
 * Checks who was left out. A seat may be left out only where it could not pay, where an attempt that was given up has moved its base over
 * what it traded, or where the whole batch has become too old. Nobody knows any more how many parts the batch had when the seat was left
 * out; so a seat must not be left out if it could pay whatever that number was.
 */
function wronglyLeftOut(
  { isTooOld, bases, leastBalances }: SettledArea,
  seats: readonly number[],
  entries: readonly BatchEntry[],
): string | null {
  if (isTooOld) return null
  const needed = neededToPay(entries, false)
  const moved = new Set(
    entries.filter((entry) => isTrade(entry) && bases.get(entry.seat)!.time >= entry.time).map(({ seat }) => seat),
  )
  for (const seat of seats) {
    const [needs, had] = [needed.get(seat) ?? 0n, leastBalances.get(seat) ?? 0n]
    if (moved.has(seat) || had < needs) continue
    return `seat ${seat} is stated as unable to pay: it needed ${needs} ledger units at most and always had ${had}`
  }
  return null
}

/** Whether an entry only moves the base of a seat that traded, by which the seat would lose what it is owed. */
function movesWithoutTrade({ entries }: SettledArea, computed: readonly BatchEntry[]): boolean {
  const owed = new Set(computed.filter(isTrade).map(({ seat }) => seat))
  for (const { number } of entries.filter(isTrade)) owed.delete(number)
  return entries.some(({ number }) => owed.has(number))
}

function isTrade({ soldWh, boughtWh }: Pick<EntryFields, 'soldWh' | 'boughtWh'>): boolean {
  return soldWh + boughtWh > 0
}

/** Who says the numbers that are compared. */
function says({ band }: SettledArea): string {
  return band === null ? 'the chain settled' : 'the server shows'
}

function wrongTake({ gridTake }: SettledArea, computed: bigint): string | null {
  if (gridTake === computed) return null
  return `the grid operator's account gets ${gridTake} ledger units, computed are ${computed}`
}

/** Checks that the band is the tightest that holds the batch's average prices. */
function wrongBand(
  { band }: SettledArea,
  { bandLow, bandHigh }: Pick<BatchCut, 'bandLow' | 'bandHigh'>,
): string | null {
  if (band === null || (band.low === bandLow && band.high === bandHigh)) return null
  return `the band is ${band.low} to ${band.high} ticks, computed are ${bandLow} to ${bandHigh}`
}

/** A fill of a seat, with the arrival of its order or agreement. */
interface NamedFill extends StatedFill {
  arrival: number
}

/** Checks that the fills of the file are those that were computed, seat by seat and in the same order. */
function wrongFills({ file, ids }: Evidence, replay: Replay): string | null {
  const computed = new Map<number, NamedFill[]>()
  for (const { start, fills } of replay.computed()) {
    for (const { stage, arrival, slot, side, energyWh, amount } of fills) {
      const seat = replay.seatAt(slot)
      const own = computed.get(seat) ?? []
      computed.set(seat, own)
      own.push({ start, stage, arrival, reference: bytesOf(ids.get(arrival)!), side, energyWh, amount })
    }
  }
  const settled = new Map(file.seats.map(({ seat, fills }) => [seat, fills]))
  for (const seat of new Set([...settled.keys(), ...computed.keys()])) {
    const own = inLeafOrder(computed.get(seat) ?? [])
    const stated = settled.get(seat) ?? []
    for (let index = 0; index < Math.max(own.length, stated.length); index += 1) {
      const [says, is] = [stated[index], own[index]].map((fill) => (fill === undefined ? undefined : textOf(fill)))
      if (says !== is) return `seat ${seat}: settled ${says ?? 'nothing'}, computed ${is ?? 'nothing'}`
    }
  }
  return null
}

function textOf(fill: AreaFile['seats'][number]['fills'][number] | NamedFill): string {
  const [start, stage, arrival, side, energyWh, amount] = Array.isArray(fill)
    ? fill
    : ([fill.start, fill.stage, fill.arrival, fill.side, fill.energyWh, fill.amount] as const)
  const verb = side === 'buy' ? 'bought' : 'sold'
  return `${energyWh} Wh ${verb} for ${amount} ledger units in the interval of ${timeOf(start)} (${stage} ${arrival})`
}

function wrongEntries(
  chain: SettledArea,
  all: readonly BatchEntry[],
  { end, intervalSeconds }: { end: UtcSeconds; intervalSeconds: number },
): string | null {
  const registers = new Map<number, { importWh: Wh; exportWh: Wh }>(chain.bases)
  // What an attempt that was given up has moved already is not moved again.
  const computed = all.filter((entry) => isTrade(entry) || entry.time > chain.bases.get(entry.seat)!.time)
  for (let index = 0; index < Math.max(computed.length, chain.entries.length); index += 1) {
    const own = computed[index]
    const settled = chain.entries[index]
    if (own === undefined || settled === undefined) {
      return `${says(chain)} ${chain.entries.length} entries, computed are ${computed.length}`
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
      const name = `entry ${index + 1} of the batch (seat ${own.seat})`
      return `${name}: ${says(chain)} ${field} ${settled[field]}, computed ${expected[field]}`
    }
  }
  return null
}

/** Checks that fills, salts and stated facts give the root that was settled. */
function wrongStatement({ file, chain, ids }: Evidence): string | null {
  const hasher = new LeafHasher(file.area)
  const tree = new TreeBuilder(() => {})
  let count = 0
  for (const { seat, seed, fills } of file.seats) {
    if ((seed === null) !== (fills.length === 0))
      return `seat ${seat}: fills have a seed, and where there are none there is none`
    if (seed === null) continue
    hasher.beginSeat(seat, bytesOf(seed))
    for (const [start, stage, arrival, side, energyWh, amount] of fills) {
      tree.add(hasher.next({ start, stage, reference: bytesOf(ids.get(arrival)!), side, energyWh, amount }))
      count += 1
    }
  }
  const read = file.seats
    .filter(({ readings }) => readings.length > 0)
    .map(({ seat, readings }) => ({ seat, read: readings.map(([epoch, time]) => ({ epoch, time })) }))
  const facts = statedFactsOf(file, read, (arrival) => ids.get(arrival)!)
  const root = statementRoot({ ...file, count }, tree.finish(), statedHash(facts, bytesOf(file.salt)))
  return root === chain.statementRoot
    ? null
    : 'the fills, salts and stated facts of the file do not give the statement root that was settled or is shown'
}
