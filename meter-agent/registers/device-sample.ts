/** What one poll of a device says, whatever language the device speaks. */

/** One reading of a device as we conclude it; energies are whole Wh, powers W, `null` = not offered. */
export interface DeviceReading {
  /** At the grid connection point, import positive. */
  powerW: number | null
  /** What the inverter makes, positive. */
  productionW: number | null
  importWh: number | null
  exportWh: number | null
  productionWh: number | null
  /** Power of the battery, positive while it discharges. */
  batteryPowerW: number | null
  /** Charge of the battery, 0 to 100. */
  stateOfChargePercent: number | null
}

/** A cumulative register for metering: unrounded, in thousandths of a Wh. */
export interface Counter {
  milliWh: bigint
  /** The smallest step the register can show, in thousandths of a Wh. */
  resolutionMilliWh: bigint
  /** The largest value the register can hold (for rollover), in thousandths of a Wh; `null` where its width says nothing. */
  maxMilliWh: bigint | null
  /** False where the register map rests on one weak source or none: nothing may be sold on it. */
  verified: boolean
}

/** Who the device says it is; `null` where it does not say. */
export interface DeviceIdentity {
  manufacturer: string | null
  model: string | null
  version: string | null
  serialNumber: string | null
}

/**
 * Where a device's meter sits. `grid`: at the grid connection point. `elsewhere`: it counts something else, by its own word.
 * `unknown`: several meters, and none says which is the grid's. `none`: there is no meter.
 */
export interface MeterPlace {
  role: 'grid' | 'elsewhere' | 'unknown' | 'none'
  /** What the device says of it; `null` where it says nothing. */
  says: string | null
}

/**
 * How a meter counts its energies over three phases. `balanced`: what the phases add up to. `per-phase`: what is imported on one
 * phase and what is exported on another are counted both. `one-phase`: it measures one phase. `unknown`: nobody says.
 */
export type Counting = 'balanced' | 'per-phase' | 'one-phase' | 'unknown'

/** What one poll of a device gave. */
export interface DeviceSample {
  /** Monotonic `performance.now()` when the request for the energies left. */
  requestedAtMs: number
  /** Monotonic `performance.now()` when the last energy had arrived. */
  repliedAtMs: number
  device: DeviceIdentity
  reading: DeviceReading
  counters: { import: Counter | null; export: Counter | null; production: Counter | null }
  /** Power of each phase at the grid connection, import positive; `null` where the device does not offer it. */
  phasePowersW?: number[] | null
  /** How the grid's energies are counted over the phases. */
  counting?: Counting
  place?: MeterPlace
  /** What was corrected, missing or odd; one sentence each. */
  warnings: string[]
}
