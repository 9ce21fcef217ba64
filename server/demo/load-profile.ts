/**
 * What a metering operator makes of registers that it has read at boundaries: the energy of each interval, with what it is good for. Pure.
 */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { EnergyDirection, IntervalValue, OfficialSeries } from '../exchange/official-values.ts'

/** What a meter shows, in Wh. */
export type MeterRegisters = Record<EnergyDirection, number>

/** A metering point of a home, in one direction. */
export interface PointRegister {
  home: string
  point: string
  direction: EnergyDirection
}

const microPerWh = 1_000_000

/** The boundaries that are remembered of each home, no more than so many. */
export class LoadProfiles {
  readonly #most: number
  readonly #intervalSeconds: number
  readonly #registers = new Map<UtcSeconds, Map<string, MeterRegisters>>()

  constructor(intervalSeconds: number, most: number) {
    this.#intervalSeconds = intervalSeconds
    this.#most = most
  }

  /** Notes what a home's meter showed at a boundary, none of which is earlier than one before. */
  note(boundary: UtcSeconds, home: string, registers: MeterRegisters): void {
    const noted = this.#registers.get(boundary) ?? new Map<string, MeterRegisters>()
    this.#registers.set(boundary, noted.set(home, registers))
    for (const oldest of this.#registers.keys()) {
      if (this.#registers.size <= this.#most) break
      this.#registers.delete(oldest)
    }
  }

  /** The earliest boundary that is remembered; null while none is. */
  get first(): UtcSeconds | null {
    return this.#registers.keys().next().value ?? null
  }

  /** The intervals of `[from, to)`. */
  series(register: PointRegister, from: UtcSeconds, to: UtcSeconds): OfficialSeries & { values: IntervalValue[] } {
    const { point, direction } = register
    const values: IntervalValue[] = []
    for (let start = from; start < to; start += this.#intervalSeconds) values.push(this.#value(register, start))
    const intervalSeconds = this.#intervalSeconds
    return { point, direction, channel: 'total', code: null, community: null, intervalSeconds, values }
  }

  /**
   * Between two boundaries that were read it was measured. Where one of them was not, the nearest ones share what was counted between them
   * evenly, rounded down, the rest with the last: substituted. Outside all that was read it is missing.
   */
  #value({ home, direction }: PointRegister, start: UtcSeconds): IntervalValue {
    const length = this.#intervalSeconds
    const read = [...this.#registers.keys()].filter((boundary) => this.#registers.get(boundary)!.has(home))
    const before = read.findLast((boundary) => boundary <= start)
    const after = read.find((boundary) => boundary >= start + length)
    if (before === undefined || after === undefined) return { start, energyMicroWh: null, quality: 'missing' }
    const shown = (boundary: UtcSeconds) => this.#registers.get(boundary)!.get(home)![direction]
    const counted = (shown(after) - shown(before)) * microPerWh
    const count = (after - before) / length
    const share = Math.floor(counted / count)
    const energyMicroWh = start + length === after ? counted - share * (count - 1) : share
    return { start, energyMicroWh, quality: count === 1 ? 'measured' : 'substituted' }
  }
}
