/** A batch with everything that recomputing it takes, for those who may see all of its area. */
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import { engineConfig } from '../areas/settings.ts'
import { type AreaFile, type AreaFileParts, lineOf, linesOf } from '../settlement/area-file.ts'
import { SettlementError } from '../settlement/error.ts'
import type { StatedFacts } from '../settlement/stated-facts.ts'
import { requireKeptBatch } from './archives.ts'
import type { StoredArea } from './areas.ts'
import {
  agreementsOfBatch,
  forwardOrdersOfBatch,
  forwardTradesOfBatch,
  ordersOfBatch,
  revocationsOf,
} from './batch-signed.ts'
import {
  type BatchFill,
  type BatchReading,
  type CutBatch,
  contradictionsOf,
  fillsOfBatch,
  groundsOfBatch,
  readCutBatch,
  readingsOfBatch,
} from './batch-store.ts'
import { budgetsOfBatch } from './budget-store.ts'
import type { Queries } from './database.ts'
import { declarationsOfBatch } from './declaration-store.ts'
import { settingsBetween } from './settings-store.ts'
import { seedsOf, storedStatement } from './statement-store.ts'

/** What a batch rests on but for its seats' readings and fills, and the digests of what was signed by arrival. */
export interface BatchParts {
  parts: Omit<AreaFileParts, 'salt'>
  ids: ReadonlyMap<number, Hex>
}

export async function partsOfBatch(
  sql: Queries,
  { areaId, chainId, escrow, area }: StoredArea,
  batch: CutBatch,
): Promise<BatchParts> {
  const { start, end, number, leftOut } = batch
  const orders = await ordersOfBatch(sql, areaId, batch)
  const forwardOrders = await forwardOrdersOfBatch(sql, areaId, batch)
  const agreements = await agreementsOfBatch(sql, areaId, batch)
  const declarations = await declarationsOfBatch(sql, areaId, batch)
  const intervals = (await groundsOfBatch(sql, areaId, batch)).map(({ suspendedAtComputation, ...grounds }) => ({
    ...grounds,
    suspendedAtComputation: suspendedAtComputation ?? [],
  }))
  const limited = new Set(intervals.flatMap((own) => own.budgets.map(({ seat }) => seat)))
  const budgets = await budgetsOfBatch(sql, areaId, batch, [...limited])
  const suspended = intervals.flatMap((own) => [...own.suspendedAtStart, ...own.suspendedAtComputation])
  const parts: BatchParts['parts'] = {
    ...{ chainId, escrow, area, start, end, number, leftOut, intervals },
    settings: await settingsOfBatch(sql, areaId, batch),
    orders: orders.map(({ id: _, ...order }) => order),
    forwardOrders: forwardOrders.map(({ id: _, ...order }) => order),
    forwardTrades: [...(await forwardTradesOfBatch(sql, areaId, batch))],
    agreements: agreements.map(({ id: _, acceptedAtMs: __, seller, buyer, ...agreement }) => ({
      ...agreement,
      ...{ sellerSeat: seller, buyerSeat: buyer },
    })),
    declarations: declarations.map(({ id: _, ...own }) => own),
    budgets: budgets.map(({ id: _, ...own }) => own),
    revocations: await revocationsOfOrders(sql, areaId, orders),
    contradictions: await contradictionsOfSeats(sql, areaId, suspended),
  }
  const ids = new Map(
    [...orders, ...forwardOrders, ...agreements, ...declarations, ...budgets].map(({ arrival, id }) => [arrival, id]),
  )
  return { parts, ids }
}

async function settingsOfBatch(
  sql: Queries,
  areaId: number,
  { start, end }: CutBatch,
): Promise<AreaFileParts['settings']> {
  const settings = await settingsBetween(sql, areaId, { from: start, to: end })
  return settings.map(({ from, settings: own }) => {
    const { lowestTicks, highestTicks, ownUse, zones, sharing } = engineConfig(own)
    return { from: Math.max(from, start), lowestTicks, highestTicks, ownUse, zones, sharing }
  })
}

/** The session keys that signed these orders and were taken back. */
async function revocationsOfOrders(
  sql: Queries,
  areaId: number,
  orders: readonly AreaFileParts['orders'][number][],
): Promise<AreaFileParts['revocations']> {
  const signers = new Set(orders.flatMap(({ order, session }) => session && `${order.account} ${session.key}`))
  const accounts = [...new Set(orders.filter(({ session }) => session !== null).map(({ order }) => order.account))]
  const all = await revocationsOf(sql, areaId, accounts)
  return all.filter(({ account, key }) => signers.has(`${account} ${key}`))
}

/** For the meter of each of these seats the newest two values that it signed for one boundary, by one of the seats. */
async function contradictionsOfSeats(
  sql: Queries,
  areaId: number,
  suspended: readonly number[],
): Promise<AreaFileParts['contradictions']> {
  const ofMeter = new Map<string, AreaFileParts['contradictions'][number]>()
  for (const { seat, meter, seats, stood, second } of await contradictionsOf(sql, areaId, [...new Set(suspended)])) {
    ofMeter.set(meter, { seat: seats.includes(seat) ? seat : seats[0]!, values: [stood, second] })
  }
  return [...ofMeter.values()].sort((a, b) => a.seat - b.seat)
}

