/**
 * The settled batches of a range beside what the tables say of their intervals: what was bought and sold in each row must be the sum of
 * its fills, and the fills of a seat in a batch what the batch moved for it.
 */
import type { LedgerUnits, UtcSeconds } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { SettledInterval } from '../reports/settled-row.ts'
import type { Queries } from './database.ts'

/** A settled batch, with what it moved in all. */
export interface BilledBatch {
  start: UtcSeconds
  end: UtcSeconds
  statementRoot: string
  paid: LedgerUnits
  received: LedgerUnits
}

/** The settled batches that hold intervals of a range, ascending. One without a statement is not told: nothing proves it yet. */
export async function billedBatches(
  sql: Queries,
  areaId: number,
  { from, to }: { from: UtcSeconds; to: UtcSeconds },
): Promise<BilledBatch[]> {
  const rows = await sql<{ start: UtcSeconds; end: UtcSeconds; root: string; paid: string; received: string }[]>`
    select batches.start, end_at as end, statements.root, paid::text, received::text
    from batches join batch_progress using (area_id, end_at, number) join statements using (area_id, end_at, number)
    where area_id = ${areaId} and end_at > ${from} and batches.start < ${to} and batch_progress.status = 'settled'
    order by end_at`
  return rows.map(({ root, paid, received, ...rest }) => {
    return { ...rest, statementRoot: root, paid: BigInt(paid), received: BigInt(received) }
  })
}

interface Moved {
  paid: LedgerUnits
  received: LedgerUnits
}

const nothing: Moved = { paid: 0n, received: 0n }

/** What the fills of an interval add up to. */
export function filled({ outcomes }: Pick<SettledInterval, 'outcomes'>): Moved & { boughtWh: number; soldWh: number } {
  const sum = { boughtWh: 0, soldWh: 0, paid: 0n, received: 0n }
  for (const { side, filledWh, amount } of outcomes) {
    if (filledWh === 0) continue
    if (side === 'buy') {
      sum.boughtWh += filledWh
      sum.paid += amount
    } else {
      sum.soldWh += filledWh
      sum.received += amount
    }
  }
  return sum
}

/** Compares rows, which come meter by meter, with the batches that settled them. */
export class BatchComparison {
  readonly #sql: Queries
  readonly #areaId: number
  readonly #batches: readonly BilledBatch[]
  readonly #differences: string[] = []
  readonly #all = new Map<UtcSeconds, Moved>()
  #meter: string | null = null
  #own = new Map<UtcSeconds, Moved>()

  constructor(sql: Queries, areaId: number, batches: readonly BilledBatch[]) {
    this.#sql = sql
    this.#areaId = areaId
    this.#batches = batches
  }

  /** Takes a row of a settled batch, with the sum of its fills. */
  async add(row: SettledInterval, batch: BilledBatch, fills: ReturnType<typeof filled>): Promise<void> {
    if (row.meter !== this.#meter) await this.#finishMeter()
    this.#meter = row.meter
    const { boughtWh, soldWh, paid, received } = fills
    if (boughtWh !== row.bought_wh || soldWh !== row.sold_wh) {
      this.#differs(`${row.meter} at ${isoSeconds(row.start)}: the fills are not the energy of its row`)
    }
    if (paid !== BigInt(row.paid) || received !== BigInt(row.received)) {
      this.#differs(`${row.meter} at ${isoSeconds(row.start)}: the fills are not the money of its row`)
    }
    for (const sums of [this.#own, this.#all]) {
      const before = sums.get(batch.end) ?? nothing
      sums.set(batch.end, { paid: before.paid + paid, received: before.received + received })
    }
  }

  /** What does not agree, each in a sentence; empty where everything does. */
  async finish(): Promise<string[]> {
    await this.#finishMeter()
    for (const { end, paid, received } of this.#batches) {
      const all = this.#all.get(end) ?? nothing
      if (all.paid !== paid || all.received !== received)
        this.#differs(`the fills of the batch that ends at ${isoSeconds(end)} are not what it moved`)
    }
    return this.#differences
  }

  async #finishMeter(): Promise<void> {
    if (this.#meter === null || this.#batches.length === 0) return
    const rows = await this.#sql<{ end: UtcSeconds; paid: string; received: string }[]>`
      select end_at as end, sum(paid)::text as paid, sum(received)::text as received
      from batch_entries join seats using (area_id, seat)
      where area_id = ${this.#areaId} and meter = ${this.#meter}
        and end_at between ${this.#batches[0]!.end} and ${this.#batches.at(-1)!.end}
      group by end_at`
    const settled = new Map(
      rows.map(({ end, paid, received }) => [end, { paid: BigInt(paid), received: BigInt(received) }]),
    )
    for (const { end } of this.#batches) {
      const [own, entry] = [this.#own.get(end) ?? nothing, settled.get(end) ?? nothing]
      if (own.paid !== entry.paid || own.received !== entry.received)
        this.#differs(`${this.#meter}: its fills are not what the batch that ends at ${isoSeconds(end)} moved for it`)
    }
    this.#own = new Map()
  }

  #differs(sentence: string): void {
    if (this.#differences.length < mostDifferences) this.#differences.push(sentence)
  }
}

/** One is enough to stop; the others help to find out why. */
const mostDifferences = 20
