/** The log of rows that could not be written: which, and why. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import { separatedLine } from './separated-cells.ts'

/** Rows of one point that follow each other and were refused for one reason. */
export interface Refusal {
  point: string
  meter: string
  from: UtcSeconds
  to: UtcSeconds
  rows: number
  code: string
  reason: string
}

export const refusalsHeader = 'meteringPoint,meter,from,to,rows,code,reason'

/** A line of the log, with its end. */
export function refusalLine({ point, meter, from, to, rows, code, reason }: Refusal): string {
  return `${separatedLine([point, meter, isoSeconds(from), isoSeconds(to), rows, code, reason], ',')}\r\n`
}

/** Joins refusals that say the same of rows that follow each other, so that a month of one point is one line. */
export class RefusalLog {
  readonly #write: (refusal: Refusal) => void
  #open: Refusal | null = null

  constructor(write: (refusal: Refusal) => void) {
    this.#write = write
  }

  add(refusal: Omit<Refusal, 'rows'>): void {
    const open = this.#open
    const same =
      open !== null && (['point', 'meter', 'code', 'reason'] as const).every((name) => open[name] === refusal[name])
    if (same) {
      open.to = refusal.to
      open.rows++
      return
    }
    this.finish()
    this.#open = { ...refusal, rows: 1 }
  }

  finish(): void {
    if (this.#open !== null) this.#write(this.#open)
    this.#open = null
  }
}
