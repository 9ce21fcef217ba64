/**
 * What binds a line of a document to the intervals that it sums: a hash that anybody makes again who has the settled fills, from a
 * report or from the statements of the batches.
 *
 * An interval is the text `start energyWh amount batchEnd statementRoot` and a line feed: times in ISO 8601 UTC, energy in Wh, the amount
 * in ledger units. The hash of a day is the SHA-256 of its intervals, ascending by start; that of a line the SHA-256 of a text
 * `day hash` and a line feed for each of its days, ascending (`2026-11-05`, hexadecimal digits).
 */
import { createHash } from 'node:crypto'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'

/** One side of a point in one settled interval. */
export interface ProvedInterval {
  start: UtcSeconds
  energyWh: Wh
  amount: LedgerUnits
  /** The batch that settled it. */
  batch: UtcSeconds
  statementRoot: string
}

/** One side of a point on one day. */
export interface DaySide {
  energyWh: Wh
  /** What was paid or received for it. */
  amount: LedgerUnits
  intervals: number
  /** Hash of its intervals. */
  hash: string
  /** Ends of the batches that settled them, ascending. */
  batches: readonly UtcSeconds[]
}

/** Sums the intervals of one side of a point on one day. They come ascending by start. */
export class DaySum {
  #energyWh: Wh = 0
  #amount: LedgerUnits = 0n
  #intervals = 0
  readonly #hash = createHash('sha256')
  readonly #batches: UtcSeconds[] = []

  add({ start, energyWh, amount, batch, statementRoot }: ProvedInterval): void {
    this.#energyWh += energyWh
    this.#amount += amount
    this.#intervals += 1
    this.#hash.update(`${isoSeconds(start)} ${energyWh} ${amount} ${isoSeconds(batch)} ${statementRoot}\n`)
    if (this.#batches.at(-1) !== batch) this.#batches.push(batch)
  }

  finish(): DaySide {
    return {
      ...{ energyWh: this.#energyWh, amount: this.#amount, intervals: this.#intervals },
      ...{ hash: this.#hash.copy().digest('hex'), batches: this.#batches },
    }
  }
}

/** The hash of a line, from its days ascending. */
export function lineHash(days: readonly { day: string; hash: string }[]): string {
  const hash = createHash('sha256')
  for (const each of days) hash.update(`${each.day} ${each.hash}\n`)
  return hash.digest('hex')
}
