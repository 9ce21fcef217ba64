/** Compares rows of a report with the batch that they belong to, as it was computed again from what was signed. */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import { ReportError } from './row.ts'
import type { CheckedRow } from './verify-report.ts'

/** The parts of an area's file that are compared. */
interface BatchFills {
  start: UtcSeconds
  end: UtcSeconds
  /** Fills: start, stage, arrival, side, energy in Wh, amount in ledger units. */
  seats: readonly {
    seat: number
    fills: readonly (readonly [UtcSeconds, string, number, 'buy' | 'sell', Wh, bigint | number | string])[]
  }[]
}

/** The parts of the chain's word on the batch that are compared. */
interface BatchOnChain {
  rules: { priceTick: number }
  statementRoot: string | null
  seats: readonly { seat: number; meter: string }[]
}

interface Figures {
  boughtWh: number
  soldWh: number
  paid: bigint
  received: bigint
}

const nothing: Figures = { boughtWh: 0, soldWh: 0, paid: 0n, received: 0n }

export class BatchFigures {
  #end = 0
  #start = 0
  #root: string | null = null
  #scale = 1n
  #rows = 0
  readonly #figures = new Map<string, Figures>()

  /** Takes the fills of a batch, and what the chain says of its seats. */
  of({ start, end, seats }: BatchFills, chain: BatchOnChain): void {
    this.#start = start
    this.#end = end
    this.#root = chain.statementRoot
    // A row's money is in 10⁻⁹ tokens, a ledger unit is tick × Wh, and a tick so many 10⁻⁶ tokens per 10³ Wh.
    this.#scale = BigInt(chain.rules.priceTick)
    const meters = new Map(chain.seats.map(({ seat, meter }) => [seat, meter.toLowerCase()]))
    for (const { seat, fills } of seats) {
      const meter = meters.get(seat)
      if (meter === undefined) continue
      for (const [start, , , side, energyWh, amount] of fills) {
        const name = `${meter} ${start}`
        const before = this.#figures.get(name) ?? nothing
        const money = BigInt(amount)
        const isBought = side === 'buy'
        this.#figures.set(name, {
          boughtWh: before.boughtWh + (isBought ? energyWh : 0),
          soldWh: before.soldWh + (isBought ? 0 : energyWh),
          paid: before.paid + (isBought ? money : 0n),
          received: before.received + (isBought ? 0n : money),
        })
      }
    }
  }

  /** Throws `REPORT_WRONG` for a row of the batch that says something else than its fills. */
  compare(row: CheckedRow): void {
    if (row.intervals !== 1 || row.start < this.#start || row.start >= this.#end) return
    const { boughtWh, soldWh, paid, received } = this.#figures.get(`${row.meter} ${row.start}`) ?? nothing
    const wrong = (what: string) =>
      new ReportError('REPORT_WRONG', `line ${row.line}, ${row.point} at ${isoSeconds(row.start)}: ${what}`)
    if (row.batch !== this.#end) throw wrong('the row does not name its batch')
    if (row.statementRoot !== this.#root) throw wrong('the chain has another statement for this batch')
    if (row.boughtWh !== boughtWh) throw wrong(`${row.boughtWh} Wh bought, the batch has ${boughtWh}`)
    if (row.soldWh !== soldWh) throw wrong(`${row.soldWh} Wh sold, the batch has ${soldWh}`)
    if (row.paid !== paid * this.#scale || row.received !== received * this.#scale) {
      throw wrong('the money is not that of the batch')
    }
    this.#rows++
  }

  /** How many rows were compared. Throws `REPORT_WRONG` where there was none. */
  finish(): number {
    if (this.#rows === 0) {
      throw new ReportError('REPORT_WRONG', `the report has no row of the batch that ends at ${isoSeconds(this.#end)}`)
    }
    return this.#rows
  }
}
