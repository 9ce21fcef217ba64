/** Energies in thousandths of a Wh, and when two of them agree. */

/** The energy of a constant power, rounded up to a thousandth of a Wh. */
export function energyMilliWh(powerW: number, durationMs: number): bigint {
  return BigInt(Math.ceil((powerW * durationMs) / 3600))
}

function magnitude(energy: bigint): bigint {
  return energy < 0n ? -energy : energy
}

/** Whether counted energy and power agree: within 40 %, twice the resolution, and the few watts at which meters do not start. */
export function agrees(counted: bigint, flowed: bigint, durationMs: number, resolutionMilliWh: bigint): boolean {
  const larger = counted > flowed ? counted : flowed
  return magnitude(counted - flowed) <= (larger * 2n) / 5n + energyMilliWh(10, durationMs) + 2n * resolutionMilliWh
}
