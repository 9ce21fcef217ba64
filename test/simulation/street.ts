/** The streets that are simulated: their rules, zones and times, short so that an hour holds many batches. */
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import type { AreaConfig, AreaFace } from '../../server/market/area/area.ts'

export const intervalSeconds = 60
export const batchSeconds = 240
/** Shorter than what a chain that stands still can hold a batch up: so that somebody cannot pay in the end. */
export const withdrawalDelaySeconds = 400

const day = 86_400
/** Some mandates end at this midnight, in the middle of a simulation. */
export const midnight = 20_834 * day
/** When a simulation begins. */
export const t0 = midnight - 5 * batchSeconds

/** What the rules of all areas have in common. */
export const config: AreaConfig = {
  rules: {
    ...{ area: 1, grid: `0x${'9'.repeat(40)}`, successor: `0x${'0'.repeat(40)}`, token: `0x${'8'.repeat(40)}` },
    ...{ intervalSeconds, batchSeconds, priceTick: 100, maxGridPerKwh: 400, maxBandTicks: 8_000, confirmation: 2 },
    ...{ settlingGrade: 0, allocation: 0, watchers: `0x${'0'.repeat(64)}`, watcherGraceSeconds: 0 },
  },
  rulesHash: rulesHashOf(1),
  ...{ lowestTicks: -600, highestTicks: 3_400, graceMs: 15_000, ownUse: 'net', clock: [], sharing: null },
  zones: [
    { id: 'street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
    { id: 'north', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
    { id: 'south', parent: 'street', feeTicksPerKwh: 100, capacityWh: 300 },
  ],
}

/** Each area of the escrow has rules of its own; all but its number and so their hash are the same. */
export function configOf(area: number): AreaConfig {
  return { ...config, rules: { ...config.rules, area }, rulesHash: rulesHashOf(area) }
}

export function rulesHashOf(area: number): `0x${string}` {
  return `0x${`7${area}`.repeat(32)}`
}

/** The same area after its operator has changed a fee and a capacity. */
export function changed(before: AreaConfig): AreaConfig {
  const zones = before.zones.map((zone) =>
    zone.id === 'south' ? { ...zone, feeTicksPerKwh: 150, capacityWh: 500 } : zone,
  )
  return { ...before, zones }
}

/** The escrow that all areas are of. */
export const domain: EscrowDomain = { chainId: 31_337, escrow: `0x${'6'.repeat(40)}` }

export const face: AreaFace = {
  ...{ name: 'Street', currency: 'EUR', zoneNames: ['Street', 'North', 'South'], feedInTicks: 800, retailTicks: 3_200 },
  ...{
    ...domain,
    tokenName: 'Local Euro',
    tokenDecimals: 6,
    withdrawalDelaySeconds,
  },
}

export function accountOf(number: number): string {
  return `0xa${number.toString(16).padStart(39, '0')}`
}

export function meterOf(number: number): string {
  return `0xb${number.toString(16).padStart(39, '0')}`
}

/** A key that follows the first one of a meter. */
export function laterKeyOf(meter: string, number: number): string {
  return `0xd${number.toString(16).padStart(9, '0')}${meter.slice(-30)}`
}

export function sessionKeyOf(number: number): string {
  return `0xc${number.toString(16).padStart(39, '0')}`
}

/** The boundary after a time. */
export function boundaryAfter(seconds: number): number {
  return (Math.floor(seconds / intervalSeconds) + 1) * intervalSeconds
}
