/**
 * Compares what a transformer's meter says of its zone with what the meters of the homes below it say. The difference is the energy that
 * lines lose, and the energy of connections without a seat. Energies are net: what was drawn from above less what was fed back.
 */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { EnergyDirection } from '../exchange/official-values.ts'

export interface ZoneMeter {
  zone: string
  point: string
}

/** The homes of one zone in one interval. */
export interface ZoneNet {
  start: UtcSeconds
  zone: string
  netWh: Wh
  /** Whether every one of them was measured. */
  isMeasured: boolean
}

/** The value of a transformer's meter; null where it is missing or an estimate. */
export interface TransformerValue {
  start: UtcSeconds
  point: string
  direction: EnergyDirection
  energyWh: Wh | null
}

export interface FeederInterval {
  start: UtcSeconds
  /** Null where it is not known for sure, as is the difference then. */
  transformerWh: Wh | null
  homesWh: Wh | null
  differenceWh: Wh | null
}

export interface FeederBalance extends ZoneMeter {
  intervals: FeederInterval[]
}

/** A balance for each transformer's meter: the intervals of which anything is known, ascending. */
export function feederBalances(
  meters: readonly ZoneMeter[],
  {
    zones,
    homes,
    values,
  }: {
    zones: readonly { zone: string; parent: string | null }[]
    homes: readonly ZoneNet[]
    values: readonly TransformerValue[]
  },
): FeederBalance[] {
  const parentOf = new Map(zones.map(({ zone, parent }) => [zone, parent]))
  const isBelow = (zone: string, top: string): boolean => {
    for (let at: string | null = zone; at !== null; at = parentOf.get(at) ?? null) if (at === top) return true
    return false
  }
  return meters.map(({ zone, point }) => {
    const own = values.filter((value) => value.point === point)
    const directions = new Set(own.map(({ direction }) => direction))
    const transformer = new Map<UtcSeconds, { said: number; netWh: Wh | null }>()
    for (const { start, direction, energyWh } of own) {
      const sum = transformer.get(start) ?? { said: 0, netWh: 0 }
      const signed = energyWh === null ? null : direction === 'import' ? energyWh : -energyWh
      const netWh = sum.netWh === null || signed === null ? null : sum.netWh + signed
      transformer.set(start, { said: sum.said + 1, netWh })
    }
    const below = new Map<UtcSeconds, Wh | null>()
    for (const each of homes) {
      if (!isBelow(each.zone, zone)) continue
      const sum = below.get(each.start) ?? (below.has(each.start) ? null : 0)
      below.set(each.start, sum === null || !each.isMeasured ? null : sum + each.netWh)
    }
    const starts = [...new Set([...transformer.keys(), ...below.keys()])].sort((a, b) => a - b)
    const intervals = starts.map((start): FeederInterval => {
      const sum = transformer.get(start)
      // A meter with both directions has a value for an interval once it has told both.
      const transformerWh = sum !== undefined && sum.said === directions.size ? sum.netWh : null
      const homesWh = below.get(start) ?? null
      const differenceWh = transformerWh === null || homesWh === null ? null : transformerWh - homesWh
      return { start, transformerWh, homesWh, differenceWh }
    })
    return { zone, point, intervals }
  })
}
