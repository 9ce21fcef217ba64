/** How an interval stands in the tables for a seat, and what the metering operator says of one: parts of commands. */
import { address, bool, type Infer, oneOf, optional, struct, text, uint } from './binary.ts'
import { qualities } from './codes.ts'

/** What stands in the tables of an interval that the engine no longer holds. */
export const standing = struct({
  start: uint,
  run: uint,
  zone: text,
  /** Whether the newest run has a row of the seat; without one the rest is as of a silent seat. */
  hasRow: bool,
  quality: oneOf(qualities),
  importWh: uint,
  exportWh: uint,
  boughtWh: uint,
  soldWh: uint,
})
export type Standing = Infer<typeof standing>

/** The energy of one interval, in whole Wh, as the metering operator tells it. */
export const officialValue = struct({
  meter: address,
  start: uint,
  importWh: uint,
  exportWh: uint,
  /** Measured or substituted; else nothing counts that was told before. */
  isGood: bool,
  /** How the interval stands in the tables, where the engine no longer holds it. */
  standing: optional(standing),
})
export type OfficialValue = Infer<typeof officialValue>
