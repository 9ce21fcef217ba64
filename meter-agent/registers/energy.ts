/** Energies in thousandths of a Wh, and when two of them agree. */

/** The energy of a constant power, rounded up to a thousandth of a Wh. */
export function energyMilliWh(powerW: number, durationMs: number): bigint {
  return BigInt(Math.ceil((powerW * durationMs) / 3600))
}

export function magnitude(energy: bigint): bigint {
  return energy < 0n ? -energy : energy
}

/** Whether counted energy and power agree: within 50 % and 500 W, and the resolution. */
export function agrees(counted: bigint, flowed: bigint, durationMs: number, resolutionMilliWh: bigint): boolean {
  return magnitude(counted - flowed) <= magnitude(flowed) / 2n + energyMilliWh(500, durationMs) + resolutionMilliWh
}
