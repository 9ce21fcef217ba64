/**
 * Interval energies that the metering operator told the area and has not signed yet, or that it corrected after the interval was
 * final: nine bytes a seat, and only in areas that settle on billing meters.
 */
import type { Wh } from '../../../contracts/protocol/units.ts'

export interface OfficialEnergy {
  importWh: Wh
  exportWh: Wh
}

const isTold = 1

export class OfficialColumns {
  importWh: Uint32Array
  exportWh: Uint32Array
  flags: Uint8Array

  constructor(places: number) {
    this.importWh = new Uint32Array(places)
    this.exportWh = new Uint32Array(places)
    this.flags = new Uint8Array(places)
  }

  /** What was told of a seat, or null. */
  at(slot: number): OfficialEnergy | null {
    if (slot >= this.flags.length || this.flags[slot] !== isTold) return null
    return { importWh: this.importWh[slot]!, exportWh: this.exportWh[slot]! }
  }

  /** Null takes back what was told. */
  set(slot: number, energy: OfficialEnergy | null): void {
    this.makePlace(slot)
    this.importWh[slot] = energy?.importWh ?? 0
    this.exportWh[slot] = energy?.exportWh ?? 0
    this.flags[slot] = energy === null ? 0 : isTold
  }

  private makePlace(slot: number): void {
    if (slot < this.flags.length) return
    const grown = new OfficialColumns(slot + 16)
    grown.importWh.set(this.importWh)
    grown.exportWh.set(this.exportWh)
    grown.flags.set(this.flags)
    Object.assign(this, grown)
  }
}
