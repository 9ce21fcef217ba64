/** Zeros beside evidence of life: what a register says that has nothing to say, in any register map. */
import { isDeadCounter, isDeadYield } from './credible.ts'
import type { DeviceReading } from './device-sample.ts'

type Warn = (text: string) => void

/** The reading without a yield of 0 beside running panels. */
export function withoutDeadYield(reading: DeviceReading, warn: Warn): DeviceReading {
  const { productionWh, productionW } = reading
  if (!isDeadYield(productionWh, productionW)) return reading
  warn(dead('productionWh', productionW!))
  return { ...reading, productionWh: null }
}

/**
 * The reading without a grid counter of 0 on the side that flows beside one that has counted. Such a counter is followed all the
 * same: what it counts from now on is compared with power.
 */
export function withoutDeadCounters(reading: DeviceReading, warn: Warn): DeviceReading {
  const { importWh, exportWh, powerW } = reading
  const importDead = isDeadCounter(importWh, exportWh, powerW)
  const exportDead = isDeadCounter(exportWh, importWh, powerW === null ? null : -powerW)
  if (importDead) warn(dead('importWh', powerW!))
  if (exportDead) warn(dead('exportWh', powerW!))
  return { ...reading, importWh: importDead ? null : importWh, exportWh: exportDead ? null : exportWh }
}

function dead(field: string, besideW: number): string {
  return `${field} is 0 beside ${Math.round(Math.abs(besideW))} W: a register that says nothing, or a new counter: not taken`
}
