/** What a simulated device has to show; `null` = it does not offer it. Counters never decrease by themselves. */
export interface DeviceValues {
  /** At the grid connection point, import positive. */
  powerW: number | null
  productionW: number | null
  /** Thousandths of a Wh. */
  importMilliWh: bigint | null
  exportMilliWh: bigint | null
  productionMilliWh: bigint | null
  /** Discharging positive. */
  batteryPowerW: number | null
  stateOfChargePercent: number | null
  manufacturer: string | null
  model: string | null
  version: string | null
  serialNumber: string | null
}

/** Registers by their 0-based address. */
export type RegisterImage = Map<number, number>

/** The words of an integer, high word first, two's complement. */
export function wordsOf(value: bigint, count: number): number[] {
  const whole = BigInt.asUintN(count * 16, value)
  return Array.from({ length: count }, (_, index) => Number((whole >> BigInt((count - 1 - index) * 16)) & 0xffffn))
}

/** The words of a float32, high word first. */
export function float32Words(value: number): number[] {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  return [view.getUint16(0), view.getUint16(2)]
}

/** The words of a float64, high word first. */
export function float64Words(value: number): number[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return [0, 2, 4, 6].map((at) => view.getUint16(at))
}

/** Text in registers, two bytes each, filled with NUL. */
export function textWords(text: string, count: number): number[] {
  const bytes = Buffer.alloc(count * 2)
  bytes.write(text, 'utf8')
  return Array.from({ length: count }, (_, index) => bytes.readUInt16BE(index * 2))
}

/** The raw register for an energy: whole steps of 10^exponent Wh, rounded down as meters do. */
export function energySteps(milliWh: bigint, exponent: number): bigint {
  const power = exponent + 3
  return power >= 0 ? milliWh / 10n ** BigInt(power) : milliWh * 10n ** BigInt(-power)
}
