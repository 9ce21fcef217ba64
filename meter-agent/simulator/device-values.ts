/** What a simulated device has to show; `null` = it does not offer it. Counters never decrease by themselves. */
export interface DeviceValues {
  /** At the grid connection point, import positive. */
  powerW: number | null
  productionW: number | null
  /** Thousandths of a Wh. */
  importMilliWh: bigint | null
  exportMilliWh: bigint | null
  productionMilliWh: bigint | null
  /** Power of the battery, positive while it discharges. */
  batteryPowerW: number | null
  stateOfChargePercent: number | null
  manufacturer: string | null
  model: string | null
  version: string | null
  serialNumber: string | null
}