/** Which readings of a batch were in when it was cut. */
export async function readingsStated(sql: Queries, areaId: number, batch: CutBatch): Promise<StatedFacts['readings']> {
  const stated: StatedFacts['readings'] = []
  for await (const { seat, readings } of readingsOfBatch(sql, areaId, batch)) {
    stated.push({ seat, read: readings.map(({ epoch, time }) => ({ epoch, time })) })
  }
  return stated
}

/**
 * The lines of the file of the area's batch that ends at `end`; none where there is no such batch. Throws `SettlementError`:
 * `SETTLEMENT_STATEMENT` where it has no statement of its number yet, and `SETTLEMENT_STATEMENT_ERASED` where something that links
 * leaves to a seat has been erased; and `StoreError` `STORE_ARCHIVED`.
 */
export async function* areaFileLines(sql: Queries, area: StoredArea, end: number): AsyncGenerator<string> {
  const { areaId } = area
  await requireKeptBatch(sql, areaId, end)
  const batch = await readCutBatch(sql, areaId, end)
  if (batch === null) return
  const statement = await storedStatement(sql, areaId, end)
  if (statement?.number !== batch.number || batch.isLeavingOut) {
    throw new SettlementError('SETTLEMENT_STATEMENT', `the batch to ${timeOf(end)} has no statement yet: try again`)
  }
  if (statement.statedSalt === null) throw erased(`what the batch to ${timeOf(end)} rests on`)
  yield* batchLines(sql, area, { batch, salt: statement.statedSalt, seeds: await seedsOfBatch(sql, areaId, batch) })
}

/** The same for an archive, which also keeps a batch of which something was erased: then nobody can compare it with its root any more. */
export async function archiveFileLines(
  sql: Queries,
  area: StoredArea,
  end: number,
): Promise<{ erased: boolean; lines: AsyncGenerator<string> }> {
  const batch = (await readCutBatch(sql, area.areaId, end))!
  const salt = (await storedStatement(sql, area.areaId, end))?.statedSalt ?? null
  const seeds = salt === null ? null : await seedsOfBatch(sql, area.areaId, batch)
  return { erased: salt === null, lines: batchLines(sql, area, { batch, salt: salt ?? noSalt, seeds }) }
}

/** The salt of a batch whose salt was erased. */
const noSalt: Hex = `0x${'0'.repeat(64)}`

function seedsOfBatch(sql: Queries, areaId: number, { end, number }: CutBatch) {
  return seedsOf(sql, { areaId, end, number })
}

/** Throws where a seat's seed was erased, unless none is asked for. */
async function* batchLines(
  sql: Queries,
  area: StoredArea,
  { batch, salt, seeds }: { batch: CutBatch; salt: Hex; seeds: ReadonlyMap<number, Hex | null> | null },
): AsyncGenerator<string> {
  const { areaId } = area
  const { parts } = await partsOfBatch(sql, area, batch)
  yield* linesOf({ ...parts, salt, seats: [] })
  for await (const { seat, readings, fills } of seatsOfBatch(sql, areaId, batch)) {
    const seed = fills.length === 0 ? null : (seeds?.get(seat) ?? null)
    if (fills.length > 0 && seed === null && seeds !== null) {
      throw erased(`the statement of seat ${seat} for the batch to ${timeOf(batch.end)}`)
    }
    yield lineOf({ list: 'seats', item: { seat, seed, readings: readings.map(readingRow), fills: fills.map(fillRow) } })
  }
}

/** Two ascending streams of a batch's seats as one. */
async function* seatsOfBatch(
  sql: Queries,
  areaId: number,
  batch: CutBatch,
): AsyncGenerator<{ seat: number; readings: BatchReading[]; fills: BatchFill[] }> {
  const reading = readingsOfBatch(sql, areaId, batch)
  const filling = fillsOfBatch(sql, areaId, batch)
  let [read, filled] = [await reading.next(), await filling.next()]
  while (!read.done || !filled.done) {
    const seat = Math.min(read.value?.seat ?? Number.POSITIVE_INFINITY, filled.value?.seat ?? Number.POSITIVE_INFINITY)
    const readings = read.value?.seat === seat ? read.value.readings : []
    const fills = filled.value?.seat === seat ? filled.value.fills : []
    yield { seat, readings, fills }
    if (read.value?.seat === seat) read = await reading.next()
    if (filled.value?.seat === seat) filled = await filling.next()
  }
}

type SeatItem = AreaFile['seats'][number]

function readingRow({
  epoch,
  time,
  importWh,
  exportWh,
  quality,
  signature,
}: BatchReading): SeatItem['readings'][number] {
  return [epoch, time, importWh, exportWh, quality, signature]
}

function fillRow({ start, stage, arrival, side, energyWh, amount }: BatchFill): SeatItem['fills'][number] {
  return [start, stage, arrival, side, energyWh, amount]
}

function erased(what: string): SettlementError {
  return new SettlementError('SETTLEMENT_STATEMENT_ERASED', `${what} has been erased`)
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
