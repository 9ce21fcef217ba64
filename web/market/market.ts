/** What the page derives from intervals: prices, series, sums, and the checks that anybody can repeat. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { difference, energyCost, signOf, sum } from '../money/format.ts'
import { marketWords } from './words.ts'

export type ZoneResource = AreaResource['zones'][number]
type ZoneResult = IntervalResource['zones'][number]

export interface ZoneNode {
  zone: ZoneResource
  depth: number
  children: ZoneNode[]
}

/** The zones as a tree; the first without a parent is its root. */
export function zoneTree(zones: readonly ZoneResource[]): ZoneNode | null {
  const node = (zone: ZoneResource, depth: number): ZoneNode => ({
    zone,
    depth,
    children: zones.filter((each) => each.parent === zone.zone).map((child) => node(child, depth + 1)),
  })
  const root = zones.find((zone) => zone.parent === null)
  return root ? node(root, 0) : null
}

/** The result of one zone in an interval. */
export function resultOf(interval: IntervalResource | undefined, zone: string): ZoneResult | undefined {
  return interval?.zones.find((each) => each.zone === zone)
}

/** The price of a zone in an interval; without a zone, the root's price, or the price of any zone that has one. */
export function priceIn(interval: IntervalResource | undefined, zone?: string): string | null {
  if (!interval) return null
  if (zone !== undefined) return resultOf(interval, zone)?.pricePerKwh ?? null
  const root = interval.zones.find((each) => each.parent === null)
  return root?.pricePerKwh ?? interval.zones.find((each) => each.pricePerKwh !== null)?.pricePerKwh ?? null
}

/** The lowest and the highest price of all zones in an interval; null where nobody traded. */
export function pricesIn(interval: IntervalResource | undefined): { low: string; high: string } | null {
  const prices = (interval?.zones ?? []).flatMap(({ pricePerKwh }) => (pricePerKwh === null ? [] : [pricePerKwh]))
  if (prices.length === 0) return null
  const sorted = prices.sort((a, b) => signOf(difference(a, b)))
  return { low: sorted[0]!, high: sorted.at(-1)! }
}

/** The newest price before now, in one zone or in any of them. */
export function lastPrice(
  intervals: readonly IntervalResource[],
  zone?: string,
): { pricePerKwh: string; start: string } | null {
  for (const interval of intervals) {
    const pricePerKwh = priceIn(interval, zone)
    if (pricePerKwh !== null) return { pricePerKwh, start: interval.start }
  }
  return null
}

/**
 * The money that stayed among neighbours over some intervals, in tokens. Without each other, sellers would have received the
 * feed-in tariff for what they sold and buyers would have paid the retail tariff. Money that went to the grid is not counted.
 */
export function keptInStreet(
  { feedInPerKwh, retailPerKwh }: Pick<AreaResource, 'feedInPerKwh' | 'retailPerKwh'>,
  intervals: readonly IntervalResource[],
): string {
  const matchedWh = intervals.reduce((total, each) => total + each.matchedWh, 0)
  return difference(
    energyCost(difference(retailPerKwh, feedInPerKwh), matchedWh),
    sum(intervals.map((each) => each.gridTake)),
  )
}

/** How full a link was: its energy as a share of its capacity (0 to 1); null where the capacity is unlimited. */
export function linkLoad(zone: ZoneResource, flowWh: number): number | null {
  if (zone.capacityWh === null) return null
  return zone.capacityWh === 0 ? 1 : Math.min(1, Math.abs(flowWh) / zone.capacityWh)
}

/** Whether a link carried as much as it can; a closed link counts as full. */
export function isFull(zone: ZoneResource, flowWh: number): boolean {
  return zone.capacityWh !== null && Math.abs(flowWh) >= zone.capacityWh
}

/**
 * The faults of an interval in words; empty when everything adds up. They are found here from the published numbers: energy
 * sold is energy bought; in every zone matched energy never exceeds metered energy; the zones add up to the area; and each link
 * carries exactly the surplus of its zone and the links below it, and no more than its capacity at that time.
 */
export function checkInterval(interval: IntervalResource): string[] {
  const { zones } = interval
  const said = marketWords().faults
  const faults: string[] = []
  // A figure that is null is contained in those of the zone above.
  const total = (pick: (result: ZoneResult) => number | null) =>
    interval.zones.reduce((sum, each) => sum + (pick(each) ?? 0), 0)
  const sold = total((zone) => zone.soldWh)
  const bought = total((zone) => zone.boughtWh)
  if (sold !== bought) faults.push(said.soldBought(sold, bought))
  if (bought !== interval.matchedWh) faults.push(said.boughtMatched(bought, interval.matchedWh))
  if (total((zone) => zone.importWh) !== interval.importWh) faults.push(said.imports)
  if (total((zone) => zone.exportWh) !== interval.exportWh) faults.push(said.exports)
  for (const result of interval.zones) {
    const { soldWh, boughtWh, importWh, exportWh } = result
    if (soldWh !== null && exportWh !== null && soldWh > exportWh) faults.push(said.soldMore(result.zone))
    if (boughtWh !== null && importWh !== null && boughtWh > importWh) faults.push(said.boughtMore(result.zone))
  }
  const flowWh = new Map(interval.flows.map((flow) => [flow.zone, flow.exportWh]))
  for (const zone of zones) {
    const below = zones.filter((each) => each.parent === zone.zone)
    const flows = [
      ...below.map((child) => flowWh.get(child.zone) ?? null),
      zone.parent === null ? 0 : (flowWh.get(zone.zone) ?? null),
    ]
    if (zone.soldWh === null || zone.boughtWh === null || flows.includes(null)) continue
    const carried = flows.pop()!
    const over = flows.reduce<number>((sum, flow) => sum + flow!, zone.soldWh - zone.boughtWh)
    if (over !== carried) faults.push(said.carried(zone.zone, carried, over))
    if (zone.capacityWh !== null && Math.abs(carried) > zone.capacityWh) faults.push(said.overCapacity(zone.zone))
  }
  return faults
}
